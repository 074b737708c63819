"""The sign page in Chromium: the pixels of the frame, the next one by itself, the truth when the server is away."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette

from dashboards.sign.data import SignData
from dashboards.sign.render import draw, page_count
from dashboards.sign.routes import routes
from dashboards.sign.view import view
from tests.browser.noting import note, noted
from tests.unit.sign_kit import AS_OF, ROWS, figures, sign

ARTEFACTS = Path(__file__).parents[2] / "artifacts" / "sign"
SIZES = [(1280, 640), (1024, 576), (640, 320), (320, 160), (192, 96), (128, 64), (1280, 128)]


class Announced(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


class SignServer:
    """A server of one sign on a port of its own, which can go away and come back."""

    def __init__(self) -> None:
        self.data: SignData = sign()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._server: Announced | None = None
        self._thread: threading.Thread | None = None

    def provide(self, name: str, language: str | None) -> SignData | None:
        return replace(self.data, language=language or self.data.language) if name == "mot-cua" else None

    def start(self) -> None:
        app = Starlette(routes=routes(self.provide, lambda: AS_OF, lambda: ["mot-cua"]))
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="warning", timeout_graceful_shutdown=1)
        self._server = Announced(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        assert self._server.listens.wait(20)

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def server() -> Iterator[SignServer]:
    running = SignServer()
    running.start()
    yield running
    running.stop()


def opened(
    browser: Browser, server: SignServer, size: tuple[int, int], query: str = "", *, still: bool = False
) -> tuple[Page, list[str]]:
    """A tab that shows the sign, and every address and console error that it makes; `still` wants no motion."""
    motion: Literal["reduce", "no-preference"] = "reduce" if still else "no-preference"
    tab = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion=motion)
    heard: list[str] = []
    tab.on("console", lambda line: heard.append(line.text) if line.type == "error" else None)
    tab.on("pageerror", lambda error: heard.append(str(error)))
    tab.on("request", lambda request: None if _local(request.url, server) else heard.append(request.url))
    tab.goto(server.address(f"/sign/mot-cua{query}"))
    tab.wait_for_function("() => document.body.dataset.version")
    return tab, heard


def _local(url: str, server: SignServer) -> bool:
    return url.startswith((server.address("/"), "blob:", "data:"))


def shown(tab: Page) -> Image.Image:
    return Image.open(io.BytesIO(tab.screenshot())).convert("RGB")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_screen_shows_the_frame_pixel_for_pixel(
    browser: Browser, server: SignServer, size: tuple[int, int]
) -> None:
    tab, heard = opened(browser, server, size, still=True)
    for _ in range(3):  # a page may turn between the two pictures
        page = tab.evaluate("() => document.body.dataset.page")
        picture = shown(tab)
        if tab.evaluate("() => document.body.dataset.page") == page:
            break
    frame = tab.request.get(server.address(f"/sign/mot-cua.png?w={size[0]}&h={size[1]}&page={page}")).body()
    assert picture.size == size
    assert picture.tobytes() == Image.open(io.BytesIO(frame)).convert("RGB").tobytes()
    assert tab.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == list(
        size
    )
    assert heard == []
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    picture.save(ARTEFACTS / f"sign_{size[0]}x{size[1]}.png")
    tab.close()


def test_a_changed_figure_appears_by_itself(browser: Browser, server: SignServer) -> None:
    server.data = sign(rows=ROWS[:1], codes=(), url="")
    assert page_count(server.data, 1280, 640) == 1
    tab, heard = opened(browser, server, (1280, 640))
    tab.wait_for_function("() => document.querySelector('[data-testid=sign-text]').textContent.includes('318')")
    server.data = sign(rows=(replace(ROWS[0], figures=figures(319, 2140, 341, 21)),), codes=(), url="")
    tab.wait_for_function("() => document.querySelector('[data-testid=sign-text]').textContent.includes('319')")
    assert tab.evaluate("() => [...document.querySelectorAll('img')].filter(i => !i.hidden).length") == 1
    assert heard == []
    tab.close()


@pytest.mark.parametrize(
    "size", [(1024, 576), (192, 96), (128, 64), (1280, 128)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_a_lost_server_is_said_within_five_seconds_and_the_frame_stays(
    browser: Browser, server: SignServer, size: tuple[int, int]
) -> None:
    tab, _ = opened(browser, server, size)
    before = tab.evaluate("() => document.body.dataset.version")
    note(tab, "document.body.dataset.connected === 'false'")
    server.stop()
    stopped_s = time.time()
    said_s, _ = noted(tab)
    assert said_s - stopped_s < 5
    lost = tab.get_by_test_id("sign-lost")
    tab.wait_for_function("() => /(MẤT KẾT NỐI|MẤT NỐI) 00:0[4-9]/.test(document.getElementById('lost').textContent)")
    assert tab.evaluate("() => { const b = document.getElementById('lost'); return b.scrollWidth <= b.clientWidth; }")
    box = lost.bounding_box()
    assert box is not None
    page = tab.evaluate("() => Number(document.body.dataset.page)")
    allowed = draw(view(server.data), *size, page).warning
    assert (box["x"], box["y"], box["width"], box["height"]) == (
        allowed.left,
        allowed.top,
        allowed.width,
        allowed.height,
    )
    assert tab.evaluate("() => [...document.querySelectorAll('img')].some(i => !i.hidden && i.naturalWidth > 0)")
    picture = shown(tab)
    violet = sum(count for count, colour in picture.getcolors(1 << 20) or () if colour == (187, 167, 255))
    assert violet > box["width"] * box["height"] / 2
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    picture.save(ARTEFACTS / f"sign_lost_{size[0]}x{size[1]}.png")
    server.data = sign(age_s=9.0)
    server.start()
    tab.wait_for_function("() => document.body.dataset.connected === 'true'", timeout=20_000)
    assert lost.is_hidden()
    tab.wait_for_function("before => document.body.dataset.version !== before", arg=before, timeout=20_000)
    tab.close()


def test_a_board_in_a_corner_of_the_screen(browser: Browser, server: SignServer) -> None:
    server.data = sign(rows=(), place="")  # whichever page of it the clock shows
    tab, _ = opened(browser, server, (800, 600), "?w=192&h=96&lang=en")
    picture = shown(tab)
    assert picture.crop((192, 0, 800, 600)).getbbox() is None
    assert picture.crop((0, 0, 192, 96)).getbbox() is not None
    assert tab.get_by_test_id("sign-text").text_content()
    tab.close()
