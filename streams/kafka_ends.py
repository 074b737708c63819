"""The ends of the partitions, asked for on the driver's own thread: whoever reads never waits for the answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka.protocol.consumer import OffsetSpec

from ioc.errors import Transient
from streams.kafka_admin import translated

ASK_S = 0.2
"""How often the broker is asked, while somebody reads."""
OLD_S = 0.6
"""What was asked longer ago is not "now" any more: a question that waits behind a fetch, and a turn of ingest."""
PATIENCE_MS = 600


@contextmanager
def known() -> Iterator[None]:
    """Asked for the ends of a topic that was deleted a moment ago, the driver stumbles over what it lacks."""
    try:
        yield
    except KeyError as error:
        raise Transient(f"kafka does not know {error} now") from error


class Ends:
    """One question at a time. `look` often; `newest` as often as one likes."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._asked_s = self._answered_s = float("-inf")
        self._asking: Any = None
        self._found: dict[Any, int] = {}

    def look(self) -> None:
        """Takes the answer if it is there, and asks again when it is time. Never blocks. Raises ConfigError where the
        broker forbids to ask."""
        now_s = time.monotonic()
        if self._asking is not None and self._asking.is_done:
            asked, self._asking = self._asking, None
            self._take(asked)
        if self._asking is None and now_s - self._asked_s >= ASK_S:
            pairs = self._consumer.assignment()
            if pairs:
                self._asked_s = now_s
                fetcher = self._consumer._fetcher
                self._asking = self._consumer._manager.call_soon(
                    fetcher._fetch_offsets_by_times_async, dict.fromkeys(pairs, OffsetSpec.LATEST), PATIENCE_MS
                )

    def _take(self, asked: Any) -> None:
        try:
            with translated(), known():
                if asked.exception is not None:
                    raise asked.exception
        except Transient:
            return  # what is known grows old
        self._found = {pair: at.offset for pair, at in asked.value.items()}
        self._answered_s = self._asked_s

    @property
    def age_s(self) -> float:
        """How long ago the newest answer was asked for."""
        return time.monotonic() - self._answered_s

    def close(self) -> None:
        """Lets a question that is under way come to its end, so that it opens no connection after the others closed."""
        if self._asking is not None:
            ended = threading.Event()
            self._asking.add_both(lambda *_: ended.set())
            ended.wait(PATIENCE_MS / 1000)

    def newest(self) -> dict[Any, int]:
        """The end of every partition that is ours, as it was `OLD_S` ago or later; {} where nobody knows."""
        self.look()
        if self.age_s > OLD_S:
            return {}
        mine = self._consumer.assignment()
        return {pair: end for pair, end in self._found.items() if pair in mine}
