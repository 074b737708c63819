"""Telling new events from what is known: duplicates, conflicts, rejects and tombstones.

An event is known by the digest of its id for ever, a use for ``ingest.dedupe_days``; an older use that comes again is
found among the stored ones by its key (time, unit, id).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ioc.facts import Arrival, Batch, Reject, Tombstone, Topic
from ioc.store.columns import Bigints, Integers, Moments, Smallints, Texts, Uuids
from ioc.store.connect import Connection, Cursor, translated, with_microseconds
from ioc.store.together import Answer, Writing

KNOW_IDS = """
    with written as (
        insert into identity (topic, id, content, source, record_offset)
        select * from unnest(%(topics)s::smallint[], %(ids)s::uuid[], %(contents)s::uuid[], %(sources)s::int[], %(offsets)s::bigint[])
            as new (topic, id, content, source, record_offset)
        on conflict (topic, id) do nothing
        returning topic
    )
    select count(*) from written
"""
KNOWN_IDS = """
    select i.topic, i.id, i.content, i.source, i.record_offset
      from unnest(%(topics)s::smallint[], %(ids)s::uuid[]) as asked (topic, id)
      join identity i on i.topic = asked.topic and i.id = asked.id
"""
STORED_USES = """
    select asked.turn
      from unnest(%(ats)s::timestamptz[], %(units)s::int[], %(ids)s::text[]) with ordinality as asked (at, unit, event_id, turn)
      join usage_event u on u.at = asked.at and u.unit = asked.unit and u.event_id = asked.event_id
"""
WHERE_KNOWN = "select id, source, record_offset from identity where topic = %(topic)s and id = any(%(ids)s::uuid[])"
FORGET_IDS = """
    delete from identity i
     using unnest(%(ids)s::uuid[]) as gone (id)
     where i.topic = %(topic)s and i.id = gone.id
"""


@dataclass(slots=True)
class Count:
    """What became of one source's records in this batch."""

    events: int = 0
    duplicates: int = 0
    rejects: int = 0
    tombstones: int = 0
    last_us: int | None = None


@dataclass(slots=True)
class Sorted:
    """A batch by what its records turned out to be."""

    new: dict[Topic, list[Arrival]] = field(default_factory=dict)
    rejects: list[tuple[Topic, Arrival, Reject]] = field(default_factory=list)
    counts: dict[int, Count] = field(default_factory=dict)
    conflicts: int = 0

    def count(self, source: int) -> Count:
        """The count of a source, made when first asked for."""
        found = self.counts.get(source)
        if found is None:
            found = self.counts[source] = Count()
        return found

    def refuse(self, topic: Topic, arrival: Arrival, reason: str, detail: str) -> None:
        """An event that the store has no place for."""
        if arrival.refuse is None:
            raise ValueError(f"an event of {topic.title} at {arrival.offset} cannot say how it is refused")
        self.keep(topic, arrival, arrival.refuse(reason, detail))

    def keep(self, topic: Topic, arrival: Arrival, reject: Reject) -> None:
        """A record that is kept aside."""
        self.rejects.append((topic, arrival, reject))
        self.count(arrival.source).rejects += 1

    def weigh(self, topic: Topic, arrival: Arrival, content: bytes) -> None:
        """An event whose id is known with ``content``: a duplicate or a conflict."""
        if content == arrival.content:
            self.count(arrival.source).duplicates += 1
        else:
            self.conflicts += 1
            self.refuse(topic, arrival, "conflict", "the event id is known with other content")

    def note_new(self, arrivals: Sequence[Arrival]) -> None:
        """Counts new events, and notes when the last of them happened."""
        for source, events in Counter([arrival.source for arrival in arrivals]).items():
            self.count(source).events += events
        for arrival in arrivals:
            count, at_us = self.counts[arrival.source], arrival.what.at_us  # type: ignore[union-attr]
            if count.last_us is None or at_us > count.last_us:
                count.last_us = at_us

    def repeat(self, known: set[tuple[int, int]]) -> None:
        """What was refused at these (source, offset) had been refused before the partition was read again."""
        if not known:
            return
        kept = []
        for one in self.rejects:
            _, arrival, reject = one
            if (arrival.source, arrival.offset) not in known:
                kept.append(one)
                continue
            count = self.count(arrival.source)
            count.rejects -= 1
            count.duplicates += 1
            self.conflicts -= reject.reason == "conflict"
        self.rejects = kept


@dataclass(slots=True)
class Asked:
    """A batch whose ids are being written down: the first arrival of each, what comes again, and what is no event."""

    first: dict[Topic, dict[bytes, Arrival]]
    repeats: list[tuple[Topic, Arrival]]
    found: Sorted
    ids: dict[str, Any]
    written: Cursor | Answer | None

    def firsts(self) -> dict[Topic, list[Arrival]]:
        """The first arrival of each event, by topic."""
        return {topic: list(first.values()) for topic, first in self.first.items()}


def ask(conn: Writing, batch: Batch) -> Asked:
    """Writes down the ids of the batch, everyone in one order; `tell_apart` takes the answer."""
    found = Sorted()
    asked: dict[Topic, dict[bytes, Arrival]] = {}
    repeats: list[tuple[Topic, Arrival]] = []
    for topic, arrivals in batch.arrivals.items():
        first: dict[bytes, Arrival] = {}
        for arrival in arrivals:
            what = arrival.what
            kind = type(what)
            if kind is Reject:
                found.keep(topic, arrival, what)  # type: ignore[arg-type]
            elif kind is Tombstone:
                found.count(arrival.source).tombstones += 1
            elif first.setdefault(arrival.identity, arrival) is not arrival:
                repeats.append((topic, arrival))
        if first:
            asked[topic] = first
    topics: list[int] = []
    ids: list[bytes] = []
    arrivals = []
    for topic, first in sorted(asked.items()):
        keys = sorted(first)
        topics += [int(topic)] * len(keys)
        ids += keys
        arrivals += [first[key] for key in keys]
    wanted = {"topics": Smallints.of(topics), "ids": Uuids.of(ids)}
    if not ids:
        return Asked(asked, repeats, found, wanted, None)
    written = conn.execute(
        KNOW_IDS,
        wanted
        | {
            "contents": Uuids.of([arrival.content for arrival in arrivals]),
            "sources": Integers.of([arrival.source for arrival in arrivals]),
            "offsets": Bigints.of([arrival.offset for arrival in arrivals]),
        },
    )
    return Asked(asked, repeats, found, wanted, written)


def tell_apart(conn: Writing, asked: Asked, sure_since_us: int) -> Sorted:
    """New events, duplicates, conflicts, rejects and tombstones; the ids of new events are known from here on.

    The id of a use that happened before ``sure_since_us`` may have been forgotten: it is looked for among the stored
    ones, and a duplicate where it is found.
    """
    found = asked.found
    known = known_before(conn, asked)
    for topic, first in asked.first.items():
        contents = known.get(topic)
        if contents is None:
            new = list(first.values())
        else:
            new = []
            for identity, arrival in first.items():
                content = contents.get(identity)
                if content is None:
                    new.append(arrival)
                else:
                    found.weigh(topic, arrival, content)
        if topic is Topic.USAGE:
            new = leave_stored(conn, new, sure_since_us, found)
        if new:
            found.new[topic] = new
    for topic, arrival in asked.repeats:
        content = known.get(topic, {}).get(arrival.identity)
        found.weigh(topic, arrival, asked.first[topic][arrival.identity].content if content is None else content)
    return found


def known_before(conn: Writing, asked: Asked) -> dict[Topic, dict[bytes, bytes]]:
    """The ids that were known before this batch, with their content."""
    if asked.written is None:
        return {}
    row = asked.written.fetchone()
    if row is not None and row[0] == sum(map(len, asked.first.values())):
        return {}
    before: dict[Topic, dict[bytes, bytes]] = {}
    for topic_no, identity, content, source, offset in conn.execute(KNOWN_IDS, asked.ids, binary=True).fetchall():
        topic = Topic(topic_no)
        arrival = asked.first[topic][identity]
        if (source, offset) != (arrival.source, arrival.offset):
            before.setdefault(topic, {})[identity] = content
    return before


def leave_out(conn: Writing, found: Sorted, topic: Topic, beyond: Sequence[Arrival]) -> None:
    """Refuses new events that their case or incident has no room for; their ids are not known."""
    gone = {arrival.identity for arrival in beyond}
    conn.execute(FORGET_IDS, {"topic": int(topic), "ids": Uuids.of(sorted(gone))})
    found.new[topic] = [arrival for arrival in found.new[topic] if arrival.identity not in gone]
    for arrival in beyond:
        found.refuse(topic, arrival, "too_many_steps", "its case or incident has as many steps as are kept of one")


def where_known(conn: Connection, topic: Topic, identities: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
    """Source and offset of those of these identities that are committed."""
    with_microseconds(conn)
    wanted = {"topic": int(topic), "ids": Uuids.of(identities)}
    with translated():
        rows = conn.execute(WHERE_KNOWN, wanted, binary=True).fetchall()
    return {identity: (source, offset) for identity, source, offset in rows}


def leave_stored(conn: Writing, new: list[Arrival], sure_since_us: int, found: Sorted) -> list[Arrival]:
    """Uses less those that are stored although their ids were forgotten, which are duplicates."""
    old = [arrival for arrival in new if arrival.what.at_us < sure_since_us]  # type: ignore[union-attr]
    if not old:
        return new
    facts: Sequence[Any] = [arrival.what for arrival in old]
    rows = conn.execute(
        STORED_USES,
        {
            "ats": Moments.of([fact.at_us for fact in facts]),
            "units": Integers.of([fact.unit for fact in facts]),
            "ids": Texts.of([fact.event_id for fact in facts]),
        },
    ).fetchall()
    stored = [old[turn - 1] for (turn,) in rows]
    if not stored:
        return new
    conn.execute(FORGET_IDS, {"topic": int(Topic.USAGE), "ids": Uuids.of([arrival.identity for arrival in stored])})
    for arrival in stored:
        found.count(arrival.source).duplicates += 1
    gone = {arrival.identity for arrival in stored}
    return [arrival for arrival in new if arrival.identity not in gone]
