"""Dash behind WSGI, in a way that no worker thread ever waits for a network.

What a browser says is read before a thread begins, and what Dash answers is kept until it has been taken. Files of the
pages (`FILES`) do not change while a process runs: each is asked for and compressed once, and all browsers get the same
bytes. So neither threads nor memory grow with browsers that take their time.
"""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi_typing import WSGIApp
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from dashboards.wire import cut

FILES = ("/assets/", "/_dash-component-suites/")
WORKERS = 10
SAY_S = 10.0
"""How long a browser may take to say what it wants."""
SAY_MOST = 1_000_000
PIECE = 65_536
KEPT_MOST = 64_000_000
"""Bytes of files that are kept; all there are make a sixth of it."""
WORTH = 0.9
"""What is not smaller than this part when it is compressed stays as it is: fonts and pictures."""
OF_BODY = ("content-length", "content-type", "content-encoding")


class TooMuch(Exception):
    """Somebody says more than `SAY_MOST`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; ``packed`` is its body compressed, empty where that is not worth while."""

    status: int
    headers: Headers
    body: bytes
    packed: bytes = b""

    @property
    def size(self) -> int:
        """Bytes that it occupies."""
        return len(self.body) + len(self.packed)

    async def give(self, asked: Headers, send: Send) -> None:
        """Sends it: compressed where the browser can read that, nothing but its name where it has it already."""
        headers, body, status = MutableHeaders(raw=list(self.headers.raw)), self.body, self.status
        tag = headers.get("etag", "")
        if status == 200 and tag and _bare(tag) in map(_bare, asked.get("if-none-match", "").split(",")):
            status, body = 304, b""
            for name in OF_BODY:
                del headers[name]
        elif self.packed:
            headers.add_vary_header("Accept-Encoding")
            if "gzip" in asked.get("accept-encoding", ""):
                body = self.packed
                headers["content-encoding"] = "gzip"
            headers["content-length"] = str(len(body))
        await send({"type": "http.response.start", "status": status, "headers": headers.raw})
        for begin in range(0, max(1, len(body)), PIECE):
            more = begin + PIECE < len(body)
            await send({"type": "http.response.body", "body": body[begin : begin + PIECE], "more_body": more})


class Bridge:
    """The ASGI application of a WSGI one; see the module."""

    def __init__(self, app: WSGIApp) -> None:
        self._app = WSGIMiddleware(app, workers=WORKERS)
        self._files: dict[str, Answer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; a WebSocket is refused."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # type: ignore[arg-type]
            return
        asked = Headers(scope=scope)
        is_file = scope["method"] == "GET" and scope["path"].startswith(FILES)
        answer = self._files.get(scope["path"]) if is_file else None
        try:
            answer = answer or await (self._file(scope) if is_file else self._ask(scope, await said(receive)))
        except TimeoutError:
            cut(scope)
        except TooMuch:
            await PlainTextResponse("too much\n", 413)(scope, receive, send)
        else:
            await answer.give(asked, send)

    async def _ask(self, scope: Scope, body: bytes) -> Answer:
        """What Dash answers, whole."""
        status, raw, parts = 500, [], []

        async def receiving() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keeping(message: Message) -> None:
            nonlocal status, raw
            if message["type"] == "http.response.start":
                status, raw = message["status"], list(message["headers"])
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receiving, keeping)  # type: ignore[arg-type]
        return Answer(status, Headers(raw=raw), b"".join(parts))

    async def _file(self, scope: Scope) -> Answer:
        """A file of the pages, whatever the browser has of it."""
        headers = [(name, value) for name, value in scope["headers"] if not name.startswith((b"if-", b"range"))]
        answer = await self._ask({**scope, "headers": headers}, b"")
        if answer.status != 200:
            return answer
        packed = await run_in_threadpool(gzip.compress, answer.body, 6)
        if len(packed) < WORTH * len(answer.body):
            answer = Answer(answer.status, answer.headers, answer.body, packed)
        if answer.size + sum(kept.size for kept in self._files.values()) <= KEPT_MOST:
            self._files[scope["path"]] = answer
        return answer


async def said(receive: Receive) -> bytes:
    """The whole body of a request. Raises TimeoutError and TooMuch; b"" of somebody who went away."""
    found = bytearray()
    async with asyncio.timeout(SAY_S):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b""
            found += message.get("body", b"")
            if len(found) > SAY_MOST:
                raise TooMuch
            if not message.get("more_body", False):
                return bytes(found)


def _bare(tag: str) -> str:
    return tag.strip().removeprefix("W/")
