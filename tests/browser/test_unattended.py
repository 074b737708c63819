"""Nobody stands beside these screens: what did not come is asked for again, and never in a loop or into the dark."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route

from tests.browser.composed import PLAIN, with_settings
from tests.browser.conftest import Screen
from tests.web import WebServer

CALLBACK = "**/_dash-update-component*"
BAND = "document.getElementById('connection')"
LESS_PATIENT = """
const later = window.setTimeout.bind(window);
window.setTimeout = (what, ms, ...more) => later(what, ms >= 20000 ? ms / 3 : ms, ...more);
"""
FIVE_MINUTES_LATER = "(real => { Date.now = () => real() + 300000; })(Date.now)"
FRONT = "document.querySelector('iframe.shown').contentWindow"


@pytest.fixture
def plain(start_web: Callable[..., WebServer], screens: Callable[..., Screen], tmp_path: Path) -> Screen:
    """A screen of a web process with a wall that is cheap to paint, and a playlist of it."""
    steps = [{"wall": "plain", "seconds": 5}, {"wall": "other", "seconds": 5}]
    walls = {**PLAIN["walls"], "other": PLAIN["walls"]["plain"]}
    lists = {"round": {"jitter_s": 1, "steps": steps}}
    found = screens()
    found.web = start_web(IOC_CONFIG=with_settings(tmp_path, **{**PLAIN, "walls": walls, "playlists": lists}))
    found.expects_loss = True
    return found


def test_a_page_whose_first_answer_was_lost_says_so_and_comes_by_itself(plain: Screen) -> None:
    def lose(route: Route) -> None:
        plain.web.stop(signal.SIGKILL)
        route.abort()

    plain.tab.add_init_script(LESS_PATIENT)
    plain.tab.route(CALLBACK, lose, times=1)
    plain.tab.goto(plain.web.url + "/wall")
    plain.value("window.sameTab = true")
    plain.wait(f"{BAND}.textContent.startsWith('MẤT KẾT NỐI')")
    with plain.tab.expect_event("requestfailed", lambda request: request.url.endswith("/wall")):
        pass
    assert plain.value("window.sameTab") is True, "not into the browser's own page of an error"
    plain.web.start()
    plain.wait("window.sameTab === undefined && iocLive.painted > 0")
    plain.wait(f"document.documentElement.dataset.state === 'live' && {BAND} === null")


def test_a_page_that_means_nothing_is_not_loaded_again(plain: Screen) -> None:
    plain.tab.add_init_script(LESS_PATIENT)
    plain.tab.goto(plain.web.url + "/wall/nothing")
    plain.wait("document.querySelector('#page h1') !== null")
    plain.value("(window.sameTab = true, sessionStorage.setItem('ioc-late', '9'))")
    plain.wait("sessionStorage.getItem('ioc-late') === '0'")
    assert plain.value("[window.sameTab, document.getElementById('connection')]") == [True, None]
    plain.errors = [line for line in plain.errors if "404" not in line]


def test_a_playlist_whose_first_wall_did_not_come_asks_again(plain: Screen) -> None:
    plain.tab.route("**/wall/plain*", lambda route: route.abort(), times=1)
    plain.tab.goto(plain.web.url + "/wall/round")
    plain.wait("iocPlaylist.at === -1 && document.querySelector('iframe').src !== ''")
    plain.value(FIVE_MINUTES_LATER)
    plain.wait("iocPlaylist.at === 0")
    plain.wait(f"{FRONT}.iocLive.painted > 0")


def test_a_playlist_is_not_loaded_again_while_nobody_answers(plain: Screen) -> None:
    plain.tab.goto(plain.web.url + "/wall/round")
    plain.wait(f"iocPlaylist.at === 0 && {FRONT}.iocLive.painted > 0")
    plain.value(f"(window.sameTab = true, {FRONT}.iocLive.newBuild('another'))")
    assert plain.value(f"{FRONT}.iocLive.renewed") == "another"
    plain.web.stop(signal.SIGKILL)
    with plain.tab.expect_event("requestfailed", lambda request: request.url.endswith("/wall/round")):
        pass
    assert plain.value("window.sameTab") is True
    plain.web.start()
    plain.wait("window.sameTab === undefined && iocPlaylist.at === 0")


def test_light_and_dark_without_a_server_do_not_load_the_page_for_ever(
    web: WebServer, screens: Callable[..., Screen]
) -> None:
    tablet = screens(1180, 820, color_scheme="dark").open("/")
    tablet.expects_loss = True
    tablet.wait("iocLive.ready && iocLive.kept")
    web.stop(signal.SIGKILL)
    tablet.value("window.sameTab = true")
    with tablet.tab.expect_event("requestfailed", lambda request: request.url == web.url + "/"):
        tablet.tab.emulate_media(color_scheme="light")
    tablet.wait("document.documentElement.dataset.state === 'offline'")
    assert tablet.value("[window.sameTab, document.documentElement.dataset.bsTheme]") == [True, "dark"]
    web.start()
    tablet.wait("window.sameTab === undefined && document.documentElement.dataset.bsTheme === 'light'")
    tablet.wait("iocLive.painted > 0 && document.documentElement.dataset.state === 'live'")
