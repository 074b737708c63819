"""The table of what stands on what: text 4.5, marks 3, in both themes; map classes apart, for every kind of eye.

This table is the documentation of contrast: a token that stands on a new surface gets a row here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import get_args

import pytest

from dashboards.marks.map import GROUNDS
from dashboards.panel import Theme
from dashboards.panels.map_labels import WARM
from dashboards.panels.map_layers import LAYERS
from dashboards.theme import ASSETS, MAP_CLASSES, colours
from ioc.figures import SEVERITIES

THEMES: tuple[Theme, ...] = get_args(Theme)
PANELS = ("bg", "surface", "surface-2")
TEXT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("ink", "ink-2", "ink-3", "tide", "met", "heat-over", "heat-alarm", "heat-soon-text"), PANELS),
    "doubt": ("bg", "surface"),
    "on-alarm": ("heat-alarm-fill",),
    "on-doubt": ("doubt-fill", "stripe"),
    "on-map": ("map-0", "map-1", "map-2", "map-more", "map-none", "bg"),
    "on-map-warm": ("map-3", "map-4"),
    "on-sev": ("sev-critical",),
    "on-shade-4": ("tide-quiet",),
    "on-shade-5": ("tide",),
}
"""Text, and all that it stands on."""
TRACK = "surface-3"
MARKS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("tide", "tide-2", "tide-quiet", "heat-alarm", "doubt", "band-median", "line-strong"), PANELS),
    **dict.fromkeys(("heat-soon", "heat-over", "ink-2"), (*PANELS, TRACK)),
    **dict.fromkeys((f"sev-{name}" for name in SEVERITIES), PANELS),
    **dict.fromkeys(("late-0", "late-1", "late-2"), ("surface", "surface-2")),
    "map-edge": ("bg", "map-none"),
}
"""Marks, and all that they stand on; bars of failed uses have a track of their own."""
MIXED = re.compile(r"\.(late-\d)>\.bar i\{background:color-mix\(in srgb,var\(--heat-over\) (\d+)%,var\(--surface-2\)\)")
LATE = {name: int(part) / 100 for name, part in MIXED.findall((ASSETS / "wall_panels.css").read_text(encoding="utf-8"))}
"""Parts of heat in the bars of overdue cases, by how long they are late."""
TEXT_LEAST, MARK_LEAST = 4.5, 3.0
CLASS_LEAST, APART = 1.3, 15.0
"""Between neighbouring classes of a map: contrast, and CIE76 distance as each kind of eye sees them."""

NORMAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
EYES = {
    "normal": NORMAL,
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Full loss of one kind of cone on linear RGB: Machado, Oliveira and Fernandes, IEEE TVCG 15 (6), 2009."""

Rgb = tuple[float, float, float]


def tokens(theme: Theme) -> Mapping[str, str]:
    """The tokens of a theme, and what the stylesheet mixes or chooses from them."""
    own = dict(colours(theme))
    own.setdefault("heat-soon-text", own["heat-soon"])
    own["stripe"] = mixed(own["doubt-fill"], own["doubt"], 0.78)
    own |= {name: mixed(own["heat-over"], own["surface-2"], part) for name, part in LATE.items()}
    own["on-shade-4"], own["on-shade-5"] = ("#FFFFFF", own["on-sev"]) if theme == "dark" else (own["ink"], "#FFFFFF")
    return own


def parts(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def mixed(one: str, other: str, part: float) -> str:
    both = zip(parts(one), parts(other), strict=True)
    return "#" + "".join(f"{round(255 * (a * part + b * (1 - part))):02X}" for a, b in both)


def linear(colour: str) -> Rgb:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts(colour))
    return red, green, blue


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, eye: str) -> tuple[float, float, float]:
    """CIELAB under D65 of what an eye sees."""
    own = linear(colour)
    r, g, b = (min(max(sum(m * c for m, c in zip(row, own, strict=True)), 0), 1) for row in EYES[eye])
    white = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047, 0.2126 * r + 0.7152 * g + 0.0722 * b
    x, y = white
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def rows(table: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for name, grounds in table.items():
        yield from ((name, ground) for ground in grounds)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("table", "least"), [(TEXT, TEXT_LEAST), (MARKS, MARK_LEAST)], ids=["text", "marks"])
def test_everything_is_seen_on_all_that_it_stands_on(
    theme: Theme, table: Mapping[str, tuple[str, ...]], least: float
) -> None:
    own = tokens(theme)
    low = {f"{name} on {ground}": contrast(own[name], own[ground]) for name, ground in rows(table)}
    assert {pair: round(found, 2) for pair, found in low.items() if found < least} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_a_pin_is_seen_on_every_ground_by_its_fill_or_its_edge_and_is_told_from_its_edge(theme: Theme) -> None:
    own = tokens(theme)
    grounds = [own["map-none" if name == "few" else name] for name in GROUNDS] + [own["bg"]]
    edge = own["pin-edge"]
    for fill in [own[f"sev-{name}"] for name in SEVERITIES] + [own["ink"]]:
        seen = [max(contrast(fill, ground), contrast(edge, ground)) for ground in grounds]
        assert min(seen) >= MARK_LEAST, (fill, seen)
        assert contrast(fill, edge) >= MARK_LEAST or fill == own["ink"], fill


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eye", EYES)
def test_neighbouring_classes_of_a_map_are_told_apart_by_every_eye(theme: Theme, eye: str) -> None:
    own = tokens(theme)
    scales = [MAP_CLASSES, *([token for token, _ in layer.legend if token != "map-few"] for layer in LAYERS.values())]
    for one, other in {pair for scale in scales for pair in pairwise(scale)}:
        apart = math.dist(lab(own[one], eye), lab(own[other], eye))
        assert apart >= APART, (one, other, round(apart, 1))
        assert contrast(own[one], own[other]) >= CLASS_LEAST, (one, other)


def test_the_table_knows_every_ground_that_a_label_may_stand_on() -> None:
    grounds = {"map-none" if name == "few" else name for name in GROUNDS}
    assert grounds <= {*TEXT["on-map"], *TEXT["on-map-warm"]}
    assert set(TEXT["on-map-warm"]) == WARM
