"""What the broker and its client take alone, without ingest: records a second, and how long one is underway."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from ioc.errors import OperatorError
from ioc.settings import Settings
from streams.members import open_source
from streams.source import Source

POLL_S = 0.1
MOST = 10_000
PATIENCE_S = 900.0
LAST_S = 60.0
"""How long the last record may take."""


class Consumer:
    """A member of a group of its own that reads and does nothing with it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._reads = False

    def join(self, *, from_begin: bool) -> bool:
        """Takes what it was given, to be read from the begin or from the end; whether it has ever been given any."""
        for place, bounds in self._source.bounds(self._source.changes().assigned).items():
            self._source.seek(place, bounds[0 if from_begin else 1])
            self._reads = True
        return self._reads

    def poll(self) -> list[bytes]:
        """The values of what came."""
        return [record.value or b"" for slice_ in self._source.poll(POLL_S, MOST) for record in slice_.records]


@contextmanager
def consumer(settings: Settings) -> Iterator[Consumer]:
    """A consumer that leaves its group at the end."""
    kafka = msgspec.structs.replace(settings.kafka, group_id=f"ioc-bench-{time.time_ns()}")
    source = open_source(msgspec.structs.replace(settings, kafka=kafka), "bench")
    try:
        yield Consumer(source)
    finally:
        source.close()


def polling(settings: Settings, events: int) -> tuple[float, float]:
    """Records a second of the source alone, from assignment on, and the processor seconds of it."""
    with consumer(settings) as reader:
        seen, began_s, used_s = 0, 0.0, 0.0
        deadline_s = time.monotonic() + PATIENCE_S
        while seen < events:
            if reader.join(from_begin=True) and not began_s:
                began_s, used_s = time.perf_counter(), time.process_time()
            seen += len(reader.poll())
            if time.monotonic() > deadline_s:
                raise OperatorError(f"polling alone saw {seen} of {events} records in {PATIENCE_S:.0f} s")
        return seen / (time.perf_counter() - began_s), time.process_time() - used_s


class Underway:
    """When each event was sent, and how long it took to a consumer."""

    def __init__(self) -> None:
        self.took_s: list[float] = []
        self._sent: dict[str, float] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ready = threading.Event()

    def sent(self, event_id: str) -> None:
        """Notes that an event is handed to the producer now."""
        with self._lock:
            self._sent[event_id] = time.perf_counter()

    @contextmanager
    def watching(self, settings: Settings) -> Iterator[None]:
        """Reads on a thread of its own; at the end waits for the last events. Raises OperatorError without them."""
        thread = threading.Thread(target=self._read, args=(settings,), daemon=True)
        thread.start()
        try:
            if not self._ready.wait(LAST_S):
                raise OperatorError("the consumer was given no partitions")
            yield
            deadline_s = time.monotonic() + LAST_S
            while self._sent:
                if time.monotonic() > deadline_s:
                    raise OperatorError(f"{len(self._sent)} events did not arrive in {LAST_S:.0f} s")
                self._ended.wait(0.01)
        finally:
            self._ended.set()
            thread.join(LAST_S)

    def _read(self, settings: Settings) -> None:
        with consumer(settings) as reader:
            while not self._ended.is_set():
                if reader.join(from_begin=False):
                    self._ready.set()
                values, now_s = reader.poll(), time.perf_counter()
                for value in values:
                    with self._lock:
                        sent_s = self._sent.pop(msgspec.json.decode(value)["event_id"], None)
                    if sent_s is not None:
                        self.took_s.append(now_s - sent_s)
