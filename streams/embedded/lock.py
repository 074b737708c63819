"""One supervisor for a directory: a lock that the kernel drops with its holder, so that none is ever stale."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from ioc.errors import OperatorError


class DirectoryLock:
    """Holds ``path`` locked while this process lives.

    The file stays behind and means nothing by itself: only the kernel's lock counts. It holds the holder's process id
    for the message that others get.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether we hold it."""
        return self._file is not None

    def acquire(self) -> None:
        """Takes the lock or raises OperatorError naming the process that has it."""
        if self._file is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise OperatorError(
                f"{self.path.parent} is in use by process {holder}; stop it or choose another --data-dir"
            ) from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file

    def release(self) -> None:
        """Gives the lock back; nothing happens where it isn't held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> DirectoryLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
