"""Departments by overdue share: who is late, relative to load?"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Panel, Slots, slot
from dashboards.panels.heading import SILENT, figure_text, heading, spoken
from dashboards.panels.ranks import LEAST, departments, load_bar, places, ranked
from dashboards.text.formats import number, percent
from dashboards.text.names import listed
from ioc.snapshot import Scope, Snapshot

NAME = "departments"
ROWS = 9


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
                html.Span(id=slot(NAME, f"name-{at}"), className="name"),
                html.Span(id=slot(NAME, f"bar-{at}"), className="load"),
                figure_text(NAME, f"share-{at}", "share"),
                html.Span(id=slot(NAME, f"of-{at}"), className="of"),
            ],
            id=slot(NAME, f"row-{at}"),
            className="hidden",
        )
        for at in range(ROWS)
    ]
    return html.Div(
        [
            heading(NAME, t("departments.title")),
            html.Div(legend, className="legend"),
            html.Ol(rows, className="rows"),
            html.Div(
                [html.Span(className="i i-check-circle", **SILENT), html.Span(id=slot(NAME, "none-words"))],
                id=slot(NAME, "none"),
                className="nothing hidden",
            ),
            html.P(id=slot(NAME, "foot"), className="foot"),
            spoken(NAME),
        ],
        className="departments",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The latest ranking; where a scope has no departments, the places below it."""
    t, language = look.t, look.language
    below = snapshot.world.children(scope.unit)
    order = ranked(snapshot.rows(departments(below) or places(below)), look)
    slots: Slots = {}
    filled = [*order.late, *(row for row in order.clean if row.cases.open >= LEAST)][:ROWS]
    for at in range(ROWS):
        row = filled[at] if at < len(filled) else None
        slots[slot(NAME, f"row-{at}")] = {"className": "" if row else "hidden"}
        slots[slot(NAME, f"name-{at}")] = {"children": listed(row.unit, language) if row else ""}
        slots[slot(NAME, f"bar-{at}")] = {"style": load_bar(row.cases) if row else {}}
        slots[slot(NAME, f"share-{at}")] = {"children": percent(row.cases.overdue_share_pct, language) if row else ""}
        slots[slot(NAME, f"of-{at}")] = {
            "children": f"{number(row.cases.open_overdue, language)}/{number(row.cases.open, language)}" if row else ""
        }
    parts = []
    hidden = len(order.late) - min(len(order.late), ROWS)
    busy = len(order.clean) - order.idle
    if hidden:
        parts.append(t("departments.more", n=hidden))
    if busy:
        parts.append(t("departments.clean", clean=busy))
    if order.few:
        parts.append(t("departments.few", least=LEAST, few=len(order.few)))
    slots[slot(NAME, "none")] = {"className": "nothing hidden" if filled else "nothing"}
    slots[slot(NAME, "none-words")] = {
        "children": "" if filled else t("departments.empty" if order.idle == len(order.all) else "departments.none")
    }
    slots[slot(NAME, "foot")] = {"children": " · ".join(parts)}
    top = order.late[0] if order.late else None
    slots[slot(NAME, "spoken")] = {
        "children": t(
            "departments.spoken",
            name=top.unit.name(language),
            pct=percent(top.cases.overdue_share_pct, language),
        )
        if top
        else t("departments.none")
    }
    return slots


PANEL = Panel(NAME, ("ioc.cases.v1",), frame, update)
