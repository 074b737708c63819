"""The map: ground by overdue share in fixed classes, outlines above it, incidents by the shape of their severity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboards.marks.outlines import Box, Line, View, project
from dashboards.panel import Look
from dashboards.theme import MAP_CLASSES, colours, layout
from ioc.figures import CaseFigures
from ioc.snapshot import IncidentRow

FEW = 30
"""Below so many open cases a share says little: the ground is hatched, as rankings leave such a unit out."""

SHAPES: Mapping[str, str] = {"critical": "diamond", "high": "triangle-up", "medium": "square", "low": "circle"}
RINGED = 2.1
"""How wide the ring of a critical incident is, over its mark."""
ORDER = ("low", "medium", "high", "critical")

Class = Literal["map-0", "map-1", "map-2", "map-3", "map-4", "few"]
GROUNDS = (*MAP_CLASSES, "map-more", "few")
"""Every colour that the ground of a place may have; ``few`` is hatched."""


def class_of(cases: CaseFigures) -> Class:
    """The fixed class of a unit, so that an hour's colours compare with yesterday's."""
    if cases.open < FEW:
        return "few"
    share = cases.overdue_share_pct or 0.0
    if cases.open_overdue == 0:
        return "map-0"
    for edge, name in ((1, "map-1"), (2, "map-2"), (3, "map-3")):
        if share < edge:
            return name  # type: ignore[return-value]
    return "map-4"


@dataclass(frozen=True, slots=True)
class Pin:
    """One incident, or ``count`` of them that lie too close to tell apart."""

    x: float
    y: float
    severity: str
    count: int = 1


def inside(at: tuple[float, float], window: Box | None) -> bool:
    """Whether a point lies in a window, if there is one."""
    return window is not None and window[0] < at[0] < window[2] and window[1] < at[1] < window[3]


def pins(
    rows: Iterable[IncidentRow],
    places: Mapping[str, tuple[float, float]],
    box: Box,
    near_km: float,
    window: Box | None = None,
) -> list[Pin]:
    """The pins of open incidents inside ``box``; those within ``near_km`` of each other become one with their count,
    and so do all inside ``window``, which an inset shows apart.

    An incident without a position stands at its unit's point in ``places``. A critical one is never merged.
    """
    single: list[Pin] = []
    merged: list[list[Pin]] = []
    for row in rows:
        at = project(row.lat, row.lon) if row.lat is not None and row.lon is not None else places.get(row.unit)
        if at is None or not (box[0] <= at[0] <= box[2] and box[1] <= at[1] <= box[3]):
            continue
        pin = Pin(round(at[0], 3), round(at[1], 3), row.severity)
        if row.severity == "critical":
            single.append(pin)
            continue
        shown_apart = inside((pin.x, pin.y), window)
        for cluster in merged:
            first = (cluster[0].x, cluster[0].y)
            near = (first[0] - pin.x) ** 2 + (first[1] - pin.y) ** 2 < near_km**2
            if inside(first, window) if shown_apart else near and not inside(first, window):
                cluster.append(pin)
                break
        else:
            merged.append([pin])
    for cluster in merged:
        worst = max(cluster, key=lambda pin: ORDER.index(pin.severity))
        x, y = (sum(getattr(pin, axis) for pin in cluster) / len(cluster) for axis in ("x", "y"))
        single.append(Pin(round(x, 3), round(y, 3), worst.severity, len(cluster)))
    return sorted(single, key=lambda pin: (pin.count > 1, ORDER.index(pin.severity)))


def figure(
    view: View,
    classes: Mapping[str, str],
    found: Sequence[Pin],
    box: Box,
    look: Look,
    *,
    window: Box | None = None,
) -> dict[str, Any]:
    """The map as plain data in Plotly's shape, filling its element exactly from corner to corner of ``box``.

    ``classes`` gives each place one of `GROUNDS`; ``window`` outlines the part that an inset shows.
    """
    ink = colours(look.theme)
    wall = look.device == "wall"
    line = 2.5 if wall else 1
    traces: list[dict[str, Any]] = []
    if view.ground:
        traces.append(_ground(view.ground_line, ink["map-none"], ink["map-edge"], line * 0.8))
    for place in view.places:  # one trace each: when a place changes its colour, no outline is sent again
        if place.rings:
            name = classes[place.unit.code]
            fill = ink["map-none" if name == "few" else name]
            hatching = {
                "shape": "/" if name == "few" else "",
                "fgcolor": ink["map-edge"],
                "bgcolor": ink["map-none"],
                "size": 16 if wall else 7,
                "solidity": 0.16,
            }
            traces.append({**_ground(place.line, fill, ink["map-line"], line), "fillpattern": hatching})
    if view.edges:
        traces.append(_ground(view.edge_line, None, ink["map-edge"], line * 1.4))
    dots = [place for place in view.places if not place.rings]
    if dots:
        own = [classes[place.unit.code] for place in dots]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "hoverinfo": "skip",
                "x": [round(place.at[0], 2) for place in dots],
                "y": [round(place.at[1], 2) for place in dots],
                "marker": {
                    "size": 40 if wall else 20,
                    "color": [ink["map-none" if name == "few" else name] for name in own],
                    "line": {"color": ink["map-edge"], "width": line * 1.2},
                },
            }
        )
    traces += _pin_traces(found, look)
    shapes = []
    if window is not None:
        corners = dict(zip(("x0", "y0", "x1", "y1"), window, strict=True))
        shapes.append({"type": "rect", **corners, "line": {"color": ink["ink-2"], "width": line}})
    return {"data": traces, "layout": _layout(look, box, shapes)}


def blank(look: Look) -> dict[str, Any]:
    """The chart before its first figure: already of the same build, for Plotly loses its way when margins and axes
    change while it draws the first time."""
    return {"data": [], "layout": _layout(look, (0, 0, 1, 1), [])}


def _layout(look: Look, box: Box, shapes: list[dict[str, Any]]) -> dict[str, Any]:
    bare = {"visible": False, "showgrid": False, "fixedrange": True}
    return layout(
        look,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis={**bare, "range": [box[0], box[2]]},
        yaxis={**bare, "range": [box[1], box[3]]},
        shapes=shapes,
    )


def _ground(outline: Line, fill: str | None, line: str, width: float) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "hoverinfo": "skip",
        "x": outline.x,
        "y": outline.y,
        "line": {"color": line, "width": width},
    }
    if fill is not None:
        trace |= {"fill": "toself", "fillcolor": fill}
    return trace


def _pin_traces(found: Sequence[Pin], look: Look) -> list[dict[str, Any]]:
    """Always the same traces, some of them empty: a trace more would send the whole map again."""
    ink = colours(look.theme)
    wall = look.device == "wall"
    size = 36 if wall else 17
    traces: list[dict[str, Any]] = []
    for severity in ORDER:
        own = [pin for pin in found if pin.severity == severity and pin.count == 1]
        place = {"type": "scatter", "hoverinfo": "skip", "x": [pin.x for pin in own], "y": [pin.y for pin in own]}
        colour = ink[f"sev-{severity}"]
        if severity == "critical":
            for tone, width in ((ink["pin-edge"], size / 4), (colour, size / 8)):
                ring = {"symbol": "circle-open", "size": size * RINGED, "color": tone, "line": {"width": width}}
                traces.append({**place, "mode": "markers", "marker": ring})
        grown = {"critical": 1.25, "high": 1.1, "low": 0.8}.get(severity, 0.95)
        marker = {
            "symbol": SHAPES[severity],
            "size": size * grown,
            "color": colour,
            "line": {"color": ink["pin-edge"], "width": size / 9},
        }
        traces.append({**place, "mode": "markers", "marker": marker})
        if severity == "critical":
            font = {"color": ink["on-sev"], "size": size * 0.78, "weight": 700}
            traces.append({**place, "mode": "text", "text": ["!"] * len(own), "textfont": font})
    many = [pin for pin in found if pin.count > 1]
    place = {"type": "scatter", "hoverinfo": "skip", "x": [pin.x for pin in many], "y": [pin.y for pin in many]}
    traces.append({**place, "mode": "markers", "marker": {"size": size * 1.7, "color": ink["pin-edge"]}})
    marker = {
        "size": size * 1.35,
        "color": ink["ink"],
        "line": {"color": [ink[f"sev-{pin.severity}"] for pin in many], "width": size / 6},
    }
    font = {"color": ink["bg"], "size": size * 0.72, "weight": 600}
    traces.append({**place, "mode": "markers", "marker": marker})
    traces.append({**place, "mode": "text", "text": [str(pin.count) for pin in many], "textfont": font})
    return traces
