"""A running `ioc ingest` as the bench sees it: as a process of its own, from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import psutil

from ioc.errors import OperatorError
from ioc.figures import FeedFigure
from ioc.settings import Settings
from ioc.store import feeds, notify
from ioc.store.connect import connect

PATIENCE_S = 1800.0
STILL_S = 120.0
"""A pipeline that writes nothing for so long has failed."""


@dataclass(frozen=True, slots=True)
class Drained:
    """How a backlog went: events after the first batch seen, and the seconds they took."""

    events: int
    took_s: float
    peak_mb: float
    half_way_said_s: float | None
    """The time to finish that the feeds showed half way …"""
    half_way_took_s: float
    """… and what it took from there."""

    @property
    def per_s(self) -> float:
        """Events a second."""
        return self.events / self.took_s if self.took_s else 0.0


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds of seconds; empty where there are none."""
    if not len(values):
        return {}
    found = np.percentile(np.array(values), (50, 95, 99)) * 1000
    return {name: round(float(value), 2) for name, value in zip(("p50", "p95", "p99"), found, strict=True)}


class Running:
    """`ioc ingest` from its start to its end; ``stages`` is what it left of each stage's cost."""

    def __init__(self, settings: Settings, config: str | None, place: Path) -> None:
        env = {
            **os.environ,
            "IOC_DATA_DIR": settings.data_dir,
            "IOC_DATABASE__DSN": settings.database.dsn,
            "IOC_BROKER": "kafka",
            "IOC_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        }
        self._measure = place / "stages.json"
        self._measure.unlink(missing_ok=True)
        self._dsn = settings.database.dsn
        more = ["--config", config] if config else []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ioc", "ingest", "--measure", str(self._measure), *more], env=env
        )
        self.stages: dict[str, Any] = {}
        self.cpu_s = 0.0

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            used = psutil.Process(self.process.pid).cpu_times()
            self.cpu_s = used.user + used.system
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)
        if self._measure.exists():
            self.stages = json.loads(self._measure.read_text(encoding="utf-8"))

    def peak_mb(self) -> float:
        """The most memory the process ever held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii", errors="replace")
        return next(float(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM"))

    def drain(self, wanted: int, before: int, also: Callable[[], None] = lambda: None) -> Drained:
        """Waits until ``wanted`` events beyond ``before`` are committed; ``also`` is called again and again.

        Raises OperatorError where the process ends or stands still.
        """
        began_s = moved_s = half_s = 0.0
        started_s = time.perf_counter()
        first = last = before
        said_s: float | None = None
        deadline_s = time.monotonic() + PATIENCE_S
        with connect(self._dsn) as conn, connect(self._dsn) as hints:
            notify.listen(hints)
            while True:
                notify.wait(hints, 0.1)
                also()
                stand = feeds.feeds(conn)
                done, now_s = committed(stand), time.perf_counter()
                if done > last:
                    last, moved_s = done, now_s
                    if not began_s:
                        began_s, first = now_s, done
                if not half_s and done - before >= wanted / 2:
                    half_s, said_s = now_s, _said(stand)
                if done - before >= wanted:
                    if first == done:  # so few that all were seen at once
                        first, began_s = before, started_s
                    return Drained(done - first, now_s - began_s, self.peak_mb(), said_s, now_s - half_s)
                late = time.monotonic() > deadline_s or (moved_s and now_s - moved_s > STILL_S)
                if self.process.poll() is not None or late:
                    raise OperatorError(f"ingest ended or stood still at {done - before} of {wanted} events")


def _said(stand: Sequence[FeedFigure]) -> float | None:
    said = [feed.drain_s for feed in stand if feed.drain_s is not None]
    return max(said) if said else None


def committed(stand: Sequence[FeedFigure]) -> int:
    """Events that are in the store."""
    return sum(feed.events for feed in stand)


def processor_s() -> dict[str, float]:
    """Processor seconds of our servers so far, children that have ended included."""
    found = {"postgres": 0.0, "java": 0.0}
    for process in psutil.Process().children(recursive=True):
        try:
            name, used = process.name(), process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        if name in found:
            found[name] += used.user + used.system + used.children_user + used.children_system
    return found
