"""Working days of the province and the clock that runs only in office hours.

Office hours are 07:30 to 11:30 and 13:00 to 17:00 on working days (`ioc.workdays`). Office time is counted in office
minutes since the first working day of the table: 480 a day, so that "a day later" is +480 across nights, weekends and
Tết.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ioc.workdays import calendar
from streams.simulate.draws import Bools, Floats, Ints

FIRST_YEAR, LAST_YEAR = 2016, 2041
MORNING_MIN, MORNING_END_MIN = 450, 690
AFTERNOON_MIN, AFTERNOON_END_MIN = 780, 1020
HALF_DAY_MIN = 240
DAY_MIN = 480
MINUTE_MS = 60_000


class OfficeDays:
    """The calendar as arrays; moments are milliseconds since 1970 (UTC), days are positions in the table."""

    def __init__(self, zone: ZoneInfo) -> None:
        first = date(FIRST_YEAR, 1, 1)
        days = [first + timedelta(days=n) for n in range((date(LAST_YEAR, 1, 1) - first).days)]
        closed = calendar()
        self.zone = zone
        self.first = first.toordinal()
        self.midnight_ms: Ints = np.array(
            [int(datetime(d.year, d.month, d.day, tzinfo=zone).timestamp()) * 1000 for d in days], dtype=np.int64
        )
        self.works: Bools = np.array([bool(closed.is_working_day(d)) for d in days])
        self.holiday: Bools = np.array([d in closed for d in days])
        self.worked_before: Ints = np.concatenate(([0], np.cumsum(self.works)[:-1])).astype(np.int64)
        self._working: Ints = np.flatnonzero(self.works).astype(np.int64)

    def at(self, on: date) -> int:
        """The position of a day in the table. ValueError outside 2016 to 2040."""
        found = on.toordinal() - self.first
        if not 0 <= found < len(self.works):
            raise ValueError(f"{on} lies outside the simulator's calendar ({FIRST_YEAR} to {LAST_YEAR - 1})")
        return found

    def date(self, day: int) -> date:
        """The date of a position in the table."""
        return date.fromordinal(self.first + day)

    def stamp(self, day: int) -> str:
        """The day as case codes write it: YYMMDD."""
        return self.date(day).strftime("%y%m%d")

    def day_of(self, moment_ms: Ints) -> Ints:
        """The position of the local day that holds each moment."""
        return np.searchsorted(self.midnight_ms, moment_ms, side="right").astype(np.int64) - 1

    def office_min(self, moment_ms: Ints) -> Floats:
        """Office time at each moment; moments outside office hours give the next opening."""
        day = self.day_of(moment_ms)
        minute = (moment_ms - self.midnight_ms[day]) / MINUTE_MS
        worked = np.clip(minute - MORNING_MIN, 0, HALF_DAY_MIN) + np.clip(minute - AFTERNOON_MIN, 0, HALF_DAY_MIN)
        return self.worked_before[day] * float(DAY_MIN) + np.where(self.works[day], worked, 0.0)

    def moment_ms(self, office_min: Floats) -> Ints:
        """The moment of each office time; the whole second, so that clocks look like clocks."""
        number = np.floor_divide(office_min, DAY_MIN).astype(np.int64)
        minute = office_min - number * float(DAY_MIN)
        of_day = np.where(minute < HALF_DAY_MIN, MORNING_MIN + minute, AFTERNOON_MIN + minute - HALF_DAY_MIN)
        return self.midnight_ms[self._working[number]] + np.round(of_day * 60).astype(np.int64) * 1000

    def day_number(self, moment_ms: Ints) -> Ints:
        """The number of the working day of each moment, or of the last one before it."""
        day = self.day_of(moment_ms)
        return self.worked_before[day] - np.where(self.works[day], 0, 1)

    def due(self, received_ms: Ints, working_days: Ints) -> tuple[Ints, Ints]:
        """17:00 of the n-th working day after the day of receipt: its number and its moment."""
        number = self.day_number(received_ms) + working_days
        return number, self.closing_ms(number)

    def closing_ms(self, number: Ints) -> Ints:
        """17:00 of the working day of each number."""
        return self.midnight_ms[self._working[number]] + AFTERNOON_END_MIN * MINUTE_MS
