"""The writing half of ingest: one connection, one batch at a time; on a thread of its own while the next one is read,
and on the reader's where there are few records and nothing else to read."""

from __future__ import annotations

import random
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

from ioc.errors import Fenced, Transient
from ioc.facts import Batch, Written
from ioc.life import DAY_US, Rules
from ioc.settings import Settings, seconds
from ioc.store.batch import write_batch
from ioc.store.connect import Connection, connect
from ioc.store.offsets import STANDSTILL_S, WRITER
from ioc.store.refused import Cap
from streams.halving import UNHOLDABLE, pieces, together
from streams.stages import Stages

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
QUICK_S = 0.1
"""A server whose last answer took longer is not waited for by who reads."""
BUSY = "a batch is being written already"


def pause_s(attempt: int) -> float:
    """How long to wait before trying again: doubled each time up to five seconds, and never two processes alike."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempt, 10)) * random.uniform(0.5, 1.0)


class Writer:
    """Writes batches in the order given. `give` and `write` only when idle; every result is taken once, by `result`."""

    def __init__(self, settings: Settings, rules: Rules, stages: Stages | None = None) -> None:
        self._settings = settings
        self._rules = rules
        self._cap = Cap.of(settings)
        self._stages = stages or Stages()
        skew_us = round(seconds(settings.ingest.clock_skew) * 1_000_000)
        self._sure_us = (settings.ingest.dedupe_days - 1) * DAY_US - skew_us
        self._conn: Connection | None = None
        self._ending = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._future: Future[Written] | None = None
        self._last_s = 0.0

    @property
    def idle(self) -> bool:
        """Nothing is being written and no result waits."""
        return self._future is None

    def give(self, batch: Batch) -> None:
        """Starts writing. The same batch is tried until the server has answered."""
        if self._future is not None:
            raise RuntimeError(BUSY)
        self._future = self._pool.submit(self._write, batch)

    def write(self, batch: Batch) -> None:
        """Writes a small batch here and now: to hand it over would take as long. What does not go as it should is
        `give`n: the reader does not wait for a server known to be in trouble, nor look for what cannot be stored."""
        if self._conn is None or self._last_s > QUICK_S:
            return self.give(batch)
        if self._future is not None:
            raise RuntimeError(BUSY)
        done: Future[Written] = Future()
        try:
            with self._stages.writing():
                done.set_result(self._once(batch))
        except (Transient, *UNHOLDABLE):
            return self.give(batch)
        except Fenced as error:
            done.set_exception(error)
        self._future = done

    def wait(self, timeout_s: float) -> bool:
        """Whether a result is there within ``timeout_s``, or nothing is being written."""
        if self._future is None:
            return True
        return bool(wait([self._future], timeout_s).done)

    def result(self) -> Written | None:
        """What the batch came to; None while it is being written, or where nothing is.

        Raises Fenced where the batch must be dropped; Transient only while closing.
        """
        if self._future is None or not self._future.done():
            return None
        future, self._future = self._future, None
        return future.result()

    def close(self) -> None:
        """Lets the batch in flight come to its end, unless the server is away."""
        self._ending.set()
        self._pool.shutdown(wait=True)
        if self._conn is not None:
            self._conn.close()

    def _write(self, batch: Batch) -> Written:
        """The batch in one transaction; in pieces, in order, where some record of it cannot be stored."""
        with self._stages.writing():
            return self._whole(batch)

    def _whole(self, batch: Batch) -> Written:
        waiting = [batch]
        written: list[Written] = []
        while waiting:
            piece = waiting.pop()
            try:
                written.append(self._try(piece))
            except UNHOLDABLE as error:
                if piece is batch:
                    print(f"ingest: a record cannot be stored ({error}); looking for it", file=sys.stderr, flush=True)
                waiting += reversed(pieces(piece, error))
        return together(written)

    def _try(self, batch: Batch) -> Written:
        attempt = 0
        while True:
            try:
                return self._once(batch)
            except Transient as error:
                if self._ending.is_set():
                    raise
                if attempt in (0, 3) or attempt % 12 == 0:
                    print(f"ingest: the database does not answer ({error}); trying again", file=sys.stderr, flush=True)
                self._ending.wait(pause_s(attempt))
                attempt += 1

    def _once(self, batch: Batch) -> Written:
        began_s = time.monotonic()
        try:
            if self._conn is None:
                self._conn = connect(
                    self._settings.database.dsn, self._settings, name=WRITER, longest_pause_s=STANDSTILL_S
                )
                began_s = time.monotonic()
            since_us = time.time_ns() // 1000 - self._sure_us
            written = write_batch(self._conn, batch, self._rules, self._cap, sure_since_us=since_us)
            self._stages.committed(batch.advances)
            return written
        except Transient:
            if self._conn is not None:
                self._conn.close()
                self._conn = None
            raise
        finally:
            self._last_s = time.monotonic() - began_s
