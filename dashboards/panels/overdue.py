"""The overdue cases of a scope, most late first: whose turn is it, and since when?

Who looks is authorised, and still sees no more of a code than its end, and nothing of a person.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.overdue_lists import Lists
from dashboards.panel import CASES, Look, Panel, Slots, data, slot
from dashboards.panels.heading import SILENT, heading
from dashboards.text.formats import number
from dashboards.text.names import listed, masked
from ioc.snapshot import Scope, Snapshot
from ioc.store.overdue import OverdueCase, OverdueList
from ioc.world import World

NAME = "overdue"
SHOWN = 50
"""Rows; the others are counted in the foot."""


def panel(lists: Lists) -> Panel:
    """The panel of one web process, which reads the ``lists``."""

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        return slots(snapshot, scope, look, lists(scope))

    return Panel(NAME, (CASES,), frame, update)


def frame(look: Look) -> Component:
    """A still skeleton until the first list has been read."""
    still = [html.Li(html.Span(className="still"), className="late-row") for _ in range(4)]
    return html.Div(
        [
            heading(NAME, look.t("overdue.title"), look.t("overdue.note")),
            html.Div(html.Ol(still, id=slot(NAME, "rows"), className="late-rows"), className="late-scroll", tabIndex=0),
            html.Div(
                [html.Span(id=slot(NAME, "none-icon"), **SILENT), html.Span(id=slot(NAME, "none-words"))],
                id=slot(NAME, "none"),
                className="nothing hidden",
            ),
            html.P(
                [
                    html.Span(id=slot(NAME, "foot")),
                    html.Span(
                        [look.t("overdue.read"), " ", html.Span(id=slot(NAME, "read"), **data(since=""))],
                        id=slot(NAME, "age"),
                        className="hidden",
                    ),
                ],
                className="foot late-foot",
            ),
        ],
        className="late-list",
    )


def slots(snapshot: Snapshot, scope: Scope, look: Look, found: OverdueList | None) -> Slots:
    """The rows as they were read last; the count in the title is that of the figures, which move at once."""
    t, language = look.t, look.language
    n, known = snapshot.cases(scope).open_overdue, snapshot.spoke(CASES)
    title = t("overdue.count", n=number(n, language)) if n else t("overdue.title")
    told: Slots = {
        slot(NAME, "title"): {"children": title},
        slot(NAME, "age"): {"className": "late-age" if found else "hidden"},
        slot(NAME, "read"): {"data-since": found.as_of.isoformat(timespec="seconds") if found else ""},
        slot(NAME, "none"): {"className": "nothing" if found and not found.cases else "nothing hidden"},
        slot(NAME, "none-icon"): {"className": "i i-check-circle" if known else "hidden"},
        slot(NAME, "none-words"): {"children": t("overdue.none" if known else "cases.unknown")},
        slot(NAME, "foot"): {"children": ""},
        slot(NAME, "rows"): {"className": "late-rows"},
    }
    if found is not None:
        shown = found.cases[:SHOWN]
        world = snapshot.world
        told[slot(NAME, "rows")] = {
            "className": "late-rows" if shown else "hidden",
            "children": [_row(case, world, look) for case in shown],
        }
        if found.total > len(shown):
            told[slot(NAME, "foot")] = {
                "children": t("overdue.more", shown=number(len(shown), language), total=number(found.total, language))
            }
    return told


def _row(case: OverdueCase, world: World, look: Look) -> Component:
    t, language = look.t, look.language
    procedure = world.procedures.get(case.procedure)
    what = case.procedure if procedure is None else procedure.name_en if language == "en" else procedure.name_vi
    handling = world.by_code.get(case.handling)
    key = {0: "overdue.today", 1: "overdue.day"}.get(case.days_late, "overdue.days")
    late = t(key, n=number(case.days_late, language)) if case.days_late > 1 else t(key)
    return html.Li(
        [
            html.Div([html.B(late, className="days"), html.Span(t("overdue.due", date=f"{case.due_at:%d/%m/%Y}"))]),
            html.Div(
                [
                    html.B(what, className="what"),
                    html.Span(t("overdue.code", code=masked(case.code), status=t(f"status_of.{case.status}"))),
                ]
            ),
            html.Div(
                [
                    html.Span(listed(handling, language) if handling else case.handling, className="unit"),
                    html.Span(t(f"channel.{case.channel}")),
                ]
            ),
        ],
        className="late-row",
    )
