"""Finished beside received, day by day: do we keep up, or does a heap grow?"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboards.comparison import WEEKDAYS
from dashboards.panel import CASES, Look, Panel, Slots, slot
from dashboards.panels.bars import Bar, bar_rows, bar_slots
from dashboards.panels.heading import heading, spoken
from dashboards.text.formats import number
from ioc.snapshot import DAYS, Scope, Snapshot

NAME = "week"
ROWS = 5
"""Working days, today the first."""


def frame(look: Look) -> Component:
    """A row for each day: the bar is what was finished, the tick what was received."""
    return html.Div(
        [
            heading(NAME, look.t("week.title"), look.t("week.note")),
            bar_rows(NAME, ROWS),
            html.P(id=slot(NAME, "foot"), className="foot"),
            spoken(NAME),
        ],
        className="week",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Today and the working days before it that saw any case; by the unit that must decide."""
    t, language = look.t, look.language
    today = snapshot.as_of.astimezone(snapshot.zone).date()
    days = []
    for back in range(DAYS):
        counts = [int(np.nansum(snapshot.series(scope, figure, back))) for figure in ("received", "finished")]
        if back == 0 or (snapshot.working_days[DAYS - 1 - back] and any(counts)):
            days.append((back, *counts))
    days = days[:ROWS]
    top = max((max(received, finished) for _, received, finished in days), default=1) or 1
    bars = []
    for back, received, finished in days:
        on = today - timedelta(days=back)
        name = t("week.today") if back == 0 else f"{t(f'calendar.{WEEKDAYS[on.weekday()]}')} {on:%d/%m}"
        of = t("week.received", n=number(received, language))
        bars.append(Bar(name, number(finished, language), of, finished * 100 / top, mark=received * 100 / top))
    before = [(received, finished) for back, received, finished in days if back]
    heap = sum(received - finished for received, finished in before)
    words = t("week.grew" if heap > 0 else "week.shrank", days=len(before), n=number(abs(heap), language))
    return {
        **bar_slots(NAME, bars, ROWS),
        slot(NAME, "foot"): {"children": words if before else ""},
        slot(NAME, "spoken"): {
            "children": t("week.spoken", finished=bars[0].value, received=number(days[0][1], language))
        },
    }


PANEL = Panel(NAME, (CASES,), frame, update)
