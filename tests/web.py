"""A real web process on a real database, as a pytest plugin: it can be stopped, killed and started again."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ioc.facts import Topic
from ioc.settings import Settings, without_settings
from ioc.store import offsets
from ioc.store.connect import connect
from streams.embedded.process import free_ports
from tests.feeding import Feeder

ROOT = Path(__file__).parents[1]
PATIENCE_S = 60.0
TICK = threading.Event()


def until(condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """The first true value of ``condition``; the test fails with ``what`` after ``patience_s``."""
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        found = condition()
        if found:
            return found
        TICK.wait(0.05)
    pytest.fail(f"{what}: not within {patience_s:.0f} s")


class WebServer:
    """`ioc web` as its own process, without identity unless a token is given."""

    def __init__(self, dsn: str, directory: Path, **env: str) -> None:
        self.port: int = free_ports(1)[0]
        self.root = ROOT  # of the code; a copy is another build
        self.log = directory / "web.log"
        self.env = without_settings(os.environ) | {
            "IOC_DATABASE__DSN": dsn,
            "IOC_WEB__PORT": str(self.port),
            "IOC_DATA_DIR": str(directory),
            "IOC_DEMO_MODE": "true",
            **env,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ioc", "web"], cwd=self.root, env=self.env, stdout=log, stderr=subprocess.STDOUT
            )
        until(lambda: self.ended() or self.status("/healthz") == 200, f"web starts ({self.log})")
        assert not self.ended(), self.log.read_text()

    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process is None or self.process.poll() is not None

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ends it and waits for its end."""
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(PATIENCE_S)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def status(self, path: str) -> int:
        """The status, 0 while nobody answers."""
        try:
            return self.get(path)[0]
        except OSError:
            return 0

    def json(self, path: str) -> Any:
        """The body as JSON, whatever the status."""
        return json.loads(self.get(path)[2])

    def until_figures(self) -> None:
        """Waits until the first picture of the store was read; before that a sign answers 503."""
        until(lambda: self.status("/sign/tinh.json") == 200, "the sign has figures")


class Pipeline:
    """What ingest does for readiness, without a broker: claims every topic and notes its end again and again."""

    def __init__(self, feeder: Feeder) -> None:
        self.feeder = feeder
        self._stop = threading.Event()
        self._conn = connect(feeder.settings.database.dsn, feeder.settings)
        self._sources = []
        for topic in Topic:
            self._sources.append(feeder._claim(topic).source)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.3):
            offsets.note_ends(self._conn, dict.fromkeys(self._sources, 0), datetime.now(UTC))

    def stop(self) -> None:
        """Nobody reads any more."""
        self._stop.set()
        self._thread.join()
        self._conn.close()


@pytest.fixture
def feeder(store: str, ours: Settings) -> Iterator[Feeder]:
    """Writes events into this test's database; its clock is the present."""
    found = Feeder(store, ours, datetime.now(UTC))
    yield found
    found.close()


@pytest.fixture
def pipeline(feeder: Feeder) -> Iterator[Pipeline]:
    """Keeps the lag of every feed known."""
    found = Pipeline(feeder)
    yield found
    found.stop()


@pytest.fixture
def start_web(store: str, tmp_path: Path) -> Iterator[Callable[..., WebServer]]:
    """Starts web processes on this test's database; ended with the test."""
    started: list[WebServer] = []

    def start(**env: str) -> WebServer:
        server = WebServer(store, tmp_path, **env)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        if not server.ended():
            server.stop()


@pytest.fixture
def web(start_web: Callable[..., WebServer]) -> WebServer:
    """A running web process without identity."""
    return start_web()


def received(number: int, at: datetime, unit: str = "25747", **more: Any) -> tuple[str, dict[str, Any]]:
    """A case that is received at a one-stop centre of district 718."""
    return "ioc.cases.v1", {
        "event_id": f"w-{number}",
        "occurred_at": at.isoformat(),
        "case_code": f"000.00.12.H09-261122-{number:04}",
        "status": "received",
        "procedure_code": "1.001193",
        "receiving_unit": "718",
        "handling_unit": unit,
        "channel": "online",
        **more,
    }
