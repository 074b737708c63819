"""The server knows which of its screens paint: a renderer that is stopped, a browser that is killed, a new build."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from dashboards.bench.browser import ARGUMENTS
from dashboards.panel import slot
from tests.browser.conftest import Screen
from tests.browser.noting import note, noted
from tests.feeding import Feeder
from tests.web import WebServer, received

ROWS = f"document.getElementById('{slot('status-screens', 'rows')}').textContent"
ALARMS = f"document.getElementById('{slot('status-alarms', 'list')}').textContent"


class Kiosk:
    """A Chromium of its own, as a wall computer runs it: it can be frozen and killed without hurting another."""

    def __init__(self, chromium: str, directory: Path) -> None:
        self.chromium = chromium
        self.directory = directory
        self.process: subprocess.Popen[bytes] | None = None

    def show(self, url: str) -> None:
        """Opens the page."""
        arguments = [*ARGUMENTS, "--headless=new", f"--user-data-dir={self.directory}", "--window-size=800,600", url]
        self.process = subprocess.Popen(
            [self.chromium, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def renderers(self) -> list[psutil.Process]:
        """The processes that run pages."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if "--type=renderer" in " ".join(child.cmdline())]

    def kill(self) -> None:
        """Pulls the plug: all stand still before the first one dies, for a browser that sees its renderer die says
        goodbye in its place."""
        if self.process is None:
            return
        own = psutil.Process(self.process.pid)
        everybody = [own, *own.children(recursive=True)]
        for last in (signal.SIGSTOP, signal.SIGKILL):
            for one in everybody:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one.pid, last)
        self.process.wait(20)
        self.process = None


@pytest.fixture
def kiosk(chromium: str, tmp_path: Path) -> Iterator[Kiosk]:
    found = Kiosk(chromium, tmp_path / "kiosk")
    yield found
    found.kill()


def test_a_frozen_tab_is_named_within_ten_seconds_and_a_killed_one_too(
    web: WebServer, screens: Callable[..., Screen], kiosk: Kiosk
) -> None:
    desk = screens(1366, 768).open("/status")
    kiosk.show(f"{web.url}/wall?screen=phong-hop")
    desk.wait(f"/phong-hop.*đang vẽ/.test({ROWS})")
    frozen = kiosk.renderers()
    assert frozen
    note(desk.tab, f"/phong-hop.*KHÔNG VẼ/.test({ROWS})")
    for renderer in frozen:
        renderer.suspend()
    stopped_s = time.time()
    named_s, _ = noted(desk.tab)
    assert named_s - stopped_s <= 10
    assert "phong-hop" in desk.value(ALARMS)
    assert b"ioc_screens_frozen 1.0" in web.get("/metrics")[2]
    desk.keep("status_frozen_1366x768")
    for renderer in frozen:
        renderer.resume()
    desk.wait(f"/phong-hop.*đang vẽ/.test({ROWS})")
    kiosk.kill()
    desk.wait(f"/phong-hop.*BIẾN MẤT/.test({ROWS})")
    kiosk.show(f"{web.url}/wall?screen=phong-hop")
    desk.wait(f"/phong-hop.*đang vẽ/.test({ROWS})")
    desk.wait(f"!/BIẾN MẤT/.test({ROWS})")


def test_a_new_build_is_loaded_once_and_not_while_somebody_touches(wall: Screen, feeder: Feeder) -> None:
    wall.value("window.sameTab = true")
    wall.value("setInterval(() => dispatchEvent(new PointerEvent('pointerdown')), 200)")
    wall.value("iocLive.newBuild('another')")
    wall.wait("iocLive.looks >= 3")
    assert wall.value("window.sameTab") is True, "somebody is touching the screen"
    wall.open("/wall")
    wall.value("(window.sameTab = true, iocLive.newBuild('another'))")
    wall.wait("window.sameTab === undefined")
    wall.wait("window.iocLive && iocLive.painted > 0")
    wall.value("(window.sameTab = true, iocLive.newBuild('another'))")
    feeder.feed([received(1, datetime.now(UTC))])
    wall.wait("iocLive.deltas > 0")
    assert wall.value("[window.sameTab, iocLive.looks]") == [True, 0], "once for one build"


def test_a_playlist_is_not_torn_out_of_its_turn(wall: Screen) -> None:
    frame = "document.querySelector('iframe').contentWindow"
    made = "Object.assign(document.createElement('iframe'), {src: '/wall'})"
    wall.value(f"(window.iocPlaylist = {{}}, document.body.append({made}))")
    wall.wait(f"{frame}.iocLive && {frame}.iocLive.painted > 0")
    wall.value(f"{frame}.iocLive.newBuild('another')")
    assert wall.value(f"[{frame}.iocLive.renewed, {frame}.iocLive.looks]") == ["another", 0], "the playlist's business"


def test_a_server_that_is_away_is_not_answered_with_an_error_page(wall: Screen) -> None:
    wall.expects_loss = True
    wall.value("window.sameTab = true")
    wall.web.stop(signal.SIGKILL)
    wall.value("iocLive.newBuild('another')")
    wall.wait("iocLive.looks >= 3")
    assert wall.value("window.sameTab") is True, "the last picture stays"
    wall.web.start()
    wall.wait("window.sameTab === undefined")
