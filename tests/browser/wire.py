"""A wire between a browser and a web process that can be cut, pulled out, or slow to say the first word."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import threading
from collections.abc import Coroutine
from typing import Any

from tests.web import PATIENCE_S, WebServer

HEAD_END = b"\r\n\r\n"


class Wire:
    """Passes bytes from a port of its own to a port of this machine; the switches work from the next byte on."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.unplugged = False
        """Nothing passes, nobody is told: connections of this time stay dead when it is over, as behind a router."""
        self.late_s = 0.0
        """So long after the head of an answer its first bytes come."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._take, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def before(self, web: WebServer) -> WebServer:
        """The same web process, as it is reached through this wire."""
        found = copy.copy(web)
        found.port = self.port
        return found

    @property
    def ends(self) -> int:
        """Two for each connection that stands."""
        return len(self._writers)

    def cut(self) -> None:
        """Ends every connection at both ends."""
        self._run(self._cut())

    def close(self) -> None:
        """Cuts and takes no more."""
        self._loop.call_soon_threadsafe(self._server.close)
        self._run(self._end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    async def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _end_all(self) -> None:
        await self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self.unplugged:
                while await reader.read(1 << 16):
                    pass
                return
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.to)
            self._writers.add(server_writer)
            try:
                up = asyncio.create_task(self._pass(reader, server_writer))
                down = asyncio.create_task(self._pass(server_reader, writer, self.late_s))
                await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
                up.cancel()
                down.cancel()
            finally:
                self._end(server_writer)
        except OSError:
            pass  # the server is away: as if it had refused
        finally:
            self._end(writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late_s: float = 0.0) -> None:
        dead = False
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                dead = dead or self.unplugged
                if dead:
                    continue
                if late_s:
                    head, end, data = data.partition(HEAD_END)
                    writer.write(head + end)
                    await asyncio.sleep(late_s)
                    late_s = 0.0
                writer.write(data)
                await writer.drain()

    def _end(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.transport.abort()
