"""What is usual of a figure: which days today is like, and how their values spread.

Of the last eight weeks the days of today's name, where offices were open or closed as today; with fewer than three of
them, the days of the last eight that are like today in this alone.

A day counts where the whole province has at least half of what it has of the second fullest of them: a unit without any
figures on such a day had none, one day of many does not shut out the others, and what a store is first filled with, the
cases still open, is no habit of the days they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ioc.days import DAYS, WEEKS_BACK
from ioc.snapshot import LEVELS, Figure, Floats, Scope, Snapshot

LEAST = 3
"""Days that make a habit."""
NAMESAKES = (7, *reversed(WEEKS_BACK))
"""How many days ago the days of today's name lie, the nearest first."""

SPOKEN_BY: Mapping[Figure, Figure] = {
    "finished": "received",
    "open": "received",
    "overdue": "received",
    "incidents_open": "detected",
    "errors": "uses",
}
"""Which figure shows how much was told of a day: of these nothing may be news as well."""

Kind = Literal["weekday", "working", "off"]


@dataclass(frozen=True, slots=True)
class Alike:
    """Days like today, by how many days ``back`` they lie; ``kind`` says in what they are like it."""

    back: tuple[int, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Band:
    """What is usual for each ten minutes [144]: the quarter, the middle, the three-quarter value of days ``alike``."""

    low: Floats
    mid: Floats
    high: Floats
    alike: Alike

    def less(self, values: Floats) -> Band:
        """The band as seen from a line [144]."""
        return Band(self.low - values, self.mid - values, self.high - values, self.alike)


def alike(snapshot: Snapshot, figure: Figure) -> Alike | None:
    """The days like today that there are figures of; None with fewer than three, which are no habit."""
    return snapshot.remembered(("alike", figure), lambda: _alike(snapshot, figure))


def _alike(snapshot: Snapshot, figure: Figure) -> Alike | None:
    working = snapshot.was_working_day(0)
    namesakes = _full(snapshot, figure, NAMESAKES if snapshot.weeks is not None else NAMESAKES[:1])
    if len(namesakes) >= LEAST:
        return Alike(namesakes, "weekday")
    others = _full(snapshot, figure, range(1, DAYS))
    return Alike(others, "working" if working else "off") if len(others) >= LEAST else None


def _full(snapshot: Snapshot, figure: Figure, days: Iterable[int]) -> tuple[int, ...]:
    """Those of ``days`` (back) that are like today and of which enough was told."""
    province, spoken_by = Scope(snapshot.world.root.code), SPOKEN_BY.get(figure, figure)
    like = [back for back in days if snapshot.was_working_day(back) == snapshot.was_working_day(0)]
    told = {back: float(snapshot.whole_day(province, spoken_by, back).sum()) for back in like}
    second = sorted(told.values())[-2:]
    return tuple(back for back, total in told.items() if total > 0 and total >= second[0] / 2)


def usual(snapshot: Snapshot, scope: Scope, figure: Figure) -> Band | None:
    """The band of the ten minutes of a day, of levels at their ends; None with too few days, or where all are 0."""
    return snapshot.remembered(("usual", scope.unit, figure), lambda: _usual(snapshot, scope, figure))


def _usual(snapshot: Snapshot, scope: Scope, figure: Figure) -> Band | None:
    days = alike(snapshot, figure)
    if days is None:
        return None
    return _band(np.stack([snapshot.whole_day(scope, figure, back) for back in days.back]), days)


def usual_totals(snapshot: Snapshot, scope: Scope, figure: Figure) -> Band | None:
    """The band of the running totals since midnight at the end of each ten minutes; None likewise."""
    if figure in LEVELS:
        raise ValueError(f"{figure} is a level: it has no running total")
    return snapshot.remembered(("totals", scope.unit, figure), lambda: _usual_totals(snapshot, scope, figure))


def _usual_totals(snapshot: Snapshot, scope: Scope, figure: Figure) -> Band | None:
    days = alike(snapshot, figure)
    if days is None:
        return None
    return _band(np.cumsum([snapshot.whole_day(scope, figure, back) for back in days.back], axis=1), days)


def _band(values: Floats, days: Alike) -> Band | None:
    if not values.any():
        return None
    low, mid, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    return Band(low, mid, high, days)
