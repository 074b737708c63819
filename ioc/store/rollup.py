"""Sums of effects and uses by minute and local day, and the packed changes that live pictures are patched with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, LiteralString

import numpy as np
import numpy.typing as npt

from ioc.figures import STATE_METRICS, STATES
from ioc.life import QUARTER_US
from ioc.snapshot import local_midnight_us
from ioc.store import balances, series
from ioc.store.columns import FEW, Bigints, Column, Integers, Moments
from ioc.store.together import Writing

Numbers = npt.NDArray[np.integer[Any]]

CHANGE = np.dtype([("metric", "<i4"), ("handling", "<i4"), ("receiving", "<i4"), ("at_us", "<i8"), ("delta", "<i8")])
"""One change of a figure as `change.deltas` packs them."""

MINUTE_US = 60_000_000

ADD: LiteralString = """
    insert into {table} as r (bucket, metric, handling, receiving, value)
    select bucket, metric, handling, receiving, value
      from unnest(%(buckets)s::timestamptz[], %(metrics)s::int[], %(handling)s::int[], %(receiving)s::int[], %(values)s::bigint[])
        as new (bucket, metric, handling, receiving, value)
    on conflict (bucket, metric, handling, receiving) do update set value = r.value + excluded.value
"""
ADD_MINUTES: LiteralString = ADD.replace("{table}", "rollup_minute")
ADD_DAYS: LiteralString = ADD.replace("{table}", "rollup_day")
ADD_OPENINGS = """
    insert into opening_balance as b (at, metric, handling, receiving, value)
    select o.at, new.metric, new.handling, new.receiving, sum(new.value)
      from unnest(%(buckets)s::timestamptz[], %(metrics)s::int[], %(handling)s::int[], %(receiving)s::int[], %(values)s::bigint[])
        as new (bucket, metric, handling, receiving, value)
      join opening o on o.at > new.bucket
     where new.metric = any(%(states)s)
     group by o.at, new.metric, new.handling, new.receiving
     order by o.at, new.metric, new.handling, new.receiving
    on conflict (at, metric, handling, receiving) do update set value = b.value + excluded.value
"""
NEWEST_OPENING = "select max(at) from opening"
ANNOUNCE = """
    with change as (
        insert into change (topics, deltas, arrived_at) values (%(topics)s, %(deltas)s, to_timestamp(%(arrived_s)s::float8))
    )
    select pg_notify('ioc_change', '')
"""


@dataclass(slots=True)
class Changes:
    """Changes of figures, gathered column by column."""

    metric: list[int] = field(default_factory=list)
    handling: list[int] = field(default_factory=list)
    receiving: list[int] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    delta: list[int] = field(default_factory=list)
    blocks: list[npt.NDArray[np.void]] = field(default_factory=list)

    def add(self, metric: int, handling: int, receiving: int, at_us: int, delta: int) -> None:
        """One more change."""
        self.metric.append(metric)
        self.handling.append(handling)
        self.receiving.append(receiving)
        self.at_us.append(at_us)
        self.delta.append(delta)

    def add_columns(self, metric: Numbers, unit: Numbers, at_us: Numbers, delta: Numbers) -> None:
        """Many changes of units that both receive and handle, column by column."""
        block = np.empty(len(metric), dtype=CHANGE)
        block["metric"], block["handling"], block["receiving"] = metric, unit, unit
        block["at_us"], block["delta"] = at_us, delta
        self.blocks.append(block)

    def packed(self) -> npt.NDArray[np.void]:
        """The changes as an array of `CHANGE`, equal keys added up, sorted."""
        raw = np.empty(len(self.metric), dtype=CHANGE)
        for name in ("metric", "handling", "receiving", "at_us", "delta"):
            raw[name] = getattr(self, name)
        return summed(np.concatenate([raw, *self.blocks]) if self.blocks else raw)


def summed(rows: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Changes with equal (at_us, metric, handling, receiving) added up and sorted by it; sums of zero are left out."""
    if len(rows) <= FEW:
        return _few_summed(rows)
    order = np.lexsort((rows["receiving"], rows["handling"], rows["metric"], rows["at_us"]))
    rows = rows[order]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = False
    for name in ("at_us", "metric", "handling", "receiving"):
        new[1:] |= rows[name][1:] != rows[name][:-1]
    starts = np.flatnonzero(new)
    found: npt.NDArray[np.void] = rows[starts]
    found["delta"] = np.add.reduceat(rows["delta"], starts)
    kept: npt.NDArray[np.void] = found[found["delta"] != 0]
    return kept


def _few_summed(rows: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """The same, faster for a few changes."""
    sums: dict[tuple[int, int, int, int], int] = {}
    for metric, handling, receiving, at_us, delta in rows.tolist():
        key = (at_us, metric, handling, receiving)
        sums[key] = sums.get(key, 0) + delta
    kept = [(metric, handling, receiving, at, n) for (at, metric, handling, receiving), n in sorted(sums.items()) if n]
    return np.array(kept, dtype=CHANGE)


@lru_cache(maxsize=100_000)
def day_start_us(quarter: int, zone: str) -> int:
    """The local midnight at or before a quarter of an hour (counted since 1970), in microseconds."""
    return local_midnight_us(quarter * QUARTER_US, zone)


def day_starts_us(at_us: Numbers, zone: str) -> Numbers:
    """The local midnight at or before each moment."""
    return np.array([day_start_us(quarter, zone) for quarter in (at_us // QUARTER_US).tolist()], dtype=np.int64)


def bucketed(changes: npt.NDArray[np.void], buckets: Numbers) -> npt.NDArray[np.void]:
    """The changes added up by bucket."""
    rows = changes.copy()
    rows["at_us"] = buckets
    return summed(rows)


def parameters(rows: npt.NDArray[np.void]) -> dict[str, list[float] | list[int]]:
    """Columns as statement parameters, buckets in seconds."""
    return {
        "buckets": (rows["at_us"] // 1_000_000).astype(np.float64).tolist(),
        "metrics": rows["metric"].tolist(),
        "handling": rows["handling"].tolist(),
        "receiving": rows["receiving"].tolist(),
        "values": rows["delta"].tolist(),
    }


def columns(rows: npt.NDArray[np.void]) -> dict[str, Column]:
    """The columns of summed rows as parameters."""
    return {
        "buckets": Moments.of(rows["at_us"]),
        "metrics": Integers.of(rows["metric"]),
        "handling": Integers.of(rows["handling"]),
        "receiving": Integers.of(rows["receiving"]),
        "values": Bigints.of(rows["delta"]),
    }


def add_up(conn: Writing, changes: npt.NDArray[np.void], zone: str, newest_opening_us: int | None) -> None:
    """Adds the changes to the minutes, the days and, where they are older than one, the opening balances.

    Rows are sorted before they are locked, so that writers never deadlock.
    """
    if not len(changes):
        return
    minutes = bucketed(changes, changes["at_us"] // MINUTE_US * MINUTE_US)
    if len(minutes):
        conn.execute(ADD_MINUTES, columns(minutes))
    days = bucketed(changes, day_starts_us(changes["at_us"], zone))
    if not len(days):
        return
    conn.execute(ADD_DAYS, columns(days))
    starts = days["at_us"].tolist()
    series.forget(conn, sorted(set(starts)))
    standing = [start for start, metric in zip(starts, days["metric"].tolist(), strict=True) if metric in STATES]
    if standing:
        balances.forget(conn, min(standing))
    if newest_opening_us is not None:
        old = days[days["at_us"] < newest_opening_us]
        if len(old):
            conn.execute(ADD_OPENINGS, {**columns(old), "states": STATE_METRICS})


def announce(conn: Writing, changes: npt.NDArray[np.void], topics: int, arrived_s: float | None = None) -> None:
    """Writes the packed changes for live pictures; ``topics`` has a bit for each topic that the batch touched,
    ``arrived_s`` is when its first record reached us."""
    conn.execute(ANNOUNCE, {"topics": topics, "deltas": changes.tobytes(), "arrived_s": arrived_s})
