"""Two tables of a picture that change slowly: what was detected by kind and hour, and how long cases are overdue.

Both are read as a whole, seldom: a read that took long waits a hundred times as long for the next.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import LiteralString

import numpy as np
import numpy.typing as npt

from ioc.snapshot import AGES, DAYS
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


class Patterns:
    """The newest of both tables; for the thread of one `ioc.store.live.Live`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.kinds: Mapping[str, npt.NDArray[np.int32]] = {}
        self.ages = np.zeros((len(AGES) + 1, len(world.units)), dtype=np.int64)
        self._past: dict[str, npt.NDArray[np.int32]] = {}
        self._past_of: datetime | None = None
        self._next_s = float("-inf")

    def refresh(self, conn: Connection, as_of: datetime, starts: Sequence[datetime], *, now: bool = False) -> None:
        """Reads both where their time has come. ``starts`` are the remembered midnights, the last is today's; the days
        before today are read once a day, so what comes late for them shows tomorrow."""
        began_s = time.monotonic()
        if began_s < self._next_s and self._past_of == starts[-1] and not now:
            return
        if self._past_of != starts[-1]:
            self._past = self._read(conn, starts, starts[0], starts[-1])
            self._past_of = starts[-1]
        today = self._read(conn, starts, starts[-1], as_of)
        empty = np.zeros((DAYS, 24, len(self.world.units)), dtype=np.int32)
        self.kinds = {kind: self._past.get(kind, empty) + today.get(kind, empty) for kind in {*self._past, *today}}
        self.ages = self._read_ages(conn, as_of, starts[-1])
        took_s = time.monotonic() - began_s
        self._next_s = began_s + max(OFTEN_S, took_s * PATIENCE)

    def _read(
        self, conn: Connection, starts: Sequence[datetime], begin: datetime, end: datetime
    ) -> dict[str, npt.NDArray[np.int32]]:
        found: dict[str, npt.NDArray[np.int32]] = {}
        hours = [int(start.timestamp()) // 3600 for start in starts]
        for kind, unit, hour, count in conn.execute(KINDS, {"begin": begin, "end": end}):
            known = self.world.by_no.get(unit)
            day = bisect_right(hours, hour) - 1
            if known is None or day < 0:
                continue
            table = found.setdefault(kind, np.zeros((DAYS, 24, len(self.world.units)), dtype=np.int32))
            table[day, min(hour - hours[day], 23), known.at] += count
        return found

    def _read_ages(self, conn: Connection, as_of: datetime, midnight: datetime) -> npt.NDArray[np.int64]:
        ages = np.zeros((len(AGES) + 1, len(self.world.units)), dtype=np.int64)
        rows = conn.execute(LATE, {"as_of": as_of, "zone": str(midnight.tzinfo)})
        for handling, since, count in rows:
            known = self.world.by_no.get(handling)
            if known is not None:
                days = (midnight - since + timedelta(hours=2)).days + 1
                ages[bisect_left(AGES, days), known.at] += count
        return ages
