"""Runs servers and programs in the foreground: starts them in order, starts again what ends, ends all with us.

Every child is in a session of its own, so the terminal's Ctrl-C reaches only the supervisor, which ends the programs
first and the servers they talk to afterwards. The kernel ends the children of a supervisor that was killed.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn, Protocol

from ioc.errors import IocError, OperatorError
from streams.embedded.process import end, last_lines, spawn

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PROGRAM_PATIENCE_S = 8.0
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
"""Who ran this long had a good start: the pauses before its next ones begin anew."""
TICK_S = 0.2


class Ended(BaseException):
    """A signal asked the supervisor to end; like KeyboardInterrupt no error, and not to be caught as one."""


class Part(Protocol):
    """A server or a program that the supervisor keeps running."""

    @property
    def name(self) -> str:
        """How it is called in messages."""

    @property
    def log(self) -> Path:
        """What it says."""

    def start(self) -> None:
        """Starts it; a server returns when it answers. Raises OperatorError where a person must help."""

    def stop(self) -> None:
        """Ends it and returns when it is gone."""

    def alive(self) -> bool:
        """Whether its process runs."""


class Program:
    """One of our own processes; ``echo`` chooses the lines of its log that are shown on the terminal too.

    ``repeat`` False = it may finish by itself with code 0 and is then left alone.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        repeat: bool = True,
        echo: Callable[[str], bool] | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.env = dict(env)
        self.log = log
        self.repeat = repeat
        self.echo = echo
        self.process: subprocess.Popen[bytes] | None = None
        self._shown = 0

    def start(self) -> None:
        """Starts the process; it dies with us (SIGKILL: our programs may be killed at any moment)."""
        self._shown = self.log.stat().st_size if self.log.exists() else 0
        self.process = spawn(self.command, death=signal.SIGKILL, log=self.log, env=self.env)

    def ask_to_end(self) -> None:
        """Sends SIGTERM without waiting, so that many can end at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self, patience_s: float = PROGRAM_PATIENCE_S) -> None:
        """Ends the process, by force after ``patience_s``."""
        if self.process is not None:
            end(self.process, ((signal.SIGTERM, patience_s),))
            self.process = None

    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def finished(self) -> bool:
        """Whether it ended by itself as it may."""
        return not self.repeat and self.process is not None and self.process.poll() == 0

    def new_lines(self) -> list[str]:
        """The whole lines that it said since the last call and that the terminal should show."""
        if self.echo is None:
            return []
        try:
            with self.log.open("rb") as file:
                if self.log.stat().st_size < self._shown:  # it began anew
                    self._shown = 0
                file.seek(self._shown)
                said = file.read()
        except FileNotFoundError:
            return []
        whole = said[: said.rfind(b"\n") + 1]
        self._shown += len(whole)
        lines = (line.rsplit("\r", 1)[-1].rstrip() for line in whole.decode("utf-8", "replace").split("\n"))
        return [line for line in lines if line and self.echo(line)]


class Supervisor:
    """Keeps parts running in the order in which they were added. Use it from the main thread.

    ``say`` gets a line for everything a person should know; ``clock`` is monotonic seconds.
    """

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.say = say
        self.clock = clock
        self.parts: list[Part] = []
        self._started_at: dict[str, float] = {}
        self._again_at: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    def add(self, part: Part) -> None:
        """Starts a part and keeps it from now on."""
        self.parts.append(part)
        self._started_at[part.name] = self.clock()
        part.start()

    def check(self) -> None:
        """Looks at every part once: shows what it said, and starts again what ended, after a pause that grows."""
        for part in self.parts:
            if isinstance(part, Program):
                for line in part.new_lines():
                    self.say(line)
                if part.finished:
                    continue
            if not part.alive():
                self._revive(part)

    def failures(self, name: str) -> int:
        """How many times in a row this part has ended since it last ran steadily."""
        return self._failures.get(name, 0)

    def _revive(self, part: Part) -> None:
        now = self.clock()
        if part.name not in self._again_at:
            steady = now - self._started_at[part.name] >= STEADY_S
            count = self._failures[part.name] = 1 if steady else self.failures(part.name) + 1
            pause_s = min(0.5 * 2 ** (count - 1), LONGEST_PAUSE_S)
            self._again_at[part.name] = now + pause_s
            self.say(f"{part.name} ended: {last_lines(part.log, 1)} ({part.log}); again in {pause_s:g} s")
        elif now >= self._again_at[part.name]:
            self._started_at[part.name] = now
            try:
                part.stop()
                part.start()
            except IocError as error:
                self.say(f"{part.name} does not start: {error}")
            del self._again_at[part.name]

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Checks the parts until the condition holds; without one until a signal raises `Ended`."""
        while not until():
            self.check()
            time.sleep(TICK_S)

    def await_ready(self, ready: Callable[[], bool], timeout_s: float, most_failures: int = 3) -> None:
        """Watches until ``ready``; raises OperatorError where a part keeps ending or the time is over."""
        deadline = self.clock() + timeout_s

        def settled() -> bool:
            for part in self.parts:
                if self.failures(part.name) >= most_failures:
                    raise OperatorError(f"{part.name} keeps ending: {last_lines(part.log)} ({part.log})")
            if self.clock() > deadline:
                raise OperatorError(f"not ready after {timeout_s:.0f} s; see the logs in {self.parts[-1].log.parent}")
            return ready()

        self.watch(settled)

    def stop(self) -> None:
        """Ends everything: all programs at once, then the servers in reverse order. Returns when nothing is left."""
        programs = [part for part in self.parts if isinstance(part, Program)]
        for program in programs:
            program.ask_to_end()
        deadline = self.clock() + PROGRAM_PATIENCE_S
        for program in programs:
            program.stop(max(0.0, deadline - self.clock()))
        for part in reversed(self.parts):
            part.stop()
        self.parts.clear()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Within it the first Ctrl-C, SIGTERM or SIGHUP raises `Ended`; later ones are ignored.

    A SIGHUP that the caller ignores (nohup) stays ignored.
    """

    def raise_once(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise Ended

    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    before = {number: signal.getsignal(number) for number in ENDING if number != signal.SIGHUP or not ignored}
    for number in before:
        signal.signal(number, raise_once)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
