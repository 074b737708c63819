"""From the producer's send to the commit, beside a bare commit of one row at the same time."""

from __future__ import annotations

import bisect
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from ioc.errors import OperatorError
from ioc.facts import Topic, digest_of
from ioc.store import state
from ioc.store.connect import connect
from ioc.store.known import where_known
from streams.bench_mix import Mix
from streams.producer import Producer

BARE_EVERY_S = 0.02
LOOK_S = 0.25
WARM_S = 5.0
"""How long events flow before any is counted: the broker's code is compiled, statements are planned, caches filled."""
LAST_S = 60.0
"""How long the last events may take."""

Commit = tuple[float, dict[str, int]]
"""When the server had answered, and up to which offset of each source it went; see `streams.stages`."""


class Watched:
    """Case events by id and when each was sent; with the commits that `ioc ingest` has noted, how long each took."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._sent: dict[bytes, float] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.bare_s: list[float] = []

    def sent(self, event_id: str) -> None:
        """Notes that an event is handed to the producer now."""
        with self._lock:
            self._sent[digest_of(event_id)] = time.perf_counter()

    def forget(self) -> None:
        """What was sent so far was to warm up."""
        with self._lock:
            self._sent.clear()
        self.bare_s.clear()

    @contextmanager
    def beside_bare_commits(self) -> Iterator[None]:
        """Makes commits of one row, fifty a second, each timed by who commits, as the events' are."""
        thread = threading.Thread(target=self._commit, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join(10)

    def settle(self) -> dict[bytes, tuple[int, int]]:
        """Waits until all are committed; source and offset of each. Raises OperatorError where they do not come."""
        deadline_s = time.monotonic() + LAST_S
        with connect(self._dsn) as conn:
            while True:
                with self._lock:
                    asked = list(self._sent)
                found = where_known(conn, Topic.CASES, asked)
                if len(found) == len(asked):
                    return found
                if time.monotonic() > deadline_s:
                    raise OperatorError(f"{len(asked) - len(found)} events were not committed in {LAST_S:.0f} s")
                self._ended.wait(LOOK_S)

    def took_s(self, where: dict[bytes, tuple[int, int]], commits: Iterable[Commit]) -> list[float]:
        """Seconds from each send to the answer to its commit; ``where`` is what `settle` gave."""
        ends: dict[int, list[tuple[int, float]]] = {}
        for at_s, advances in commits:
            for no, next_offset in advances.items():
                ends.setdefault(int(no), []).append((next_offset, at_s))
        took = []
        for identity, (source, offset) in where.items():
            passed = bisect.bisect_right(ends[source], offset, key=lambda end: end[0])
            took.append(ends[source][passed][1] - self._sent[identity])
        return took

    def _commit(self) -> None:
        """A commit counts from when it was due where the one before it took too long: one stall delays many events."""
        with connect(self._dsn) as conn:
            n, ended_s = 0, time.perf_counter()
            due_s = ended_s + BARE_EVERY_S
            while not self._ended.wait(max(0.0, due_s - time.perf_counter())):
                n += 1
                began_s = due_s if ended_s > due_s else time.perf_counter()
                state.put(conn, "bench commit", str(n))
                ended_s = time.perf_counter()
                self.bare_s.append(ended_s - began_s)
                due_s += BARE_EVERY_S


class Noting(Protocol):
    """Hears of each event just before it is sent."""

    def sent(self, event_id: str) -> None:
        """An event is handed to the producer now."""


def send_evenly(
    producer: Producer, mix: Mix, noting: Noting, *, rate: float, seconds: float, run: str, first: int = 0
) -> int:
    """Sends ``rate`` steps of cases a second for so long, numbered from ``first``; the number after the last."""
    began_s, total = time.perf_counter(), int(rate * seconds)
    pause = threading.Event()
    for n in range(total):
        pause.wait(max(0.0, began_s + n / rate - time.perf_counter()))
        topic, key, value = mix.case_step(first + n, mix.at(n / total), 0)
        noting.sent(f"c{run}-{first + n}")
        producer.send(topic, key, value)
    return first + total
