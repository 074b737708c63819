"""What each stage of ingest costs: processor seconds by thread, and how long each batch took."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ioc.facts import Advance

MOST_BATCHES = 100_000
MOST_COMMITS = 20_000


class Stages:
    """Processor seconds of reading, decoding and writing, and the batches' durations; one instance a process.

    ``waited_s`` is how long the writer stood and waited for the database. What the driver's own thread does is in
    ``process_s`` alone. ``commits`` says when the server had answered to a commit (by `time.perf_counter`, which all
    processes of a machine share) and up to which offset of each source it went.
    """

    def __init__(self) -> None:
        self.poll_s = self.decode_s = self.write_s = self.waited_s = 0.0
        self.batches_s: deque[float] = deque(maxlen=MOST_BATCHES)
        self.commits: deque[tuple[float, dict[int, int]]] = deque(maxlen=MOST_COMMITS)
        self._started_s = time.process_time()

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Reading; on the reading thread."""
        began_s = time.thread_time()
        yield
        self.poll_s += time.thread_time() - began_s

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Decoding; on the reading thread."""
        began_s = time.thread_time()
        yield
        self.decode_s += time.thread_time() - began_s

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One batch that is committed at the end; on the writing thread."""
        began_s, worked_s = time.perf_counter(), time.thread_time()
        yield
        took_s, busy_s = time.perf_counter() - began_s, time.thread_time() - worked_s
        self.write_s += busy_s
        self.waited_s += max(0.0, took_s - busy_s)
        self.batches_s.append(took_s)

    def committed(self, advances: Iterable[Advance]) -> None:
        """The server has answered to the commit of a batch with these advances."""
        self.commits.append((time.perf_counter(), {move.source: move.next_offset for move in advances}))

    def write(self, path: Path) -> None:
        """Leaves everything in a JSON file, in place at once."""
        said = {
            "poll_s": self.poll_s,
            "decode_s": self.decode_s,
            "write_s": self.write_s,
            "waited_s": self.waited_s,
            "process_s": time.process_time() - self._started_s,
            "batches_s": list(self.batches_s),
            "commits": list(self.commits),
        }
        beside = path.with_name(path.name + ".new")
        beside.write_text(json.dumps(said), encoding="utf-8")
        os.replace(beside, path)
