"""Many screens in one light process: WebSockets by hand, of whose messages only the number and the moment are read.

A screen answers pings and says every two seconds what it painted, as a browser does. A *stalled* one joins and never
reads again; it comes back when the server has cut it off.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import socket
import struct
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import Any
from urllib.parse import urlsplit

from ioc.errors import OperatorError

JOIN_S = 60.0
ALIVE_S = 2.0
SMALL_BUFFER = 4096
STALL_S = 30.0
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


@dataclass
class Heard:
    """What the screens of a process received in a step; times in milliseconds, sizes in bytes."""

    messages: int = 0
    received: int = 0
    deltas: int = 0
    delta_bytes: int = 0
    fulls: int = 0
    full_bytes_most: int = 0
    gaps: int = 0
    closed: int = 0
    delays_ms: list[float] = field(default_factory=list)
    live_s: list[float] = field(default_factory=list)
    """After a loss: how long each screen took until it had a picture again."""


class Screen(asyncio.Protocol):
    """One connection: parses frames, keeps the sequence, answers pings."""

    def __init__(self, crowd: Crowd, path: str, host: str) -> None:
        self.crowd = crowd
        self.path = path
        self.host = host
        self.seq = 0
        self.live = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._shaken = False
        self._said_s = 0.0

    def connection_made(self, transport: Any) -> None:
        """Says hello."""
        self._transport = transport
        nonce = b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        """Wakes whoever keeps this screen alive."""
        if not self.ended.done():
            self.ended.set_result(None)

    def close(self) -> None:
        """Leaves without a word."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Takes whole frames out of what came; the server's are not masked."""
        buffer = self._buffer
        buffer += data
        if not self._shaken:
            head, found, rest = bytes(buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.close()
                return
            self._shaken = True
            buffer[:] = rest
        while len(buffer) >= 2:
            size, begin = buffer[1] & 127, 2
            if size == 126:
                if len(buffer) < 4:
                    return
                size, begin = struct.unpack_from("!H", buffer, 2)[0], 4
            elif size == 127:
                if len(buffer) < 10:
                    return
                size, begin = struct.unpack_from("!Q", buffer, 2)[0], 10
            if len(buffer) < begin + size:
                return
            kind = buffer[0] & 15
            body = bytes(buffer[begin : begin + size])
            del buffer[: begin + size]
            self._frame(kind, body)

    def _frame(self, kind: int, body: bytes) -> None:
        if kind == PING:
            self._send(PONG, body)
        elif kind == TEXT:
            self._text(body)
        elif kind == CLOSE:
            self.close()

    def _text(self, body: bytes) -> None:
        heard, now_s = self.crowd.heard, time.time()
        heard.messages += 1
        heard.received += len(body)
        if body.startswith((b'{"t":"delta"', b'{"t":"full"')):
            head = body[:80]
            seq = int(head[head.index(b'"seq":') + 6 : head.index(b',"at"')])
            if body.startswith(b'{"t":"delta"'):
                heard.deltas += 1
                heard.delta_bytes += len(body)
                at = head[head.index(b'"at":') + 5 :]
                heard.delays_ms.append(1000 * now_s - int(at[: at.index(b",")]))
                if self.live and seq != self.seq + 1:
                    heard.gaps += 1
            else:
                heard.fulls += 1
                heard.full_bytes_most = max(heard.full_bytes_most, len(body))
                self.live = True
                self.crowd.lives(self)
            self.seq = seq
        if now_s - self._said_s > ALIVE_S:
            self._said_s = now_s
            self._send(TEXT, json.dumps({"painted": self.seq, "took_ms": 20}).encode())

    def _send(self, kind: int, body: bytes) -> None:
        if self._transport is not None:
            self._transport.write(bytes((0x80 | kind, 0x80 | len(body), 0, 0, 0, 0)) + body)


class Crowd:
    """All screens of a process."""

    def __init__(self, url: str, paths: Sequence[str], screens: int, first: int) -> None:
        at = urlsplit(url)
        self.host, self.port = at.hostname or "127.0.0.1", at.port or 80
        self.heard = Heard()
        self.joined = asyncio.Semaphore(0)
        self.lost_s: dict[int, float] = {}
        self._of: dict[Screen, int] = {}
        self._paths = [
            f"{paths[number % len(paths)]}&screen=bench-{number}" for number in range(first, first + screens)
        ]

    def lives(self, screen: Screen) -> None:
        """A screen has its picture."""
        number = self._of[screen]
        if number in self.lost_s:
            self.heard.live_s.append(time.time() - self.lost_s.pop(number))
        self.joined.release()

    async def keep(self, number: int) -> None:
        """One screen for ever: comes back with the pauses of `assets/live.js`."""
        loop, attempts = asyncio.get_running_loop(), 0
        while True:
            screen: Screen | None = None
            try:
                made = partial(Screen, self, self._paths[number], f"{self.host}:{self.port}")
                _, screen = await loop.create_connection(made, self.host, self.port)
                self._of[screen] = number
                await screen.ended
                if screen.live:
                    attempts = 0
                    self.heard.closed += 1
                    self.lost_s[number] = time.time()
            except OSError:
                pass
            finally:
                if screen is not None:
                    self._of.pop(screen, None)
                    screen.close()
            most = min(5.0, 2.0**attempts)
            attempts += 1
            await asyncio.sleep(0.5 + random.random() * (most - 0.5))

    async def stall(self, number: int) -> None:
        """A screen whose owner pulled the plug in the middle of a picture: a tiny buffer, never read."""
        loop = asyncio.get_running_loop()
        while True:
            hung = socket.socket()
            hung.setblocking(False)
            hung.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
            try:
                await loop.sock_connect(hung, (self.host, self.port))
                await loop.sock_sendall(
                    hung,
                    f"GET {self._paths[number]} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                    "Sec-WebSocket-Version: 13\r\n\r\n".encode(),
                )
                self.joined.release()
                until_s = loop.time() + STALL_S  # cut off long before, and nobody here would notice
                while loop.time() < until_s and not hung.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    await asyncio.sleep(1.0)
            except OSError:
                await asyncio.sleep(0.5)
            finally:
                hung.close()


async def _live(url: str, paths: Sequence[str], screens: int, first: int, stalled: bool, pipe: Pipe) -> None:
    crowd = Crowd(url, paths, screens, first)
    keep = crowd.stall if stalled else crowd.keep
    tasks = []
    for number in range(screens):
        tasks.append(asyncio.create_task(keep(number)))
        if number % 25 == 24:
            await asyncio.sleep(0.02)
    async with asyncio.timeout(JOIN_S):
        for _ in tasks:
            await crowd.joined.acquire()
    pipe.send("joined")
    while (word := await asyncio.to_thread(pipe.recv)) != "end":
        found, crowd.heard = crowd.heard, Heard()
        if word == "tell":
            pipe.send((found, len(crowd.lost_s)))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _process(url: str, paths: Sequence[str], screens: int, first: int, stalled: bool, pipe: Pipe) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_live(url, paths, screens, first, stalled, pipe))


class Screens:
    """Screens in a process of their own."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def forget(self) -> None:
        """What was heard so far does not count."""
        self._pipe.send("forget")

    def heard(self) -> tuple[Heard, int]:
        """What was heard since, and how many screens have no picture now."""
        self._pipe.send("tell")
        found: tuple[Heard, int] = self._pipe.recv()
        return found


@contextmanager
def screens(url: str, paths: Sequence[str], count: int, *, first: int = 0, stalled: bool = False) -> Iterator[Screens]:
    """``count`` screens that look at ``paths`` in turn; all have their first picture. Raises OperatorError."""
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe()
    child = spawn.Process(target=_process, args=(url, paths, count, first, stalled, theirs), daemon=True)
    child.start()
    theirs.close()
    try:
        if not mine.poll(JOIN_S + 15) or mine.recv() != "joined":
            raise OperatorError(f"{count} screens did not join within {JOIN_S:.0f} s")
        yield Screens(mine)
        mine.send("end")
    except EOFError as error:
        raise OperatorError("the process of the screens ended") from error
    finally:
        child.join(5)
        if child.is_alive():
            child.kill()
            child.join()
        mine.close()
