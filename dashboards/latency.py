"""From the arrival of an event to paint on a glass, as the screens themselves report it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

KEPT = 4096
"""Samples that percentiles are taken from: the newest, of all screens together …"""
WINDOW_S = 300.0
"""… and none older than this: what is shown is the present."""
BUCKETS_S = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds; ``samples`` they were taken from."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    samples: int


class Latency:
    """Collects samples from any thread; keeps cumulative counts for a histogram and the newest samples."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.apart = 0
        """Samples below 0, for clocks that are apart: they count as 0."""
        self._clock = clock
        self._lock = threading.Lock()
        self._newest: deque[tuple[float, float]] = deque(maxlen=KEPT)
        self._counts = [0] * (len(BUCKETS_S) + 1)
        self._sum_s = 0.0

    def add(self, latency_s: float) -> None:
        """One painted change; a negative value (clocks apart) counts as 0."""
        own = max(0.0, latency_s)
        with self._lock:
            self.apart += latency_s < 0
            self._newest.append((self._clock(), own))
            self._sum_s += own
            self._counts[sum(own > edge for edge in BUCKETS_S)] += 1

    def percentiles(self) -> Percentiles | None:
        """Of the newest samples; None where there are none of the last `WINDOW_S`."""
        with self._lock:
            since_s = self._clock() - WINDOW_S
            while self._newest and self._newest[0][0] < since_s:
                self._newest.popleft()
            values = np.array([value for _, value in self._newest])
        if not len(values):
            return None
        p50, p95, p99 = (float(1000 * p) for p in np.quantile(values, (0.5, 0.95, 0.99)))
        return Percentiles(p50, p95, p99, len(values))

    def histogram(self) -> tuple[list[tuple[str, float]], float]:
        """Cumulative counts by upper edge, ``+Inf`` last, and the sum in seconds: what Prometheus wants."""
        with self._lock:
            counts, total = list(self._counts), self._sum_s
        edges = [*(str(edge) for edge in BUCKETS_S), "+Inf"]
        return [(edge, float(sum(counts[: at + 1]))) for at, edge in enumerate(edges)], total
