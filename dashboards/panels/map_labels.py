"""The names on the map: which there are, and where each finds room."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from dashboards.marks.labels import Label, spread
from dashboards.marks.map import RINGED, Pin
from dashboards.marks.outlines import Atlas, Box, View
from dashboards.panel import Look, Slots, slot
from dashboards.panels.heading import figure_text
from dashboards.text.formats import number

NAME = "map"
ABROAD, OFF_LAND = 2.5, 0.8
"""What it costs a name to stand on another's ground, and outside all."""

WARM = frozenset({"map-3", "map-4"})
"""Grounds too bright for light letters."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name, its count, the point and the units it belongs to, whether a dot stands there."""

    name: str
    count: int
    at: tuple[float, float]
    codes: Collection[str]
    dotted: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """The part of the world that labels stand on, and its size in pixels."""

    scope: str
    box: Box
    size: tuple[int, int]

    def pixel(self, at: tuple[float, float]) -> tuple[float, float]:
        """Where a point lies, from the top left."""
        west, south, east, north = self.box
        return (at[0] - west) / (east - west) * self.size[0], (north - at[1]) / (north - south) * self.size[1]

    def point(self, x: float, y: float) -> tuple[float, float]:
        """The point at a pixel."""
        west, south, east, north = self.box
        return west + x / self.size[0] * (east - west), north - y / self.size[1] * (north - south)


def wanted_labels(view: View, counts: Mapping[str, int], look: Look) -> list[Wanted]:
    """A label for each place, on a crowded map for each group of them."""
    if view.groups:
        return [
            Wanted(
                group.short,
                sum(counts[code] for code in group.codes),
                group.at,
                frozenset(group.codes),
                False,
            )
            for group in view.groups
            if group.codes
        ]
    return [
        Wanted(
            place.unit.short(look.language),
            counts[place.unit.code],
            place.at,
            (place.unit.code,),
            not place.rings,
        )
        for place in view.places
    ]


def placed(
    part: str,
    most: int,
    wanted: Sequence[Wanted],
    stage: Stage,
    look: Look,
    known: Atlas,
    pins: Sequence[Pin] = (),
    words: str = "map.label_overdue",
    grounds: Mapping[str, str] | None = None,
) -> Slots:
    """The slots of up to ``most`` labels on a stage; where there are more, those with the highest counts. A label that
    would stand on another is left out, the one with the lower count first. ``words`` is the text key of counts,
    ``grounds`` the token of each place's ground: a label that stands on a warm one as a whole is dark."""
    chosen = list(wanted) if len(wanted) <= most else sorted(wanted, key=lambda one: -one.count)[:most]
    width, height = stage.size
    slots: Slots = {}
    shown, room = _apart(chosen, _room(chosen, stage, look, known, pins, words))
    for at, label in enumerate(room):
        one = shown[at]
        slots[slot(NAME, f"{part}-{at}")] = {
            "className": f"map-label {_warm(label, stage, known, grounds or {})}".strip(),
            "style": {"left": f"{label.x / width * 100:.2f}%", "top": f"{label.y / height * 100:.2f}%"},
        }
        slots[slot(NAME, f"{part}-name-{at}")] = {"children": one.name}
        slots[slot(NAME, f"{part}-n-{at}")] = {
            "children": _count(one.count, look, words),
            "className": "late" if one.count else "",
        }
    for at in range(len(shown), most):
        slots[slot(NAME, f"{part}-{at}")] = {"className": "map-label hidden", "style": {}}
        slots[slot(NAME, f"{part}-name-{at}")] = {"children": ""}
        slots[slot(NAME, f"{part}-n-{at}")] = {"children": "", "className": ""}
    return slots


def _warm(label: Label, stage: Stage, known: Atlas, grounds: Mapping[str, str]) -> str:
    ends = (label.x - 0.4 * label.width, label.x, label.x + 0.4 * label.width)
    under = [grounds.get(known.owner(stage.scope, stage.point(x, label.y)), "") for x in ends]
    return f"on-{under[1]}" if all(ground in WARM for ground in under) else ""


def _apart(wanted: Sequence[Wanted], room: Sequence[Label]) -> tuple[list[Wanted], list[Label]]:
    kept: list[int] = []
    for at in sorted(range(len(wanted)), key=lambda at: (-wanted[at].count, at)):
        if not any(_touch(room[at], room[other]) for other in kept):
            kept.append(at)
    kept.sort()
    return [wanted[at] for at in kept], [room[at] for at in kept]


def _touch(one: Label, other: Label) -> bool:
    wide = (one.width + other.width) / 2 - abs(one.x - other.x)
    high = (one.height + other.height) / 2 - abs(one.y - other.y)
    return wide > 2 and high > 2


def _room(
    shown: Sequence[Wanted],
    stage: Stage,
    look: Look,
    known: Atlas,
    pins: Sequence[Pin],
    words: str = "map.label_overdue",
) -> list[Label]:
    wall = look.device == "wall"
    size, mark = (31, 40) if wall else (13, 18)
    marks = [
        Label(*stage.pixel((pin.x, pin.y)), *(2 * [mark * RINGED if pin.severity == "critical" else mark]))
        for pin in pins
    ]
    boxes = []
    for one in shown:
        text = _count(one.count, look, words)
        x, y = stage.pixel(one.at)
        if one.dotted:
            marks.append(Label(x, y, mark, mark))
            y += size * 2.1
        wide = max(len(one.name), len(text) * 0.9) * size * 0.6 + 8
        boxes.append(Label(x, y, wide, size * (2.45 if text else 1.2)))

    def strange(at: int, x: float, y: float) -> float:
        if shown[at].dotted:
            return 0.0
        owner = known.owner(stage.scope, stage.point(x, y))
        return 0.0 if owner in shown[at].codes else ABROAD if owner else OFF_LAND

    return spread(boxes, *stage.size, avoid=marks, strange=strange)


def _count(n: int, look: Look, words: str) -> str:
    if n == 0:
        return ""
    return look.t(words, n=number(n, look.language)) if look.device == "wall" else number(n, look.language)


def label(part: str, at: int) -> Component:
    """The slots of label ``at`` of ``part`` (label on the map, inset in its inset), hidden at first."""
    return html.Div(
        [html.Span(id=slot(NAME, f"{part}-name-{at}")), figure_text(NAME, f"{part}-n-{at}")],
        id=slot(NAME, f"{part}-{at}"),
        className="map-label hidden",
    )
