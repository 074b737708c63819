"""Sparklines as small SVG texts: crisp at every size, cheap to send, the same text while nothing visible changed.

``assets/spark.js`` puts them into the page. They are not the addresses of images, of which a browser keeps a hundred
old ones, each with a document of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dashboards.panel import Look
from dashboards.theme import colours
from ioc.usual import Band

WIDTH, HEIGHT = 560, 96
ROOM = 12
BLANK = f"<svg viewBox='0 0 {WIDTH} {HEIGHT}'/>"
"""A picture of nothing, of the same shape."""


def spark(
    values: npt.NDArray[np.float64],
    band: Band | None,
    look: Look,
    *,
    colour: str,
    hours: tuple[int, int],
    baseline: bool = False,
) -> str:
    """The day's line over its usual band.

    ``values`` [144] end with NaN after now; ``colour`` is a token. ``baseline`` draws the line of "as usual" at 0 and
    keeps it in the picture; otherwise the scale fits what is there, so a spark has a shape and no size. It takes the
    shape of its tile; the widths of its strokes, which are in the stylesheet, do not.
    """
    first, last = hours[0] * 6, hours[1] * 6
    shown = values[first:last]
    known = np.flatnonzero(~np.isnan(shown))
    ink = colours(look.theme)
    parts = [shown[known]]
    if band is not None:
        parts += [band.low[first:last], band.high[first:last]]
    if baseline:
        parts.append(np.zeros(1))
    everything = np.concatenate(parts)
    if everything.size == 0 or known.size == 0:
        return BLANK
    low, high = float(everything.min()), float(everything.max())
    if high - low < 1e-9:
        low, high = low - 1, high + 1

    across = ROOM + np.arange(last - first) * (WIDTH - 2 * ROOM) / (last - first - 1)

    def y(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return HEIGHT - ROOM - (value - low) * (HEIGHT - 2 * ROOM) / (high - low)

    drawn = []
    if band is not None:
        edge = np.concatenate([band.high[first:last], band.low[first:last][::-1]])
        around = _points(np.concatenate([across, across[::-1]]), y(edge))
        drawn.append(f"<path class='usual' d='M{around}Z' fill='{ink['band']}' stroke='{ink['band-edge']}'/>")
    if baseline:
        zero = y(np.zeros(1))[0]
        drawn.append(
            f"<path class='as-usual' d='M{ROOM} {zero:.0f}H{WIDTH - ROOM}' stroke='{ink['band-median']}' fill='none'/>"
        )
    xs, ys = across[known], y(shown[known])
    drawn.append(f"<path class='line' d='M{_points(xs, ys)}' fill='none' stroke='{ink[colour]}'/>")
    drawn.append(f"<path class='dot' d='M{xs[-1]:.0f} {ys[-1]:.0f}h.01' stroke='{ink[colour]}'/>")
    return f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' preserveAspectRatio='none'>{''.join(drawn)}</svg>"


def _points(xs: npt.NDArray[np.float64], ys: npt.NDArray[np.float64]) -> str:
    pairs = zip(np.rint(xs).astype(int).tolist(), np.rint(ys).astype(int).tolist(), strict=True)
    return "L".join(map("%d %d".__mod__, pairs))
