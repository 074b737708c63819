"""The names on the map: which there are, and where each finds room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.marks.labels import Label, spread
from dashboards.marks.map import Pin
from dashboards.marks.outlines import Box, View
from dashboards.panel import Look, Slots, slot
from dashboards.panels.heading import figure_text
from dashboards.text.formats import number
from ioc.figures import CaseFigures

NAME = "map"

Wanted = tuple[str, int, tuple[float, float], bool]
"""A label: its name, the overdue cases it counts, the point it belongs to, and whether a dot stands there."""


def wanted_labels(view: View, cases: Mapping[str, CaseFigures], look: Look) -> list[Wanted]:
    """A label for each place, on a crowded map for each group of them."""
    if view.groups:
        return [
            (group.short, sum(cases[code].open_overdue for code in group.codes), group.at, False)
            for group in view.groups
            if group.codes
        ]
    return [
        (place.unit.short(look.language), cases[place.unit.code].open_overdue, place.at, not place.rings)
        for place in view.places
    ]


def placed(
    part: str,
    most: int,
    wanted: Sequence[Wanted],
    box: Box,
    stage: tuple[int, int],
    look: Look,
    pins: Sequence[Pin] = (),
) -> Slots:
    """The slots of up to ``most`` labels on a ``stage`` that shows ``box``.

    Where there are more, those with most overdue cases.
    """
    width, height = stage
    size = 31 if look.device == "wall" else 13
    wall = look.device == "wall"
    shown = list(wanted) if len(wanted) <= most else sorted(wanted, key=lambda one: -one[1])[:most]
    texts = [_count(n, look) for _, n, _, _ in shown]
    lower = size * 1.25
    boxes = [
        Label(
            (at[0] - box[0]) / (box[2] - box[0]) * width,
            (box[3] - at[1]) / (box[3] - box[1]) * height + (size * 2.1 if dotted else 0),
            max(len(name), len(text) * 0.9) * size * 0.6 + 8,
            size * 1.2 + (lower if text else 0),
        )
        for (name, _, at, dotted), text in zip(shown, texts, strict=True)
    ]
    slots: Slots = {}
    marks = 44 if wall else 20
    avoid = [
        Label((x - box[0]) / (box[2] - box[0]) * width, (box[3] - y) / (box[3] - box[1]) * height, marks, marks)
        for x, y in [*((pin.x, pin.y) for pin in pins), *(at for _, _, at, dotted in shown if dotted)]
    ]
    for at, label in enumerate(spread(boxes, width, height, avoid)):
        slots[slot(NAME, f"{part}-{at}")] = {
            "className": "map-label",
            "style": {"left": f"{label.x / width * 100:.2f}%", "top": f"{label.y / height * 100:.2f}%"},
        }
        slots[slot(NAME, f"{part}-name-{at}")] = {"children": shown[at][0]}
        slots[slot(NAME, f"{part}-n-{at}")] = {"children": texts[at], "className": "late" if shown[at][1] else ""}
    for at in range(len(shown), most):
        slots[slot(NAME, f"{part}-{at}")] = {"className": "map-label hidden", "style": {}}
        slots[slot(NAME, f"{part}-name-{at}")] = {"children": ""}
        slots[slot(NAME, f"{part}-n-{at}")] = {"children": "", "className": ""}
    return slots


def _count(n: int, look: Look) -> str:
    if n == 0:
        return ""
    return look.t("map.label", n=number(n, look.language)) if look.device == "wall" else number(n, look.language)


def label(part: str, at: int) -> Component:
    """The slots of label ``at`` of ``part`` (label on the map, inset in its inset), hidden at first."""
    return html.Div(
        [html.Span(id=slot(NAME, f"{part}-name-{at}")), figure_text(NAME, f"{part}-n-{at}")],
        id=slot(NAME, f"{part}-{at}"),
        className="map-label hidden",
    )
