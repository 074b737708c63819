"""The worst places of a map's layer in words: a list beside a wall's map, one line under a tablet's, one sentence for
screen readers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Slots, slot
from dashboards.panels.heading import figure_text
from dashboards.panels.map_labels import NAME
from dashboards.panels.map_layers import Layer, Spot
from dashboards.panels.ranks import ranked
from dashboards.text.formats import collation_key, number, percent
from dashboards.text.names import listed
from ioc.snapshot import UnitRow
from ioc.world import Unit

TOP = 7
TOP_BESIDE_INSET = 4


def top(look: Look, layer: Layer) -> Component:
    """The empty list of a wall."""
    rows = [
        html.Li(
            [
                figure_text(NAME, f"top-share-{at}", "share"),
                html.Span(id=slot(NAME, f"top-name-{at}"), className="name"),
                html.Span(id=slot(NAME, f"top-of-{at}"), className="of"),
            ],
            id=slot(NAME, f"top-{at}"),
            className="hidden",
        )
        for at in range(TOP)
    ]
    return html.Div(
        [
            html.H3(look.t(f"map.highest_{layer.name}")),
            html.Ol(rows),
            html.P(id=slot(NAME, "top-none"), className="of"),
        ],
        className="map-top",
    )


def top_slots(spots: Mapping[str, Spot], units: Sequence[Unit], look: Look, layer: Layer, most: int) -> Slots:
    """The list: at most ``most`` places, or why there are none."""
    language = look.language
    order = _order(spots, units, look)[:most]
    slots: Slots = {}
    for at in range(TOP):
        unit = order[at] if at < len(order) else None
        spot = spots[unit.code] if unit else None
        slots[slot(NAME, f"top-{at}")] = {"className": "" if unit else "hidden"}
        slots[slot(NAME, f"top-share-{at}")] = {
            "children": spot.share if spot else "",
            "className": "share heat" if spot and spot.heat else "share",
        }
        slots[slot(NAME, f"top-name-{at}")] = {"children": unit.short(language) if unit else ""}
        slots[slot(NAME, f"top-of-{at}")] = {"children": spot.of if spot else ""}
    unknown = any(spot.ground == "few" and (spot.count or layer.name != "overdue") for spot in spots.values())
    words = "" if order else look.t("map.too_few" if unknown else f"map.none_{layer.name}")
    slots[slot(NAME, "top-none")] = {"children": words}
    return slots


def _order(spots: Mapping[str, Spot], units: Sequence[Unit], look: Look) -> list[Unit]:
    def key(unit: Unit) -> Any:
        return -(spots[unit.code].rank or 0), -spots[unit.code].count, collation_key(unit.short(look.language))

    return sorted((unit for unit in units if spots[unit.code].rank is not None), key=key)


def first(spots: Mapping[str, Spot], units: Sequence[Unit], look: Look, layer: Layer) -> Slots:
    """The line under a tablet's map of any layer but the overdue cases."""
    order = _order(spots, units, look)
    words: Any = look.t(f"map.none_{layer.name}")
    if order:
        spot = spots[order[0].code]
        named = html.B(f"{listed(order[0], look.language)} {spot.share}")
        words = [f"{look.t(f'map.highest_{layer.name}')}: ", named, f" ({spot.of})"]
    return {slot(NAME, "worst"): {"children": words}}


def worst(rows: list[UnitRow], look: Look) -> Slots:
    """The line under a tablet's map of overdue cases."""
    order = ranked(rows, look)
    if not order.late:
        return {slot(NAME, "worst"): {"children": look.t("map.no_overdue") if rows else ""}}
    row = order.late[0]
    share = percent(row.cases.overdue_share_pct, look.language)
    words = [
        f"{look.t('map.highest_overdue')}: ",
        html.B(f"{listed(row.unit, look.language)} {share}"),
        f" ({number(row.cases.open_overdue, look.language)}/{number(row.cases.open, look.language)})",
    ]
    return {slot(NAME, "worst"): {"children": words}}


def spoken_overdue(rows: list[UnitRow], incidents: int, look: Look) -> Slots:
    """The sentence of the overdue cases."""
    order = ranked(rows, look)
    if not order.late:
        return {slot(NAME, "spoken"): {"children": look.t("map.spoken_calm", incidents=incidents)}}
    row = order.late[0]
    share = percent(row.cases.overdue_share_pct, look.language)
    sentence = look.t("map.spoken", name=row.unit.name(look.language), pct=share, incidents=incidents)
    return {slot(NAME, "spoken"): {"children": sentence}}


def spoken_of(spots: Mapping[str, Spot], units: Sequence[Unit], look: Look, layer: Layer, incidents: int) -> Slots:
    """The sentence of any other layer."""
    order = _order(spots, units, look)
    name = order[0].short(look.language) if order else "–"
    share = (spots[order[0].code].share if order else "") or "–"
    words = look.t(f"map.spoken_{layer.name}", name=name, share=share, incidents=incidents)
    return {slot(NAME, "spoken"): {"children": words}}
