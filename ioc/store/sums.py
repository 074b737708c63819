"""Sums of figures between any two moments, exact to the microsecond.

A window is cut into whole local days, whole minutes, and the parts of a minute at its edges; each part is read where it
is cheapest: `rollup_day`, `rollup_minute`, `effect` (or the uses themselves). States are the window from the newest
opening balance before it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, LiteralString

from ioc.facts import us_of
from ioc.figures import STATES, Metric
from ioc.life import next_midnight_us
from ioc.snapshot import local_midnight_us
from ioc.store.connect import Connection
from ioc.store.rollup import MINUTE_US

Sums = dict[int, int]
"""Metric to its sum; absent means zero."""

CASE_HAPPENINGS = sorted(int(metric) for metric in Metric if metric < Metric.DETECTED and metric not in STATES)
OTHER_HAPPENINGS = [int(Metric.DETECTED)]

# `offset 0`: the planner cannot know how short the parts are; each part is looked up by its time, and never by the rest.
ROLLED_UP: LiteralString = """
        select r.metric, r.value
          from unnest(%({size}_from)s::bigint[], %({size}_to)s::bigint[]) as part (from_s, to_s)
         cross join lateral (
                   select metric, value
                     from rollup_{size}
                    where bucket >= to_timestamp(from_s) and bucket < to_timestamp(to_s)
                      and metric = any(%(metrics)s) and {side} = any(%(units)s)
                   offset 0
               ) as r
        union all"""
PARTS: LiteralString = """
    select metric, sum(value) as value
      from ({days}{minutes}
        select e.metric, e.delta
          from unnest(%(edge_from)s::bigint[], %(edge_to)s::bigint[]) as part (from_us, to_us)
         cross join lateral (
                   select metric, delta
                     from effect
                    where at >= timestamptz 'epoch' + from_us * interval '1 microsecond'
                      and at < timestamptz 'epoch' + to_us * interval '1 microsecond'
                      and metric = any(%(metrics)s) and {side} = any(%(units)s)
                   offset 0
               ) as e
        union all
        select b.metric, b.value
          from opening_balance b
         where b.at = to_timestamp(%(opening)s) and b.metric = any(%(metrics)s) and b.{side} = any(%(units)s)
      ) as parts
     group by metric
""".replace("{days}", ROLLED_UP.replace("{size}", "day")).replace("{minutes}", ROLLED_UP.replace("{size}", "minute"))
BY_HANDLING: LiteralString = PARTS.replace("{side}", "handling")
BY_RECEIVING: LiteralString = PARTS.replace("{side}", "receiving")

USES = """
    select service, sum(uses)::bigint, sum(uses) filter (where outcome <> 1)::bigint,
           sum(amount_vnd) filter (where outcome = 1)
      from (
        select u.service, u.uses, u.outcome, u.amount_vnd
          from unnest(%(edge_from)s::bigint[], %(edge_to)s::bigint[]) as part (from_us, to_us)
         cross join lateral (
                   select service, uses, outcome, amount_vnd
                     from usage_event
                    where at >= timestamptz 'epoch' + from_us * interval '1 microsecond'
                      and at < timestamptz 'epoch' + to_us * interval '1 microsecond'
                      and unit = any(%(units)s)
                   offset 0
               ) as u
      ) as edges
     group by service
"""
OPENING_BEFORE = """
    select extract(epoch from max(at))::bigint from opening where at <= to_timestamp(%(before_s)s)
"""

BEGINNING_US = -62_135_596_800_000_000
"""Before every event: the first moment of the year 1."""


def cut(from_us: int, to_us: int, zone: str) -> dict[str, list[int]]:
    """The window [from, to) as parameters of `PARTS`: days and minutes in seconds, edges in microseconds."""
    parts: dict[str, list[int]] = {
        name: [] for name in ("day_from", "day_to", "minute_from", "minute_to", "edge_from", "edge_to")
    }

    def part(kind: str, start: int, end: int, unit: int) -> None:
        if start < end:
            parts[f"{kind}_from"].append(start // unit)
            parts[f"{kind}_to"].append(end // unit)

    first_minute = -(-from_us // MINUTE_US) * MINUTE_US
    last_minute = to_us // MINUTE_US * MINUTE_US
    if first_minute >= last_minute:
        middle = min(max(first_minute, from_us), to_us)
        part("edge", from_us, middle, 1)
        part("edge", middle, to_us, 1)
        return parts
    part("edge", from_us, first_minute, 1)
    part("edge", last_minute, to_us, 1)
    if from_us <= BEGINNING_US:
        first_day = BEGINNING_US
    else:
        first_day = local_midnight_us(first_minute, zone)
        if first_day < first_minute:
            first_day = next_midnight_us(first_minute, zone)
    last_day = local_midnight_us(last_minute, zone)
    if first_day >= last_day:
        part("minute", first_minute, last_minute, 1_000_000)
        return parts
    part("minute", first_minute, first_day, 1_000_000)
    part("day", first_day, last_day, 1_000_000)
    part("minute", last_day, last_minute, 1_000_000)
    return parts


def happenings(
    conn: Connection,
    zone: str,
    units: list[int],
    metrics: list[int],
    from_: datetime,
    to: datetime,
    side: Literal["handling", "receiving"] = "handling",
) -> Sums:
    """Sums over ``from_ <= moment < to`` of happenings at the units; empty where the window is."""
    from_us, to_us = us_of(from_), us_of(to)
    if from_us >= to_us:
        return {}
    wanted = cut(from_us, to_us, zone) | {"units": units, "metrics": metrics, "opening": None}
    rows = conn.execute(BY_HANDLING if side == "handling" else BY_RECEIVING, wanted).fetchall()
    return {int(metric): int(value) for metric, value in rows}


def states(
    conn: Connection,
    zone: str,
    units: list[int],
    metrics: list[int],
    as_of: datetime,
    side: Literal["handling", "receiving"] = "handling",
) -> Sums:
    """Sums of everything before ``as_of``: what stands open, overdue, paused … at that moment."""
    as_of_us = us_of(as_of)
    row = conn.execute(OPENING_BEFORE, {"before_s": local_midnight_us(as_of_us, zone) // 1_000_000}).fetchone()
    opening = row[0] if row else None
    begin = BEGINNING_US if opening is None else int(opening) * 1_000_000
    wanted = cut(begin, as_of_us, zone) | {"units": units, "metrics": metrics, "opening": opening}
    rows = conn.execute(BY_HANDLING if side == "handling" else BY_RECEIVING, wanted).fetchall()
    return {int(metric): int(value) for metric, value in rows}


def uses_at_edges(conn: Connection, zone: str, units: list[int], from_: datetime, to: datetime) -> dict[int, list[int]]:
    """Uses, errors and VND by service in the parts of a minute at the edges of a window, from the uses themselves."""
    from_us, to_us = us_of(from_), us_of(to)
    if from_us >= to_us:
        return {}
    parts = cut(from_us, to_us, zone)
    wanted = {"units": units, "edge_from": parts["edge_from"], "edge_to": parts["edge_to"]}
    return {int(no): [int(part or 0) for part in sums] for no, *sums in conn.execute(USES, wanted).fetchall()}
