"""`ioc demo` as a person runs it: ready, visible, found by other verbs, and gone without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest

from ioc.settings import without_settings
from streams.embedded.process import free_ports, wait_until

READY_S = {"kafka": 25.0, "log": 8.0}
SLACK = 3.0
"""A machine that runs other tests at the same time gets this many times the promised seconds."""
BAD_LINE = b'{"case_id": 1}\n'


class Demo:
    """One `ioc demo` in a process of its own."""

    def __init__(self, data_dir: Path, broker: str, source: str = "none") -> None:
        self.data_dir = data_dir
        self.broker = broker
        self.source = source
        self.port = free_ports(1)[0]
        self.process: subprocess.Popen[bytes] | None = None
        self.said = data_dir.with_suffix(".said")

    def start(self) -> float:
        """Returns after ``ready`` with the seconds it took."""
        began_s = time.monotonic()
        words = ("demo", "--port", str(self.port), "--data-dir", str(self.data_dir), "--broker", self.broker)
        with self.said.open("w") as said:
            command = [sys.executable, "-m", "ioc", *words, "--input", self.source]
            self.process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=environment())
        assert wait_until(lambda: self.is_ready() or not self.runs(), 200), self.said.read_text()
        assert self.is_ready(), self.said.read_text()
        return time.monotonic() - began_s

    def is_ready(self) -> bool:
        return f"ready http://127.0.0.1:{self.port}" in self.said.read_text().splitlines()

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def children(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def program(self, verb: str) -> psutil.Process | None:
        """The running process of one of our verbs."""
        for child in self.children():
            with suppress(psutil.NoSuchProcess):  # ended a moment ago
                if verb in child.cmdline()[1:4]:
                    return child
        return None

    def runs_program(self, verb: str) -> bool:
        return self.program(verb) is not None

    def end(self, number: signal.Signals) -> int:
        """Sends a signal; returns the exit code when the demo and all its children are gone."""
        assert self.process is not None
        children = self.children()
        assert children
        self.process.send_signal(number)
        code = self.process.wait(60)
        left = psutil.wait_procs(children, timeout=30)[1]
        assert left == [], [process.cmdline() for process in left]
        return code

    def get(self, path: str) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if body.startswith(b"{") else body
        finally:
            connection.close()

    def feed(self, topic: str) -> dict[str, Any]:
        status, overview = self.get("/api/v1/overview")
        assert status == 200
        found: dict[str, Any] = next(feed for feed in overview["feeds"] if feed["topic"] == topic)
        return found

    def verb(self, *words: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Another verb that finds this demo by its directory."""
        env = {**environment(), "IOC_DATA_DIR": str(self.data_dir)}
        command = [sys.executable, "-m", "ioc", *words]
        return subprocess.run(command, input=text, capture_output=True, env=env, timeout=120, check=False)


def environment() -> dict[str, str]:
    """Ours without any setting but a short history."""
    return {**without_settings(os.environ), "IOC_DEMO__DAYS": "1"}


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Makes demos on one directory, and ends what a failed test leaves of them."""
    made: list[Demo] = []

    def make(broker: str, source: str = "none") -> Demo:
        made.append(Demo(tmp_path / "data", broker, source))
        return made[-1]

    yield make
    for each in made:
        if each.runs():
            each.end(signal.SIGTERM)


@pytest.mark.database
@pytest.mark.parametrize("broker", [pytest.param("kafka", marks=pytest.mark.kafka), "log"])
def test_the_demo_is_ready_in_time_and_shows_live_figures(
    demo: Callable[..., Demo], broker: str, request: pytest.FixtureRequest
) -> None:
    if broker == "kafka":
        request.getfixturevalue("kafka")  # skips or fails where it can't be had; the demo starts its own
    running = demo(broker, "simulator")
    took_s = running.start()
    assert took_s < READY_S[broker] * SLACK
    assert running.get("/healthz")[0] == 200
    assert wait_until(lambda: running.feed("ioc.cases.v1")["events"] > 100, 120, 0.5), running.said.read_text()
    assert running.end(signal.SIGINT) == 0
    assert not (running.data_dir / "run.json").exists()
    assert running.start() < READY_S[broker] * SLACK
    assert running.feed("ioc.cases.v1")["events"] > 100
    assert running.end(signal.SIGTERM) == 0


@pytest.mark.database
@pytest.mark.parametrize("broker", [pytest.param("kafka", marks=pytest.mark.kafka), "log"])
def test_other_verbs_find_the_demo_and_a_killed_one_recovers(
    demo: Callable[..., Demo], broker: str, request: pytest.FixtureRequest
) -> None:
    if broker == "kafka":
        request.getfixturevalue("kafka")
    running = demo(broker)
    running.start()
    sent = running.verb("produce", "ioc.cases.v1", text=BAD_LINE * 2)
    assert sent.returncode == 0, sent.stderr
    assert wait_until(lambda: running.feed("ioc.cases.v1")["rejected"] == 2, 60)
    running.end(signal.SIGKILL)
    running.start()
    assert running.feed("ioc.cases.v1")["rejected"] == 2
    assert running.verb("produce", "ioc.cases.v1", text=BAD_LINE).returncode == 0
    assert wait_until(lambda: running.feed("ioc.cases.v1")["rejected"] == 3, 60)
    checked = running.verb("reconcile", "--json")
    assert checked.returncode == 0, checked.stdout
    assert running.end(signal.SIGTERM) == 0


@pytest.mark.database
def test_a_killed_part_comes_back(demo: Callable[..., Demo]) -> None:
    running = demo("log")
    running.start()
    for verb in ("ingest", "watch", "web"):
        before = running.program(verb)
        assert before is not None
        before.kill()
        before.wait(20)
        assert wait_until(partial(running.runs_program, verb), 60)
    assert wait_until(lambda: answers(running), 60)
    assert running.verb("produce", "ioc.cases.v1", text=BAD_LINE).returncode == 0
    assert wait_until(lambda: running.feed("ioc.cases.v1")["rejected"] == 1, 60)
    assert running.end(signal.SIGTERM) == 0


def answers(running: Demo) -> bool:
    try:
        return running.get("/readyz")[0] == 200
    except OSError:
        return False


@pytest.mark.database
def test_a_second_demo_gets_one_clear_line(demo: Callable[..., Demo]) -> None:
    running = demo("log")
    running.start()
    words = ["demo", "--broker", "log", "--input", "none", "--data-dir", str(running.data_dir)]
    for port, said in ((str(running.port), b"is busy"), ("0", b"in use by process")):
        refused = running.verb(*words, "--port", port)
        assert refused.returncode != 0
        line = (refused.stdout + refused.stderr).strip()
        assert said in line
        assert b"\n" not in line
    assert running.get("/healthz")[0] == 200
    assert running.end(signal.SIGTERM) == 0
