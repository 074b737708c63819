"""The names on the map: which there are, and where each finds room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.marks.labels import Label, spread
from dashboards.marks.outlines import Box, View
from dashboards.panel import Look, Slots, slot
from dashboards.panels.heading import figure_text
from dashboards.text.formats import number
from ioc.figures import CaseFigures

NAME = "map"

Wanted = tuple[str, int, tuple[float, float]]
"""A label: its name, the overdue cases it counts, and the point it belongs to."""


def wanted_labels(view: View, cases: Mapping[str, CaseFigures], look: Look) -> list[Wanted]:
    """A label for each place, on a crowded map for each group of them."""
    if view.groups:
        return [
            (group.short, sum(cases[code].open_overdue for code in group.codes), group.at)
            for group in view.groups
            if group.codes
        ]
    return [(place.unit.short(look.language), cases[place.unit.code].open_overdue, place.at) for place in view.places]


def placed(part: str, most: int, wanted: Sequence[Wanted], box: Box, stage: tuple[int, int], look: Look) -> Slots:
    """The slots of up to ``most`` labels on a ``stage`` that shows ``box``; those with most overdue come first."""
    width, height = stage
    size = 31 if look.device == "wall" else 13
    wall = look.device == "wall"
    shown = sorted(wanted, key=lambda one: -one[1])[:most]
    texts = [look.t("map.label", n=number(n, look.language)) if wall else number(n, look.language) for _, n, _ in shown]
    lower = size * 1.25 if any(text for text in texts) else 0
    boxes = [
        Label(
            (at[0] - box[0]) / (box[2] - box[0]) * width,
            (box[3] - at[1]) / (box[3] - box[1]) * height,
            max(len(name), len(text) * 0.9) * size * 0.6 + 8,
            size * 1.2 + lower,
        )
        for (name, _, at), text in zip(shown, texts, strict=True)
    ]
    slots: Slots = {}
    for at, label in enumerate(spread(boxes, width, height)):
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


def label(part: str, at: int) -> Component:
    """The slots of label ``at`` of ``part`` (label on the map, inset in its inset), hidden at first."""
    return html.Div(
        [html.Span(id=slot(NAME, f"{part}-name-{at}")), figure_text(NAME, f"{part}-n-{at}")],
        id=slot(NAME, f"{part}-{at}"),
        className="map-label hidden",
    )
