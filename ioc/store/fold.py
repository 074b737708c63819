"""Folds the touched cases, incidents and cameras again, and applies the difference of their effects.

A subject's row is locked in key order, its known steps are loaded, the new ones written; the life of all steps less the
life of the known ones is what changes. Nothing is read but the subjects that the batch touches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from ioc.facts import Arrival, CaseEvent, HealthEvent, IncidentEvent
from ioc.life import (
    SETTLED,
    CaseStep,
    Effects,
    HealthStep,
    IncidentStep,
    Rules,
    camera_life,
    case_life,
    difference,
    incident_life,
)
from ioc.store.columns import Bigints, Integers, Moments, Texts, few_of
from ioc.store.connect import Cursor
from ioc.store.rollup import Changes
from ioc.store.rows import Table, put
from ioc.store.together import Answer, Writing

Step = CaseStep | IncidentStep | HealthStep

MOST_STEPS = 1_000
"""Steps of one case or incident: all of them are folded with each new one. A source that says the same code for ever is
broken, and must slow nobody else. Of cameras only neighbours are read."""

DELETE_EFFECTS = """
    delete from effect e
     using unnest(%(subjects)s::bigint[], %(ats)s::timestamptz[], %(metrics)s::int[], %(handling)s::int[], %(receiving)s::int[])
        as gone (subject, at, metric, handling, receiving)
     where e.subject = gone.subject and e.at = gone.at
       and e.metric = gone.metric and e.handling = gone.handling and e.receiving = gone.receiving
"""
EFFECTS = Table.of("effect", "subject, at, metric, handling, receiving, delta", "int8 timestamptz int2 int4 int4 int2")

DATE_INCIDENTS = """
    update incident i
       set first_at = d.first_at, ended_at = d.ended_at
      from unnest(%(nos)s::bigint[], %(first)s::timestamptz[], %(ended)s::timestamptz[]) as d (no, first_at, ended_at)
     where i.no = d.no
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """How one kind of subject is stored and folded."""

    know: LiteralString
    unknow: LiteralString
    lock: LiteralString
    steps: LiteralString
    table: Table
    key: Callable[[Any], str]
    row: Callable[[Any, int, Arrival], tuple[object, ...]]
    step: Callable[[Any], Step]
    load: Callable[[Sequence[Any]], Step]
    life: Callable[[Iterable[Any], Rules], Effects]


def case_row(event: CaseEvent, no: int, arrival: Arrival) -> tuple[object, ...]:
    """A row of case_event."""
    return (
        no, event.at_us, event.event_id, event.status, event.handling, event.receiving, event.channel, event.due_us,
        event.procedure, event.extension_no, event.flags, event.fee_vnd, event.payment_method, event.applicant, event.stage,
        arrival.source, arrival.offset,
    )  # fmt: skip


def incident_row(event: IncidentEvent, no: int, arrival: Arrival) -> tuple[object, ...]:
    """A row of incident_event."""
    return (
        no, event.at_us, event.event_id, event.unit, event.severity, event.state, event.kind, event.camera_id, event.lat,
        event.lon, event.confidence, event.plate_masked, event.snapshot_url, event.source, arrival.source, arrival.offset,
    )  # fmt: skip


def health_row(event: HealthEvent, no: int, arrival: Arrival) -> tuple[object, ...]:
    """A row of health_event."""
    return (
        no,
        event.at_us,
        event.event_id,
        event.unit,
        event.status,
        event.lat,
        event.lon,
        arrival.source,
        arrival.offset,
    )


CASES = Subject(
    know="""
        insert into case_file (code) select * from unnest(%(keys)s::text[]) on conflict (code) do nothing returning no, code
    """,
    unknow="delete from case_file where no = any(%(nos)s::bigint[])",
    lock="""
        select code, no from case_file where code = any(%(keys)s::text[]) order by code collate "C" for no key update
    """,
    steps="""
        select case_no, at, event_id, status, handling, receiving, channel, due_at
          from case_event
         where case_no = any(array(select no from case_file where code = any(%(keys)s::text[])))
    """,
    table=Table.of(
        "case_event",
        "case_no, at, event_id, status, handling, receiving, channel, due_at, procedure, extension_no, flags, "
        "fee_vnd, payment_method, applicant, stage, source, record_offset",
        "int8 timestamptz text int2 int4 int4 int2 timestamptz text int2 int4 int8 text text text int4 int8",
    ),
    key=lambda event: event.case_code,
    row=case_row,
    step=lambda e: CaseStep(e.at_us, e.event_id, e.status, e.handling, e.receiving, e.channel, e.due_us),
    load=lambda row: CaseStep(*row[1:]),
    life=case_life,
)  # fmt: skip

INCIDENTS = Subject(
    know="""
        insert into incident (incident_id) select * from unnest(%(keys)s::text[]) on conflict (incident_id) do nothing returning no, incident_id
    """,
    unknow="delete from incident where no = any(%(nos)s::bigint[])",
    lock="""
        select incident_id, no from incident where incident_id = any(%(keys)s::text[]) order by incident_id collate "C" for no key update
    """,
    steps="""
        select incident_no, at, event_id, unit, severity, state
          from incident_event
         where incident_no = any(array(select no from incident where incident_id = any(%(keys)s::text[])))
    """,
    table=Table.of(
        "incident_event",
        "incident_no, at, event_id, unit, severity, state, kind, camera_id, lat, lon, confidence, plate_masked, "
        "snapshot_url, place, source, record_offset",
        "int8 timestamptz text int4 int2 int2 text text float8 float8 float8 text text text int4 int8",
    ),
    key=lambda event: event.incident_id,
    row=incident_row,
    step=lambda e: IncidentStep(e.at_us, e.event_id, e.unit, e.severity, e.state),
    load=lambda row: IncidentStep(*row[1:]),
    life=incident_life,
)  # fmt: skip

CAMERAS = Subject(
    know="""
        insert into camera (camera_id) select * from unnest(%(keys)s::text[]) on conflict (camera_id) do nothing returning no, camera_id
    """,
    unknow="delete from camera where no = any(%(nos)s::bigint[])",
    lock="""
        select camera_id, no from camera where camera_id = any(%(keys)s::text[]) order by camera_id collate "C" for no key update
    """,
    # A word lasts until the next, so only the neighbours of what is new are folded again.
    steps="""
        select h.camera_no, h.at, h.event_id, h.unit, h.status
          from unnest(%(keys)s::text[], %(since)s::timestamptz[]) as touched (camera_id, since_at)
          join camera c on c.camera_id = touched.camera_id
         cross join lateral (
                   select coalesce(
                       (select b.at from health_event b where b.camera_no = c.no and b.at < since_at order by b.at desc limit 1),
                       since_at) as at
               ) as neighbour
          join health_event h on h.camera_no = c.no and h.at >= neighbour.at
    """,
    table=Table.of(
        "health_event",
        "camera_no, at, event_id, unit, status, lat, lon, source, record_offset",
        "int8 timestamptz text int4 int2 float8 float8 int4 int8",
    ),
    key=lambda event: event.camera_id,
    row=health_row,
    step=lambda e: HealthStep(e.at_us, e.event_id, e.unit, e.status),
    load=lambda row: HealthStep(*row[1:]),
    life=camera_life,
)


@dataclass(slots=True)
class Asked:
    """Subjects that a batch touches, their rows locked, and their known steps on the way here. ``made`` are the rows that
    there were none of before."""

    subject: Subject
    arrivals: dict[str, list[Arrival]]
    made: Cursor | Answer
    numbers: Cursor | Answer
    steps: Cursor | Answer
    by_no: dict[int, list[Arrival]] = field(default_factory=dict)
    known: dict[int, list[Step]] = field(default_factory=dict)

    def leave_known(self, conn: Writing, new: Sequence[Arrival]) -> None:
        """Leaves out what turned out to be known, and takes back the rows that only that has made."""
        ours = {id(arrival) for arrival in new}
        left = {key: [arrival for arrival in found if id(arrival) in ours] for key, found in self.arrivals.items()}
        if left == self.arrivals:
            return
        self.arrivals = left
        idle = [no for no, key in self.made.fetchall() if not left[key]]
        if idle:
            conn.execute(self.subject.unknow, {"nos": Bigints.of(idle)})

    def receive(self) -> list[Arrival]:
        """Takes the answers; gives the new events that go beyond `MOST_STEPS` of their subject, and leaves them out."""
        for row in self.steps.fetchall():
            self.known.setdefault(row[0], []).append(self.subject.load(row))
        beyond: list[Arrival] = []
        for key, no in self.numbers.fetchall():
            found = self.arrivals[key]
            room = max(0, MOST_STEPS - len(self.known.get(no, ())))
            beyond += found[room:]
            if found[:room]:
                self.by_no[int(no)] = found[:room]
        return beyond


def ask(conn: Writing, subject: Subject, arrivals: Sequence[Arrival]) -> Asked:
    """Locks what the events in ``arrivals``, all of one kind, touch, in key order, and asks for its steps."""
    by_key: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        by_key.setdefault(subject.key(arrival.what), []).append(arrival)
    keys = sorted(by_key)
    since = [min(arrival.what.at_us for arrival in by_key[key]) for key in keys]  # type: ignore[union-attr]
    wanted = {"keys": Texts.of(keys), "since": Moments.of(since)}
    made = conn.execute(subject.know, wanted, binary=True)
    numbers = conn.execute(subject.lock, wanted, binary=True)
    return Asked(subject, by_key, made, numbers, conn.execute(subject.steps, wanted, binary=True))


def fold(conn: Writing, asked: Asked, rules: Rules, changes: Changes) -> None:
    """Writes the new steps that `Asked.receive` has left, and what they change. Adds to ``changes``."""
    subject, by_no = asked.subject, asked.by_no
    ledger = Ledger()
    dates: list[tuple[int, int, int | None]] = []
    for no, found in by_no.items():
        before = sorted(asked.known.get(no, ()))
        after = sorted([*before, *(subject.step(arrival.what) for arrival in found)])
        old: Effects = subject.life(before, rules) if before else {}
        new = subject.life(after, rules)
        ledger.note(no, old, new, changes)
        if subject is INCIDENTS:
            dates.append((no, *running(after)))
    put(conn, subject.table, [subject.row(one.what, no, one) for no, found in by_no.items() for one in found])
    ledger.write(conn)
    if dates:
        nos, first, ended = zip(*sorted(dates), strict=True)
        conn.execute(
            DATE_INCIDENTS,
            {"nos": Bigints.of(nos), "first": Moments.of(first), "ended": few_of("timestamptz", ended)},
        )


def running(steps: Sequence[Step]) -> tuple[int, int | None]:
    """When an incident began, and since when it is settled for good (None: it is not)."""
    ended: int | None = None
    for step in steps:
        if isinstance(step, IncidentStep) and step.state in SETTLED:
            ended = step.at_us if ended is None else ended
        else:
            ended = None
    return steps[0].at_us, ended


class Ledger:
    """Rows of `effect` to take away and to put in their place."""

    def __init__(self) -> None:
        self.gone: list[tuple[int, int, int, int, int]] = []
        self.new: list[tuple[int, int, int, int, int, int]] = []

    def note(self, no: int, old: Effects, new: Effects, changes: Changes) -> None:
        """What one subject's new life changes against its old one."""
        for key, delta in difference(old, new).items():
            metric, handling, receiving, at = key
            changes.add(metric, handling, receiving, at, delta)
            if key in old:
                self.gone.append((no, at, metric, handling, receiving))
            if key in new:
                self.new.append((no, at, metric, handling, receiving, new[key]))

    def write(self, conn: Writing) -> None:
        """Applies what was noted."""
        if self.gone:
            subjects, ats, metrics, handling, receiving = zip(*self.gone, strict=True)
            conn.execute(
                DELETE_EFFECTS,
                {
                    "subjects": Bigints.of(subjects),
                    "ats": Moments.of(ats),
                    "metrics": Integers.of(metrics),
                    "handling": Integers.of(handling),
                    "receiving": Integers.of(receiving),
                },
            )
        put(conn, EFFECTS, self.new)
