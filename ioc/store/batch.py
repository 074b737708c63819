"""The one transaction that makes a batch true.

In order: lock the partitions and compare offsets and epochs (a zombie stops here); tell new events from duplicates and
conflicts; write the events; fold what they touch; add up; keep the rejects; note the change; advance the offsets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ioc.errors import Fenced
from ioc.facts import (
    Arrival,
    Batch,
    HealthEvent,
    IncidentEvent,
    Topic,
    Written,
)
from ioc.figures import STATES
from ioc.life import Rules
from ioc.store import fold, uses
from ioc.store.columns import with_columns
from ioc.store.connect import Connection, translated, with_microseconds
from ioc.store.generations import repeated
from ioc.store.known import Sorted, tell_apart
from ioc.store.locks import OPENING_LOCK
from ioc.store.refused import STANDARD, Cap, write_rejects
from ioc.store.rollup import Changes, add_up, announce

STATE_METRICS = sorted(int(metric) for metric in STATES)

NEVER_US = (1 << 63) - 1
"""A moment after every other: no id is sure to be known."""

LOCK_SOURCES = "select no, next_offset, epoch from source where no = any(%(nos)s) order by no for no key update"
ADVANCE = """
    update source s
       set next_offset = v.next_offset, events = s.events + v.events, duplicates = s.duplicates + v.duplicates,
           rejects = s.rejects + v.rejects, tombstones = s.tombstones + v.tombstones, empty = s.empty + v.empty,
           last_event_at = greatest(s.last_event_at, timestamptz 'epoch' + v.last_us * interval '1 microsecond'),
           last_arrival_at = clock_timestamp(),
           tail_offset = coalesce(v.tail_offset, s.tail_offset), tail = coalesce(v.tail, s.tail)
      from unnest(%(nos)s::int[], %(next)s::bigint[], %(events)s::bigint[], %(duplicates)s::bigint[], %(rejects)s::bigint[],
                  %(tombstones)s::bigint[], %(empty)s::bigint[], %(last)s::bigint[], %(tail_offsets)s::bigint[],
                  %(tails)s::bytea[])
        as v (no, next_offset, events, duplicates, rejects, tombstones, empty, last_us, tail_offset, tail)
     where s.no = v.no
"""
COUNT_REDRIVEN = """
    update source s set redriven = s.redriven + v.events
      from unnest(%(nos)s::int[], %(events)s::bigint[]) as v (no, events)
     where s.no = v.no
"""
COPY_INDICATORS = """
    copy indicator_event (indicator, unit, at, event_id, value, is_add, source, record_offset) from stdin (format binary)
"""
INDICATOR_TYPES = ("text", "int4", "timestamptz", "text", "float8", "bool", "int4", "int8")


def write_batch(
    conn: Connection, batch: Batch, rules: Rules, cap: Cap = STANDARD, *, sure_since_us: int = NEVER_US
) -> Written:
    """Makes a batch true, wholly or not at all.

    Raises Fenced where a partition has moved or has a new owner, Transient where the server failed: the same batch may
    then be written again, since the offsets tell whether the first try was committed. Unstorable where the database
    cannot hold what a record says: which one is found by halving (`streams.writer`). ``cap`` bounds the rejects kept;
    ids of uses that happened before ``sure_since_us`` may have been forgotten.
    """
    with_microseconds(conn)
    with_columns(conn)
    with translated(), conn.transaction():
        conn.execute("select pg_advisory_xact_lock_shared(%(lock)s)", {"lock": OPENING_LOCK})
        check_claims(conn, batch)
        found = tell_apart(conn, batch, sure_since_us)
        found.repeat(repeated(conn, found.rejects))
        changes = Changes()
        for topic, arrivals in sorted(found.new.items()):  # everyone locks in one order
            found.note_new(arrivals)
            WRITERS[topic](conn, arrivals, rules, changes)
        packed = changes.packed()
        add_up(conn, packed, rules.zone, STATE_METRICS)
        if not batch.redriven:  # what is refused again is kept already
            write_rejects(conn, found.rejects, cap)
        if found.new or found.rejects:
            announce(conn, packed, sum(1 << topic for topic in found.new), batch.arrived_s)
        advance(conn, batch, found)
    counts = found.counts.values()
    return Written(
        events=sum(count.events for count in counts),
        duplicates=sum(count.duplicates for count in counts),
        conflicts=found.conflicts,
        rejects=sum(count.rejects for count in counts),
        tombstones=sum(count.tombstones for count in counts),
        refused=tuple((arrival.source, arrival.offset) for _, arrival, _ in found.rejects) if batch.redriven else (),
    )


def check_claims(conn: Connection, batch: Batch) -> None:
    """Locks the partitions in order; raises Fenced unless each stands where the batch expects it under its epoch."""
    if not batch.advances:
        return
    rows = conn.execute(LOCK_SOURCES, {"nos": [a.source for a in batch.advances]}).fetchall()
    stand = {int(no): (int(next_offset), int(epoch)) for no, next_offset, epoch in rows}
    for wanted in batch.advances:
        if stand.get(wanted.source) != (wanted.expected, wanted.epoch):
            raise Fenced(
                f"source {wanted.source} stands at (offset, epoch) {stand.get(wanted.source)}, "
                f"not at {(wanted.expected, wanted.epoch)}"
            )


def write_cases(conn: Connection, arrivals: Sequence[Arrival], rules: Rules, changes: Changes) -> None:
    """New steps of cases."""
    fold.fold(conn, fold.CASES, arrivals, rules, changes)


def write_cameras(conn: Connection, arrivals: Sequence[Arrival], rules: Rules, changes: Changes) -> None:
    """New steps of incidents and new words of cameras."""
    incidents = [arrival for arrival in arrivals if isinstance(arrival.what, IncidentEvent)]
    words = [arrival for arrival in arrivals if isinstance(arrival.what, HealthEvent)]
    if incidents:
        fold.fold(conn, fold.INCIDENTS, incidents, rules, changes)
    if words:
        fold.fold(conn, fold.CAMERAS, words, rules, changes)


def write_usage(conn: Connection, arrivals: Sequence[Arrival], rules: Rules, changes: Changes) -> None:  # noqa: ARG001
    """New uses of services: plainly added."""
    uses.write(conn, arrivals, changes)


def write_indicators(conn: Connection, arrivals: Sequence[Arrival], rules: Rules, changes: Changes) -> None:  # noqa: ARG001
    """New measured figures; they are read where they lie."""
    with conn.cursor() as cursor, cursor.copy(COPY_INDICATORS) as copy:
        copy.set_types(INDICATOR_TYPES)
        for arrival in arrivals:
            e: Any = arrival.what
            copy.write_row((e.indicator, e.unit, e.at_us, e.event_id, e.value, e.add, arrival.source, arrival.offset))


WRITERS = {
    Topic.CASES: write_cases,
    Topic.CAMERAS: write_cameras,
    Topic.USAGE: write_usage,
    Topic.INDICATORS: write_indicators,
}


def advance(conn: Connection, batch: Batch, found: Sorted) -> None:
    """Moves the partitions and counts what became of every offset in between."""
    if batch.redriven:
        nos = sorted(no for no, count in found.counts.items() if count.events)
        conn.execute(COUNT_REDRIVEN, {"nos": nos, "events": [found.counts[no].events for no in nos]})
        return
    moves = sorted(batch.advances, key=lambda move: move.source)
    if not moves:
        return
    counts = [found.count(move.source) for move in moves]
    records = [count.events + count.duplicates + count.rejects + count.tombstones for count in counts]
    conn.execute(
        ADVANCE,
        {
            "nos": [move.source for move in moves],
            "next": [move.next_offset for move in moves],
            "events": [count.events for count in counts],
            "duplicates": [count.duplicates for count in counts],
            "rejects": [count.rejects for count in counts],
            "tombstones": [count.tombstones for count in counts],
            "empty": [m.next_offset - m.expected - n for m, n in zip(moves, records, strict=True)],
            "last": [count.last_us for count in counts],
            "tail_offsets": [move.tail.offset if move.tail else None for move in moves],
            "tails": [move.tail.digest if move.tail else None for move in moves],
        },
    )
