"""A campaign: what it is for, how long it still runs; and the curtain of a wall that has its time."""

from __future__ import annotations

from datetime import date
from functools import cache

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Panel, Slots, slot
from dashboards.panels.heading import SILENT, figure_text, spoken
from dashboards.text.formats import day, number
from ioc.snapshot import Scope, Snapshot
from ioc.walls import Place, Wall

NAME = "campaign"
CURTAIN = "curtain"


@cache
def campaign(place: Place, wall: Wall) -> Panel:
    """The panel of an entry ``panel: campaign`` on a wall: title, words, days left, and how far time has gone."""

    def frame(look: Look) -> Component:
        english = look.language == "en"
        title = (place.title_en if english else place.title_vi) or wall.title(look.language)
        words = place.text_en if english else place.text_vi
        return html.Div(
            [
                html.Div([html.H2(title), html.P(words)], className="campaign-words"),
                html.Div(
                    [
                        figure_text(NAME, "days", "figure"),
                        html.Span(id=slot(NAME, "left"), className="left"),
                        html.Div(html.I(), id=slot(NAME, "gone"), className="gone", **SILENT),
                        html.Span(_span(wall, look), className="span"),
                    ],
                    className="campaign-time",
                ),
                spoken(NAME),
            ],
            className="campaign",
        )

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        del scope
        today = snapshot.as_of.astimezone(snapshot.zone).date()
        left = (wall.until - today).days + 1 if wall.until else None
        gone = 0.0
        if wall.from_ and wall.until:
            whole = (wall.until - wall.from_).days + 1
            gone = min(max((today - wall.from_).days / whole * 100, 0), 100)
        words = "" if left is None else look.t("campaign.left")
        return {
            slot(NAME, "days"): {"children": "" if left is None else number(max(left, 0), look.language)},
            slot(NAME, "left"): {"children": words},
            slot(NAME, "gone"): {
                "style": {"--full": f"{gone:.1f}%"},
                "className": "gone" if wall.from_ and wall.until else "hidden",
            },
            slot(NAME, "spoken"): {"children": "" if left is None else f"{max(left, 0)} {words}"},
        }

    return Panel(NAME, (), frame, update)


@cache
def curtain(wall: Wall) -> Panel:
    """What stands instead of every panel before ``from`` and after ``until``; empty in between."""

    def frame(look: Look) -> Component:
        return html.Div(
            [html.H2(wall.title(look.language)), html.P(id=slot(CURTAIN, "words"))],
            id=slot(CURTAIN, "drawn"),
            className="curtain open",
        )

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        del scope
        words = closed(wall, snapshot.as_of.astimezone(snapshot.zone).date(), look)
        return {
            slot(CURTAIN, "words"): {"children": words},
            slot(CURTAIN, "drawn"): {"className": "curtain" if words else "curtain open"},
        }

    return Panel(CURTAIN, (), frame, update)


def closed(wall: Wall, today: date, look: Look) -> str:
    """Why a wall shows nothing on a day; empty while it does. ``from`` and ``until`` are days of it."""
    if wall.from_ and today < wall.from_:
        return look.t("campaign.before", day=day(wall.from_, look.language))
    if wall.until and today > wall.until:
        return look.t("campaign.ended", day=day(wall.until, look.language))
    return ""


def _span(wall: Wall, look: Look) -> str:
    ends = [day(one, look.language) for one in (wall.from_, wall.until) if one]
    return " – ".join(ends)
