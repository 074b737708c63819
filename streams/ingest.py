"""From the source to the store: claim, poll, decode, write; and again from where the store says.

The main thread reads and decodes the next batch while `Writer` writes this one. Offsets move in the transaction of the
data, under the epoch of our claim, so whatever ends this process, nothing is lost and nothing counts twice.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from ioc.errors import Fenced, Transient
from ioc.facts import Advance, Arrival, Batch, Claim, Topic
from ioc.life import Rules
from ioc.settings import Settings, seconds
from ioc.store.connect import Connection, connect
from ioc.store.migrate import check, check_rules
from ioc.store.offsets import claim, note_ends
from ioc.store.units import load
from streams.decode import Decode, Decoder
from streams.progress import Progress
from streams.source import Place, Slice, Source, open_source
from streams.writer import STANDSTILL_S, Writer, pause_s

ENDS_S = 0.4
"""How often the ends of the partitions are noted: lag is known to the second."""
COMMIT_S = 1.0
EMPTY_S = 1.0
"""How often offsets without a record are stepped over."""
ALIVE_S = 2.0
"""How often a consumer that cannot read on shows that it lives."""
TRUNCATED_S = 10.0
"""How often a partition that the broker cut off is looked at again."""
MORE_IS_COMING = 200
"""Records in one poll from which on a batch is worth waiting for."""
IDLE_POLL_S = 0.1
BUSY_POLL_S = 0.01


def owner_name() -> str:
    """A name for this process in claims and groups: who holds a partition is seen in the store."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"


@dataclass(slots=True)
class Held:
    """A partition that is ours: what the store has, and how far we have read beyond it."""

    claim: Claim
    decode: Decode
    written: int
    read: int


class Ingest:
    """One ingesting process. `step` does one round; `run` repeats it until `stop`."""

    def __init__(self, settings: Settings, source: Source, conn: Connection, owner: str) -> None:
        rules = Rules.of(settings)
        check(conn)
        check_rules(conn, rules)
        self._settings = settings
        self._source = source
        self._conn = conn
        self._owner = owner
        self._decoder = Decoder(settings, load(conn, settings))
        self._writer = Writer(settings, rules)
        self._full = settings.ingest.batch_events
        self._age_s = seconds(settings.ingest.batch_age)
        self._held: dict[Place, Held] = {}
        self._ours: frozenset[Place] = frozenset()
        self._leaving: set[Place] = set()
        self._cut: set[Place] = set()
        self._claim_at_s = 0.0
        self._claim_attempts = 0
        self._pending: dict[Topic, list[Arrival]] = {}
        self._given: dict[Place, int] = {}
        self._count = 0
        self._since_s = 0.0
        self._more = False
        self._committed: dict[Place, int] = {}
        self._due: dict[str, float] = {}
        self._stopping = threading.Event()
        self.progress = Progress()

    def stop(self) -> None:
        """Makes `run` return after the batch in flight. Safe from signal handlers and other threads."""
        self._stopping.set()

    def run(self) -> None:
        """Ingests until `stop`; then lets the batch in flight come to its end and leaves the group."""
        try:
            attempt = 0
            while not self._stopping.is_set():
                try:
                    self.step()
                    attempt = 0
                except Transient as error:
                    if attempt in (0, 3) or attempt % 12 == 0:
                        say(f"{error}; trying again")
                    self._stopping.wait(pause_s(attempt))
                    attempt += 1
        finally:
            self.close()

    def close(self) -> None:
        """Ends the writer and leaves the group. What was read and not written is read again by the next owner."""
        self._writer.close()
        try:
            self._settle()
        except (Fenced, Transient) as error:
            say(f"the last batch was not written: {error}")
        try:
            self._source.close()
        finally:
            self._conn.close()

    def step(self) -> None:
        """One round. Raises Transient where a server is away; the next round goes on from there."""
        changes = self._source.changes()
        if changes:
            self._leaving |= changes.revoked
            self._ours = (self._ours - changes.revoked) | changes.assigned
            self._claim_at_s = 0.0
        if self._leaving:
            self._give_up()
        if self._stopping.is_set():
            return
        self._settle()
        if self._ours - self._held.keys() and time.monotonic() >= self._claim_at_s:
            self._claim()
        self._read()
        if self._count and self._writer.idle and self._is_due():
            self._flush()
        self._look_around()

    # partitions

    def _give_up(self) -> None:
        """Lets go of partitions that others will have, after writing what was read, as far as that is ours to do."""
        if not self._leaving.isdisjoint(self._held):
            self._finish()
        for place in self._leaving:
            self._held.pop(place, None)
            self._committed.pop(place, None)
        self._leaving.clear()

    def _finish(self) -> None:
        """Writes everything that was read; keeps our membership alive meanwhile."""
        while (self._count or not self._writer.idle) and not self._stopping.is_set():
            if self._writer.wait(1.0):
                self._settle()
                if self._count:
                    self._flush()
            else:
                self._source.keep_alive()

    def _claim(self) -> None:
        """Claims what is ours and not yet held, and reads on from where the store stands."""
        self._claim_at_s = time.monotonic() + pause_s(self._claim_attempts)
        identity = self._source.identity()
        bounds = self._source.bounds(self._ours - self._held.keys())
        conn = self._connection()
        for place, (begin, end) in sorted(bounds.items()):
            found = claim(
                conn,
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
            if found.finding:
                say(f"{place.topic.title} {place.partition}: {found.finding}, going on at {found.next_offset}")
            decode = self._decoder.of(place.topic)
            self._held[place] = Held(found, decode, found.next_offset, found.next_offset)
            self._source.seek(place, found.next_offset)

    def _wait_for_lost(self, place: Place, found: Claim, end: int) -> None:
        """A broker that lost what was read: nothing is read until its log is as long again, or the topic made anew."""
        self._claim_at_s = time.monotonic() + TRUNCATED_S
        if place not in self._cut:
            self._cut.add(place)
            say(
                f"{place.topic.title} {place.partition} ends at {end}, before {found.next_offset} which was read: the "
                "broker lost records. Nothing is read there until it has them again, or the topic is made anew"
            )

    def _lost(self, error: Fenced) -> None:
        """Another process moved one of our partitions: nothing that was read since can be trusted to be ours."""
        self._pending.clear()
        self._count = 0
        self._claim_attempts += 1
        self._claim_at_s = time.monotonic() + pause_s(self._claim_attempts)
        self._held.clear()
        self._committed.clear()
        say(f"fenced: {error}; claiming again")

    # records

    def _read(self) -> None:
        """Reads and decodes what is there, up to a full batch; waits for the writer where the batch is full."""
        room = self._full - self._count
        if room <= 0:
            if not self._writer.wait(ENDS_S / 2) and self._turn("alive", ALIVE_S):
                self._source.keep_alive()
            return
        waiting = self._count or not self._writer.idle
        found = self._source.poll(BUSY_POLL_S if waiting else IDLE_POLL_S, room)
        self._more = sum(len(slice_.records) for slice_ in found) >= min(room, MORE_IS_COMING)
        for slice_ in found:
            self._decode(slice_)

    def _decode(self, slice_: Slice) -> None:
        held = self._held.get(slice_.place)
        if held is None:
            return
        records = slice_.records
        if records[0].offset < held.read:
            records = [record for record in records if record.offset >= held.read]
            if not records:
                return
        decode, source, now_us = held.decode, held.claim.source, time.time_ns() // 1000
        if not self._count:
            self._since_s = time.monotonic()
        self._pending.setdefault(slice_.place.topic, []).extend([decode(record, source, now_us) for record in records])
        self._count += len(records)
        held.read = records[-1].offset + 1

    def _is_due(self) -> bool:
        """At once where nothing more is coming; else when the batch is full or old."""
        return not self._more or self._count >= self._full or time.monotonic() - self._since_s >= self._age_s

    def _flush(self) -> None:
        advances = tuple(
            Advance(held.claim.source, held.written, held.read, held.claim.epoch)
            for held in self._held.values()
            if held.read != held.written
        )
        self._given = {place: held.read for place, held in self._held.items()}
        self._writer.give(Batch(self._pending, advances))
        self._pending = {}
        self._count = 0

    def _settle(self) -> None:
        """Takes the writer's result, if there is one."""
        try:
            written = self._writer.result()
        except Fenced as error:
            self._lost(error)
            return
        if written is None:
            return
        self._claim_attempts = 0
        # what was given is what had been read then; `read` may be further by now
        for place, held in self._held.items():
            held.written = self._given.get(place, held.written)
        self.progress.add(written)

    # beside the records

    def _look_around(self) -> None:
        if self._turn("ends", ENDS_S):
            self._note_ends()
        if self._turn("commit", COMMIT_S):
            self._commit()
        if self._turn("empty", EMPTY_S) and not self._count and self._writer.idle:
            self._step_over_empty()
        line = self.progress.line()
        if line:
            say(line)

    def _turn(self, what: str, every_s: float) -> bool:
        now_s = time.monotonic()
        if now_s < self._due.get(what, 0.0):
            return False
        self._due[what] = now_s + every_s
        return True

    def _note_ends(self) -> None:
        now = datetime.now(UTC)
        ends = {place: end for place, end in self._source.ends().items() if place in self._held}
        if not ends:
            return
        self.progress.behind = sum(max(0, end - self._held[place].written) for place, end in ends.items())
        try:
            note_ends(self._connection(), {self._held[place].claim.source: end for place, end in ends.items()}, now)
        except Transient:
            return  # lag is then unknown, which is the truth

    def _commit(self) -> None:
        written = {place: held.written for place, held in self._held.items()}
        if written != self._committed:
            self._committed = written
            self._source.commit(written)

    def _step_over_empty(self) -> None:
        """Offsets that hold no record (transaction markers, compacted ones) are advanced over when all else is done."""
        moved = False
        for place, position in self._source.positions().items():
            held = self._held.get(place)
            if held is not None and position > held.read:
                held.read = position
                moved = True
        if moved:
            self._flush()

    def _connection(self) -> Connection:
        if self._conn.closed or self._conn.broken:
            self._conn = connect(
                self._settings.database.dsn, self._settings, name="ioc ingest", longest_pause_s=STANDSTILL_S
            )
        return self._conn


def say(text: str) -> None:
    """One line for whoever runs this process."""
    print(f"ingest: {text}", file=sys.stderr, flush=True)


def run(settings: Settings) -> int:
    """Ingests until SIGTERM or Ctrl-C. Raises ConfigError and OperatorError for what a person must put right."""
    ending = threading.Event()
    ingest: Ingest | None = None

    def end(*_: object) -> None:
        ending.set()
        if ingest is not None:
            ingest.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    attempt = 0
    while not ending.is_set():
        try:
            ingest = open_ingest(settings)
            break
        except Transient as error:
            if attempt in (0, 3) or attempt % 12 == 0:
                say(f"{error}; trying again")
            ending.wait(pause_s(attempt))
            attempt += 1
    if ingest is not None:
        gc.freeze()
        if ending.is_set():
            ingest.stop()
        ingest.run()
    return 0


def open_ingest(settings: Settings) -> Ingest:
    """A member of the group, ready to run. Raises Transient where a server is away."""
    owner = owner_name()
    conn = connect(settings.database.dsn, settings, name="ioc ingest", longest_pause_s=STANDSTILL_S)
    try:
        check(conn)
        source = open_source(settings, owner)
    except BaseException:
        conn.close()
        raise
    try:
        return Ingest(settings, source, conn, owner)
    except BaseException:
        source.close()
        conn.close()
        raise
