"""A screen finds its server again, whatever the network did: cut, pulled out, stopped, slow to say the first word."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.composed import PLAIN, with_settings
from tests.browser.conftest import Screen
from tests.browser.noting import note, noted
from tests.browser.test_screens import BAND, RECEIVED, some_cases
from tests.browser.wire import Wire
from tests.feeding import Feeder
from tests.web import WebServer, until

LIVE = "document.documentElement.dataset.state === 'live'"
OFFLINE = "document.documentElement.dataset.state === 'offline'"
CONNECTING = "window.sockets.at(-1).readyState === WebSocket.CONNECTING"
REMEMBER_SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...all) {
    super(...all);
    window.sockets.push(this);
  }
};
"""
SCREENS = 4
CUTS = 25


@pytest.fixture
def plain(start_web: Callable[..., WebServer], tmp_path: Path) -> WebServer:
    """A web process whose wall is cheap to paint."""
    return start_web(IOC_CONFIG=with_settings(tmp_path, **PLAIN))


@pytest.fixture
def wire(plain: WebServer) -> Iterator[Wire]:
    found = Wire(plain.port)
    yield found
    found.close()


@pytest.fixture
def behind(screens: Callable[..., Screen], plain: WebServer, wire: Wire) -> Callable[[], Screen]:
    """Opens walls whose only way to the server is the wire."""

    def make() -> Screen:
        screen = screens()
        screen.web = wire.before(plain)
        screen.expects_loss = True
        screen.tab.add_init_script(REMEMBER_SOCKETS)
        return screen.open("/wall")

    return make


def test_a_stopped_server_is_said_and_found_again_when_it_goes_on(
    screens: Callable[..., Screen], plain: WebServer, feeder: Feeder
) -> None:
    wall = screens()
    wall.web = plain
    wall.expects_loss = True
    wall.open("/wall")
    feeder.feed(some_cases(feeder.settings, 2))
    wall.wait_text(RECEIVED, "2")
    assert plain.process is not None
    note(wall.tab, f"{BAND}?.textContent.startsWith('MẤT KẾT NỐI')")
    plain.process.send_signal(signal.SIGSTOP)
    try:
        stopped_s = time.time()
        said_s, _ = noted(wall.tab)
        assert said_s - stopped_s < 5
        feeder.feed(some_cases(feeder.settings, 3, first=2))
        wall.wait("iocLive.attempts >= 2")  # the one that was open, and one that nobody answered
    finally:
        plain.process.send_signal(signal.SIGCONT)
    note(wall.tab, f"{LIVE} && document.getElementById('{RECEIVED}').textContent === '5'")
    going_s = time.time()
    live_s, _ = noted(wall.tab)
    assert live_s - going_s < 10
    feeder.feed(some_cases(feeder.settings, 1, first=5))
    wall.wait_text(RECEIVED, "6")
    assert wall.value(BAND) is None


def test_a_connection_that_never_opens_is_given_up(behind: Callable[[], Screen], wire: Wire, feeder: Feeder) -> None:
    wall = behind()
    wire.unplugged = True
    wall.wait(f"{OFFLINE} && {CONNECTING}")
    tried = wall.value("window.sockets.length")
    wire.unplugged = False
    feeder.feed(some_cases(feeder.settings, 3))
    wall.wait_text(RECEIVED, "3")
    wall.wait(LIVE)
    assert wall.value("window.sockets.length") > tried, "the wire keeps those of its dark time"


def test_a_connection_that_has_just_opened_is_given_its_time(behind: Callable[[], Screen], wire: Wire) -> None:
    wall = behind()
    wire.unplugged = True
    wall.wait(f"{OFFLINE} && {CONNECTING}")
    wire.late_s = 2.5  # longer than the screen's own look at the clock, shorter than what is dead
    wire.unplugged = False
    wall.wait(LIVE)
    assert wall.value("window.sockets.filter(one => one.readyState === WebSocket.OPEN).length") == 1


def test_a_hundred_cuts_lose_nothing(behind: Callable[[], Screen], wire: Wire, feeder: Feeder) -> None:
    walls = [behind() for _ in range(SCREENS)]
    began_s = time.monotonic()
    for at in range(1, CUTS + 1):
        until(lambda: wire.ends >= 2 * SCREENS, "every wall is connected")
        wire.cut()
        feeder.feed(some_cases(feeder.settings, 1, first=at))
        for wall in walls:
            wall.wait_text(RECEIVED, str(at))
    took_s = time.monotonic() - began_s
    assert took_s < 4 * CUTS, f"{took_s:.0f} s for {CUTS} cuts"
    for wall in walls:
        wall.wait(LIVE)
        assert wall.value(f"[iocLive.gaps, iocLive.reconnects >= {CUTS}]") == [0, True]
