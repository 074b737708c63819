"""Refused records beyond the cap, read again from the broker and driven like those that were kept.

Of them only counts and offsets are known, so everything between the offsets is read. What was accepted there is known
by its id, what was kept by its bytes; what is left was refused and not kept, and counts if it is accepted now. Whoever
begins anew finds all of it again, so nothing is written down between.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from ioc.facts import Arrival, Batch, Reject, Tombstone, Topic
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import passed_over, rejects
from ioc.store.batch import write_batch
from ioc.store.connect import Connection
from ioc.store.passed_over import Span
from streams.decode import Decoder
from streams.halving import REASON, UNHOLDABLE
from streams.members import open_reader
from streams.source import Place, Reader, Record

TELL_S = 5.0
UNREADABLE = frozenset({"undecodable", "too_large", "not_json", "too_many_steps"})
"""Reasons that nothing in our world takes away: those records can only be discarded, as where they were kept."""
CHUNK_BYTES = 4 << 20
"""A transaction takes no more than this of what one read gave."""


@dataclass(slots=True)
class Reread:
    """What became of the records that were read again."""

    read: int = 0
    events: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By the reason of now."""
    gone: int = 0
    """Refused records that the broker has no longer, or of which it cannot be said."""

    def __str__(self) -> str:
        text = f"{self.read} records beyond the cap read again from the broker: {self.events} driven again"
        if self.refused.total():
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(self.refused.items()))
            text += f", {self.refused.total()} refused again ({reasons})"
        if self.gone:
            text += f"; up to {self.gone} the broker no longer has: their sources must send them again"
        return text


class Rereading:
    """One run over all that lies beyond the cap for some topic and reason."""

    def __init__(
        self, conn: Connection, settings: Settings, rules: Rules, decoder: Decoder, tell: Callable[[str], None]
    ) -> None:
        self.done = Reread()
        self._conn = conn
        self._settings = settings
        self._rules = rules
        self._decoder = decoder
        self._tell = tell
        self._next_s = time.monotonic() + TELL_S

    def run(self, topic: str | None, reason: str | None) -> Reread:
        """Reads and drives. Raises Transient where a server is away; what was driven until then stays."""
        number = rejects.topic_number(topic)

        def wanted(span: Span) -> bool:
            asked = number in (None, span.topic) and reason in (None, span.reason)
            return asked and span.reason not in UNREADABLE

        found = [list(spans) for _, spans in groupby(passed_over.spans(self._conn), key=lambda span: span.source)]
        found = [spans for spans in found if any(map(wanted, spans))]
        if not found:
            return self.done
        reader = open_reader(self._settings)
        try:
            identity = reader.identity()
            for spans in found:
                mine = Spans([span for span in spans if wanted(span)], [span for span in spans if not wanted(span)])
                at = mine.wanted[0]
                if (at.cluster, at.topic_id) == (identity.cluster, identity.topic_ids[Topic(at.topic)]):
                    self._partition(reader, mine)
                else:
                    self.done.gone += sum(span.open for span in mine.wanted)
        finally:
            reader.close()
        return self.done

    def _partition(self, reader: Reader, spans: Spans) -> None:
        at = spans.wanted[0]
        place = Place(Topic(at.topic), at.partition)
        begin, end = reader.bounds(place)
        first, last = max(begin, min(span.first for span in spans.wanted)), max(span.last for span in spans.wanted)
        refused: Counter[str] = Counter()
        events: Counter[str] = Counter()
        for records in reader.read(place, first, min(last, end - 1)):
            for chunk in chunks(records):
                self._chunk(spans, place, chunk, events, refused)
                self.done.read += len(chunk)
                if time.monotonic() >= self._next_s:
                    self._next_s = time.monotonic() + TELL_S
                    self._tell(f"{place.topic.title} {place.partition}: at {chunk[-1].offset} of {last}; {self.done}")
        begin = reader.bounds(place)[0]
        for span in spans.wanted:
            if span.intact and begin <= span.first and span.last < end:
                passed_over.recount(self._conn, span, refused[span.reason])
            else:
                self.done.gone += max(0, span.open - events[span.reason] - refused[span.reason])

    def _chunk(
        self, spans: Spans, place: Place, records: Sequence[Record], events: Counter[str], refused: Counter[str]
    ) -> None:
        """One transaction: what of these records was refused, is not kept, and is accepted now, counts from here on."""
        source, conn = spans.wanted[0].source, self._conn
        records = [record for record in records if record.value is not None and spans.at(record.offset)]
        if not records:
            return
        digests = {record.offset: hashlib.sha256(record.value or b"").digest() for record in records}
        with conn.transaction():
            rejects.hold(conn, [source])
            kept = passed_over.kept(conn, source, digests)
            arrivals = self._decoder.of(place.topic)(
                [record for record in records if record.offset not in kept], source, time.time_ns() // 1000
            )
            good = [one for one in arrivals if not isinstance(one.what, Reject | Tombstone)]
            identities = [one.identity for one in good]
            before = passed_over.accepted(conn, source, place.topic, identities)
            good = [one for one in good if one.offset not in before]
            again = {one.offset: one.what.reason for one in arrivals if isinstance(one.what, Reject)}
            again |= self._write(place.topic, good)
            new = passed_over.accepted(conn, source, place.topic, identities) - before
            driven = Counter(spans.at(offset)[0] for offset in new)
            passed_over.settle(conn, source, driven)
        events.update(driven)
        self.done.events += len(new)
        for offset, reason in again.items():
            then = spans.refused_for(offset, reason)
            if then is not None:
                refused[then] += 1
                self.done.refused[reason] += 1

    def _write(self, topic: Topic, good: list[Arrival]) -> dict[int, str]:
        """Writes what is accepted, in halves where the database cannot hold some of it; which offsets it refuses, and
        why."""
        if not good:
            return {}
        try:
            written = write_batch(self._conn, Batch({topic: good}, redriven=True), self._rules)
        except UNHOLDABLE:
            if len(good) == 1:
                return {good[0].offset: REASON}
            middle = len(good) // 2
            return self._write(topic, good[:middle]) | self._write(topic, good[middle:])
        return {offset: "conflict" for _, offset in written.refused}


@dataclass(frozen=True, slots=True)
class Spans:
    """What of one partition is to be driven again (``wanted``, at least one), and what else was not kept there."""

    wanted: list[Span]
    others: list[Span]

    def at(self, offset: int) -> list[str]:
        """The wanted reasons for which a record here may have been refused; those first that are about our world."""
        found = [span.reason for span in self.wanted if span.first <= offset <= span.last]
        return sorted(found, key=lambda reason: (not reason.startswith("unknown_"), reason))

    def refused_for(self, offset: int, reason: str) -> str | None:
        """For which of the wanted reasons a record that is refused again was refused before; None for another one."""
        may = self.at(offset)
        if reason in may:
            return reason
        if any(span.reason == reason and span.first <= offset <= span.last for span in self.others):
            return None
        return may[0]


def chunks(records: Sequence[Record]) -> Iterator[list[Record]]:
    """The records in their order, so many at a time that they are not large."""
    chunk: list[Record] = []
    size = 0
    for record in records:
        chunk.append(record)
        size += len(record.value or b"")
        if size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
