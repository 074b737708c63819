"""Another build of the server, and one with a mistake in it: what screens do on their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dashboards.panel import slot
from tests.browser.composed import PLAIN, with_settings
from tests.browser.conftest import Screen
from tests.browser.test_leader_offline import upgraded
from tests.browser.test_screens import RECEIVED
from tests.feeding import Feeder
from tests.web import WebServer, received

ROUND = {"jitter_s": 2, "steps": [{"wall": "plain", "seconds": 6}, {"wall": "other", "seconds": 6}]}
PAST_ITS_TURN = "addEventListener('pagehide', () => { sessionStorage.late = Date.now() - iocPlaylist.endsAt; });"
TOUCHING = "window.touching = setInterval(() => dispatchEvent(new PointerEvent('pointerdown')), 200)"
FRONT = "document.querySelector('iframe.shown').contentWindow"
MISTAKE = """

def _mistaken(*_: object) -> Slots:
    raise ValueError("a mistake of the test")


RECEIVED = Panel(RECEIVED.name, RECEIVED.feeds, RECEIVED.frame, _mistaken)
"""


def composed(directory: Path, title: str) -> str:
    """The path of settings with two walls and a playlist; another title makes the server another build."""
    directory.mkdir()
    wall: dict[str, Any] = {**PLAIN["walls"]["plain"], "title_vi": title}
    walls = {"plain": wall, "other": wall}
    return with_settings(directory, **{**PLAIN, "walls": walls, "playlists": {"round": ROUND}})


def test_a_new_build_is_loaded_by_a_wall_a_tablet_and_a_playlist_by_themselves(
    start_web: Callable[..., WebServer], screens: Callable[..., Screen], tmp_path: Path
) -> None:
    web = start_web(IOC_CONFIG=composed(tmp_path / "before", "Trước"))
    wall, tablet, playlist = screens(), screens(1180, 820), screens()
    for screen in (wall, tablet, playlist):
        screen.web = web
        screen.expects_loss = True
    wall.open("/wall/plain")
    tablet.open("/kpi")
    playlist.tab.goto(f"{web.url}/wall/round")
    playlist.wait("iocPlaylist.turns >= 1")
    assert 6000 <= playlist.value("iocPlaylist.endsAt - iocPlaylist.beganAt") <= 8000
    before = wall.value("iocLive.build")
    for screen in (wall, tablet, playlist):
        screen.value("window.sameTab = true")
    tablet.value(TOUCHING)
    playlist.value(PAST_ITS_TURN)
    web.stop()
    web.env["IOC_CONFIG"] = composed(tmp_path / "after", "Sau")
    web.start()
    wall.wait(f"window.sameTab === undefined && iocLive.painted > 0 && iocLive.build !== '{before}'")
    build = wall.value("iocLive.build")
    playlist.wait("window.sameTab === undefined && iocPlaylist.at >= 0")
    assert float(playlist.value("sessionStorage.late")) >= 0, "not torn out of its turn"
    playlist.wait(f"{FRONT}.iocLive.build === '{build}' && {FRONT}.iocLive.painted > 0")
    tablet.wait("iocLive.looks >= 3")
    assert tablet.value("[window.sameTab, iocLive.state]") == [True, "live"], "somebody is touching it"
    tablet.value("clearInterval(window.touching)")
    tablet.wait(f"window.sameTab === undefined && iocLive.build === '{build}' && iocLive.painted > 0")


def test_a_panel_that_fails_says_so_and_the_others_go_on(
    start_web: Callable[..., WebServer], screens: Callable[..., Screen], feeder: Feeder, tmp_path: Path
) -> None:
    web = start_web(IOC_CONFIG=with_settings(tmp_path, **PLAIN))
    wall = screens()
    wall.web = web
    wall.expects_loss = True
    wall.open("/wall")
    wall.wait_text(RECEIVED, "0")
    web.stop()
    web.root = upgraded(tmp_path / "mistaken")
    with (web.root / "dashboards" / "panels" / "headline.py").open("a") as module:
        module.write(MISTAKE)
    web.start()
    error = f"document.getElementById('{slot('headline-received', 'error')}').textContent"
    wall.wait(f"/[0-9A-F]{{4}}/.test({error})")
    assert wall.value(f"document.getElementById('{RECEIVED}').checkVisibility()") is False, "no number but words"
    wall.keep("wall_mistaken_1920x1080")
    overdue = slot("headline-overdue", "value")
    for number in range(1, 3):
        old = datetime.now(UTC) - timedelta(days=9)
        feeder.feed([received(number, old, due_at=(old + timedelta(days=2)).isoformat())])
        wall.wait_text(overdue, str(number))
    assert wall.value("document.querySelectorAll('.panel-error:not(:empty)').length") == 1
    assert wall.value("iocLive.state") == "live"
    shutil.rmtree(web.root)
