"""Digital services: do citizens' attempts succeed?"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import USAGE, Look, Panel, Slots, slot
from dashboards.panels.heading import figure_text, heading, spoken
from dashboards.text.formats import number, percent
from ioc.snapshot import Scope, Snapshot

NAME = "services"
ROWS = 10
LEAST = 30
"""From so many uses on, a share of failures is drawn: one failure of one use is no outage."""
SCALE = 10.0
"""The bars' full length in per cent of failed uses."""


def frame(look: Look) -> Component:
    """A row for each declared service, in the order declared."""
    rows = [
        html.Li(
            [
                html.Span(service.en if look.language == "en" else service.vi, className="name"),
                figure_text(NAME, f"uses-{at}", "uses"),
                html.Span(id=slot(NAME, f"bar-{at}"), className="error-bar"),
                html.Span(id=slot(NAME, f"errors-{at}"), className="of"),
            ],
            id=slot(NAME, f"row-{at}"),
        )
        for at, service in enumerate(look.world.services[:ROWS])
    ]
    return html.Div(
        [
            heading(NAME, look.t("services.title"), look.t("services.note")),
            html.Ol(rows, className="rows service-rows") if rows else html.P(look.t("services.none"), className="foot"),
            spoken(NAME),
        ],
        className="services",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Uses and failures since midnight."""
    t, language = look.t, look.language
    used = snapshot.usage(scope)
    slots: Slots = {}
    for at, service in enumerate(look.world.services[:ROWS]):
        one = used[service.code]
        share = one.errors * 100 / one.uses if one.uses else None
        told = (
            t("services.no_uses")
            if share is None
            else t("services.errors", pct=percent(share, language), n=number(one.errors, language))
        )
        tone = "" if share is None or share < 2 or one.uses < LEAST else " soon" if share < 5 else " over"
        full = 0.0 if share is None or one.uses < LEAST else min(share / SCALE * 100, 100)
        slots[slot(NAME, f"uses-{at}")] = {"children": number(one.uses, language)}
        slots[slot(NAME, f"errors-{at}")] = {"children": told, "className": f"of{tone}"}
        slots[slot(NAME, f"bar-{at}")] = {
            "style": {"--a": f"{full:.1f}%"},
            "className": f"error-bar{tone}",
        }
    uses, errors = sum(one.uses for one in used.values()), sum(one.errors for one in used.values())
    slots[slot(NAME, "spoken")] = {
        "children": t("services.spoken", uses=number(uses, language), errors=number(errors, language))
    }
    return slots


PANEL = Panel(NAME, (USAGE,), frame, update)
