"""What a leader in front of a screen relies on: the number moves, the picture stays, doubt is said."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from dashboards.panel import slot
from ioc.settings import Settings
from ioc.snapshot import local_midnight
from tests.browser.conftest import DRAWN, Screen
from tests.browser.noting import note, noted
from tests.feeding import Feeder
from tests.web import Pipeline, WebServer, received

RECEIVED = slot("headline-received", "value")
BAND = "document.getElementById('connection')"
UNIT_LINK = "document.querySelector('[data-panel=ranking] a[href*=\"unit=\"]')"
NODES = "[...document.querySelectorAll('.js-plotly-plot')]"


def some_cases(settings: Settings, count: int, first: int = 0) -> list[tuple[str, dict[str, object]]]:
    """Cases received today and not after now, whatever the hour."""
    now = datetime.now(UTC)
    at = max(local_midnight(now, settings.zone), now - timedelta(minutes=20))
    return [received(number, at) for number in range(first, first + count)]


def test_an_event_changes_the_number_on_the_wall(wall: Screen, feeder: Feeder) -> None:
    wall.wait_text(RECEIVED, "0")
    feeder.feed(some_cases(feeder.settings, 3))
    wall.wait_text(RECEIVED, "3")
    feeder.feed(some_cases(feeder.settings, 4, first=3))
    wall.wait_text(RECEIVED, "7")
    assert wall.value("iocLive.fulls") == 1
    assert wall.value("iocLive.gaps") == 0


def test_charts_keep_their_nodes_through_ten_ticks(wall: Screen, feeder: Feeder) -> None:
    wall.wait(f"{NODES}.length > 1")
    wall.value(f"{NODES}.forEach((node, at) => node.dataset.born = at)")
    count = wall.value(f"{NODES}.length")
    for number in range(10):
        feeder.feed(some_cases(feeder.settings, 1, first=number))
        wall.wait_text(RECEIVED, str(number + 1))
    assert wall.value(f"{NODES}.map(node => node.dataset.born)") == [str(at) for at in range(count)]


TOLD = """
    window.told = [];
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
      told.push(JSON.parse(text));
      return send.call(this, text);
    };
"""


def test_a_change_soon_after_another_is_told_too(screens: Callable[..., Screen], feeder: Feeder) -> None:
    screen = screens()
    screen.tab.add_init_script(TOLD)
    screen.open("/wall").wait_text(RECEIVED, "0")
    for number in range(4):
        feeder.feed(some_cases(feeder.settings, 1, first=number))
        screen.wait_text(RECEIVED, str(number + 1))
    seq = screen.value("iocLive.seq")
    screen.wait(f"told.some(said => said.painted >= {seq} && said.took_ms > 0)")


def test_silence_is_said_within_five_seconds_and_the_picture_stays(wall: Screen, feeder: Feeder) -> None:
    feeder.feed(some_cases(feeder.settings, 5))
    wall.wait_text(RECEIVED, "5")
    wall.wait("iocLive.beat.feeds['ioc.cases.v1'][0] !== null")
    latency = "document.querySelector('[data-latency]').textContent"
    wall.wait(f"/^[\\d.,]+ m?s$/.test({latency})")
    wall.expects_loss = True
    tile = "document.querySelector('[data-panel=flow] .age')"
    band = f"{BAND}.textContent.startsWith('MẤT KẾT NỐI')"
    note(wall.tab, f"{BAND} && {band} && {tile}.textContent.includes('SỐ LIỆU CŨ')")
    killed_s = time.time()
    wall.web.stop(signal.SIGKILL)
    said_s, words = noted(wall.tab)
    assert said_s - killed_s < 5
    assert re.search(r"MẤT KẾT NỐI\s*00:0[3-6]", words), words
    assert wall.value(f"[document.documentElement.dataset.state, {latency}]") == ["offline", "–"]
    assert wall.value(f"{BAND}.getBoundingClientRect().width") == 1920
    wall.wait(f"/00:1\\d/.test({BAND}.textContent)")
    assert wall.value(f"document.getElementById('{RECEIVED}').textContent") == "5"
    wall.keep("wall_offline_1920x1080")


def test_a_screen_outlives_a_restart_of_the_server(wall: Screen, feeder: Feeder) -> None:
    wall.expects_loss = True
    wall.value("window.sameTab = true")
    wall.web.stop()
    wall.wait("document.documentElement.dataset.state === 'offline'")
    feeder.feed(some_cases(feeder.settings, 6))
    wall.web.start()
    wall.wait_text(RECEIVED, "6")
    wall.wait("document.documentElement.dataset.state === 'live'")
    assert wall.value(f"{BAND}") is None
    assert wall.value("window.sameTab") is True
    feeder.feed(some_cases(feeder.settings, 1, first=6))
    wall.wait_text(RECEIVED, "7")


def test_a_stopped_feed_is_called_old_by_name(wall: Screen, feeder: Feeder, pipeline: Pipeline) -> None:
    feeder.feed(some_cases(feeder.settings, 1))
    tile = "document.querySelector('[data-panel=flow]')"
    wall.wait(f"{tile}.dataset.fresh === 'live'")
    pipeline.stop()
    wall.wait(f"{tile}.dataset.fresh === 'stale'")
    assert "SỐ LIỆU CŨ" in wall.value(f"{tile}.querySelector('.age').textContent")
    assert wall.value("document.documentElement.dataset.state") == "live", "the push itself is well"


def test_a_lost_message_is_asked_for_again(wall: Screen, feeder: Feeder) -> None:
    feeder.feed(some_cases(feeder.settings, 1))
    wall.wait_text(RECEIVED, "1")
    wall.value("iocLive.seq -= 5")
    feeder.feed(some_cases(feeder.settings, 1, first=1))
    wall.wait_text(RECEIVED, "2")
    assert wall.value("iocLive.gaps") >= 1
    assert wall.value("iocLive.fulls") >= 2


def test_the_url_holds_place_language_and_theme(screens: Callable[..., Screen], feeder: Feeder) -> None:
    feeder.feed(some_cases(feeder.settings, 2))
    tablet = screens(1180, 820).open("/?unit=718&lang=en&theme=light")
    assert tablet.value("document.documentElement.lang") == "en"
    assert tablet.value("document.documentElement.dataset.bsTheme") == "light"
    assert "Thủ Dầu Một" in tablet.value("document.querySelector('h1').textContent")
    tablet.open("/?unit=718")
    assert tablet.value("document.documentElement.lang") == "en", "remembered"
    tablet.open("/?lang=vi")
    tablet.wait_text(RECEIVED, "2")
    assert tablet.value("document.documentElement.lang") == "vi"


def test_going_to_a_unit_and_back_follows_the_address(screens: Callable[..., Screen], feeder: Feeder) -> None:
    feeder.feed(some_cases(feeder.settings, 2))
    tablet = screens(1180, 820).open("/")
    tablet.wait_text(RECEIVED, "2")
    tablet.value("window.sameTab = true")
    tablet.wait(f"{UNIT_LINK} !== null")
    tablet.wait(DRAWN)
    tablet.value(f"{UNIT_LINK}.click()")
    tablet.wait("location.search.includes('unit=')")
    tablet.wait("iocLive.fulls === 2")
    assert tablet.value("window.sameTab") is True, "without loading the page again"
    tablet.wait(DRAWN)
    tablet.tab.go_back()
    tablet.wait("iocLive.fulls === 3")
    tablet.wait_text(RECEIVED, "2")
    tablet.wait(DRAWN)


def test_an_unknown_address_says_so(screens: Callable[..., Screen]) -> None:
    screen = screens(1180, 820)
    for path in ("/nothing", "/?unit=nowhere"):
        answer = screen.tab.goto(screen.web.url + path)
        assert answer is not None
        assert answer.status == 404
        screen.wait("document.querySelector('h1')?.textContent === 'Không có trang này'")
    assert all("404" in error for error in screen.errors)
    screen.errors.clear()


@pytest.mark.parametrize(
    ("path", "size", "name"),
    [
        ("/wall", (3840, 2160), "wall"),
        ("/wall", (1920, 1080), "wall"),
        ("/", (1180, 820), "leader"),
        ("/", (820, 1180), "leader"),
        ("/status", (1440, 900), "status"),
    ],
    ids=str,
)
def test_every_page_at_its_size(
    screens: Callable[..., Screen],
    feeder: Feeder,
    pipeline: Pipeline,
    path: str,
    size: tuple[int, int],
    name: str,
) -> None:
    feeder.feed(some_cases(feeder.settings, 9))
    screen = screens(*size).open(path)
    screen.wait("document.documentElement.dataset.state === 'live'")
    screen.wait("[...document.querySelectorAll('.panel-error')].every(error => error.textContent === '')")
    file = screen.keep(f"{name}_{size[0]}x{size[1]}")
    assert file.stat().st_size > 20_000
    assert screen.value("document.documentElement.scrollWidth") <= size[0]


def test_a_token_opens_the_door_once(start_web: Callable[..., WebServer], screens: Callable[..., Screen]) -> None:
    token = "0123456789abcdef0123456789abcdef"
    web = start_web(IOC_DEMO_MODE="false", IOC_WEB__TOKEN=token)
    screen = screens(1180, 820)
    screen.web = web
    screen.open(f"/status?token={token}")
    assert "token" not in screen.tab.url
    screen.open("/status")
