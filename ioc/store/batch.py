"""The one transaction that makes a batch true.

In order: lock the partitions and compare offsets and epochs (a zombie stops here); tell new events from duplicates and
conflicts; write the events; fold what they touch; add up; keep the rejects; note the change; advance the offsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ioc.errors import Fenced
from ioc.facts import Arrival, Batch, CaseEvent, HealthEvent, IncidentEvent, Topic, Written
from ioc.life import Rules
from ioc.store import fold, uses
from ioc.store.columns import Bigints, Integers, few_of, with_columns
from ioc.store.connect import Connection, Cursor, translated, with_microseconds
from ioc.store.generations import repeated
from ioc.store.known import Sorted, ask, leave_out, tell_apart
from ioc.store.locks import OPENING_LOCK
from ioc.store.refused import STANDARD, Cap, write_rejects
from ioc.store.rollup import NEWEST_OPENING, Changes, add_up, announce
from ioc.store.rows import Row, Table, put
from ioc.store.together import Answer, Writing
from ioc.store.transaction import transaction

NEVER_US = (1 << 63) - 1
"""A moment after every other: no id is sure to be known."""

LOCK_SOURCES = "select no, next_offset, epoch from source where no = any(%(nos)s) order by no for no key update"
ADVANCE = """
    update source s
       set next_offset = v.next_offset, events = s.events + v.events, duplicates = s.duplicates + v.duplicates,
           rejects = s.rejects + v.rejects, tombstones = s.tombstones + v.tombstones, empty = s.empty + v.empty,
           last_event_at = greatest(s.last_event_at, v.last_event_at),
           last_arrival_at = clock_timestamp(),
           tail_offset = coalesce(v.tail_offset, s.tail_offset), tail = coalesce(v.tail, s.tail)
      from unnest(%(nos)s::int[], %(next)s::bigint[], %(events)s::bigint[], %(duplicates)s::bigint[], %(rejects)s::bigint[],
                  %(tombstones)s::bigint[], %(empty)s::bigint[], %(last)s::timestamptz[], %(tail_offsets)s::bigint[],
                  %(tails)s::bytea[])
        as v (no, next_offset, events, duplicates, rejects, tombstones, empty, last_event_at, tail_offset, tail)
     where s.no = v.no
"""
COUNT_REDRIVEN = """
    update source s set redriven = s.redriven + v.events
      from unnest(%(nos)s::int[], %(events)s::bigint[]) as v (no, events)
     where s.no = v.no
"""
OPENING_LOCKED = "select pg_advisory_xact_lock_shared(%(lock)s)"
INDICATORS = Table.of(
    "indicator_event",
    "indicator, unit, at, event_id, value, is_add, source, record_offset",
    "text int4 timestamptz text float8 bool int4 int8",
)
FEW = 250
"""Records in a batch that travels together: what a row costs more than by COPY is less than what waiting would."""


def write_batch(
    conn: Connection, batch: Batch, rules: Rules, cap: Cap = STANDARD, *, sure_since_us: int = NEVER_US, few: int = FEW
) -> Written:
    """Makes a batch true, wholly or not at all.

    Raises Fenced where a partition has moved or has a new owner, Transient where the server failed: the same batch may
    then be written again, since the offsets tell whether the first try was committed. Unstorable where the database
    cannot hold what a record says: which one is found by halving (`streams.writer`). ``cap`` bounds the rejects kept;
    ids of uses that happened before ``sure_since_us`` may have been forgotten. The statements of a batch of up to ``few``
    records travel together.
    """
    with_microseconds(conn)
    with_columns(conn)
    together = sum(map(len, batch.arrivals.values())) <= few
    with translated(), transaction(conn, together=together) as (run, wait):
        run.execute(OPENING_LOCKED, {"lock": OPENING_LOCK})
        claims = run.execute(LOCK_SOURCES, {"nos": Integers.of([a.source for a in batch.advances])})
        asked = ask(run, batch)
        opening = run.execute(NEWEST_OPENING, binary=True)
        # together, before it is known which are new: they mostly all are
        folds = ask_folds(run, asked.firsts()) if together else []
        wait()
        check_claims(claims, batch)
        found = tell_apart(run, asked, sure_since_us)
        if together:
            for topic, one in folds:
                one.leave_known(run, found.new.get(topic, ()))
        else:
            folds = ask_folds(run, found.new)
        changes = Changes()
        write_events(run, found, folds, rules, changes)
        found.repeat(repeated(run, found.rejects))
        packed = changes.packed()
        newest = opening.fetchone()
        add_up(run, packed, rules.zone, newest[0] if newest else None)
        if not batch.redriven:  # what is refused again is kept already
            write_rejects(run, found.rejects, cap)
        if found.new or found.rejects:
            announce(run, packed, sum(1 << topic for topic in found.new), batch.arrived_s)
        advance(run, batch, found)
    counts = found.counts.values()
    return Written(
        events=sum(count.events for count in counts),
        duplicates=sum(count.duplicates for count in counts),
        conflicts=found.conflicts,
        rejects=sum(count.rejects for count in counts),
        tombstones=sum(count.tombstones for count in counts),
        refused=tuple((arrival.source, arrival.offset) for _, arrival, _ in found.rejects) if batch.redriven else (),
    )


Folds = list[tuple[Topic, fold.Asked]]


def check_claims(claims: Cursor | Answer, batch: Batch) -> None:
    """Raises Fenced unless each partition, locked now, stands where the batch expects it under its epoch."""
    stand = {int(no): (int(next_offset), int(epoch)) for no, next_offset, epoch in claims.fetchall()}
    for wanted in batch.advances:
        if stand.get(wanted.source) != (wanted.expected, wanted.epoch):
            raise Fenced(
                f"source {wanted.source} stands at (offset, epoch) {stand.get(wanted.source)}, "
                f"not at {(wanted.expected, wanted.epoch)}"
            )


def ask_folds(conn: Writing, arrivals: Mapping[Topic, Sequence[Arrival]]) -> Folds:
    """Locks what events touch, everyone in one order, and asks for its steps."""
    folds = []
    for topic, some in sorted(arrivals.items()):
        for subject, kind in FOLDED.get(topic, ()):
            own = [arrival for arrival in some if type(arrival.what) is kind]
            if own:
                folds.append((topic, fold.ask(conn, subject, own)))
    return folds


def write_events(conn: Writing, found: Sorted, folds: Folds, rules: Rules, changes: Changes) -> None:
    """The new events of every topic, and what they change; ``folds`` is what was asked of them."""
    for topic, one in folds:
        beyond = one.receive()
        if beyond:
            leave_out(conn, found, topic, beyond)
    for _, one in folds:
        fold.fold(conn, one, rules, changes)
    found.new = {topic: arrivals for topic, arrivals in found.new.items() if arrivals}
    for arrivals in found.new.values():
        found.note_new(arrivals)
    if Topic.USAGE in found.new:
        uses.write(conn, found.new[Topic.USAGE], changes)
    put(conn, INDICATORS, [_indicator(arrival.what, arrival) for arrival in found.new.get(Topic.INDICATORS, ())])


FOLDED: dict[Topic, tuple[tuple[fold.Subject, type], ...]] = {
    Topic.CASES: ((fold.CASES, CaseEvent),),
    Topic.CAMERAS: ((fold.INCIDENTS, IncidentEvent), (fold.CAMERAS, HealthEvent)),
}
"""What is folded from which events; uses are plainly added, indicators are read where they lie."""


def _indicator(event: Any, arrival: Arrival) -> Row:
    return (
        event.indicator, event.unit, event.at_us, event.event_id, event.value, event.add, arrival.source, arrival.offset,
    )  # fmt: skip


def advance(conn: Writing, batch: Batch, found: Sorted) -> None:
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
            "nos": Integers.of([move.source for move in moves]),
            "next": Bigints.of([move.next_offset for move in moves]),
            "events": Bigints.of([count.events for count in counts]),
            "duplicates": Bigints.of([count.duplicates for count in counts]),
            "rejects": Bigints.of([count.rejects for count in counts]),
            "tombstones": Bigints.of([count.tombstones for count in counts]),
            "empty": Bigints.of([m.next_offset - m.expected - n for m, n in zip(moves, records, strict=True)]),
            "last": few_of("timestamptz", [count.last_us for count in counts]),
            "tail_offsets": few_of("int8", [move.tail.offset if move.tail else None for move in moves]),
            "tails": few_of("bytea", [move.tail.digest if move.tail else None for move in moves]),
        },
    )
