"""With which day today is compared, by how much it differs, and how far it lies from what is usual.

Last week's day of the same name, unless one of the two was a day off and the other not; then the last day that is like
today. A Tuesday after a holiday is thus never said to be "up 400 %".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from dashboards.panel import Look
from ioc.snapshot import DAYS, Figure, Scope, Snapshot
from ioc.usual import Alike, Band, usual_totals

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
    """By how many per cent ``now`` differs from ``then``, as it is printed; None where that is too small for a ratio to
    mean much."""
    printed = round(then)
    return None if printed < 10 else (now - printed) * 100 / printed


def distance(snapshot: Snapshot, scope: Scope, figure: Figure) -> tuple[npt.NDArray[np.float64], Band] | None:
    """How far today's running total lies from the usual one, at the end of each ten minutes [144], NaN after now.

    The band is the middle half of the days like today, as distances from their median. Two cumulative curves nearly
    cover each other; their distance does not. None with fewer than three such days.
    """
    band = usual_totals(snapshot, scope, figure)
    if band is None:
        return None
    today = np.cumsum(snapshot.series(scope, figure)) - band.mid
    at = snapshot.now_bin
    today[at] = today[at] + band.mid[at] - _until_now(snapshot, band)
    return today, band.less(band.mid)


def usual_total(snapshot: Snapshot, scope: Scope, figure: Figure) -> float | None:
    """The median of the running totals at this time of days like today; None with fewer than three."""
    band = usual_totals(snapshot, scope, figure)
    return None if band is None else _until_now(snapshot, band)


def _until_now(snapshot: Snapshot, totals: Band) -> float:
    """The median of running totals at this very time, between the ends of two ten minutes."""
    local = snapshot.as_of.astimezone(snapshot.zone)
    part = ((local.hour * 60 + local.minute) % 10 * 60 + local.second) / 600
    at = snapshot.now_bin
    before = totals.mid[at - 1] if at else 0.0
    return float(before + (totals.mid[at] - before) * part)


def days_told(alike: Alike | None, snapshot: Snapshot, look: Look) -> str:
    """The days that are called usual, in words: "6 thứ Hai", "5 ngày làm việc"; or that they are too few."""
    if alike is None:
        return look.t("usual.few")
    on = snapshot.as_of.astimezone(snapshot.zone)
    kind = WEEKDAYS[on.weekday()] if alike.kind == "weekday" else alike.kind
    return look.t(f"usual.{kind}", n=len(alike.back))


def office_hours(snapshot: Snapshot) -> tuple[int, int]:
    """The hours of today that charts show: 6 to 18, widened to the midnight that ``as_of`` lies nearer to."""
    hour = snapshot.as_of.astimezone(snapshot.zone).hour
    return (0 if hour < 6 else 6), (24 if hour >= 18 else 18)
