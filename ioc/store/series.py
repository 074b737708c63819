"""The ten-minute series of local days: past ones packed in a row each, the rest summed from the minutes.

A packed day says the same as its minutes. Who writes something for it takes the row away in the same transaction
(`forget`), and the watching process makes it again (`pack`); until then the minutes are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

import numpy as np

from ioc.days import day_end
from ioc.figures import SERVICE_BASE
from ioc.settings import Settings
from ioc.snapshot import BINS_A_DAY, SERIES, local_midnight
from ioc.store.arrays import fetch
from ioc.store.columns import Moments
from ioc.store.connect import Connection
from ioc.store.packed_days import Cells, PackedDays, next_midnight
from ioc.store.together import Writing

USES, ERRORS = SERVICE_BASE, SERVICE_BASE + 1
"""As metrics of series: of all services together."""
METRICS = [*sorted(int(metric) for metrics in SERIES.values() for metric in metrics), USES, ERRORS]
PACKED = PackedDays("day_series", "rollup_minute", METRICS)

CELL = np.dtype([("metric", "<i4"), ("unit", "<i4"), ("bin", "<i4"), ("value", "<i8")])
"""The sum of a metric at a handling unit in ten minutes of a day (0 to 143, the last one longer where clocks go back)."""

BINS: LiteralString = """
    select array_agg(metric), array_agg(handling), array_agg(bin), array_agg(value)
      from (
        select case when metric >= %(services)s then %(services)s + (metric - %(services)s) %% 3 else metric end as metric,
               handling, least(date_part('epoch', bucket - %(day)s::timestamptz)::int / 600, %(last)s) as bin,
               sum(value)::bigint as value
          from rollup_minute
         where bucket >= %(begin)s and bucket < %(end)s
           and (metric = any(%(metrics)s) or metric >= %(services)s and (metric - %(services)s) %% 3 < 2)
         group by 1, 2, 3
        having sum(value) <> 0
      ) as cell
"""
OLDEST = "select min(bucket) from rollup_minute"
OF_DAYS = "select day, cells from day_series where day = any(%(days)s) and metrics = %(metrics)s::int[]"
FORGET = "delete from day_series where day = any(%(days)s::timestamptz[])"


def summed(conn: Connection, day: datetime, end: datetime, since_bin: int = 0) -> Cells:
    """The series of the local day that begins at ``day``, from its minutes before ``end``, sorted.

    ``end`` is a whole minute; tens of minutes before ``since_bin`` are left out.
    """
    begin = day.astimezone(UTC) + timedelta(minutes=10 * since_bin)
    wanted = {"day": day, "begin": begin, "end": end, "services": SERVICE_BASE, "metrics": METRICS}
    columns = fetch(conn, BINS, wanted | {"last": BINS_A_DAY - 1})
    order = np.lexsort((columns[2], columns[1], columns[0]))
    found = np.empty(len(order), dtype=CELL)
    for name, column in zip(("metric", "unit", "bin", "value"), columns, strict=True):
        found[name] = column[order]
    return found


def read(conn: Connection, starts: Sequence[datetime], end: datetime) -> list[Cells]:
    """The series of consecutive local days that begin at ``starts``; the last is read up to ``end``, a whole minute."""
    packed = _packed(conn, starts)
    found = []
    for start, until in zip(starts, [*starts[1:], end], strict=True):
        cells = packed.get(start)
        if cells is None:
            cells = summed(conn, start, until)
        elif until is end:  # a past moment: its own day is packed as a whole
            bins = min(int((end - start).total_seconds()) // 600, BINS_A_DAY - 1)
            cells = np.concatenate([cells[cells["bin"] < bins], summed(conn, start, end, bins)])
        found.append(cells)
    return found


def whole_days(conn: Connection, starts: Sequence[datetime]) -> list[Cells]:
    """The series of any past local days that begin at ``starts``."""
    packed = _packed(conn, starts)
    return [packed[day] if day in packed else summed(conn, day, day_end(day)) for day in starts]


def _packed(conn: Connection, starts: Sequence[datetime]) -> dict[datetime, Cells]:
    rows = conn.execute(OF_DAYS, {"days": list(starts), "metrics": METRICS}, binary=True).fetchall()
    return {day: np.frombuffer(cells, dtype=CELL) for day, cells in rows}


def oldest(conn: Connection) -> datetime | None:
    """The oldest minute that there are sums of."""
    row = conn.execute(OLDEST).fetchone()
    return row[0] if row else None


def forget(conn: Writing, day_starts_us: Sequence[int]) -> None:
    """Something was written for these days: what was packed of them holds no more."""
    conn.execute(FORGET, {"days": Moments.of(day_starts_us)})


def pack(conn: Connection, settings: Settings, now: datetime) -> bool:
    """Packs whole days that are not packed, the newest first; see `PackedDays.pack`."""
    zone = settings.zone

    def days(oldest: datetime) -> Iterator[datetime]:
        day = local_midnight(now, zone)
        while day > oldest:
            day = local_midnight(day - timedelta(hours=1), zone)
            yield day

    return PACKED.pack(conn, days, lambda day: summed(conn, day, next_midnight(day, zone)))


def differences(conn: Connection, zone: ZoneInfo) -> list[str]:
    """Packed days that do not say what their minutes say, in words."""
    return PACKED.differences(conn, zone, lambda day: summed(conn, day, next_midnight(day, zone)), "its minutes say")
