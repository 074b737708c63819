"""With which day today is compared, and by how much it differs.

Last week's day of the same name, unless one of the two was a day off and the other not; then the last day that is like
today. A Tuesday after a holiday is thus never said to be "up 400 %".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from ioc.snapshot import DAYS, LEVELS, Band, Figure, Scope, Snapshot

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Before:
    """A figure at this time of the day compared with: ``on``, ``days_back`` days ago; ``weekday`` is a key of calendar
    words (mon … sun)."""

    value: float
    on: date
    days_back: int

    @property
    def weekday(self) -> str:
        """``mon`` … ``sun``: the last part of a text key."""
        return WEEKDAYS[self.on.weekday()]


def comparable_day(snapshot: Snapshot) -> int:
    """How many days back the day lies with which today is compared; 7 where nothing better is known."""
    flags = snapshot.working_days
    today = flags[DAYS - 1]
    if flags[DAYS - 1 - 7] == today:
        return 7
    alike = [back for back in range(1, DAYS) if flags[DAYS - 1 - back] == today]
    return min(alike, default=7)


def before(snapshot: Snapshot, scope: Scope, figure: Figure) -> Before | None:
    """The figure at this time of the comparable day; None where nothing at all is known of that day."""
    back = comparable_day(snapshot)
    whole = snapshot.series(scope, figure, back)
    if not np.any(whole):
        return None
    on = snapshot.as_of.astimezone(snapshot.zone).date() - timedelta(days=back)
    return Before(snapshot.same_time(scope, figure, back), on, back)


def change_pct(now: float, then: float) -> float | None:
    """By how many per cent ``now`` differs from ``then``; None where ``then`` is too small for a ratio to mean much."""
    return None if then < 10 else (now - then) * 100 / then


def distance(snapshot: Snapshot, scope: Scope, figure: Figure) -> tuple[npt.NDArray[np.float64], Band] | None:
    """How far today's running total lies from the usual one, at the end of each ten minutes [144], NaN after now.

    The band is the middle half of the days like today, as distances from their median. Two cumulative curves nearly
    cover each other; their distance does not. None with fewer than three such days.
    """
    if figure in LEVELS:
        raise ValueError(f"{figure} is a level: it has no running total")
    usual = snapshot.remembered(("totals", scope.unit, figure), lambda: _usual_totals(snapshot, scope, figure))
    if usual is None:
        return None
    low, mid, high = usual.low, usual.mid, usual.high
    today = np.cumsum(snapshot.series(scope, figure)) - mid
    if snapshot.now_bin < today.size:
        local = snapshot.as_of.astimezone(snapshot.zone)
        part = ((local.hour * 60 + local.minute) % 10 * 60 + local.second) / 600
        at = snapshot.now_bin
        usual_now = mid[at - 1] + (mid[at] - mid[at - 1]) * part if at else mid[0] * part
        today[at] = today[at] + mid[at] - usual_now
    return today, Band(low - mid, mid - mid, high - mid, usual.days)


def _usual_totals(snapshot: Snapshot, scope: Scope, figure: Figure) -> Band | None:
    """Quartiles of the running totals of the days like today; None with fewer than three."""
    flags = snapshot.working_days
    alike = [back for back in range(1, DAYS) if flags[DAYS - 1 - back] == flags[DAYS - 1]]
    past = [np.cumsum(snapshot.series(scope, figure, back)) for back in alike]
    past = [total for total in past if total[-1] > 0]
    if len(past) < 3:
        return None
    low, mid, high = np.quantile(np.stack(past), (0.25, 0.5, 0.75), axis=0)
    return Band(low, mid, high, len(past))


def usual_band(snapshot: Snapshot, scope: Scope, figure: Figure) -> Band | None:
    """The usual band of a figure; None where the days before hold nothing of it."""
    band = snapshot.usual(scope, figure)
    return band if band.days >= 3 and np.any(band.high) else None


def usual_total(snapshot: Snapshot, scope: Scope, figure: Figure) -> float | None:
    """The median of the running totals at this time of days like today; None with fewer than three that have any."""
    flags = snapshot.working_days
    alike = [back for back in range(1, DAYS) if flags[DAYS - 1 - back] == flags[DAYS - 1]]
    totals = [snapshot.same_time(scope, figure, back) for back in alike]
    known = [total for total in totals if total > 0]
    return float(np.median(known)) if len(known) >= 3 else None


def office_hours(snapshot: Snapshot) -> tuple[int, int]:
    """The hours of today that charts show: 6 to 18, widened to the midnight that ``as_of`` lies nearer to."""
    hour = snapshot.as_of.astimezone(snapshot.zone).hour
    return (0 if hour < 6 else 6), (24 if hour >= 18 else 18)
