"""The way to the browser: uvicorn's protocols, and how long an answer waits for somebody who does not read it."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

TAKE_S = 10.0
"""How long a part of an answer may wait for a browser that does not read; at most 64 KB are on their way at once."""


class PageProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's HTTP, with a way to cut off who does not read: closing would wait for them."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Hands the transport's ``abort`` to the application."""
        self.app_state = {**self.app_state, "abort": transport.abort}
        super().connection_made(transport)


class ScreenProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, with the same."""

    async def run_asgi(self) -> None:
        """Hands the transport's ``abort`` to the application."""
        self.scope["state"]["abort"] = self.transport.abort
        await super().run_asgi()

    def keepalive_timeout(self) -> None:
        """No answer to a ping: nobody is there to read the close frame either."""
        super().keepalive_timeout()
        self.transport.abort()


def cut(scope: Any) -> None:
    """Ends a connection without waiting for anybody."""
    abort = scope.get("state", {}).get("abort")
    if abort is not None:
        abort()


class Patience:
    """Cuts off who takes no part of an answer for `TAKE_S`; screens have their own (`dashboards.live`). Says of every
    answer that it is what it says."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on; what is sent to a connection that is gone goes nowhere."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        gone = False

        async def sending(message: Message) -> None:
            nonlocal gone
            if gone:
                return
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("x-content-type-options", "nosniff")
            try:
                async with asyncio.timeout(TAKE_S):
                    await send(message)
            except TimeoutError:
                gone = True
                cut(scope)

        await self.app(scope, receive, sending)
