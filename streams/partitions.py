"""The partitions that one ingest holds: claimed in the store, read from the source, written under an epoch."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from ioc.errors import Fenced
from ioc.facts import Advance, Claim
from ioc.store.connect import Connection
from ioc.store.offsets import claim
from streams.decode import Decode, Decoder
from streams.source import Changes, Place, Source
from streams.writer import pause_s

TRUNCATED_S = 10.0
"""How often a partition that the broker cut off is looked at again."""


def say(text: str) -> None:
    """One line for whoever runs this process."""
    print(f"ingest: {text}", file=sys.stderr, flush=True)


@dataclass(slots=True)
class Held:
    """A partition that is ours: what the store has, what the batch in flight brings, and how far we have read."""

    claim: Claim
    decode: Decode
    written: int
    given: int
    read: int


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
        self._cut: set[Place] = set()
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
        for place, (begin, end) in sorted(self._source.bounds(wanted).items()):
            found = claim(
                connection(),
                cluster=identity.cluster,
                topic=place.topic,
                topic_id=identity.topic_ids[place.topic],
                partition=place.partition,
                owner=self._owner,
                begin=begin,
                end=end,
            )
            if found.finding == "truncated":
                self._wait_for_lost(place, found, end)
                continue
            self._cut.discard(place)
            at = found.next_offset
            if found.finding:
                say(f"{place.topic.title} {place.partition}: {found.finding}, going on at {at}")
            self.held[place] = Held(found, self._decoder.of(place.topic), at, at, at)
            self._source.seek(place, at)

    def _wait_for_lost(self, place: Place, found: Claim, end: int) -> None:
        """A broker that lost what was read: nothing is read until its log is as long again, or the topic made anew."""
        self._claim_at_s = time.monotonic() + TRUNCATED_S
        if place not in self._cut:
            self._cut.add(place)
            say(
                f"{place.topic.title} {place.partition} ends at {end}, before {found.next_offset} which was read: the "
                "broker lost records. Nothing is read there until it has them again, or the topic is made anew"
            )

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
                moves.append(Advance(held.claim.source, held.written, held.read, held.claim.epoch))
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
