"""The units below a scope, worst first, each a link into it: which of mine is worst?"""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.pages.addresses import unit_address
from dashboards.panel import CASES, Look, Panel, Slots, slot
from dashboards.panels.heading import figure_text, heading, icon
from dashboards.panels.ranks import LEAST, departments, load_bar, places, ranked
from dashboards.text.formats import DASH, number, percent
from dashboards.text.names import listed
from ioc.snapshot import Scope, Snapshot, UnitRow
from ioc.world import Unit, World

NAME = "ranking"


def below(world: World, code: str) -> list[Unit]:
    """The units directly below one: departments and places."""
    units = world.children(code)
    return [*departments(units), *places(units)]


def most(world: World) -> int:
    """The largest number of rows that the list can need in this world."""
    return max((len(world.children(unit.code)) for unit in world.units), default=0)


def frame(look: Look) -> Component:
    """One list, whatever the units are: those with overdue cases, then a line that says how many have none, then those.

    The line comes last in the document and stands between the two by the stylesheet.
    """
    rows = [_row(at) for at in range(most(look.world))]
    line = html.Li(html.Span(id=slot(NAME, "clean")), id=slot(NAME, "line"), className="hidden")
    legend = html.Div(
        [
            html.Span([html.I(className=f"key {token}"), look.t(key)])
            for token, key in (
                ("over", "departments.overdue"),
                ("soon", "departments.soon"),
                ("rest", "departments.in_time_cut"),
            )
        ],
        className="legend",
    )
    return html.Div(
        [
            heading(NAME, look.t("ranking.title"), look.t("ranking.note")),
            html.Div(
                [html.Ol([*rows, line]), html.P(id=slot(NAME, "none"), className="foot")],
                className="ranking-lists",
                tabIndex=0,
            ),
            legend,
        ],
        className="ranking",
    )


def _row(at: int) -> Component:
    def name(what: str) -> str:
        return f"{what}-{at}"

    return html.Li(
        dcc.Link(
            [
                html.Div(
                    [
                        html.B(id=slot(NAME, name("name")), className="name"),
                        html.Span(id=slot(NAME, name("open")), className="of"),
                    ],
                    className="who",
                ),
                html.Span(id=slot(NAME, name("bar")), className="load"),
                html.Span([figure_text(NAME, name("n")), html.Small(id=slot(NAME, name("share")))], className="late"),
                icon("chevron-right", "go"),
            ],
            href="#",
            id=slot(NAME, name("link")),
        ),
        id=slot(NAME, name("row")),
        className="hidden",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The list as it is now."""
    world = snapshot.world
    units = below(world, scope.unit)
    above = world.by_code[scope.unit].parent
    beside = not units and above is not None
    if beside and above is not None:
        alike = departments if world.by_code[scope.unit].kind in ("department", "branch") else places
        units = alike(world.children(above))
    order = ranked(snapshot.rows(units), look)
    clean = look.t("departments.clean" if snapshot.spoke(CASES) else "cases.unknown", clean=len(order.clean))
    slots: Slots = {
        slot(NAME, "title"): {"children": look.t("ranking.beside" if beside else "ranking.title")},
        slot(NAME, "note"): {"children": look.t("ranking.note")},
        slot(NAME, "line"): {"className": "line" if order.clean else "hidden"},
        slot(NAME, "clean"): {"children": clean if order.clean else ""},
    }
    rows = order.all
    for at in range(most(look.world)):
        row = rows[at] if at < len(rows) else None
        slots |= _row_slots(at, row, look, here=row is not None and row.unit.code == scope.unit)
    slots[slot(NAME, "none")] = {"children": "" if units else look.t("ranking.none")}
    return slots


def _row_slots(at: int, row: UnitRow | None, look: Look, *, here: bool) -> Slots:
    def name(what: str) -> str:
        return slot(NAME, f"{what}-{at}")

    if row is None:
        return {
            name("row"): {"className": "hidden"},
            name("link"): {"href": "#"},
            name("name"): {"children": ""},
            name("open"): {"children": ""},
            name("bar"): {"style": {}},
            name("n"): {"children": "", "className": ""},
            name("share"): {"children": ""},
        }
    t, language, cases = look.t, look.language, row.cases
    few = cases.open < LEAST
    share = cases.overdue_share_pct
    key = "ranking.few" if few and cases.open_overdue else "ranking.open"
    return {
        name("row"): {"className": f"{'' if cases.open_overdue else 'clean'}{' here' if here else ''}".strip()},
        name("link"): {"href": unit_address(row.unit.code)},
        name("name"): {"children": listed(row.unit, language)},
        name("open"): {"children": t(key, open=number(cases.open, language), least=LEAST)},
        name("bar"): {"style": load_bar(cases)},
        name("n"): {
            "children": number(cases.open_overdue, language),
            "className": "n heat" if share is not None and share >= 3 and not few else "n",
        },
        name("share"): {"children": DASH if few else percent(share, language)},
    }


PANEL = Panel(NAME, (CASES,), frame, update)
