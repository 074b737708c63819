"""Two figures through the day, one above the other, each over its usual band."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from dashboards.panel import Look
from dashboards.text.formats import number
from dashboards.theme import colours, layout
from ioc.snapshot import LEVELS, Figure
from ioc.usual import Band

Floats = npt.NDArray[np.float64]

DOMAINS = ((0.525, 0.865), (0.0, 0.34))
"""The part of the height of each of the two charts; in the strip above each stand its name and the label of a peak."""
ASIDE = 0.22
"""The part of the width that the label of a peak takes at most."""
EDGE = 0.02
"""The part of the width that is left free at both sides, so that a line begins beside the axis."""


@dataclass(frozen=True, slots=True)
class Line:
    """A figure and the token of its colour."""

    figure: Figure
    token: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The upper and the lower line; ``shared`` gives both one scale, so that their heights compare."""

    upper: Line
    lower: Line
    shared: bool = True

    @property
    def axes(self) -> tuple[tuple[Line, str], tuple[Line, str]]:
        """Each line with its axis."""
        return (self.upper, "y"), (self.lower, "y2")


CASES = Pair(Line("received", "tide"), Line("finished", "tide-2"))


def side(out: int | None, hours: tuple[int, int]) -> Literal["left", "right"]:
    """On which side the name of a line has room: right, unless the label of a peak stands there."""
    return "left" if out is not None and _part(out, hours) > 0.5 else "right"


def _part(out: int, hours: tuple[int, int]) -> float:
    return ((out + 0.5) / 6 - hours[0]) / (hours[1] - hours[0])


def peak(values: Floats, band: Band | None, until: int) -> int | None:
    """The bin that lies farthest above the band in the last four hours before ``until``; None where none is far out.

    Far is both a quarter and ten above the upper edge: a line that wanders just outside is no news.
    """
    if band is None:
        return None
    start = max(0, until - 24)
    over = values[start:until] - np.maximum(band.high[start:until] * 1.25, band.high[start:until] + 10)
    if over.size == 0 or not np.nanmax(over) > 0:
        return None
    return start + int(np.nanargmax(over))


def figure(
    series: Mapping[Figure, Floats],
    bands: Mapping[Figure, Band | None],
    peaks: Mapping[Figure, int | None],
    *,
    now: float,
    now_bin: int,
    hours: tuple[int, int],
    look: Look,
    pair: Pair = CASES,
) -> dict[str, Any]:
    """The chart as plain data in Plotly's shape.

    ``series`` [144] by figure, their last value being the ten minutes under way, drawn as a hollow dot (a level is
    always whole); ``peaks`` by figure, as `peak` finds them; ``now`` in hours since midnight.
    """
    ink = colours(look.theme)
    wall = look.device == "wall"
    width, dot = (6, 18) if wall else (2.25, 8)
    first, last = hours[0] * 6, hours[1] * 6
    x_mid = [round((at + 0.5) / 6, 3) for at in range(first, last)]
    traces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    tops = []
    for line, _ in pair.axes:
        band = bands[line.figure]
        known = series[line.figure][first : now_bin + 1]
        tops.append(max(4.0, float(np.nanmax(known, initial=0)), float(np.max(band.high, initial=0)) if band else 0))
    if pair.shared:
        tops = [max(10.0, *tops)] * 2
    for line, axis in pair.axes:
        name, token = line.figure, line.token
        band, values = bands[name], series[name]
        place: dict[str, Any] = {"type": "scatter", "yaxis": axis, "hoverinfo": "skip"}
        if band is not None:
            high, low, mid = (_whole(part[first:last]) for part in (band.high, band.low, band.mid))
            edge = {"color": ink["band-edge"], "width": width / 6}
            traces.append({**place, "mode": "lines", "x": x_mid, "y": low, "line": edge})
            traces.append(
                {
                    **place,
                    "mode": "lines",
                    "x": x_mid,
                    "y": high,
                    "line": edge,
                    "fill": "tonexty",
                    "fillcolor": ink["band"],
                }
            )
            median = {"color": ink["band-median"], "width": width / 3, "dash": "dash"}
            traces.append({**place, "mode": "lines", "x": x_mid, "y": mid, "line": median})
        whole = name in LEVELS
        done = values[first : now_bin + 1 if whole else now_bin]
        traces.append(
            {
                **place,
                "mode": "lines",
                "x": x_mid[: done.size],
                "y": _whole(done),
                "line": {"color": ink[token], "width": width},
                "cliponaxis": False,
            }
        )
        marks: list[tuple[float, float, bool]] = []
        if done.size:
            marks.append((x_mid[done.size - 1], float(done[-1]), True))
        if first <= now_bin < last and not whole:
            marks.append((x_mid[now_bin - first], float(values[now_bin]), False))
        traces.append(
            {
                **place,
                "mode": "markers",
                "x": [mark[0] for mark in marks],
                "y": [mark[1] for mark in marks],
                "cliponaxis": False,
                "marker": {
                    "size": dot,
                    "color": [ink[token] if mark[2] else ink["surface"] for mark in marks],
                    "line": {"width": width * 0.6, "color": ink[token]},
                },
            }
        )
        out = peaks[name]
        if out is not None and first <= out < last:
            ring = {"width": width * 0.7, "color": ink["heat-soon"]}
            traces.append(
                {
                    **place,
                    "mode": "markers",
                    "x": [x_mid[out - first]],
                    "y": [float(values[out])],
                    "cliponaxis": False,
                    "marker": {"size": dot * 1.7, "color": "rgba(0,0,0,0)", "line": ring},
                }
            )
            notes.append(_label(float(values[out]), out, DOMAINS[axis == "y2"][1], hours, look))
    return {"data": traces, "layout": _layout(look, hours, tops, notes, now)}


def _label(value: float, out: int, bottom: float, hours: tuple[int, int], look: Look) -> dict[str, Any]:
    """The words of a peak, in the strip above the chart: no line goes through it. They leave the middle to the line's
    name, which stands on the other side."""
    wall, part, text = look.device == "wall", _part(out, hours), number(value, look.language)
    radius = 16 if wall else 7
    away = part >= ASIDE if part <= 0.5 else part > 1 - ASIDE
    return {
        "x": round((out + 0.5) / 6, 3),
        "y": bottom,
        "yref": "paper",
        "yanchor": "bottom",
        "text": look.t("flow.above", value=text) if wall else text,
        "showarrow": False,
        "xanchor": "right" if away else "left",
        "xshift": radius if away else -radius,
        "yshift": radius if wall else 1,  # the strip of a small card is hardly higher than a line
        "font": {
            "size": 28 if wall else 13,
            "color": colours(look.theme)["heat-soon" if look.theme == "dark" else "ink"],
        },
    }


def blank(look: Look) -> dict[str, Any]:
    """The chart before its first figure: already of the same build, with both charts, for Plotly loses its way when
    axes come while it draws the first time."""
    lines = [
        {"type": "scatter", "mode": "lines", "x": [6, 18], "y": [0, 0], "yaxis": axis, "line": {"width": 0}}
        for axis in ("y", "y2")
    ]
    return {"data": lines, "layout": _layout(look, (6, 18), [10, 10], [], None)}


def _layout(
    look: Look, hours: tuple[int, int], tops: list[float], notes: list[dict[str, Any]], now: float | None
) -> dict[str, Any]:
    wall, whole = look.device == "wall", hours[1] - hours[0]
    step = (2 if whole <= 12 else 4) if wall else (3 if whole <= 12 else 6)
    ticks = list(range(hours[0] + (step // 2 if wall else step), hours[1], step))
    axes = [{"range": [0, round(top * 1.08, 2)], "nticks": 3} for top in tops]
    line = {"color": colours(look.theme)["ink-2"], "width": 2 if wall else 0.75}
    here = {"type": "line", "xref": "x", "yref": "paper", "line": line}
    free = whole * EDGE
    return layout(
        look,
        margin={"l": 92, "r": 12, "t": 0, "b": 52} if wall else {"l": 40, "r": 8, "t": 0, "b": 24},
        xaxis={
            "range": [hours[0] - free, hours[1] + free],
            "tickvals": ticks,
            "ticktext": [f"{hour:02}:00" for hour in ticks],
            "anchor": "y2",
        },
        yaxis={**axes[0], "domain": DOMAINS[0]},
        yaxis2={**layout(look)["yaxis"], **axes[1], "domain": DOMAINS[1]},
        annotations=notes,
        shapes=[]
        if now is None
        else [{**here, "x0": round(now, 2), "x1": round(now, 2), "y0": low, "y1": high} for low, high in DOMAINS],
    )


def _whole(values: Floats) -> list[float | None]:
    return [None if math.isnan(value) else value for value in np.round(values, 1).tolist()]
