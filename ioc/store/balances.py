"""What stood at local midnights: states by metric and units, packed in a row for each of the last hundred days.

A packed balance is the sum of everything before its midnight. Who writes something older takes it away in the same
transaction (`forget`), and the watching process makes it again (`pack`). Without one, the newest before it, or the
opening balance of the month, and the sums by day since say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

import numpy as np

from ioc.figures import STATE_METRICS as METRICS
from ioc.settings import Settings
from ioc.snapshot import local_midnight
from ioc.store.arrays import fetch
from ioc.store.columns import Moments
from ioc.store.connect import Connection
from ioc.store.packed_days import Cells, PackedDays, next_midnight
from ioc.store.together import Writing

KEPT_DAYS = 100
PACKED = PackedDays("day_balance", "rollup_day", METRICS)

CELL = np.dtype([("metric", "<i4"), ("handling", "<i4"), ("receiving", "<i4"), ("value", "<i8")])

NEWEST = """
    select day, cells from day_balance
     where day <= %(midnight)s and metrics = %(metrics)s::int[]
     order by day desc
     limit 1
"""
OPENING = "select max(at) from opening where at <= %(midnight)s"
SINCE: LiteralString = """
    select array_agg(metric), array_agg(handling), array_agg(receiving), array_agg(value)
      from (
        select metric, handling, receiving, sum(value)::bigint as value
          from (
            select metric, handling, receiving, value from opening_balance where at = %(opening)s
            union all
            select metric, handling, receiving, value
              from rollup_day
             where bucket >= coalesce(%(since)s, '-infinity'::timestamptz) and bucket < %(midnight)s
               and metric = any(%(metrics)s)
          ) as parts
         group by metric, handling, receiving
        having sum(value) <> 0
      ) as before
"""
FORGET = "delete from day_balance where day > (%(days)s::timestamptz[])[1]"
DROP_OLD = "delete from day_balance where day < %(oldest)s"


def at_midnight(conn: Connection, midnight: datetime, *, packed: bool = True) -> Cells:
    """Every state at a local midnight: what is packed, and the days since; ``packed`` False uses the sums alone."""
    wanted = {"midnight": midnight, "metrics": METRICS}
    row = conn.execute(NEWEST, wanted).fetchone() if packed else None
    opening = conn.execute(OPENING, wanted).fetchone()
    if row is not None and (opening is None or opening[0] is None or row[0] >= opening[0]):
        before: Cells = np.frombuffer(row[1], dtype=CELL)
        if row[0] == midnight:
            return before
        since, opened = row[0], None
    else:
        before = np.empty(0, dtype=CELL)
        since = opened = opening[0] if opening else None
    columns = fetch(conn, SINCE, wanted | {"since": since, "opening": opened})
    found = np.empty(len(columns[0]), dtype=CELL)
    found["metric"], found["handling"], found["receiving"], found["value"] = columns
    return np.concatenate([before, found])


def summed(cells: Cells) -> Cells:
    """One cell for each metric and units, sorted, without zeros."""
    keys, back = np.unique(cells[["metric", "handling", "receiving"]], return_inverse=True)
    found = np.zeros(len(keys), dtype=CELL)
    for name in ("metric", "handling", "receiving"):
        found[name] = keys[name]
    np.add.at(found["value"], back, cells["value"])
    kept: Cells = found[found["value"] != 0]
    return kept


def forget(conn: Writing, day_start_us: int) -> None:
    """Something was written for this day, or for later ones too: balances after it hold no more."""
    conn.execute(FORGET, {"days": Moments.of([day_start_us])})


def pack(conn: Connection, settings: Settings, now: datetime) -> bool:
    """Packs the last days that have no balance, the oldest first; see `PackedDays.pack`."""
    zone = settings.zone
    today = local_midnight(now, zone)
    kept_from = local_midnight(today - timedelta(days=KEPT_DAYS), zone)

    def days(oldest: datetime) -> Iterator[datetime]:
        conn.execute(DROP_OLD, {"oldest": kept_from})
        day = max(kept_from, next_midnight(oldest, zone))
        while day <= today:
            yield day
            day = next_midnight(day, zone)

    return PACKED.pack(conn, days, lambda day: summed(at_midnight(conn, day)))


def differences(conn: Connection, zone: ZoneInfo) -> list[str]:
    """Packed balances that are not what the sums say, in words."""
    return PACKED.differences(conn, zone, lambda day: summed(at_midnight(conn, day, packed=False)), "the sums say")
