"""A server that works in a directory of its own, as a direct child that ends with us."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from ioc.errors import OperatorError
from streams.embedded.lock import DirectoryLock
from streams.embedded.process import last_lines, wait_until


class EmbeddedServer(ABC):
    """One server in ``directory``, which holds its data, its log and its lock.

    `start` and `stop` can be called again and again; start it from the main thread.
    """

    name: ClassVar[str]
    """The name of its log, and what a supervisor calls it."""
    title: ClassVar[str]
    """The product's own name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.data = self.directory / "data"
        self.log = self.directory / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._lock = DirectoryLock(self.directory / "lock")

    def start(self) -> None:
        """Starts the server and returns when it answers; makes its data the first time.

        Raises OperatorError: its programs are missing, another supervisor has the directory, the data are of another
        version, or the server ends (with the last words of its log).
        """
        if self.alive():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    @abstractmethod
    def _start(self) -> None:
        """Starts the server in a directory that is ours alone."""

    @abstractmethod
    def stop(self) -> None:
        """Ends the server and lets go of the directory."""

    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self.process is not None and self.process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _await(self, answers: Callable[[], bool], patience_s: float) -> None:
        """Waits until the process that was started ``answers``. Raises OperatorError where it does not."""
        wait_until(lambda: not self.alive() or answers(), patience_s)
        if not self.alive():
            raise OperatorError(f"{self.title} ended at its start: {last_lines(self.log)} ({self.log})")
        if not answers():
            raise OperatorError(f"{self.title} does not answer after {patience_s:.0f} s, see {self.log}")
