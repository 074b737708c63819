"""Folds the touched cases, incidents and cameras again, and applies the difference of their effects.

A subject's row is locked in key order, its known steps are loaded, the new ones written; the life of all steps less the
life of the known ones is what changes. Nothing is read but the subjects that the batch touches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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
from ioc.store.connect import Connection
from ioc.store.rollup import Changes

Step = CaseStep | IncidentStep | HealthStep

DELETE_EFFECTS = """
    delete from effect e
     using unnest(%(subjects)b::bigint[], %(ats)b::bigint[], %(metrics)b::int[], %(handling)b::int[], %(receiving)b::int[])
        as gone (subject, at_us, metric, handling, receiving)
     where e.subject = gone.subject
       and e.at = timestamptz 'epoch' + gone.at_us * interval '1 microsecond'
       and e.metric = gone.metric and e.handling = gone.handling and e.receiving = gone.receiving
"""
COPY_EFFECTS = "copy effect (subject, at, metric, handling, receiving, delta) from stdin (format binary)"
EFFECT_TYPES = ("int8", "timestamptz", "int2", "int4", "int4", "int2")

DATE_INCIDENTS = """
    update incident i
       set first_at = timestamptz 'epoch' + d.first_us * interval '1 microsecond',
           ended_at = timestamptz 'epoch' + d.ended_us * interval '1 microsecond'
      from unnest(%(nos)s::bigint[], %(first)s::bigint[], %(ended)s::bigint[]) as d (no, first_us, ended_us)
     where i.no = d.no
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """How one kind of subject is stored and folded."""

    know: LiteralString
    lock: LiteralString
    steps: LiteralString
    copy: LiteralString
    types: tuple[str, ...]
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
    know="insert into case_file (code) select * from unnest(%(keys)s::text[]) on conflict (code) do nothing",
    lock="""
        select code, no from case_file where code = any(%(keys)s) order by code collate "C" for no key update
    """,
    steps="""
        select case_no, at, event_id, status, handling, receiving, channel, due_at
          from case_event where case_no = any(%(nos)s)
    """,
    copy="""
        copy case_event (case_no, at, event_id, status, handling, receiving, channel, due_at, procedure, extension_no, flags,
                         fee_vnd, payment_method, applicant, stage, source, record_offset) from stdin (format binary)
    """,
    types=(
        "int8", "timestamptz", "text", "int2", "int4", "int4", "int2", "timestamptz", "text", "int2", "int4", "int8", "text",
        "text", "text", "int4", "int8",
    ),
    key=lambda event: event.case_code,
    row=case_row,
    step=lambda e: CaseStep(e.at_us, e.event_id, e.status, e.handling, e.receiving, e.channel, e.due_us),
    load=lambda row: CaseStep(*row[1:]),
    life=case_life,
)  # fmt: skip

INCIDENTS = Subject(
    know="insert into incident (incident_id) select * from unnest(%(keys)s::text[]) on conflict (incident_id) do nothing",
    lock="""
        select incident_id, no from incident where incident_id = any(%(keys)s) order by incident_id collate "C" for no key update
    """,
    steps="select incident_no, at, event_id, unit, severity, state from incident_event where incident_no = any(%(nos)s)",
    copy="""
        copy incident_event (incident_no, at, event_id, unit, severity, state, kind, camera_id, lat, lon, confidence,
                             plate_masked, snapshot_url, place, source, record_offset) from stdin (format binary)
    """,
    types=(
        "int8", "timestamptz", "text", "int4", "int2", "int2", "text", "text", "float8", "float8", "float8", "text", "text",
        "text", "int4", "int8",
    ),
    key=lambda event: event.incident_id,
    row=incident_row,
    step=lambda e: IncidentStep(e.at_us, e.event_id, e.unit, e.severity, e.state),
    load=lambda row: IncidentStep(*row[1:]),
    life=incident_life,
)  # fmt: skip

CAMERAS = Subject(
    know="insert into camera (camera_id) select * from unnest(%(keys)s::text[]) on conflict (camera_id) do nothing",
    lock="""
        select camera_id, no from camera where camera_id = any(%(keys)s) order by camera_id collate "C" for no key update
    """,
    # A word lasts until the next, so only the neighbours of what is new are folded again.
    steps="""
        select h.camera_no, h.at, h.event_id, h.unit, h.status
          from unnest(%(nos)s::bigint[], %(since)s::bigint[]) as touched (no, since_us)
         cross join lateral (select timestamptz 'epoch' + since_us * interval '1 microsecond' as at) as first
         cross join lateral (
                   select coalesce(
                       (select b.at from health_event b where b.camera_no = touched.no and b.at < first.at order by b.at desc limit 1),
                       first.at) as at
               ) as neighbour
          join health_event h on h.camera_no = touched.no and h.at >= neighbour.at
    """,
    copy="""
        copy health_event (camera_no, at, event_id, unit, status, lat, lon, source, record_offset) from stdin (format binary)
    """,
    types=("int8", "timestamptz", "text", "int4", "int2", "float8", "float8", "int4", "int8"),
    key=lambda event: event.camera_id,
    row=health_row,
    step=lambda e: HealthStep(e.at_us, e.event_id, e.unit, e.status),
    load=lambda row: HealthStep(*row[1:]),
    life=camera_life,
)


def fold(conn: Connection, subject: Subject, arrivals: Sequence[Arrival], rules: Rules, changes: Changes) -> None:
    """Writes new steps and what they change; ``arrivals`` hold new events of one kind. Adds to ``changes``."""
    by_key: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        by_key.setdefault(subject.key(arrival.what), []).append(arrival)
    keys = sorted(by_key)
    conn.execute(subject.know, {"keys": keys})
    numbers = {key: int(no) for key, no in conn.execute(subject.lock, {"keys": keys}, binary=True).fetchall()}
    by_no = {numbers[key]: found for key, found in by_key.items()}
    since = [min(arrival.what.at_us for arrival in found) for found in by_no.values()]  # type: ignore[union-attr]
    known: dict[int, list[Step]] = {}
    for row in conn.execute(subject.steps, {"nos": list(by_no), "since": since}, binary=True):
        known.setdefault(row[0], []).append(subject.load(row))
    with conn.cursor() as cursor, cursor.copy(subject.copy) as copy:
        copy.set_types(subject.types)
        for no, found in by_no.items():
            for arrival in found:
                copy.write_row(subject.row(arrival.what, no, arrival))
    ledger = Ledger()
    dates: list[tuple[int, int, int | None]] = []
    for no, found in by_no.items():
        before = sorted(known.get(no, ()))
        after = sorted([*before, *(subject.step(arrival.what) for arrival in found)])
        old: Effects = subject.life(before, rules) if before else {}
        new = subject.life(after, rules)
        ledger.note(no, old, new, changes)
        if subject is INCIDENTS:
            dates.append((no, *running(after)))
    ledger.write(conn)
    if dates:
        nos, first, ended = zip(*sorted(dates), strict=True)
        conn.execute(DATE_INCIDENTS, {"nos": list(nos), "first": list(first), "ended": list(ended)})


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

    def write(self, conn: Connection) -> None:
        """Applies what was noted."""
        if self.gone:
            subjects, ats, metrics, handling, receiving = (list(column) for column in zip(*self.gone, strict=True))
            conn.execute(
                DELETE_EFFECTS,
                {"subjects": subjects, "ats": ats, "metrics": metrics, "handling": handling, "receiving": receiving},
            )
        if self.new:
            with conn.cursor() as cursor, cursor.copy(COPY_EFFECTS) as copy:
                copy.set_types(EFFECT_TYPES)
                for row in self.new:
                    copy.write_row(row)
