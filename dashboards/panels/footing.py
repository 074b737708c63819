"""The foot of the leaders' page: with which days figures are compared, what kind of day it is, what moment is shown."""

from __future__ import annotations

from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.comparison import WEEKDAYS, comparable_day, days_told
from dashboards.panel import Look, Panel, Slots, clock_tag, data, slot
from dashboards.panels.header import day_note
from dashboards.panels.heading import icon
from ioc.snapshot import Scope, Snapshot
from ioc.usual import alike

NAME = "footing"


def frame(look: Look) -> Component:
    """Badges, date, notes, and the time from event to screen."""
    replay = html.Span([icon("rewind-fill"), html.Span(id=slot(NAME, "replay"))], className="badge-doubt replay")
    latency = html.Span([look.t("ticker.latency"), " ", html.Span(**data(latency=""))], className="latency")
    return html.Div(
        [
            replay,
            clock_tag("date"),
            html.Span(id=slot(NAME, "day"), className="day"),
            html.Span(id=slot(NAME, "compare")),
            html.Span(look.t("foot.approximate")),
            latency,
        ],
        className="footing",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The notes of the day."""
    del scope
    local = snapshot.as_of.astimezone(snapshot.zone)
    then = local.date() - timedelta(days=comparable_day(snapshot))
    named = look.t(f"calendar.{WEEKDAYS[then.weekday()]}")
    days = days_told(alike(snapshot, "received"), snapshot, look)
    return {
        slot(NAME, "replay"): {"children": "" if snapshot.live else look.t("badge.replay", at=f"{local:%d/%m %H:%M}")},
        slot(NAME, "day"): {"children": day_note(local.date(), look)},
        slot(NAME, "compare"): {"children": look.t("foot.compare", day=named, date=f"{then:%d/%m}", days=days)},
    }


PANEL = Panel(NAME, (), frame, update)
