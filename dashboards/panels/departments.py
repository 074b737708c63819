"""Departments, and places, by overdue share: who is late, relative to load?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CASES, Look, Panel, Slots, slot
from dashboards.panels.heading import SILENT, figure_text, heading, spoken
from dashboards.panels.ranks import LEAST, departments, load_bar, places, ranked
from dashboards.text.formats import number, percent
from dashboards.text.names import listed
from ioc.snapshot import Scope, Snapshot
from ioc.world import Unit

ROWS = 9


def by_overdue_share(name: str, title: str, pick: Callable[[Sequence[Unit]], Sequence[Unit]]) -> Panel:
    """A ranking of those units below a scope that ``pick`` takes; of all others where it takes none."""

    def frame(look: Look) -> Component:
        """A legend, rows with a bar each, and a line for those that are not ranked."""
        t = look.t
        legend = [
            html.Span([html.I(className=f"key {token}"), t(key)])
            for token, key in (
                ("over", "departments.overdue"),
                ("soon", "departments.soon"),
                ("rest", "departments.in_time_cut"),
            )
        ]
        rows = [
            html.Li(
                [
                    html.Span(id=slot(name, f"name-{at}"), className="name"),
                    html.Span(id=slot(name, f"bar-{at}"), className="load"),
                    figure_text(name, f"share-{at}", "share"),
                    html.Span(id=slot(name, f"of-{at}"), className="of"),
                ],
                id=slot(name, f"row-{at}"),
                className="hidden",
            )
            for at in range(ROWS)
        ]
        return html.Div(
            [
                heading(name, t(title)),
                html.Div(legend, className="legend"),
                html.Ol(rows, className="rows"),
                html.Div(
                    [
                        html.Span(id=slot(name, "none-icon"), className="i i-check-circle", **SILENT),
                        html.Span(id=slot(name, "none-words")),
                    ],
                    id=slot(name, "none"),
                    className="nothing hidden",
                ),
                html.P(id=slot(name, "foot"), className="foot"),
                spoken(name),
            ],
            className="departments",
        )

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        """The latest ranking."""
        t, language = look.t, look.language
        known = snapshot.spoke(CASES)
        below = snapshot.world.children(scope.unit)
        order = ranked(snapshot.rows(pick(below) or below), look)
        slots: Slots = {}
        filled = [*order.late, *(row for row in order.clean if row.cases.open >= LEAST)][:ROWS]
        for at in range(ROWS):
            row = filled[at] if at < len(filled) else None
            slots[slot(name, f"row-{at}")] = {"className": "" if row else "hidden"}
            slots[slot(name, f"name-{at}")] = {"children": listed(row.unit, language) if row else ""}
            slots[slot(name, f"bar-{at}")] = {"style": load_bar(row.cases) if row else {}}
            slots[slot(name, f"share-{at}")] = {
                "children": percent(row.cases.overdue_share_pct, language) if row else ""
            }
            slots[slot(name, f"of-{at}")] = {
                "children": f"{number(row.cases.open_overdue, language)}/{number(row.cases.open, language)}"
                if row
                else ""
            }
        idle = order.idle == len(order.all)
        none = "cases.unknown" if not known else "departments.empty" if idle else "departments.none"
        parts = []
        hidden = len(order.late) - min(len(order.late), ROWS)
        busy = len(order.clean) - order.idle
        if hidden:
            parts.append(t("departments.more", n=hidden))
        if busy:
            parts.append(t("departments.clean", clean=busy))
        if order.few:
            parts.append(t("departments.few", least=LEAST, few=len(order.few)))
        slots[slot(name, "none")] = {"className": "nothing hidden" if filled else "nothing"}
        slots[slot(name, "none-icon")] = {"className": "i i-check-circle" if known else "hidden"}
        slots[slot(name, "none-words")] = {"children": "" if filled else t(none)}
        slots[slot(name, "foot")] = {"children": " · ".join(parts)}
        top = order.late[0] if order.late else None
        slots[slot(name, "spoken")] = {
            "children": t(
                "departments.spoken",
                name=top.unit.name(language),
                pct=percent(top.cases.overdue_share_pct, language),
            )
            if top
            else t(none)
        }
        return slots

    return Panel(name, (CASES,), frame, update)


PANEL = by_overdue_share("departments", "departments.title", departments)
UNITS = by_overdue_share("units", "units.title", places)
NAME = PANEL.name
update = PANEL.update
