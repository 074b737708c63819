"""Without a network a tablet keeps its last picture, with its age, and never an old shell after an upgrade."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Route

from dashboards.panel import slot
from tests.browser.conftest import Screen
from tests.browser.day import morning
from tests.feeding import Feeder
from tests.web import ROOT, Pipeline, WebServer

RECEIVED = slot("headline-received", "value")
VALUE = f"document.getElementById('{RECEIVED}')?.textContent"
TOKEN = "0123456789abcdef0123456789abcdef"
CACHES = "caches.keys().then(names => names.filter(name => name.startsWith('ioc-')))"


def kept(tablet: Screen) -> str:
    """Waits until shell and picture are kept; gives the figure of that picture."""
    tablet.wait("iocLive.ready && iocLive.kept")
    return str(tablet.value(VALUE))


def test_a_reload_without_a_network_shows_the_last_picture_and_its_age(
    screens: Callable[..., Screen], feeder: Feeder, pipeline: Pipeline
) -> None:
    feeder.feed(morning(feeder.settings))
    tablet = screens(1180, 820, has_touch=True).open("/?unit=725")
    tablet.expects_loss = True
    shown = kept(tablet)
    tablet.tab.context.set_offline(True)
    tablet.wait("Date.now() - iocLive.kept > 5000")
    tablet.tab.reload()
    tablet.wait(f"{VALUE} === '{shown}'")
    tablet.wait("document.documentElement.dataset.state === 'offline'")
    tablet.wait("/^MẤT KẾT NỐI\\d\\d:\\d\\d/.test(document.getElementById('connection')?.textContent)")
    age = "document.getElementById('connection').children[1].textContent"
    text, age_s = tablet.value(f"[{age}, (Date.now() - iocLive.shownAt) / 1000]")
    minutes, seconds = map(int, text.split(":"))
    assert abs(minutes * 60 + seconds - age_s) < 3, "the age is that of the picture, not of the reload"
    assert "Thuận An" in tablet.value("document.querySelector('h1').textContent")
    tablet.wait("document.querySelectorAll('.js-plotly-plot').length > 0")
    tablet.keep("tablet_offline_1180x820")
    tablet.tab.context.set_offline(False)
    tablet.wait("document.documentElement.dataset.state === 'live'")


def test_nothing_is_kept_before_the_scripts_of_the_charts_are_there(
    screens: Callable[..., Screen], feeder: Feeder
) -> None:
    feeder.feed(morning(feeder.settings))
    tablet = screens(1180, 820)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    tablet.tab.route("**/async-graph*.js", hold)
    tablet.open("/")
    tablet.value("(window.messagesThen = iocLive.messages)")
    tablet.wait("iocLive.messages - messagesThen > 3")
    assert held, "the charts' script is asked for with the first chart"
    assert not tablet.value("navigator.serviceWorker.getRegistration().then(Boolean)"), "numbers alone are no page"
    for route in held:
        route.continue_()
    kept(tablet)
    chunk = urlsplit(held[0].request.url).path
    assert tablet.value(f"caches.match('{chunk}', {{ ignoreSearch: true }}).then(Boolean)")


def test_a_list_that_was_not_read_in_time_says_so(
    screens: Callable[..., Screen], feeder: Feeder, pipeline: Pipeline
) -> None:
    feeder.feed(morning(feeder.settings))
    tablet = screens(1180, 820)
    tablet.expects_loss = True
    rows = "document.querySelector('.late-list.overdue .late-rows')"
    with feeder.writing.transaction():  # figures are read, the list is not
        feeder.writing.execute("lock table case_event")
        tablet.open("/?unit=25978")
        kept(tablet)
        assert tablet.value(f"{rows}.innerText.trim()") == "", "it may still come"
        assert tablet.value(f"{rows}.querySelector('.still').checkVisibility()")
        tablet.tab.context.set_offline(True)
        tablet.tab.reload()
        tablet.wait("document.documentElement.dataset.state === 'offline'")
        tablet.wait(f"{rows}.innerText.trim() === 'Mất kết nối trước khi đọc được danh sách này'")
        assert not tablet.value(f"{rows}.querySelector('.still').checkVisibility()")
        tablet.keep("tablet_offline_unread_1180x820")
        tablet.tab.context.set_offline(False)
        tablet.wait("document.documentElement.dataset.state === 'live'")
    tablet.wait(f"{rows}.querySelectorAll('.days').length === 3")
    tablet.wait("Date.now() - iocLive.kept < 1000")
    tablet.tab.context.set_offline(True)
    tablet.tab.reload()
    tablet.wait("document.documentElement.dataset.state === 'offline'")
    tablet.wait(f"{rows}.querySelectorAll('.days').length === 3")


def test_an_upgrade_throws_away_the_old_shell(screens: Callable[..., Screen], feeder: Feeder, tmp_path: Path) -> None:
    tablet = screens(1180, 820).open("/")
    tablet.expects_loss = True
    kept(tablet)
    before = tablet.value("iocLive.build")
    assert tablet.value(CACHES) == [f"ioc-{before}"]
    tablet.web.stop()
    tablet.web.root = upgraded(tmp_path / "next")
    tablet.web.start()
    tablet.tab.reload()
    tablet.wait(f"iocLive.ready && iocLive.kept && iocLive.build !== '{before}'")
    now = tablet.value("iocLive.build")
    tablet.wait(f"{CACHES}.then(names => names.join() === 'ioc-{now}')")
    tablet.tab.context.set_offline(True)
    tablet.tab.reload()
    tablet.wait("document.documentElement.dataset.state === 'offline'")
    assert tablet.value("iocLive.build") == now


def upgraded(to: Path) -> Path:
    """The same code as another build."""
    for room in ("ioc", "streams", "dashboards"):
        shutil.copytree(ROOT / room, to / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "config.yaml", to)
    with (to / "dashboards" / "assets" / "swipe.js").open("a") as asset:
        asset.write("// the next build\n")
    return to


def test_who_is_refused_loses_what_was_kept(
    start_web: Callable[..., WebServer], screens: Callable[..., Screen], feeder: Feeder
) -> None:
    web = start_web(IOC_DEMO_MODE="false", IOC_WEB__TOKEN=TOKEN)
    for path in ("/sw.js", "/manifest.webmanifest", "/icons/app-192.png"):
        assert web.status(path) == 401, "as everything else"
    tablet = screens(1180, 820)
    tablet.web = web
    tablet.open(f"/?token={TOKEN}")
    kept(tablet)
    assert len(tablet.value(CACHES)) == 1
    tablet.tab.context.clear_cookies()
    tablet.expects_loss = True
    tablet.tab.goto(web.url + "/cases")
    assert "token" in tablet.tab.content()
    tablet.wait("caches.keys().then(names => names.every(name => !name.startsWith('ioc-')))")
    tablet.wait("indexedDB.databases().then(found => found.every(one => one.name !== 'ioc-pictures'))")
    tablet.errors = [line for line in tablet.errors if "401" not in line]


def test_the_tablet_can_be_installed(web: WebServer) -> None:
    status, headers, _ = web.get("/manifest.webmanifest")
    assert (status, headers["content-type"]) == (200, "application/manifest+json")
    manifest = web.json("/manifest.webmanifest")
    assert manifest["display"] == "standalone"
    assert manifest["theme_color"].startswith("#")
    for icon in manifest["icons"]:
        with Image.open(io.BytesIO(web.get(icon["src"])[2])) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
    page = web.get("/")[2].decode()
    assert '<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">' in page
    assert web.status("/icons/other.png") == 404
