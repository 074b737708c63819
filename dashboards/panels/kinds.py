"""Detections by kind and hour: what is unusual for this hour?

A cell is framed where it lies far above the same hour of days like today: above the upper quarter by one and a half
times the spread between the quarters (Tukey's fence), by a fourth of it, and by five. A cell of the hour under way is
compared as it stands, so it can only come to be framed. With fewer than three days like today nothing is framed, and
the panel says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from dash import html
from dash.development.base_component import Component

from dashboards.comparison import days_told
from dashboards.panel import CAMERAS, Look, Panel, Slots, slot
from dashboards.panels.heading import heading, in_parts, spoken
from dashboards.panels.incidents import kind_name
from dashboards.text.formats import number
from ioc.days import day_at
from ioc.snapshot import Scope, Snapshot
from ioc.usual import LEAST, alike

NAME = "kinds"
ROWS = 9
HOURS = 12
STEPS = 5
"""Shades of a cell, by the share of the largest."""
SPREADS = 1.5
"""So many times the spread between the quarters an hour lies above the upper one before it is far above."""


def frame(look: Look) -> Component:
    """A table of slots: kinds down, the last twelve hours across, sums at the end."""
    head = html.Tr(
        [
            html.Th(look.t("kinds.kind"), scope="col", className="kind"),
            *(html.Th(id=slot(NAME, f"hour-{at}"), scope="col") for at in range(HOURS)),
            html.Th(look.t("kinds.sum"), scope="col", className="sum"),
        ]
    )
    rows = [
        html.Tr(
            [
                html.Th(id=slot(NAME, f"kind-{row}"), scope="row", className="kind"),
                *(html.Td(id=slot(NAME, f"cell-{row}-{at}")) for at in range(HOURS)),
                html.Td(id=slot(NAME, f"sum-{row}"), className="sum"),
            ],
            id=slot(NAME, f"row-{row}"),
            className="hidden",
        )
        for row in range(ROWS)
    ]
    return html.Div(
        [
            heading(NAME, look.t("kinds.title"), look.t("kinds.few_note")),
            html.Table([html.Thead(head), html.Tbody(rows)], className="kind-table"),
            html.P(id=slot(NAME, "none"), className="foot"),
            spoken(NAME),
        ],
        className="kinds",
    )


def outliers(table: npt.NDArray[np.int64], days: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Which hours of today [24] lie far above what is usual; ``days`` are days back. None with fewer than three."""
    if len(days) < LEAST:
        return np.zeros(24, dtype=bool)
    low, high = np.quantile(np.stack([table[day_at(back)] for back in days]), (0.25, 0.75), axis=0)
    found: npt.NDArray[np.bool_] = table[-1] > high + np.maximum(np.maximum(high / 4, 5), SPREADS * (high - low))
    return found


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Today's counts, the kinds with most first; what does not fit is added up in the last row."""
    hour = snapshot.as_of.astimezone(snapshot.zone).hour
    first = max(0, hour - HOURS + 1)
    days = alike(snapshot, "detected")
    tables = {kind: table for kind, table in snapshot.detections(scope).items() if table[-1].any()}
    order = sorted(tables, key=lambda kind: (-int(tables[kind][-1].sum()), kind))
    rows = [(kind_name(snapshot.world, kind, look.language), tables[kind]) for kind in order[: ROWS - 1]]
    rest = order[ROWS - 1 :]
    if rest:
        words = (
            look.t("kinds.rest", n=len(rest)) if len(rest) > 1 else kind_name(snapshot.world, rest[0], look.language)
        )
        rows.append((words, np.sum([tables[kind] for kind in rest], axis=0)))
    most = max((int(table[-1, first : hour + 1].max()) for _, table in rows), default=1) or 1
    slots: Slots = {
        slot(NAME, f"hour-{at}"): {"children": f"{first + at:02}" if first + at <= hour else ""} for at in range(HOURS)
    }
    unusual: list[str] = []
    for row in range(ROWS):
        named, table = rows[row] if row < len(rows) else ("", None)
        slots[slot(NAME, f"row-{row}")] = {"className": "" if table is not None else "hidden"}
        slots[slot(NAME, f"kind-{row}")] = {"children": named}
        far = outliers(table, days.back if days else ()) if table is not None else np.zeros(24, dtype=bool)
        for at in range(HOURS):
            here = first + at
            n = int(table[-1, here]) if table is not None and here <= hour else 0
            shade = 0 if n == 0 else 1 + min(STEPS - 1, n * STEPS // (most + 1))
            over = bool(here <= hour and far[here])
            slots[slot(NAME, f"cell-{row}-{at}")] = {
                "children": number(n, look.language) if n else "",
                "className": f"shade-{shade}{' over' if over else ''}{' blank' if here > hour else ''}",
            }
            if over:
                unusual.append(f"{named} {here:02}:00")
        total = int(table[-1].sum()) if table is not None else 0
        slots[slot(NAME, f"sum-{row}")] = {"children": number(total, look.language) if table is not None else ""}
    told = look.t("kinds.note", days=days_told(days, snapshot, look)) if days else look.t("kinds.few_note")
    slots[slot(NAME, "note")] = {"children": in_parts(told)}
    slots[slot(NAME, "none")] = {"children": "" if rows else look.t("kinds.none")}
    slots[slot(NAME, "spoken")] = {
        "children": look.t("kinds.spoken", names=", ".join(unusual[:3]))
        if unusual
        else look.t("kinds.calm" if days else "kinds.few_spoken")
    }
    return slots


PANEL = Panel(NAME, (CAMERAS,), frame, update, every_s=5)
