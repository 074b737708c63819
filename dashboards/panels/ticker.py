"""What just happened, newest first, standing still: no text runs across a wall."""

from __future__ import annotations

from datetime import datetime

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Panel, Slots, data, slot
from dashboards.panels.heading import icon
from dashboards.panels.incidents import kind_name
from dashboards.text.formats import clock
from dashboards.text.names import listed, masked
from ioc.snapshot import Scope, Snapshot

NAME = "ticker"
ITEMS = 4


def frame(look: Look) -> Component:
    """Items that hold one happening each, and the time from event to screen."""
    items = [
        html.Li(
            [
                icon("bell-fill"),
                html.Time(id=slot(NAME, f"at-{at}")),
                html.Span(id=slot(NAME, f"text-{at}")),
            ],
            id=slot(NAME, f"item-{at}"),
            className="hidden",
        )
        for at in range(ITEMS)
    ]
    latency = html.Div(
        [html.Span(look.t("ticker.latency")), html.Span(**data(latency=""))],
        className="latency",
    )
    return html.Div(
        [html.Ol(items), html.P(id=slot(NAME, "none"), className="note"), latency],
        className="ticker",
    )


def happenings(snapshot: Snapshot, scope: Scope, look: Look) -> list[tuple[datetime, str, bool]]:
    """Moment, words and whether it is an unaccepted critical incident; those first, then newest first."""
    t, world, language = look.t, snapshot.world, look.language
    found: list[tuple[datetime, str, bool]] = []
    seen = set()
    for row in [*snapshot.own_incidents(scope), *snapshot.latest_incidents(scope)]:
        if row.incident_id in seen:
            continue
        seen.add(row.incident_id)
        unit = world.by_code.get(row.unit)
        words = {"kind": kind_name(world, row.kind, language), "place": listed(unit, language) if unit else row.unit}
        if row.severity == "critical" and row.state == "detected":
            found.append((row.since, t("ticker.unaccepted", **words), True))
        elif row.severity != "low":
            found.append((row.state_at, t("ticker.incident", **words, state=t(f"state.{row.state}")), False))
    for result in snapshot.results_ready(scope, 3):
        unit = world.by_code.get(result.handling)
        named = listed(unit, language) if unit else result.handling
        found.append((result.finished_at, t("ticker.result", code=masked(result.case_code), unit=named), False))
    return sorted(found, key=lambda one: (not one[2], -one[0].timestamp()))


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The latest happenings of the scope."""
    found = happenings(snapshot, scope, look)
    slots: Slots = {slot(NAME, "none"): {"children": "" if found else look.t("ticker.none")}}
    for at in range(ITEMS):
        one = found[at] if at < len(found) else None
        slots[slot(NAME, f"item-{at}")] = {"className": ("alarm" if one[2] else "plain") if one else "hidden"}
        slots[slot(NAME, f"at-{at}")] = {"children": clock(one[0].astimezone(snapshot.zone)) if one else ""}
        slots[slot(NAME, f"text-{at}")] = {"children": one[1] if one else ""}
    return slots


PANEL = Panel(NAME, (), frame, update)
