"""Real screens: the system's Chromium on a real web process and a real database.

Every test of a `screen` ends with two questions: was there an error in the console, and was any other host asked for
anything? A test that takes the server away says so (`Screen.expects_loss`), because a browser reports a refused
connection as an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from dashboards.bench.browser import chromium as launched
from tests.web import WebServer

ARTEFACTS = Path(__file__).parents[2] / "artifacts" / "screens"
PATIENCE_MS = 30_000
DRAWN = "iocLive.seq > 0 && iocLive.painted === iocLive.seq && iocLive.charts === 0"
"""The figures of the place looked at stand, charts too: a finger on a page that still draws is slower than a swipe."""
LOSS = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_CONNECTION_CLOSED",
    "ERR_EMPTY_RESPONSE",
    "WebSocket",
    "Callback failed: the server did not respond",
    "when fetching the script",  # the service worker's, where the server went before the page was idle
)
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "Failed to fetch")


class Screen:
    """A tab that remembers what it asked for and what it complained of."""

    def __init__(self, tab: Page, web: WebServer) -> None:
        self.tab = tab
        self.web = web
        self.errors: list[str] = []
        self.strangers: list[str] = []
        self.expects_loss = False
        tab.set_default_timeout(PATIENCE_MS)
        tab.on("console", self._said)
        tab.on("pageerror", lambda error: self.errors.append(str(error)))
        tab.on("request", self._asked)
        tab.on("websocket", lambda socket: self._address(socket.url))

    def _said(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.errors.append(line.text)

    def _asked(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, url: str) -> None:
        found = urlsplit(url)
        if found.scheme in ("http", "https", "ws", "wss") and found.netloc != f"127.0.0.1:{self.web.port}":
            self.strangers.append(url)

    def open(self, path: str) -> Screen:
        """Goes to a page and waits for its first picture."""
        self.tab.goto(self.web.url + path)
        self.wait("iocLive.painted > 0 && iocLive.charts === 0")
        return self

    def wait(self, condition: str, timeout_ms: float = PATIENCE_MS) -> None:
        """Waits for a condition in the page; while it speaks of what is not there yet, it does not hold."""
        self.tab.wait_for_function(
            f"() => {{ try {{ return {condition}; }} catch {{ return false; }} }}", timeout=timeout_ms
        )

    def value(self, expression: str) -> Any:
        """What an expression is in the page now."""
        return self.tab.evaluate(f"() => {expression}")

    def wait_text(self, slot: str, text: str) -> None:
        """Waits until a slot shows exactly this."""
        self.tab.wait_for_function(
            "([id, text]) => document.getElementById(id)?.textContent === text", arg=[slot, text], timeout=PATIENCE_MS
        )

    def keep(self, name: str) -> Path:
        """Keeps a picture as an artefact."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        file = ARTEFACTS / f"{name}.png"
        self.tab.screenshot(path=str(file))
        return file

    def check(self) -> None:
        """The two questions."""
        errors = [
            line for line in self.errors if not (self.expects_loss and any(word in line for word in LOSS + OFFLINE))
        ]
        assert errors == [], errors
        assert self.strangers == [], self.strangers


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """The run's Chromium, started as a measurement starts it."""
    with launched(chromium) as found:
        yield found


@pytest.fixture
def screens(browser: Browser, web: WebServer) -> Iterator[Callable[..., Screen]]:
    """Makes screens of a size; each is asked the two questions at the end."""
    made: list[Screen] = []

    def make(width: int = 1920, height: int = 1080, **more: Any) -> Screen:
        tab = browser.new_page(viewport={"width": width, "height": height}, **more)
        made.append(Screen(tab, web))
        return made[-1]

    yield make
    for screen in made:
        screen.check()
        screen.tab.close()


@pytest.fixture
def wall(screens: Callable[..., Screen]) -> Screen:
    """An open wall."""
    return screens().open("/wall")
