"""From the source to the store: claim, poll, decode, write; and again from where the store says.

The main thread reads and decodes the next batch while `Writer` writes this one. Offsets move in the transaction of the
data, under the epoch of our claim, so whatever ends this process, nothing is lost and nothing counts twice.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
import time
import uuid
from datetime import UTC, datetime

from ioc.errors import Fenced, Transient
from ioc.facts import Arrival, Batch, Topic
from ioc.life import Rules
from ioc.settings import Settings, seconds
from ioc.store.connect import Connection, connect
from ioc.store.migrate import check, check_rules
from ioc.store.offsets import note_ends
from ioc.store.units import load
from streams.decode import Decoder
from streams.partitions import Partitions, say
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
MORE_IS_COMING = 200
"""Records in one poll from which on a batch is worth waiting for."""
IDLE_POLL_S = 0.1
BUSY_POLL_S = 0.01


def owner_name() -> str:
    """A name for this process in claims and groups: who holds a partition is seen in the store."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"


class Ingest:
    """One ingesting process. `step` does one round; `run` repeats it until `stop`."""

    def __init__(self, settings: Settings, source: Source, conn: Connection, owner: str) -> None:
        rules = Rules.of(settings)
        check(conn)
        check_rules(conn, rules)
        self._settings = settings
        self._source = source
        self._conn = conn
        self._partitions = Partitions(source, Decoder(settings, load(conn, settings)), owner)
        self._writer = Writer(settings, rules)
        self._full = settings.ingest.batch_events
        self._age_s = seconds(settings.ingest.batch_age)
        self._pending: dict[Topic, list[Arrival]] = {}
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
            self._partitions.note(changes)
        if self._partitions.leaving:
            self._give_up()
        if self._stopping.is_set():
            return
        self._settle()
        self._partitions.claim(self._connection)
        self._read()
        if self._count and self._writer.idle and self._is_due():
            self._flush()
        self._look_around()

    def _give_up(self) -> None:
        """Lets go of partitions that others will have, after writing what was read, as far as that is ours to do."""
        if not self._partitions.leaving.isdisjoint(self._partitions.held):
            self._finish()
        self._partitions.let_go()

    def _finish(self) -> None:
        """Writes everything that was read; keeps our membership alive meanwhile."""
        while (self._count or not self._writer.idle) and not self._stopping.is_set():
            if self._writer.wait(1.0):
                self._settle()
                if self._count:
                    self._flush()
            else:
                self._source.keep_alive()

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
        held = self._partitions.held.get(slice_.place)
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
        self._writer.give(Batch(self._pending, self._partitions.advances()))
        self._pending = {}
        self._count = 0

    def _settle(self) -> None:
        """Takes the writer's result, if there is one. Fenced: nothing that was read since can be trusted to be ours."""
        try:
            written = self._writer.result()
        except Fenced as error:
            self._pending = {}
            self._count = 0
            self._partitions.lose(error)
            return
        if written is not None:
            self._partitions.confirm()
            self.progress.add(written)

    def _look_around(self) -> None:
        if self._turn("ends", ENDS_S):
            self._note_ends()
        if self._turn("commit", COMMIT_S):
            self._commit()
        quiet = not self._count and self._writer.idle
        if self._turn("empty", EMPTY_S) and quiet and self._partitions.step_over_empty():
            self._flush()
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
        held = self._partitions.held
        ends = {place: end for place, end in self._source.ends().items() if place in held}
        if not ends:
            return
        self.progress.behind = sum(max(0, end - held[place].written) for place, end in ends.items())
        try:
            note_ends(self._connection(), {held[place].claim.source: end for place, end in ends.items()}, now)
        except Transient:
            return  # lag is then unknown, which is the truth

    def _commit(self) -> None:
        written = self._partitions.written()
        if written != self._committed:
            self._committed = written
            self._source.commit(written)

    def _connection(self) -> Connection:
        if self._conn.closed or self._conn.broken:
            self._conn = connect(
                self._settings.database.dsn, self._settings, name="ioc ingest", longest_pause_s=STANDSTILL_S
            )
        return self._conn


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
