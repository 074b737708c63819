"""The partitions that one ingest holds: claimed in the store, read from the source, written under an epoch."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from ioc.errors import Fenced
from ioc.facts import Advance, Claim, Tail
from ioc.store.connect import Connection
from ioc.store.generations import reopen
from ioc.store.offsets import claim
from streams.decode import Decode, Decoder
from streams.source import Changes, Place, Record, Source, Unreadable
from streams.writer import pause_s


def say(text: str) -> None:
    """One line for whoever runs this process."""
    print(f"ingest: {text}", file=sys.stderr, flush=True)


def tail_of(record: Record) -> Tail:
    """What tells a record from any other that a broker might put in its place."""
    digest = blake2b(record.timestamp.to_bytes(8, "big", signed=True), digest_size=16)
    for part in (record.key, record.value):
        digest.update((-1 if part is None else len(part)).to_bytes(8, "big", signed=True))
        digest.update(part or b"")
    return Tail(record.offset, digest.digest())


@dataclass(slots=True)
class Held:
    """A partition that is ours: what the store has, what the batch in flight brings, and how far we have read."""

    claim: Claim
    decode: Decode
    written: int
    given: int
    read: int
    last: Record | None = None
    """The newest record that was read since the last batch was given."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What a broker did to a partition, from where the next generation reads, and how much is known to be gone unread.

    "truncated": its log ends before what was read; "replaced": something else lies where the last record was;
    "shortened": it ends before where it had ended, and all that was read is there.
    """

    finding: str
    begin: int
    unread: int


class Partitions:
    """What the group gave us, and what of it we hold by a claim of the newest epoch."""

    def __init__(self, source: Source, decoder: Decoder, owner: str) -> None:
        self.held: dict[Place, Held] = {}
        self.leaving: set[Place] = set()
        """Taken away by the group and not yet let go."""
        self._ours: frozenset[Place] = frozenset()
        self._source = source
        self._decoder = decoder
        self._owner = owner
        self._claim_at_s = 0.0
        self._attempts = 0

    def note(self, changes: Changes) -> None:
        """The group dealt anew. What was taken away is held until `let_go`, so that what was read can be written."""
        self.leaving |= changes.revoked
        self._ours = (self._ours - changes.revoked) | changes.assigned
        self._claim_at_s = 0.0

    def let_go(self) -> None:
        """Others hold them from now on."""
        for place in self.leaving:
            self.held.pop(place, None)
        self.leaving.clear()

    def claim(self, connection: Callable[[], Connection]) -> None:
        """Claims what is ours and not held, when it is time, and reads on from where the store stands.

        Raises Transient; what was claimed before it stays claimed.
        """
        wanted = self._ours - self.held.keys()
        if not wanted or time.monotonic() < self._claim_at_s:
            return
        self._claim_at_s = time.monotonic() + pause_s(self._attempts)
        identity = self._source.identity()
        found = {}
        bounds = self._source.bounds(wanted)
        for place, (begin, _) in sorted(bounds.items()):
            found[place] = claim(
                connection(),
                cluster=identity.cluster,
                topic=place.topic,
                topic_id=identity.topic_ids[place.topic],
                partition=place.partition,
                owner=self._owner,
                begin=begin,
            )
        lost = self._lost(found, bounds)
        for place, claimed in found.items():
            if place in lost:
                self._hold(place, self._reopened(connection(), place, claimed, lost[place]))
                continue
            if claimed.finding:
                say(f"{place.topic.title} {place.partition}: {claimed.finding}, going on at {claimed.next_offset}")
            self._hold(place, claimed)

    def _lost(self, claims: Mapping[Place, Claim], bounds: Mapping[Place, tuple[int, int]]) -> dict[Place, Lost]:
        """Places whose broker lacks what was read, or what it had shown and we had not read.

        Asked after the claim, since until then another process may have moved the partition.
        """
        lost: dict[Place, Lost] = {}
        short = [place for place, found in claims.items() if max(found.next_offset, found.end or 0) > bounds[place][1]]
        for place, (begin, end) in self._source.bounds(short).items():
            found = claims[place]
            if found.next_offset > end:
                lost[place] = Lost("truncated", begin, found.unread(found.next_offset))
            elif found.unread(end):
                lost[place] = Lost("shortened", found.next_offset, found.unread(end))
        truncated = {place for place, one in lost.items() if one.finding == "truncated"}
        tails = {
            place: found.tail
            for place, found in claims.items()
            if found.tail and place not in truncated and bounds[place][0] <= found.tail.offset
        }
        for place, record in self._source.at({place: tail.offset for place, tail in tails.items()}).items():
            if record is not None and tail_of(record) != tails[place]:
                found = claims[place]
                lost[place] = Lost("replaced", bounds[place][0], found.unread(found.next_offset))
        return lost

    def _reopened(self, conn: Connection, place: Place, former: Claim, lost: Lost) -> Claim:
        """The next generation of a partition whose broker lost or replaced records."""
        found = reopen(conn, former, begin=lost.begin, finding=lost.finding, lost=lost.unread)
        say(
            f"{place.topic.title} {place.partition} was {lost.finding}: {former.next_offset} had been read, "
            f"{lost.unread} that the broker had shown are gone unread. Generation {found.generation} reads from "
            f"{lost.begin} on; what is known counts once. See 'ioc findings list'"
        )
        return found

    def _hold(self, place: Place, claimed: Claim) -> None:
        at = claimed.next_offset
        self.held[place] = Held(claimed, self._decoder.of(place.topic), at, at, at)
        self._source.seek(place, at)

    def decode_with(self, decoder: Decoder) -> None:
        """Records are decoded by ``decoder`` from now on."""
        self._decoder = decoder
        for place, held in self.held.items():
            held.decode = decoder.of(place.topic)

    def lose(self, error: Fenced) -> None:
        """Another process moved one of ours: all are claimed again, later each time that it happens."""
        self.held.clear()
        self._attempts += 1
        self._claim_at_s = time.monotonic() + pause_s(self._attempts)
        say(f"fenced: {error}; claiming again")

    def advances(self) -> tuple[Advance, ...]:
        """The moves from what is written to what is read; given to the writer with the records in between."""
        moves = []
        for held in self.held.values():
            held.given = held.read
            if held.read != held.written:
                last = held.last  # what cannot be read today may be readable tomorrow: no mark to know a log by
                tail = None if last is None or isinstance(last, Unreadable) else tail_of(last)
                moves.append(Advance(held.claim.source, held.written, held.read, held.claim.epoch, tail))
                held.last = None
        return tuple(moves)

    def confirm(self) -> None:
        """What was given is written."""
        self._attempts = 0
        for held in self.held.values():
            held.written = held.given

    def written(self) -> dict[Place, int]:
        """How far the store is."""
        return {place: held.written for place, held in self.held.items()}

    def step_over_empty(self) -> bool:
        """Moves past offsets that hold no record (transaction markers, compacted ones); whether there were any. Only
        when everything that was read is written."""
        moved = False
        for place, position in self._source.positions().items():
            held = self.held.get(place)
            if held is not None and position > held.read:
                held.read = position
                moved = True
        return moved
