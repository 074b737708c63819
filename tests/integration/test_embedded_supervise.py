"""The supervisor with real processes: what ends starts again, and nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ioc.errors import OperatorError
from streams.embedded.process import wait_until
from streams.embedded.supervise import STEADY_S, Ended, Program, Supervisor, ended_by_signals

SLEEPER = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile 1: signal.pause()"
)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def program(tmp_path: Path, name: str, code: str, *, repeat: bool = True) -> Program:
    command = [sys.executable, "-c", code]
    return Program(name, command, env=os.environ, log=tmp_path / f"{name}.log", repeat=repeat, echo=chosen)


def chosen(line: str) -> bool:
    return line.startswith("!")


def says(part: Program, word: str) -> Callable[[], bool]:
    return lambda: word in part.log.read_text()


def test_what_ends_starts_again_after_pauses_that_grow(tmp_path: Path) -> None:
    clock, said = Clock(), list[str]()
    supervisor = Supervisor(said.append, clock)
    part = program(tmp_path, "ingest", "raise SystemExit('no luck')")
    supervisor.add(part)
    for pause_s in (0.5, 1.0, 2.0):
        assert wait_until(lambda: not part.alive(), 20)
        supervisor.check()
        assert f"ingest ended: no luck ({part.log}); again in {pause_s:g} s" in said[-1]
        before = part.process
        supervisor.check()
        assert part.process is before
        clock.now += pause_s
        supervisor.check()
        assert part.process is not before
    assert supervisor.failures("ingest") == 3
    assert wait_until(lambda: not part.alive(), 20)
    clock.now += STEADY_S
    supervisor.check()
    assert supervisor.failures("ingest") == 1
    supervisor.stop()


def test_a_program_that_may_finish_is_left_alone(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    part = program(tmp_path, "replay", "print('a\\r! b'); print('quiet'); print('! c', end='')", repeat=False)
    supervisor.add(part)
    assert wait_until(lambda: part.finished, 20)
    supervisor.check()
    supervisor.check()
    assert said == ["! b"]
    assert supervisor.failures("replay") == 0
    supervisor.stop()


def test_who_keeps_ending_is_named_instead_of_waiting(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _: None)
    supervisor.add(program(tmp_path, "web", "raise SystemExit('bad key')"))
    with pytest.raises(OperatorError, match=r"web keeps ending: .*bad key"):
        supervisor.await_ready(lambda: False, 60)
    supervisor.stop()


def test_stopping_ends_the_stubborn_too(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _: None)
    parts = [program(tmp_path, "kind", SLEEPER), program(tmp_path, "stubborn", STUBBORN)]
    for part in parts:
        supervisor.add(part)
    assert all(wait_until(says(part, "up"), 20) for part in parts)
    processes = [part.process for part in parts]
    parts[1].stop(patience_s=0.2)
    supervisor.stop()
    assert [process.poll() for process in processes if process] == [-signal.SIGTERM, -signal.SIGKILL]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_once(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)  # a run under nohup has it ignored
    try:
        with ended_by_signals():
            with pytest.raises(Ended):
                signal.raise_signal(number)
            signal.raise_signal(number)
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_a_killed_supervisor_takes_its_programs_with_it(tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from streams.embedded.supervise import Program, Supervisor
part = Program("stubborn", {[sys.executable, "-c", STUBBORN]!r}, env=os.environ, log=Path({str(tmp_path / "log")!r}))
Supervisor(print).add(part)
print(part.process.pid, flush=True)
signal.pause()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        child = psutil.Process(int(said.readline()))
    assert wait_until(lambda: "up" in (tmp_path / "log").read_text(), 20)
    process.kill()
    process.wait()
    assert psutil.wait_procs([child], timeout=20)[1] == []
