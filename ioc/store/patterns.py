"""Two tables of a picture that change slowly: what was detected by kind and hour, and how long cases are overdue.

Both are read as a whole, seldom: a read that took long waits a hundred times as long for the next.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import LiteralString

import numpy as np
import numpy.typing as npt

from ioc.days import day_end, week_starts
from ioc.facts import us_of
from ioc.snapshot import AGES
from ioc.store.connect import Connection
from ioc.world import World

OFTEN_S = 10.0
"""The tables are read at most so often."""
PATIENCE = 100.0
"""A read may take one part in so many of the time."""

KINDS: LiteralString = """
    select f.kind, f.unit, floor(extract(epoch from i.first_at) / 3600)::bigint, count(*)
      from incident i
     cross join lateral (
           select e.kind, e.unit
             from incident_event e
            where e.incident_no = i.no
            order by e.at, e.event_id collate "C"
            limit 1
     ) as f
     where i.first_at >= %(begin)s and i.first_at < %(end)s
     group by 1, 2, 3
"""
LATE: LiteralString = """
    select late.handling, late.since, count(*)
      from (
            select handling, sum(delta) as now,
                   min(date_trunc('day', min(at) + interval '1 second', %(zone)s)) over (partition by subject) as since
              from effect
             where metric = 11 and at < %(as_of)s
             group by subject, handling
      ) as late
     where late.now > 0
     group by 1, 2
"""


Hours = dict[str, npt.NDArray[np.int32]]
"""Detections of a day by kind: [24 local hours, U]."""


class Patterns:
    """The newest of both tables; for the thread of one `ioc.store.live.Live`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.kinds: Mapping[str, npt.NDArray[np.int32]] = {}
        self.ages = np.zeros((len(AGES) + 1, len(world.units)), dtype=np.int64)
        self._past: dict[datetime, Hours] = {}
        self._past_of: datetime | None = None
        self._next_s = float("-inf")

    def forget(self, at_us: npt.NDArray[np.int64]) -> None:
        """Something was written for these moments of days before today: such days are read again with the next read."""
        if not len(at_us):
            return
        for start in list(self._past):
            begin, end = us_of(start), us_of(day_end(start))
            if ((at_us >= begin) & (at_us < end)).any():
                del self._past[start]

    def refresh(self, conn: Connection, as_of: datetime, starts: Sequence[datetime], *, now: bool = False) -> None:
        """Reads both where their time has come, with ``now`` in any case and as if nothing had been read. ``starts``
        are the remembered midnights, the last is today's; of the days before today only those are read that are not
        known or were forgotten."""
        began_s = time.monotonic()
        if began_s < self._next_s and self._past_of == starts[-1] and not now:
            return
        before = [*week_starts(starts[-1]), *starts[:-1]]
        known = {} if now else self._past
        self._past = {day: known[day] if day in known else self._read(conn, day, day_end(day)) for day in before}
        self._past_of = starts[-1]
        today = self._read(conn, starts[-1], as_of)
        days = [*(self._past[day] for day in before), today]
        self.kinds = {kind: self._table(kind, days) for kind in {kind for day in days for kind in day}}
        self.ages = self._read_ages(conn, as_of, starts[-1])
        took_s = time.monotonic() - began_s
        self._next_s = began_s + max(OFTEN_S, took_s * PATIENCE)

    def _read(self, conn: Connection, start: datetime, end: datetime) -> Hours:
        """Detections by kind of one day."""
        found: Hours = {}
        first = int(start.timestamp()) // 3600
        for kind, unit, hour, count in conn.execute(KINDS, {"begin": start, "end": end}):
            known = self.world.by_no.get(unit)
            if known is None:
                continue
            table = found.setdefault(kind, np.zeros((24, len(self.world.units)), dtype=np.int32))
            table[min(hour - first, 23), known.at] += count
        return found

    def _table(self, kind: str, days: Sequence[Hours]) -> npt.NDArray[np.int32]:
        none = np.zeros((24, len(self.world.units)), dtype=np.int32)
        return np.stack([day.get(kind, none) for day in days])

    def _read_ages(self, conn: Connection, as_of: datetime, midnight: datetime) -> npt.NDArray[np.int64]:
        ages = np.zeros((len(AGES) + 1, len(self.world.units)), dtype=np.int64)
        rows = conn.execute(LATE, {"as_of": as_of, "zone": str(midnight.tzinfo)})
        for handling, since, count in rows:
            known = self.world.by_no.get(handling)
            if known is not None:
                days = (midnight - since + timedelta(hours=2)).days + 1
                ages[bisect_left(AGES, days), known.at] += count
        return ages
