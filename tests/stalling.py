"""A wire to PostgreSQL that stops passing anything on: what a host looks like that hangs, or that has vanished."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class StallingWire:
    """Stands between a program and the server, on a port of this machine; ``dsn`` is its address.

    While it `stalls` connections are taken and stay open, and no byte comes through in either direction. Those that it
    has `lost` stay silent for ever, and new ones are passed on: the host came back and knows nothing of them.
    """

    def __init__(self, dsn: str) -> None:
        known = conninfo_to_dict(dsn)
        self._host, self._port = str(known.get("host", "127.0.0.1")), int(known.get("port") or 5432)
        self._flows = threading.Event()
        self._flows.set()
        self._closed = False
        self._silent: set[socket.socket] = set()
        self._ends: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.dsn = make_conninfo(dsn, host="127.0.0.1", port=str(self._listening.getsockname()[1]))
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """From now on nothing comes through."""
        self._flows.clear()

    def go_on(self) -> None:
        """What was held back comes through, and everything after it."""
        self._flows.set()

    def lose(self) -> None:
        """The connections that there are stay silent; new ones are passed on."""
        self._silent.update(self._ends)
        self._flows.set()

    def close(self) -> None:
        """Takes no more connections and ends those that there are."""
        self._closed = True
        for end in (self._listening, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._flows.set()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._ends.append(client)
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        self._flows.wait()
        try:
            server = self._server()
        except OSError:
            client.close()
            return
        self._ends.append(server)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _server(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return server

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self._flows.wait()
                if source in self._silent:
                    return
                sink.sendall(data)
        if source not in self._silent:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)
