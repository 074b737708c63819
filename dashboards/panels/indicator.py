"""One indicator against its target, as a whole and by unit: who brings it forward?"""

from __future__ import annotations

from functools import cache

from dash import html
from dash.development.base_component import Component

from dashboards.panel import INDICATORS, Look, Panel, Slots, slot
from dashboards.panels.bars import Bar, bar_rows, bar_slots
from dashboards.panels.heading import figure_text, heading, spoken
from dashboards.panels.targets import indicator_value, met, target_gap
from dashboards.text.formats import collation_key
from dashboards.text.names import listed
from ioc.settings import Indicator
from ioc.snapshot import Scope, Snapshot
from ioc.walls import WIDTHS, Place, Wall, sizes

HEAD, ROW, MOST = 17.6, 2.4, 12
"""Rem above and below the rows of units, and of one of them; more than `MOST` are no list for a wall."""


def rows_of(place: Place, wall: Wall) -> int:
    """How many units have room in the area of a wall, whatever its shape."""
    grids = ((wall.grid, WIDTHS["grid"]), (wall.wide, WIDTHS["wide"]))
    found = [sizes(grid, width, wall.scale).get(place.where) for grid, width in grids if grid is not None]
    return max(1, min(MOST, *(int((size[1] - HEAD) / ROW) for size in found if size is not None)))


@cache
def indicator(place: Place, wall: Wall) -> Panel:
    """The panel of an entry ``panel: indicator`` on a wall."""
    name, rows = f"indicator-{place.where}", rows_of(place, wall)

    def frame(look: Look) -> Component:
        one = look.world.indicators[place.indicator]
        title = (place.title_en if look.language == "en" else place.title_vi) or _named(one, look)
        return html.Div(
            [
                heading(name, title, look.world.named(one.source, look.language)),
                html.Div(
                    [
                        figure_text(name, "whole", "figure"),
                        html.Div(
                            [
                                html.Span(id=slot(name, "target"), className="target"),
                                html.Span(id=slot(name, "gap"), className="gap"),
                            ],
                            className="beside",
                        ),
                    ],
                    className="headline-row",
                ),
                bar_rows(name, rows),
                html.P(id=slot(name, "foot"), className="foot"),
                spoken(name),
            ],
            className="indicator",
        )

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        one = snapshot.world.indicators[place.indicator]
        whole = snapshot.indicators(scope).get(one.code)
        found = [
            (unit, figure)
            for unit in snapshot.world.children(scope.unit)
            if (figure := snapshot.indicators(Scope(unit.code)).get(one.code)) is not None
        ]
        found.sort(key=lambda row: ((-1 if one.goal == "higher" else 1) * row[1].value, collation_key(row[0].name_vi)))
        top = max([figure.value for _, figure in found] + [one.target or 0 if one.roll_up != "sum" else 0]) or 1
        if one.unit_vi == "%":
            top = max(top, 100)
        aimed = one.target is not None and one.roll_up != "sum"
        bars = [
            Bar(
                listed(unit, look.language),
                indicator_value(figure.value, one, look),
                "",
                figure.value * 100 / top,
                mark=one.target * 100 / top if aimed and one.target is not None else None,
                tone="calm" if aimed and met(one, figure) else "",
            )
            for unit, figure in found
        ]
        more = len(bars) - rows
        value = indicator_value(whole.value, one, look) if whole else "–"
        foot = look.t("indicator.more", n=more) if more > 0 else "" if bars else look.t("indicator.no_units")
        return {
            **bar_slots(name, bars, rows),
            slot(name, "whole"): {"children": value},
            slot(name, "target"): {
                "children": look.t("targets.no_target")
                if one.target is None
                else look.t("targets.target", value=indicator_value(one.target, one, look))
            },
            slot(name, "gap"): {
                "children": target_gap(one, whole, look, snapshot.zone),
                "className": f"gap {'none' if whole is None else 'met' if met(one, whole) else 'open'}",
            },
            slot(name, "foot"): {"children": foot},
            slot(name, "spoken"): {"children": look.t("spoken.figure", title=_named(one, look), value=value)},
        }

    return Panel(name, (INDICATORS,), frame, update)


def _named(one: Indicator, look: Look) -> str:
    return one.en if look.language == "en" else one.vi
