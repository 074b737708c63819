"""Handing events to whatever carries them, and telling a person how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TextIO

import msgspec

from streams.producer import Producer
from streams.sent import Sent

FLUSH_EVERY = 5_000
FLUSH_TIMEOUT_S = 60.0
TOLD_EVERY_S = 10.0


def deliver(producer: Producer, events: Iterable[Sent]) -> int:
    """Sends the events and waits for their acknowledgement; gives their number."""
    encode = msgspec.json.Encoder().encode
    count = 0
    for event in events:
        producer.send(event.topic, event.key, encode(event.value))
        count += 1
        if count % FLUSH_EVERY == 0:
            producer.flush(FLUSH_TIMEOUT_S)
    producer.flush(FLUSH_TIMEOUT_S)
    return count


class Progress:
    """One line on standard error: rewritten in place on a terminal, every ten seconds a new one elsewhere."""

    def __init__(self, title: str, out: TextIO | None = None) -> None:
        self._title = title
        self._out = sys.stderr if out is None else out
        self._tty = self._out.isatty()
        self._told_s = time.monotonic()
        self._wrote = False

    def tell(self, text: str, *, now: bool = False) -> None:
        """Shows where things stand; ``now`` does not wait for the next turn."""
        due = time.monotonic() - self._told_s >= (0.2 if self._tty else TOLD_EVERY_S)
        if not (due or now):
            return
        self._told_s = time.monotonic()
        self._wrote = True
        self._out.write(f"\r\033[K{self._title}: {text}" if self._tty else f"{self._title}: {text}\n")
        self._out.flush()

    def end(self) -> None:
        """Leaves the line as it is."""
        if self._tty and self._wrote:
            self._out.write("\n")
            self._out.flush()
