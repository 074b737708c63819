"""axe-core finds nothing serious or critical on any page: WCAG 2.2, A and AA, in both languages and themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from dashboards.pages.registry import pages
from tests.browser.conftest import Screen
from tests.browser.day import morning
from tests.browser.layout import faults
from tests.feeding import Feeder
from tests.web import Pipeline

PATHS = [page.address for page in pages(lambda: None)]  # type: ignore[arg-type,return-value]
GRAVE = {"serious", "critical"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def grave(screen: Screen) -> list[str]:
    """What axe-core calls serious or critical, with the first elements."""
    answer = Axe().run(screen.tab, options={"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
    return [
        f"{found['impact']} {found['id']}: {[node['target'] for node in found['nodes'][:3]]}"
        for found in answer.response["violations"]
        if found["impact"] in GRAVE
    ]


@pytest.mark.parametrize(("look", "size"), [("lang=vi&theme=dark", (1180, 820)), ("lang=en&theme=light", (768, 1024))])
def test_nothing_serious_on_any_page(
    screens: Callable[..., Screen], feeder: Feeder, pipeline: Pipeline, look: str, size: tuple[int, int]
) -> None:
    feeder.feed(morning(feeder.settings))
    screen = screens(*size)
    found = {}
    for path in [*PATHS, "/?unit=725", "/?unit=25978"]:
        screen.open(f"{path}{'&' if '?' in path else '?'}{look}")
        screen.wait("document.documentElement.dataset.state === 'live'")
        if told := grave(screen):
            found[path] = told
    assert found == {}


def test_every_table_of_the_status_page_that_scrolls_can_be_reached_by_the_keyboard(
    screens: Callable[..., Screen], feeder: Feeder, pipeline: Pipeline
) -> None:
    feeder.feed(morning(feeder.settings))
    screen = screens(480, 820).open("/status")
    screen.wait("document.querySelector('.scrolls').scrollWidth > document.querySelector('.scrolls').clientWidth")
    assert grave(screen) == []


@pytest.mark.parametrize("language", ["vi", "en"])
def test_nothing_serious_on_pages_that_are_no_dashboard(screens: Callable[..., Screen], language: str) -> None:
    screen = screens(1366, 768)
    screen.web.until_figures()
    found = {}
    for path, stands in (
        ("/signs", "document.querySelector('h1') !== null"),
        ("/sign/tinh/preview", "[...document.images].every(one => one.loading === 'lazy' || one.complete)"),
        ("/wall/tour", "iocPlaylist.at === 0 && document.querySelector('iframe').contentWindow.iocLive.painted > 0"),
        ("/nothing", "document.querySelector('#page h1') !== null"),
    ):
        screen.tab.goto(f"{screen.web.url}{path}?lang={language}")
        screen.wait(stands)
        if told := grave(screen):
            found[path] = told
    assert found == {}
    missing = [line for line in screen.errors if "404" in line]
    assert len(missing) == 1, "the page that there is none says so in its status"
    screen.errors.remove(missing[0])


@pytest.mark.parametrize("size", [(1366, 768), (768, 1024)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_status_page_fits(
    screens: Callable[..., Screen], feeder: Feeder, pipeline: Pipeline, size: tuple[int, int]
) -> None:
    feeder.feed(morning(feeder.settings))
    screen = screens(*size)
    found = {}
    for look in ("lang=vi&theme=dark", "lang=en&theme=light", "lang=vi&theme=light", "lang=en&theme=dark"):
        screen.open(f"/status?{look}")
        screen.wait("document.documentElement.dataset.state === 'live' && document.fonts.status === 'loaded'")
        screen.wait("[...document.querySelectorAll('.status .panel')].every(one => one.textContent.trim() !== '')")
        screen.keep(f"status_{size[0]}x{size[1]}_{look[5:7]}")
        if told := [*faults(screen), *grave(screen)]:
            found[look] = told
    assert found == {}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_nothing_serious_on_a_sign(screens: Callable[..., Screen], language: str) -> None:
    screen = screens(1280, 640)
    screen.web.until_figures()
    screen.tab.goto(f"{screen.web.url}/sign/tinh?lang={language}")
    screen.wait("document.body.dataset.version > '' && document.readyState === 'complete'")
    assert grave(screen) == []
    assert screen.value("document.documentElement.lang") == language


def test_a_lost_connection_is_said_once_and_not_each_second(screens: Callable[..., Screen], feeder: Feeder) -> None:
    screen = screens(1180, 820).open("/")
    screen.wait("iocLive.ready")  # its worker too, whose script Chromium would complain of
    screen.expects_loss = True
    screen.web.stop()
    screen.wait("document.getElementById('connection')?.children[1].textContent > '00:05'")
    live = "[...document.querySelectorAll('[role=alert], [role=status], [aria-live]')]"
    assert grave(screen) == []
    running = screen.value(
        f"{live}.filter(one => one.querySelector('[data-since], [data-age], [data-clock]')).map(one => one.id)"
    )
    assert running == [], "a live region with a running clock in it is read out each second"
    assert screen.value("document.querySelector('#connection [role=alert]').textContent") == "MẤT KẾT NỐI"
