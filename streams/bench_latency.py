"""From the producer's send to the commit that others see, beside a bare commit of one row at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ioc.errors import OperatorError
from ioc.facts import Topic, digest_of
from ioc.store import notify, state
from ioc.store.connect import connect
from ioc.store.known import known_of
from streams.bench_mix import Mix
from streams.producer import Producer

BARE_EVERY_S = 0.02
LAST_S = 60.0
"""How long the last events may take."""


class Watched:
    """Case events by id, and when each was sent and seen; seen is later than committed by a hint and a question."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._sent: dict[bytes, float] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.took_s: list[float] = []
        self.bare_s: list[float] = []

    def sent(self, event_id: str) -> None:
        """Notes that an event is handed to the producer now."""
        with self._lock:
            self._sent[digest_of(event_id)] = time.perf_counter()

    @property
    def waiting(self) -> int:
        """Events that were sent and not seen yet."""
        with self._lock:
            return len(self._sent)

    @contextmanager
    def watching(self, *, bare: bool) -> Iterator[None]:
        """Looks at every commit; with ``bare`` also makes commits of one row, fifty a second."""
        threads = [threading.Thread(target=self._look, daemon=True)]
        if bare:
            threads.append(threading.Thread(target=self._commit, daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(10)

    def settle(self) -> None:
        """Waits for the last events. Raises OperatorError where they do not come."""
        deadline_s = time.monotonic() + LAST_S
        while self.waiting:
            if time.monotonic() > deadline_s:
                raise OperatorError(f"{self.waiting} events were not committed in {LAST_S:.0f} s")
            self._ended.wait(0.01)

    def _look(self) -> None:
        with connect(self._dsn) as hints, connect(self._dsn) as conn:
            notify.listen(hints)
            while not self._ended.is_set():
                notify.wait(hints, 0.05)
                with self._lock:
                    asked = list(self._sent)
                if not asked:
                    continue
                found = known_of(conn, Topic.CASES, asked)
                now_s = time.perf_counter()
                with self._lock:
                    self.took_s += [now_s - self._sent.pop(identity) for identity in found if identity in self._sent]

    def _commit(self) -> None:
        with connect(self._dsn) as conn:
            n = 0
            while not self._ended.wait(BARE_EVERY_S):
                n += 1
                began_s = time.perf_counter()
                state.put(conn, "bench commit", str(n))
                self.bare_s.append(time.perf_counter() - began_s)


class Noting(Protocol):
    """Hears of each event just before it is sent."""

    def sent(self, event_id: str) -> None:
        """An event is handed to the producer now."""


def send_evenly(producer: Producer, mix: Mix, noting: Noting, *, rate: float, seconds: float, run: str) -> None:
    """Sends ``rate`` steps of cases a second for so long."""
    began_s, total = time.perf_counter(), int(rate * seconds)
    pause = threading.Event()
    for n in range(total):
        pause.wait(max(0.0, began_s + n / rate - time.perf_counter()))
        topic, key, value = mix.case_step(n, mix.at(n / total), 0)
        noting.sent(f"c{run}-{n}")
        producer.send(topic, key, value)
