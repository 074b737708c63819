"""Cameras by what they last said of themselves: can we see?"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CAMERAS, Look, Panel, Slots, slot
from dashboards.panels.heading import figure_text, heading, icon, spoken
from dashboards.text.formats import number, percent
from ioc.snapshot import Scope, Snapshot

NAME = "camera-health"
PARTS = (("online", "check-circle"), ("offline", "wifi-off"), ("tampered", "sev-high"), ("silent", "clock-history"))


def frame(look: Look) -> Component:
    """Four counts, each with its shape and its word."""
    parts = [
        html.Li(
            [
                icon(picture, f"health {part}"),
                figure_text(NAME, part, "n"),
                html.Span(look.t(f"health.{part}"), className="of"),
            ]
        )
        for part, picture in PARTS
    ]
    return html.Div(
        [
            heading(NAME, look.t("health.title"), look.t("health.note")),
            html.Ol(parts, className="health-row"),
            spoken(NAME),
        ],
        className="camera-health",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """By the latest health of each camera; the note says how many of all answer."""
    t, language = look.t, look.language
    figures = snapshot.cameras(scope)
    counts = {part: getattr(figures, part) for part, _ in PARTS}
    known = sum(counts.values())
    note = (
        t("health.share", pct=percent(figures.online * 100 / known, language), n=number(known, language))
        if known
        else t("health.none")
    )
    slots: Slots = {slot(NAME, part): {"children": number(n, language)} for part, n in counts.items()}
    slots[slot(NAME, "note")] = {"children": note}
    slots[slot(NAME, "spoken")] = {
        "children": t("health.spoken", **{part: number(n, language) for part, n in counts.items()})
    }
    return slots


PANEL = Panel(NAME, (CAMERAS,), frame, update)
