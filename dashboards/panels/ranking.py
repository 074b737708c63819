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
from ioc.world import World

NAME = "ranking"
PARTS = ("departments", "places")


def most(world: World, part: str) -> int:
    """The largest number of rows that a list can need in this world."""
    pick = departments if part == "departments" else places
    return max((len(pick(world.children(unit.code))) for unit in world.units), default=0)


def frame(look: Look) -> Component:
    """Two lists, departments and places, in one scrolling column; a scope shows those it has."""
    lists = [
        html.Section(
            [html.H3(look.t(f"ranking.{part}")), html.Ol([_row(part, at) for at in range(most(look.world, part))])],
            id=slot(NAME, part),
            className="hidden",
        )
        for part in PARTS
    ]
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
                [*lists, html.P(id=slot(NAME, "none"), className="foot")],
                className="ranking-lists",
                tabIndex=0,
            ),
            legend,
        ],
        className="ranking",
    )


def _row(part: str, at: int) -> Component:
    def name(what: str) -> str:
        return f"{part}-{what}-{at}"

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
    """Both lists as they are now."""
    world = snapshot.world
    below = world.children(scope.unit)
    above = world.by_code[scope.unit].parent
    beside = not below and above is not None
    if beside and above is not None:
        alike = departments if world.by_code[scope.unit].kind in ("department", "branch") else places
        below = tuple(alike(world.children(above)))
    slots: Slots = {
        slot(NAME, "title"): {"children": look.t("ranking.beside" if beside else "ranking.title")},
        slot(NAME, "note"): {"children": look.t("ranking.note")},
    }
    for part, units in (("departments", departments(below)), ("places", places(below))):
        rows = ranked(snapshot.rows(units), look).all
        slots[slot(NAME, part)] = {"className": "" if rows else "hidden"}
        for at in range(most(look.world, part)):
            row = rows[at] if at < len(rows) else None
            slots |= _row_slots(part, at, row, look, here=row is not None and row.unit.code == scope.unit)
    slots[slot(NAME, "none")] = {"children": "" if below else look.t("ranking.none")}
    return slots


def _row_slots(part: str, at: int, row: UnitRow | None, look: Look, *, here: bool) -> Slots:
    def name(what: str) -> str:
        return slot(NAME, f"{part}-{what}-{at}")

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
        name("row"): {"className": "here" if here else ""},
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
