"""How much happens on which day, and at which minute of it.

Shapes are plausible, not measured (no public source gives a counter's hourly curve): counters peak at 08:00 to 10:00
and 13:30 to 15:30 with a lunch gap, a fifth of the online submissions come outside office hours with a tail at 19:00
to 22:00, Mondays are heavier and Fridays lighter, traffic violations follow the rush hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streams.simulate.draws import Floats, Ints
from streams.simulate.office_days import MINUTE_MS, OfficeDays

WEEKDAY = (1.15, 1.02, 1.0, 0.99, 0.90, 0.0, 0.0)
SATURDAY = 5


class Hours:
    """A density over the local day, written as corners "hour:minute weight" joined by straight lines."""

    def __init__(self, corners: str) -> None:
        at, weights = [], []
        for corner in corners.split(","):
            clock, weight = corner.split()
            hour, minute = clock.split(":")
            at.append(int(hour) * 60 + int(minute))
            weights.append(float(weight))
        minutes = np.interp(np.arange(1440) + 0.5, at, weights, left=0.0, right=0.0)
        self._edges: Floats = np.concatenate(([0.0], np.cumsum(minutes) / minutes.sum()))

    def draw_ms(self, rng: np.random.Generator, size: int) -> Ints:
        """Moments of the day by this density, in milliseconds after midnight."""
        spots = np.interp(rng.random(size), self._edges, np.arange(1441))
        return np.minimum((spots * MINUTE_MS).astype(np.int64), 1440 * MINUTE_MS - 1)

    def share(self, from_hour: float, to_hour: float) -> float:
        """The part of the day's volume between two hours."""
        return float(np.diff(np.interp([from_hour * 60, to_hour * 60], np.arange(1441), self._edges))[0])


COUNTER = Hours(
    "7:30 25, 7:45 80, 8:00 160, 9:00 180, 10:00 140, 11:00 80, 11:29 25, 11:30 0,"
    "13:00 0, 13:01 40, 13:30 120, 14:15 140, 15:30 110, 16:15 50, 16:36 0"
)
SATURDAY_COUNTER = Hours("7:30 50, 8:00 130, 9:30 120, 10:30 70, 11:12 0")
ONLINE = Hours(
    "0:00 6, 1:00 2, 5:00 2, 6:30 20, 7:30 80, 8:30 190, 10:00 170, 11:18 90, 12:12 45, 13:00 80, 14:00 160,"
    "15:30 140, 16:42 80, 17:18 30, 18:30 22, 19:18 50, 20:30 60, 21:48 45, 22:42 15, 24:00 6"
)
CITIZENS = Hours(
    "0:00 10, 4:30 5, 6:00 40, 8:00 120, 11:00 110, 12:30 80, 15:00 110, 17:30 100, 20:00 120, 22:00 70, 24:00 10"
)
MACHINES = Hours("0:00 35, 5:00 35, 7:30 90, 9:00 170, 12:00 100, 14:30 160, 17:00 90, 24:00 35")
TRAFFIC = Hours(
    "0:00 12, 4:30 8, 6:00 60, 6:36 200, 7:36 220, 8:18 90, 11:00 70, 12:00 90, 14:00 60, 16:12 100, 16:48 230,"
    "18:12 220, 19:00 90, 22:00 40, 24:00 12"
)
NIGHT = Hours("0:00 100, 2:00 40, 5:00 10, 6:30 60, 8:00 40, 16:00 40, 18:00 100, 20:00 180, 22:30 190, 24:00 100")
STREET = Hours("0:00 5, 5:00 10, 6:30 100, 9:00 110, 13:00 80, 17:00 140, 20:00 120, 23:00 20, 24:00 5")


@dataclass(frozen=True, slots=True)
class DayVolume:
    """How a day compares with a usual Wednesday, for counters and for people online."""

    counter: float
    online: float
    petitions: float


def day_volume(days: OfficeDays, day: int, rng: np.random.Generator) -> DayVolume:
    """The volume of a day: heavier on Mondays and after holidays, lighter on Fridays and before them.

    Saturday counters are open in the morning for a few; on Sundays and holidays only the online door is.
    """
    mood = float(np.clip(rng.normal(1.0, 0.025), 0.93, 1.07))
    weekday = (days.first + day - 1) % 7
    if not days.works[day]:
        saturday = weekday == SATURDAY and not days.holiday[day]
        return DayVolume(0.12 * mood if saturday else 0.0, (0.24 if saturday else 0.16) * mood, 0.6 * mood)
    factor = WEEKDAY[weekday] or 0.6
    if days.holiday[day - 1] and weekday > 0:
        factor *= 1.18
    if days.holiday[day + 1]:
        factor *= 0.85
    return DayVolume(factor * mood, (0.5 + 0.5 * factor) * mood, mood)
