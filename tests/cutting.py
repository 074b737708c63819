"""A wire to PostgreSQL that is cut at the worst moment: when COMMIT was sent and its answer has not come back."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
COMMIT = b"COMMIT\0"
"""What a commit is called by who asks for it, in any case, and by the server that has done it."""
WRITER = b"application_name\0ioc ingest writer\0"


class CuttingWire:
    """Stands between ingest and the server on a Unix socket of its own; counts the commits that it cut.

    Of every third batch that ingest commits the wire is cut: in turn when the server has committed, so
    that nobody learns of it, and before the server has heard of it. ``most`` bounds the cuts of each kind.
    """

    def __init__(self, directory: Path, server: Path, most: int) -> None:
        self.directory = directory
        self.committed = 0
        self.withheld = 0
        self._most = most
        self._commits = 0
        self._server = server / SOCKET
        self._lock = threading.Lock()
        directory.mkdir(mode=0o700)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(directory / SOCKET))
        self._listening.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self._server))
            except OSError:
                client.close()
                server.close()
                continue
            _Pair(self, client, server).start()

    def what_to_do(self) -> str:
        """With one more commit: "" pass it, "committed" or "withheld" cut."""
        with self._lock:
            self._commits += 1
            if self._commits % 3:
                return ""
            if self.committed <= self.withheld and self.committed < self._most:
                self.committed += 1
                return "committed"
            if self.withheld < self._most:
                self.withheld += 1
                return "withheld"
            return ""


class _Pair:
    """One connection: the client's messages are looked at, the server's pass until one is to be swallowed."""

    def __init__(self, wire: CuttingWire, client: socket.socket, server: socket.socket) -> None:
        self._wire = wire
        self._client = client
        self._server = server
        self._watched = False
        self._commits: set[bytes] = set()
        self._swallowing = False

    def start(self) -> None:
        """Pumps both ways until one end closes or the wire is cut."""
        pumps = [threading.Thread(target=pump, daemon=True) for pump in (self._up, self._down)]
        for pump in pumps:
            pump.start()
        threading.Thread(target=self._sweep, args=(pumps,), daemon=True).start()

    def _sweep(self, pumps: list[threading.Thread]) -> None:
        for pump in pumps:
            pump.join()
        self._client.close()
        self._server.close()

    def _cut(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _up(self) -> None:
        with suppress(OSError):
            self._watch()
        self._cut()

    def _watch(self) -> None:
        """Passes on what the client says, message by message, until a commit is not to be heard."""
        waiting, greeted = b"", False
        while data := self._client.recv(1 << 16):
            waiting += data
            if not greeted:  # the first message has no type
                size = int.from_bytes(waiting[:4], "big") if len(waiting) >= 4 else 1 << 30
                if len(waiting) < size:
                    continue
                self._watched = WRITER in waiting[:size]
                self._server.sendall(waiting[:size])
                waiting, greeted = waiting[size:], True
            passed = 0
            while len(waiting) - passed >= 5:
                size = 1 + int.from_bytes(waiting[passed + 1 : passed + 5], "big")
                if len(waiting) - passed < size:
                    break
                if self._watched and self._commits_with(
                    waiting[passed : passed + 1], waiting[passed + 5 : passed + size]
                ):
                    what = self._wire.what_to_do()
                    if what == "withheld":
                        return
                    self._swallowing = what == "committed"
                passed += size
            self._server.sendall(waiting[:passed])
            waiting = waiting[passed:]

    def _commits_with(self, kind: bytes, said: bytes) -> bool:
        """Whether this message makes the server commit: as plain text, or by the name it was prepared under."""
        if kind == b"P":
            name, query, _ = said.split(b"\0", 2)
            (self._commits.add if query.upper() == COMMIT[:-1] else self._commits.discard)(name)
        return (kind == b"Q" and said.upper() == COMMIT) or (kind == b"B" and said.split(b"\0", 2)[1] in self._commits)

    def _down(self) -> None:
        with suppress(OSError):
            swallowed = b""
            while data := self._server.recv(1 << 16):
                if self._swallowing:
                    swallowed += data
                    if COMMIT in swallowed:  # it is done there, and nobody here will know
                        break
                    continue
                self._client.sendall(data)
        self._cut()
