"""The head of a screen: whose it is, whether its feeds are alive, what time and what kind of day it is."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Panel, Slots, age_tag, clock_tag, slot
from dashboards.panels.heading import icon
from ioc.facts import TOPICS
from ioc.snapshot import Scope, Snapshot
from ioc.walls import composed
from ioc.workdays import holiday, is_working_day

NAME = "header"


def notices(look: Look) -> list[str]:
    """What everybody must know of this installation, on every page: simulated figures, no Kafka."""
    found = [look.t("badge.demo")] if look.settings.demo_mode else []
    return [*found, look.t("badge.log")] if look.settings.broker == "log" else found


def badges(look: Look) -> list[Component]:
    """The notices as tags."""
    return [html.Span(text, className="badge-doubt") for text in notices(look)]


def feeds(look: Look) -> Component:
    """A dot with a name and a running age for each feed."""
    dots = [
        html.Li([html.Span(look.t(f"feed.{topic}"), className="feed-name"), age_tag(topic)], className="feed")
        for topic in TOPICS
    ]
    return html.Ol(dots, className="feeds")


def wall_tabs(look: Look, here: str) -> list[Component]:
    """A link to each wall but those that have their time; that of ``here`` is marked. None where there is one only."""
    shown = {
        name: wall
        for name, wall in composed(look.settings.walls).items()
        if name == here or not (wall.from_ or wall.until)
    }
    links = [
        html.A(
            wall.title(look.language),
            href=f"/wall/{name}",
            **({"aria-current": "page"} if name == here else {}),  # type: ignore[arg-type]
        )
        for name, wall in shown.items()
    ]
    return [html.Nav(links, className="wall-tabs", **{"aria-label": look.t("nav.walls")})] if len(links) > 1 else []  # type: ignore[arg-type]


def frame(look: Look, here: str = "") -> Component:
    """Name, tabs and badges, feeds, clock."""
    province = look.settings.province
    name = province.name_en if look.language == "en" else province.name_vi
    return html.Header(
        [
            html.Div(
                [
                    html.H1(look.t("app.title", province=name)),
                    html.P(look.t("app.subtitle")),
                ],
                className="whose",
            ),
            *wall_tabs(look, here),
            html.Div(
                [
                    *badges(look),
                    html.Span(
                        [icon("rewind-fill"), html.Span(id=slot(NAME, "replay"))], className="badge-doubt replay"
                    ),
                ],
                className="badges",
            ),
            feeds(look),
            html.Div(
                [
                    clock_tag("seconds"),
                    html.Div([clock_tag("date"), html.Span(id=slot(NAME, "day"), className="day")]),
                ],
                className="time",
            ),
        ],
        className="wall-header",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Notes on the day; what moment is shown, when it is not the present."""
    del scope
    local = snapshot.as_of.astimezone(snapshot.zone)
    replay = "" if snapshot.live else look.t("badge.replay", at=f"{local:%d/%m %H:%M}")
    return {
        slot(NAME, "day"): {"children": day_note(local.date(), look)},
        slot(NAME, "replay"): {"children": replay},
    }


def day_note(on: date, look: Look) -> str:
    """What is special about a day: a holiday, a day off, or a holiday tomorrow. Empty for a plain working day."""
    named = holiday(on, look.language)
    if named:
        return look.t("calendar.holiday", name=named)
    after = on + timedelta(days=1)
    if after.weekday() < 5 and holiday(after, look.language):
        return look.t("calendar.tomorrow", date=f"{after:%d/%m}")
    return "" if is_working_day(on) else look.t("calendar.weekend")


@cache
def on_wall(name: str) -> Panel:
    """The head of a wall, which marks its own tab."""
    return Panel(NAME, (), lambda look: frame(look, name), update)


PANEL = Panel(NAME, (), frame, update)
