"""The overdue cases of a scope, or those due soon, in the order of their due moments: whose turn is it, and when?

Who looks is authorised, and still sees no more of a code than its end, and nothing of a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from dashboards.overdue_lists import Lists
from dashboards.panel import CASES, Look, Panel, Slots, data, slot
from dashboards.panels.heading import SILENT, heading
from dashboards.text.formats import number
from dashboards.text.names import listed, masked
from ioc.figures import CaseFigures
from ioc.snapshot import Scope, Snapshot
from ioc.store.overdue import OverdueCase, OverdueList
from ioc.world import World

SHOWN = 50
"""Rows; the others are counted in the foot."""


@dataclass(frozen=True)
class Listing:
    """A kind of list: ``name`` is that of its panel and of its words, ``figure`` what it is as long as, ``when`` the
    words about a case's moment at ``as_of``."""

    name: str
    figure: Callable[[CaseFigures], int]
    when: Callable[[OverdueCase, datetime, Look], tuple[str, str]]


def _late(case: OverdueCase, as_of: datetime, look: Look) -> tuple[str, str]:
    del as_of
    t, n = look.t, case.days_late
    late = t({0: "overdue.today", 1: "overdue.day"}[n]) if n < 2 else t("overdue.days", n=number(n, look.language))
    return late, t("overdue.due", date=f"{case.due_at:%d/%m/%Y}")


def _soon(case: OverdueCase, as_of: datetime, look: Look) -> tuple[str, str]:
    """Whole hours or minutes that are left; a case whose hour has passed on its day is in time until midnight."""
    t, left = look.t, int((case.due_at - as_of).total_seconds())
    if left >= 3600:
        words = t("soon.hours", n=number(left // 3600, look.language))
    else:
        words = t("soon.minutes", n=left // 60) if left >= 60 else t("soon.today")
    return words, t("soon.due", at=f"{case.due_at:%H:%M %d/%m}")


OVERDUE = Listing("overdue", lambda cases: cases.open_overdue, _late)
SOON = Listing("soon", lambda cases: cases.open_due_soon, _soon)


def panel(lists: Lists, kind: Listing = OVERDUE) -> Panel:
    """The panel of one web process, which reads the ``lists``."""

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        return slots(snapshot, scope, look, lists(scope), kind)

    return Panel(kind.name, (CASES,), lambda look: frame(look, kind), update)


def frame(look: Look, kind: Listing = OVERDUE) -> Component:
    """A still skeleton until the first list has been read; without a network it says that it was not."""
    name, t = kind.name, look.t
    still = [html.Li(html.Span(className="still"), className="late-row") for _ in range(4)]
    still.append(html.Li(t("overdue.unread"), className="late-unread"))
    return html.Div(
        [
            heading(name, t(f"{name}.title"), t(f"{name}.note")),
            html.Div(html.Ol(still, id=slot(name, "rows"), className="late-rows"), className="late-scroll", tabIndex=0),
            html.Div(
                [html.Span(id=slot(name, "none-icon"), **SILENT), html.Span(id=slot(name, "none-words"))],
                id=slot(name, "none"),
                className="nothing hidden",
            ),
            html.P(
                [
                    html.Span(id=slot(name, "foot")),
                    html.Span(
                        [t("overdue.read"), " ", html.Span(id=slot(name, "read"), **data(since=""))],
                        id=slot(name, "age"),
                        className="hidden",
                    ),
                ],
                className="foot late-foot",
            ),
        ],
        className=f"late-list {name}",
    )


def slots(snapshot: Snapshot, scope: Scope, look: Look, found: OverdueList | None, kind: Listing = OVERDUE) -> Slots:
    """The rows as they were read last; the count in the title is that of the figures, which move at once."""
    t, language, name = look.t, look.language, kind.name
    n, known = kind.figure(snapshot.cases(scope)), snapshot.spoke(CASES)
    title = t(f"{name}.count", n=number(n, language)) if n else t(f"{name}.title")
    told: Slots = {
        slot(name, "title"): {"children": title},
        slot(name, "age"): {"className": "late-age" if found else "hidden"},
        slot(name, "read"): {"data-since": found.as_of.isoformat(timespec="seconds") if found else ""},
        slot(name, "none"): {"className": "nothing" if found and not found.cases else "nothing hidden"},
        slot(name, "none-icon"): {"className": "i i-check-circle" if known else "hidden"},
        slot(name, "none-words"): {"children": t(f"{name}.none" if known else "cases.unknown")},
        slot(name, "foot"): {"children": ""},
        slot(name, "rows"): {"className": "late-rows"},
    }
    if found is not None:
        shown = found.cases[:SHOWN]
        told[slot(name, "rows")] = {
            "className": "late-rows" if shown else "hidden",
            "children": [_row(case, kind.when(case, found.as_of, look), snapshot.world, look) for case in shown],
        }
        if found.total > len(shown):
            told[slot(name, "foot")] = {
                "children": t(f"{name}.more", shown=number(len(shown), language), total=number(found.total, language))
            }
    return told


def _row(case: OverdueCase, when: tuple[str, str], world: World, look: Look) -> Component:
    t, language = look.t, look.language
    procedure = world.procedures.get(case.procedure)
    what = case.procedure if procedure is None else procedure.name_en if language == "en" else procedure.name_vi
    handling = world.by_code.get(case.handling)
    return html.Li(
        [
            html.Div([html.B(when[0], className="days"), html.Span(when[1])]),
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
