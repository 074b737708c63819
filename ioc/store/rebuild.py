"""Every figure again, from the stored steps alone: to verify what is stored, or to replace it after a definition changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ioc.figures import SERVICE_BASE, STATE_METRICS
from ioc.life import CaseStep, Effects, HealthStep, IncidentStep, Rules, camera_life, case_life, incident_life
from ioc.store import balances, series
from ioc.store.connect import Connection, translated, with_microseconds
from ioc.store.fold import EFFECTS
from ioc.store.locks import OPENING_LOCK
from ioc.store.retention import horizon, nothing_dropped
from ioc.store.rollup import CHANGE, MINUTE_US, bucketed, day_starts_us, parameters, summed
from ioc.store.uses import changes_of

CASE_STEPS = """
    select case_no, at, event_id, status, handling, receiving, channel, due_at from case_event
     order by case_no, at, event_id collate "C"
"""
INCIDENT_STEPS = """
    select incident_no, at, event_id, unit, severity, state from incident_event
     order by incident_no, at, event_id collate "C"
"""
HEALTH_STEPS = """
    select camera_no, at, event_id, unit, status from health_event order by camera_no, at, event_id collate "C"
"""
USES = """
    select service, unit, at, uses, outcome, coalesce(amount_vnd, 0)
      from usage_event
     where at >= coalesce(%(since)s::timestamptz, '-infinity')
"""
STORED_EFFECTS = "select subject, at, metric, handling, receiving, delta from effect order by subject"
DROPPED_MINUTES = """
    select bucket, metric, handling, receiving, value
      from rollup_minute
     where bucket < %(since)s and metric >= %(services)s and value <> 0
"""
STORED_MINUTES = "select bucket, metric, handling, receiving, value from rollup_minute where value <> 0"
STORED_DAYS = "select bucket, metric, handling, receiving, value from rollup_day where value <> 0"
STORED_OPENINGS = "select at, metric, handling, receiving, value from opening_balance where value <> 0"
OPENINGS = "select at from opening order by at"
CLEAR = "truncate effect, rollup_minute, rollup_day, opening_balance, day_series, day_balance, change"
FILL: LiteralString = """
    insert into {table} (bucket, metric, handling, receiving, value)
    select to_timestamp(bucket), metric, handling, receiving, value
      from unnest(%(buckets)b::float8[], %(metrics)b::int[], %(handling)b::int[], %(receiving)b::int[], %(values)b::bigint[])
        as new (bucket, metric, handling, receiving, value)
"""
FILL_MINUTES: LiteralString = FILL.replace("{table}", "rollup_minute")
FILL_DAYS: LiteralString = FILL.replace("{table}", "rollup_day")
FILL_OPENINGS = """
    insert into opening_balance (at, metric, handling, receiving, value)
    select to_timestamp(bucket), metric, handling, receiving, value
      from unnest(%(buckets)b::float8[], %(metrics)b::int[], %(handling)b::int[], %(receiving)b::int[], %(values)b::bigint[])
        as new (bucket, metric, handling, receiving, value)
"""
NOTE_RULES = "update state set value = %(rules)s where key = 'rules'"

PACKED = 100_000

Rows = npt.NDArray[np.void]


def subjects(conn: Connection, query: LiteralString, step: Any) -> Iterator[tuple[int, list[Any]]]:
    """Each subject's number with its steps in order, streamed."""
    current: int | None = None
    steps: list[Any] = []
    with conn.cursor(binary=True) as cursor:
        for row in cursor.stream(query, binary=True):
            if row[0] != current:
                if current is not None:
                    yield current, steps
                current, steps = row[0], []
            steps.append(step(*row[1:]))
    if current is not None:
        yield current, steps


def lives(conn: Connection, rules: Rules) -> Iterator[tuple[int, Effects]]:
    """The effects of every case, incident and camera, from its stored steps."""
    for no, steps in subjects(conn, CASE_STEPS, CaseStep):
        yield no, case_life(steps, rules)
    for no, incident in subjects(conn, INCIDENT_STEPS, IncidentStep):
        yield no, incident_life(incident, rules)
    for no, words in subjects(conn, HEALTH_STEPS, HealthStep):
        yield no, camera_life(words, rules)


def uses(conn: Connection, since: datetime | None) -> Rows:
    """The changes that the uses stored ``since`` make."""
    pieces: list[Rows] = []
    rows: list[tuple[int, int, int, int, int]] = []
    with conn.cursor(binary=True) as cursor:
        for change in changes_of(cursor.stream(USES, {"since": since}, binary=True)):
            rows.append(change)
            if len(rows) >= PACKED:  # tuples take ten times the room
                pieces.append(np.array(rows, dtype=CHANGE))
                rows.clear()
    return np.concatenate([*pieces, np.array(rows, dtype=CHANGE)])


def dropped_uses(conn: Connection, since: datetime | None) -> Rows:
    """The sums by minute of uses whose rows were dropped: they cannot be counted again, so they are taken as they are."""
    if since is None:
        return np.empty(0, dtype=CHANGE)
    wanted = {"since": since, "services": SERVICE_BASE}
    rows = conn.execute(DROPPED_MINUTES, wanted, binary=True).fetchall()
    return np.array([(m, h, r, at, value) for at, m, h, r, value in rows], dtype=CHANGE)


def wanted(conn: Connection, rules: Rules) -> tuple[dict[int, Effects], Rows, Rows, Rows]:
    """What should be stored: effects by subject, minutes, days and opening balances.

    Uses before the horizon (`ioc.store.retention`) are taken from the stored minutes, for days as well.
    """
    since = horizon(conn)
    effects = dict(lives(conn, rules))
    rows = [(m, h, r, at, delta) for life in effects.values() for (m, h, r, at), delta in life.items()]
    changes = np.concatenate([np.array(rows, dtype=CHANGE), uses(conn, since), dropped_uses(conn, since)])
    minutes = bucketed(changes, changes["at_us"] // MINUTE_US * MINUTE_US)
    days = bucketed(changes, day_starts_us(changes["at_us"], rules.zone))
    states = days[np.isin(days["metric"], STATE_METRICS)]
    openings = []
    for (at_us,) in conn.execute(OPENINGS, binary=True).fetchall():
        before = states[states["at_us"] < at_us].copy()
        before["at_us"] = at_us
        openings.append(summed(before))
    return effects, minutes, days, np.concatenate(openings) if openings else np.empty(0, dtype=CHANGE)


def differences(conn: Connection, rules: Rules) -> list[str]:
    """How the stored figures differ from what the stored steps say, in words; empty when they agree."""
    with_microseconds(conn)
    with translated():
        effects, minutes, days, openings = wanted(conn, rules)
        stored: dict[int, Effects] = {}
        for subject, at, metric, handling, receiving, delta in conn.execute(STORED_EFFECTS, binary=True):
            stored.setdefault(subject, {})[metric, handling, receiving, at] = delta
        found = [
            f"subject {no}: its effects are not the life of its steps"
            for no in sorted(effects.keys() | stored.keys())
            if effects.get(no, {}) != stored.get(no, {})
        ][:20]
        checks: tuple[tuple[str, LiteralString, Rows], ...] = (
            ("rollup_minute", STORED_MINUTES, minutes),
            ("rollup_day", STORED_DAYS, days),
            ("opening_balance", STORED_OPENINGS, openings),
        )
        for name, query, should in checks:
            rows = conn.execute(query, binary=True).fetchall()
            has = summed(np.array([(m, h, r, at, v) for at, m, h, r, v in rows], dtype=CHANGE))
            if not np.array_equal(has, should):
                found.append(f"{name}: {len(has)} sums are stored, {len(should)} should be, and they differ")
        found.extend(series.differences(conn, ZoneInfo(rules.zone)))
        found.extend(balances.differences(conn, ZoneInfo(rules.zone)))
    return found


def compare(conn: Connection, rules: Rules) -> list[str]:
    """`differences` as of one snapshot of the database, beside running writers."""
    with nothing_dropped(conn), translated(), conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        conn.execute("set local statement_timeout = 0")
        return differences(conn, rules)


def rebuild(conn: Connection, rules: Rules) -> int:
    """Makes every figure again by ``rules`` and notes them; ingest waits meanwhile. Returns the number of effects.

    Sums of uses whose rows were dropped stay as they are by minute; their days are made again from them.
    """
    with_microseconds(conn)
    with nothing_dropped(conn), translated(), conn.transaction():
        conn.execute("set local statement_timeout = 0")
        conn.execute("select pg_advisory_xact_lock(%(lock)s)", {"lock": OPENING_LOCK})
        effects, minutes, days, openings = wanted(conn, rules)
        conn.execute(CLEAR)
        written = 0
        with conn.cursor() as cursor, cursor.copy(EFFECTS.copy) as copy:
            copy.set_types(EFFECTS.types)
            for no, life in effects.items():
                for (metric, handling, receiving, at), delta in life.items():
                    copy.write_row((no, at, metric, handling, receiving, delta))
                    written += 1
        conn.execute(FILL_MINUTES, parameters(minutes))
        conn.execute(FILL_DAYS, parameters(days))
        conn.execute(FILL_OPENINGS, parameters(openings))
        conn.execute(NOTE_RULES, {"rules": rules.fingerprint})
        conn.execute("insert into change (topics, deltas) values (-1, '')")
        conn.execute("select pg_notify('ioc_change', '')")
    return written
