"""A poll that waits for nothing but records. The driver's own calls its thread three times and waits for it each time:
for whether the coordinator is known, for more to be asked for, for being told when it is there. At a steady trickle
that was a third of a record's way.
"""

from __future__ import annotations

import threading
from typing import Any

MANY = 200
"""Records from which on the next ones are asked for while these are worked on."""

LEAST_MS = 1.0
"""Where a heartbeat is due the driver polls without waiting until its thread has sent it."""


def ask_once(consumer: Any) -> None:
    """Makes ``consumer`` poll so; see `KafkaConsumer.poll`."""
    coordinator = consumer._coordinator
    ensure = coordinator.ensure_coordinator_ready

    def ensure_coordinator_ready(timeout_ms: float | None = None) -> bool:
        known = coordinator.coordinator_id
        return (known is not None and not coordinator._client.is_disconnected(known)) or bool(ensure(timeout_ms))

    coordinator.ensure_coordinator_ready = ensure_coordinator_ready
    consumer._fetcher.fetch_records = Asking(consumer).fetch_records


class Asking:
    """In place of the driver's `Fetcher.fetch_records`."""

    def __init__(self, consumer: Any) -> None:
        self._fetcher = consumer._fetcher
        self._manager = consumer._manager

    def fetch_records(
        self, max_records: int | None = None, update_offsets: bool = True, timeout_ms: float | None = None
    ) -> tuple[dict[Any, list[Any]], bool]:
        """Records by partition, and whether there was nothing to wait for. Few are handed out before others are asked
        for."""
        found, partial = self._drained(max_records, update_offsets)
        if found:
            if not partial and sum(map(len, found.values())) >= MANY:
                self._manager.call_soon(self._fetcher._send_fetches_async)
            return found, False
        come = threading.Event()
        asked = self._manager.call_soon(self._ask, come)
        asked.add_errback(lambda _: come.set())
        come.wait(None if timeout_ms is None else max(LEAST_MS, timeout_ms) / 1000)
        if asked.exception is not None:
            raise asked.exception
        found, _ = self._drained(max_records, update_offsets)
        return found, not found and asked.is_done and not asked.value

    def _drained(self, max_records: int | None, update_offsets: bool) -> tuple[dict[Any, list[Any]], bool]:
        found: tuple[dict[Any, list[Any]], bool]
        found = self._fetcher.fetched_records(max_records, update_offsets=update_offsets)
        return found

    async def _ask(self, come: threading.Event) -> bool:
        """On the driver's thread: sends what is to be sent, and says when something of it has come; False where there
        is nothing to wait for."""
        fetcher = self._fetcher
        await fetcher._send_fetches_async()
        waited = [*fetcher._fetch_futures]
        if fetcher._reset_task is not None and not fetcher._reset_task.is_done:
            waited.append(fetcher._reset_task)
        for future in waited:
            future.add_both(lambda _: come.set())
        landed = bool(fetcher._completed_fetches)  # since they were drained
        if landed or not waited:
            come.set()
        return landed or bool(waited)
