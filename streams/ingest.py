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
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ioc.errors import Fenced, Transient
from ioc.facts import Arrival, Batch, Topic
from ioc.life import Rules
from ioc.settings import Settings, seconds
from ioc.store.connect import Connection, connect
from ioc.store.migrate import check, check_rules
from ioc.store.offsets import STANDSTILL_S, note_ends
from streams.aside import Aside
from streams.current_world import LOOK_S, CurrentWorld
from streams.members import open_source
from streams.partitions import Partitions, say
from streams.progress import Pace, Progress
from streams.source import Place, Slice, Source
from streams.stages import Stages
from streams.writer import Writer, pause_s

ENDS_S = 0.4
"""How often the ends of the partitions are noted: lag is known to the second."""
COMMIT_S = 1.0
EMPTY_S = 1.0
"""How often offsets without a record are stepped over."""
ALIVE_S = 2.0
"""How often a consumer that cannot read on shows that it lives."""
HEAVY_BYTES = 32 << 20
"""A batch of so many bytes is full, however few its records are: memory stays bounded."""
BEHIND_EVENTS = 8_000
"""Records in a full batch while many wait, at most; `ingest.batch_events` says why there is a limit."""
MORE_IS_COMING = 200
"""Records in one poll from which on a batch is worth waiting for."""
HANDFUL = 32
"""Records that are written by who has read them, where nothing more is coming."""
GARBAGE = 50_000
"""Objects made before cycles are looked for: records make none, and looking among thousands of them costs a tenth."""
IDLE_POLL_S = 0.1
BUSY_POLL_S = 0.01


def owner_name() -> str:
    """A name for this process in claims and groups: who holds a partition is seen in the store."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"


class Ingest:
    """One ingesting process. `step` does one round; `run` repeats it until `stop`."""

    def __init__(
        self,
        settings: Settings,
        source: Source,
        conn: Connection,
        owner: str,
        again: Callable[[], Settings] | None = None,
    ) -> None:
        rules = Rules.of(settings)
        check(conn)
        check_rules(conn, rules)
        self._settings = settings
        self._source = source
        self._conn = conn
        self._world = CurrentWorld(conn, settings, again)
        self._partitions = Partitions(source, self._world.decoder, owner)
        self.stages = Stages()
        self._writer = Writer(settings, rules, self.stages)
        self._aside = Aside(self._connected)
        self._rest = settings.ingest.batch_events
        self._age_s = seconds(settings.ingest.batch_age)
        self._pending: dict[Topic, list[Arrival]] = {}
        self._count = self._bytes = 0
        self._since_s = 0.0
        self._arrived_s: float | None = None
        self._more = False
        self._committed: dict[Place, int] = {}
        self._due: dict[str, float] = {}
        self._stopping = threading.Event()
        self._pace = Pace()
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
            self._aside.close()
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
        self._settle()
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
        """Reads and decodes what is there, up to a full batch; waits for the writer where the batch is full, or where
        nothing more is coming: then what was read is to be written before anything else."""
        room = self._full - self._count
        if room <= 0 or self._bytes >= HEAVY_BYTES:
            if not self._writer.wait(ENDS_S / 2) and self._turn("alive", ALIVE_S):
                self._source.keep_alive()
            return
        busy = not self._writer.idle
        if busy and self._count and not self._more and self._writer.wait(BUSY_POLL_S):
            return
        with self.stages.polling():
            found = self._source.poll(BUSY_POLL_S if busy or self._count else IDLE_POLL_S, room)
        self._more = sum(len(slice_.records) for slice_ in found) >= min(room, MORE_IS_COMING)
        with self.stages.decoding():
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
            self._since_s, self._arrived_s = time.monotonic(), now_us / 1_000_000
        self._pending.setdefault(slice_.place.topic, []).extend(decode(records, source, now_us))
        self._count += len(records)
        self._bytes += sum([len(record.value) for record in records if record.value])
        held.read = records[-1].offset + 1
        held.last = records[-1]

    def _is_due(self) -> bool:
        """At once where nothing more is coming; else when the batch is full or old."""
        full = self._count >= self._full or self._bytes >= HEAVY_BYTES
        return not self._more or full or time.monotonic() - self._since_s >= self._age_s

    def _flush(self) -> None:
        write = self._writer.write if self._count <= HANDFUL and not self._more else self._writer.give
        write(Batch(self._pending, self._partitions.advances(), arrived_s=self._arrived_s))
        self._pending = {}
        self._count = self._bytes = 0

    def _settle(self) -> None:
        """Takes the writer's result, if there is one. Fenced: nothing that was read since can be trusted to be ours."""
        try:
            written = self._writer.result()
        except Fenced as error:
            self._pending = {}
            self._count = self._bytes = 0
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
        if self._turn("world", LOOK_S):
            self._follow_world()
        line = self.progress.line()
        if line:
            say(line)

    @property
    def _full(self) -> int:
        """Records in a full batch: more at a time while many wait."""
        behind = self.progress.behind > 4 * self._rest
        return max(self._rest, min(BEHIND_EVENTS, 2 * self._rest)) if behind else self._rest

    def _follow_world(self) -> None:
        try:
            said = self._world.changed(self._connection())
        except Transient:
            return  # looked at again in a moment
        if said:
            say(said)
            self._partitions.decode_with(self._world.decoder)

    def _turn(self, what: str, every_s: float) -> bool:
        now_s = time.monotonic()
        if now_s < self._due.get(what, 0.0):
            return False
        self._due[what] = now_s + every_s
        return True

    def _note_ends(self) -> None:
        held = self._partitions.held
        ends = {place: end for place, end in self._source.ends().items() if place in held}
        if not ends:
            return
        now = datetime.now(UTC) - timedelta(seconds=self._source.ends_age_s)
        waiting = {held[place].claim.source: max(0, end - held[place].written) for place, end in ends.items()}
        closing = self._pace.note(time.monotonic(), waiting)
        self.progress.behind, self.progress.closing_per_s = sum(waiting.values()), sum(closing.values())
        known = {held[place].claim.source: end for place, end in ends.items()}
        # where the server is away, lag is unknown, which is the truth
        self._aside.write(lambda conn: note_ends(conn, known, now, closing))

    def _commit(self) -> None:
        written = self._partitions.written()
        if written != self._committed:
            self._committed = written
            self._source.commit(written)

    def _connection(self) -> Connection:
        if self._conn.closed or self._conn.broken:
            self._conn = self._connected()
        return self._conn

    def _connected(self) -> Connection:
        return connect(self._settings.database.dsn, self._settings, name="ioc ingest", longest_pause_s=STANDSTILL_S)


def run(settings: Settings, again: Callable[[], Settings] | None = None, measure: Path | None = None) -> int:
    """Ingests until SIGTERM or Ctrl-C; ``again`` reads the settings anew when units or services changed;
    ``measure`` names a file for what each stage cost, in JSON, at the end.

    Raises ConfigError and OperatorError for what a person must put right.
    """
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
            ingest = open_ingest(settings, again)
            break
        except Transient as error:
            if attempt in (0, 3) or attempt % 12 == 0:
                say(f"{error}; trying again")
            ending.wait(pause_s(attempt))
            attempt += 1
    if ingest is not None:
        gc.freeze()
        gc.set_threshold(GARBAGE, 20, 50)
        if ending.is_set():
            ingest.stop()
        ingest.run()
        if measure is not None:
            ingest.stages.write(measure)
    return 0


def open_ingest(settings: Settings, again: Callable[[], Settings] | None = None) -> Ingest:
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
        return Ingest(settings, source, conn, owner, again)
    except BaseException:
        source.close()
        conn.close()
        raise
