"""The cookie of a screen: it holds no token, is given anew in time, and the old one is good until then."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboards import live
from dashboards.auth import COOKIE, COOKIE_S, DAY_S, Gate, GateMiddleware
from dashboards.server import WebProcess
from tests.unit.web_kit import SETTINGS, Held, picture

TOKEN = "0123456789abcdef0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Clock:
    """The time of the test."""

    def __init__(self) -> None:
        self.now_s = 20_000.0 * DAY_S

    def __call__(self) -> float:
        return self.now_s


class Browser:
    """Asks the application in this process, and keeps its cookie."""

    def __init__(self, gate: Gate) -> None:
        async def hello(_: Request) -> PlainTextResponse:
            return PlainTextResponse("hello")

        app = Starlette(routes=[Route("/", hello)], middleware=[Middleware(GateMiddleware, gate=gate)])
        self._transport = httpx.ASGITransport(app)
        self.cookie = ""

    def get(self, path: str = "/", **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://ioc.test") as client:
                kept = {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
                return await client.get(path, headers=kept | headers)

        found = asyncio.run(ask())
        self.cookie = found.cookies.get(COOKIE) or self.cookie
        return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate(TOKEN, clock=clock)


@pytest.fixture
def browser(gate: Gate) -> Browser:
    return Browser(gate)


def test_a_screen_that_comes_back_keeps_its_cookie_for_ever(browser: Browser, clock: Clock) -> None:
    browser.get(f"/?token={TOKEN}")
    first = browser.cookie
    assert first
    assert TOKEN not in first
    assert "set-cookie" not in browser.get().headers, "it is new"
    for _ in range(10):
        clock.now_s += 30 * DAY_S
        told = browser.get().headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=lax", f"Max-Age={COOKIE_S}", "Path=/"):
            assert part in told
        answer = browser.get()
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert browser.cookie != first


def test_a_cookie_of_before_is_good_and_renewed(browser: Browser) -> None:
    browser.get(f"/?token={TOKEN}")
    browser.cookie = own = browser.cookie.partition(".")[0]
    answer = browser.get()
    assert answer.status_code == 200
    assert own in answer.headers["set-cookie"]


def test_behind_tls_it_stays_there(browser: Browser, clock: Clock) -> None:
    browser.get(f"/?token={TOKEN}")
    clock.now_s += DAY_S
    assert "Secure" in browser.get(**{"X-Forwarded-Proto": "https"}).headers["set-cookie"]


def test_nobody_else_is_given_one(browser: Browser) -> None:
    for cookie in ("", "nonsense.1", ".1"):
        browser.cookie = cookie
        answer = browser.get()
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
    browser.cookie = ""
    bearer = browser.get(**BEARER)
    assert bearer.status_code == 200
    assert "set-cookie" not in bearer.headers


def handshake(process: WebProcess, cookie: str) -> list[dict[str, Any]]:
    """What a screen with a cookie is sent from its handshake to the end of its connection."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": "/live",
        "query_string": b"page=services",
        "headers": [(b"host", b"ioc.test"), (b"cookie", f"{COOKIE}={cookie}".encode())],
        "client": ("127.0.0.1", 1),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        if not sent:
            return {"type": "websocket.connect"}
        await asyncio.Event().wait()
        raise AssertionError("a screen that says nothing")

    async def send(message: Any) -> None:
        sent.append(message)

    async def join() -> None:
        app = process.application()
        async with process.lifespan(app), asyncio.timeout(20):
            await app(scope, receive, send)

    asyncio.run(join())
    return sent


def test_the_live_push_renews_it_too_and_a_screen_that_runs_for_ever_comes_again(
    browser: Browser, gate: Gate, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LONGEST_S", 0.5)
    browser.get(f"/?token={TOKEN}")
    told = []
    for _ in range(2):
        process = WebProcess(SETTINGS, gate, Held(picture(1)).open, lambda: None)
        first, *_, last = handshake(process, browser.cookie)
        assert (last["type"], last["code"]) == ("websocket.close", live.COME_AGAIN)
        told.append(dict(first["headers"]).get(b"set-cookie", b"").decode())
        clock.now_s += 40 * DAY_S
    assert told[0] == "", "it is new"
    browser.get()
    assert told[1].startswith(f"{COOKIE}={browser.cookie.partition('.')[0]}.{20_040};")
