"""A centre of the measurement's own, with Kafka, and a load.

It is `ioc demo` without input in a fresh directory; events go in by `ioc produce`, as any department would send
them. Nothing stands in for anything: the log source is refused in Kafka's place.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psutil

from ioc.errors import OperatorError
from ioc.settings import Settings, without_settings
from ioc.world import World, load_world

START_S = 180.0
END_S = 60.0
CASES = 400
"""Cases that the load's steps belong to; they are received before anything is measured."""


@dataclass(frozen=True, slots=True)
class Centre:
    """A running centre."""

    url: str
    dsn: str
    directory: Path
    pid: int
    world: World

    @property
    def web(self) -> psutil.Process:
        """The web process that answers now."""
        for process in psutil.Process(self.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.cmdline()[-1:] == ["web"]:
                    return process
        raise OperatorError("the centre has no web process")

    @property
    def database_log(self) -> Path:
        """The log of its PostgreSQL."""
        return self.directory / "postgres" / "postgres.log"


class Sender:
    """`ioc produce` for one topic: a line written here is a record a moment later."""

    def __init__(self, topic: str, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ioc", "produce", topic, "--data-dir", str(directory)],
            env=plain_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        if self._process.stdin is None:
            raise OperatorError("ioc produce has no input")
        self._pipe: IO[bytes] = self._process.stdin

    def send(self, event: object) -> float:
        """Sends one event; gives the moment before it was written."""
        line = json.dumps(event).encode() + b"\n"
        at_s = time.time()
        self._pipe.write(line)
        self._pipe.flush()
        return at_s

    def close(self) -> None:
        """Ends it when everything is acknowledged."""
        self._pipe.close()
        self._process.wait(END_S)


class Load:
    """The mix at a steady rate: 70 % usage, 20 % steps of known cases, 10 % cameras; never a new case."""

    def __init__(self, centre: Centre, per_s: float) -> None:
        self.sent = 0
        self._per_s = per_s
        self._units = [unit.code for unit in centre.world.units if unit.kind == "commune"]
        self._services = [service.code for service in centre.world.services]
        self._dice = random.Random(20261122)
        self._senders = {topic: Sender(topic, centre.directory) for topic in ("cases", "cameras", "usage")}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Load:
        """Makes the cases known, then starts."""
        for number in range(CASES):
            self.case(f"L{number}", number, "received")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for sender in self._senders.values():
            sender.close()

    def case(self, event_id: str, number: int, status: str) -> float:
        """A step of a case, now."""
        place = self._units[number % len(self._units)]
        return self._senders["cases"].send(
            {
                "event_id": event_id,
                "occurred_at": datetime.now(UTC).isoformat(),
                "case_code": f"000.00.12.H09-261122-{number:06}",
                "status": status,
                "procedure_code": "1.001193",
                "receiving_unit": place,
                "handling_unit": place,
                "channel": "online",
            }
        )

    def _run(self) -> None:
        began_s = time.monotonic()
        while not self._stop.is_set():
            due = int((time.monotonic() - began_s) * self._per_s)
            while self.sent < due:
                self._one(self.sent)
                self.sent += 1
            self._stop.wait(0.005)

    def _one(self, number: int) -> None:
        share = self._dice.random()
        place = self._dice.choice(self._units)
        now = datetime.now(UTC).isoformat()
        if share < 0.7:
            self._senders["usage"].send(
                {
                    "event_id": f"u{number}",
                    "occurred_at": now,
                    "service": self._dice.choice(self._services),
                    "action": "visit",
                    "unit": place,
                    "outcome": "ok",
                }
            )
        elif share < 0.9:
            status = self._dice.choice(("processing", "supplement_requested"))
            self.case(f"c{number}", self._dice.randrange(CASES), status)
        else:
            self._senders["cameras"].send(
                {
                    "type": "incident",
                    "event_id": f"k{number}",
                    "occurred_at": now,
                    "camera_id": f"cam-{number % 300}",
                    "unit": place,
                    "incident_id": f"i{number % 40}",
                    "kind": "congestion",
                    "severity": "low",
                    "state": self._dice.choice(("detected", "acknowledged", "resolved")),
                }
            )


def plain_environment(**more: str) -> dict[str, str]:
    """Ours without settings, for the centre is what its directory says; and ``more``."""
    return without_settings(os.environ) | more


@contextmanager
def centre(settings: Settings, *, broker: str = "kafka", **environment: str) -> Iterator[Centre]:
    """A whole centre on a free port, ended afterwards; ``environment`` are settings of its own.

    ``broker`` "log" is for tests of the measurement only. Raises OperatorError where it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="ioc-bench-") as name:
        directory = Path(name)
        command = [sys.executable, "-m", "ioc", "demo", "--broker", broker, "--input", "none", "--port", "0"]
        with (directory / "demo.log").open("wb") as log:
            demo = subprocess.Popen(
                [*command, "--data-dir", name],
                env=plain_environment(**environment),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            url = _ready(demo, directory / "demo.log")
            found = json.loads((directory / "run.json").read_text())
            world = load_world(settings, datetime.now(settings.zone).date())
            yield Centre(url, found["dsn"], directory, demo.pid, world)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(END_S)


def _ready(demo: subprocess.Popen[bytes], log: Path) -> str:
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s:
        for line in log.read_text(encoding="utf-8").splitlines():
            if line.startswith("ready "):
                return line.removeprefix("ready ").strip()
        if demo.poll() is not None:
            break
        time.sleep(0.2)
    raise OperatorError(f"the centre does not start: {log.read_text(encoding='utf-8').strip().splitlines()[-1:]}")


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)
