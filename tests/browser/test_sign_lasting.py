"""What a sign's page does in months of running: a lane that runs, a server that goes, a reload without one, a new
build, nothing that grows.
"""

from __future__ import annotations

import base64
import io
import time

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from dashboards.sign import lane
from dashboards.sign import page as sign_page
from dashboards.sign import routes as sign_routes
from dashboards.sign.boards import board_for
from dashboards.sign.view import view
from tests.browser.test_sign_page import SignServer, opened, server, shown
from tests.unit.sign_kit import ROWS, sign

__all__ = ["server"]

FLAT = (1280, 128)
COUNT_URLS = """
const made = URL.createObjectURL, gone = URL.revokeObjectURL;
window.urls = 0;
URL.createObjectURL = (blob) => { window.urls += 1; return made.call(URL, blob); };
URL.revokeObjectURL = (url) => { window.urls -= 1; gone.call(URL, url); };
"""
LANE = "document.getElementById('lane')"


def lane_picture(tab: Page) -> tuple[int, Image.Image]:
    """Where the first item begins in the lane, and the lane, both of one moment."""
    x, data = tab.evaluate(f"() => [Number({LANE}.dataset.x), {LANE}.toDataURL('image/png')]")
    return int(x), Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGB")


def test_the_words_of_the_flat_board_run_in_whole_pixels_and_are_the_servers(
    browser: Browser, server: SignServer
) -> None:
    tab, heard = opened(browser, server, FLAT)
    tab.wait_for_function(f"() => Number({LANE}.dataset.x) < -100 && Number({LANE}.dataset.x) > -700")
    x, picture = lane_picture(tab)
    first = Image.open(io.BytesIO(lane.draw_item(view(server.data), board_for(*FLAT), 0))).convert("RGB")
    assert picture.size == (1008, 128)
    seen = min(picture.width, first.width + x)
    assert picture.crop((0, 0, seen, 128)).tobytes() == first.crop((-x, 0, -x + seen, 128)).tobytes()
    tab.wait_for_function(f"x => Number({LANE}.dataset.x) < x", arg=x)
    later, _ = lane_picture(tab)
    assert (x - later) % lane.STEP_PX == 0
    frame = tab.request.get(server.address("/sign/mot-cua.png?w=1280&h=128&page=0")).body()
    still = Image.open(io.BytesIO(frame)).convert("RGB")
    tab.wait_for_function("() => document.body.dataset.page === '0'")
    block = (0, 0, 272, 128)
    assert shown(tab).crop(block).tobytes() == still.crop(block).tobytes(), "title, clock and age stand still"
    assert "Sở Xây dựng: tiếp nhận 126" in (tab.get_by_test_id("sign-text").text_content() or "")
    assert heard == []
    tab.close()


def test_who_wants_no_motion_gets_still_pages(browser: Browser, server: SignServer) -> None:
    tab, _ = opened(browser, server, FLAT, still=True)
    tab.wait_for_function("() => document.body.dataset.kept")
    assert tab.get_by_test_id("sign-lane").is_hidden()
    tab.close()


def test_the_lane_takes_new_figures_and_runs_on_when_the_server_is_away(browser: Browser, server: SignServer) -> None:
    server.data = sign(rows=ROWS[:1], codes=(), hotline="")
    tab, _ = opened(browser, server, FLAT)
    tab.wait_for_function(f"() => Number({LANE}.dataset.x) < 0")
    server.stop()
    tab.wait_for_function("() => document.body.dataset.connected === 'false'")
    for _ in range(2):
        x, picture = lane_picture(tab)
        assert picture.getbbox() is not None, "the last words go on"
        tab.wait_for_function(f"x => Number({LANE}.dataset.x) !== x", arg=x)
    tab.close()


@pytest.mark.parametrize("size", [(1024, 576), (192, 96), FLAT], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_last_frame_outlives_a_reload_without_the_server(
    browser: Browser, server: SignServer, size: tuple[int, int]
) -> None:
    tab, _ = opened(browser, server, size)
    tab.wait_for_function("() => document.body.dataset.kept")
    server.stop()
    tab.wait_for_function("() => document.body.dataset.connected === 'false'")
    tab.wait_for_function("() => caches.match(location.pathname + '/kept' + location.search)")
    words = tab.get_by_test_id("sign-text").text_content()
    tab.reload(wait_until="commit")
    tab.wait_for_function("() => document.body?.dataset.connected === 'false'")
    tab.wait_for_function("() => document.body.dataset.version")
    assert tab.evaluate("() => [...document.querySelectorAll('img')].some(i => !i.hidden && i.naturalWidth > 0)")
    assert tab.get_by_test_id("sign-lost").is_visible()
    assert tab.get_by_test_id("sign-text").text_content() == words
    seconds = tab.evaluate("() => Number(document.getElementById('lost').textContent.match(/00:(\\d\\d)$/)[1])")
    assert 3 <= seconds < 30, "the age goes on from before the reload"
    server.start()
    tab.wait_for_function("() => document.body.dataset.connected === 'true'")
    tab.close()


def test_nothing_grows(browser: Browser, server: SignServer) -> None:
    tab = browser.new_page(viewport={"width": 192, "height": 96})
    tab.add_init_script(COUNT_URLS)
    tab.goto(server.address("/sign/mot-cua"))
    tab.wait_for_function("() => document.body.dataset.version")
    counts = []
    for minutes in range(6):
        version = tab.evaluate("() => document.body.dataset.version")
        server.data = sign(stale=True, age_s=60.0 * (minutes + 20))
        tab.wait_for_function("version => document.body.dataset.version !== version", arg=version)
        counts.append(tab.evaluate("() => [window.urls, document.querySelectorAll('body *:not(p)').length]"))
    assert counts == [counts[0]] * 6
    assert counts[0][0] == 1
    tab.close()


def test_a_new_build_is_taken_when_a_page_turns(
    browser: Browser, server: SignServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_page, "SECONDS_A_PAGE", 2)
    began_ms = time.time() * 1000
    tab, _ = opened(browser, server, (192, 96))
    tab.evaluate("() => { window.before = true; }")
    monkeypatch.setattr(sign_routes, "shell", lambda: "newer")
    tab.wait_for_function("() => !window.before && document.body?.dataset.version")
    assert tab.evaluate("() => Number(sessionStorage.getItem('reloaded'))") >= began_ms
    tab.close()


def test_the_preview_shows_every_size_in_every_state(browser: Browser, server: SignServer) -> None:
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    heard: list[str] = []
    tab.on("console", lambda line: heard.append(line.text))
    tab.on("response", lambda answer: heard.append(answer.url) if answer.status >= 400 else None)
    for look in ("now", "live", "stale", "closed", "disconnected", "empty"):
        tab.goto(server.address(f"/sign/mot-cua/preview?state={look}"))
        assert tab.locator("nav a[aria-current]").count() == 3
        assert tab.locator("main h2").count() == 7
        assert tab.locator("h1").count() == 1
        assert all(tab.locator("main img").evaluate_all("all => all.map(i => i.alt.length > 5)"))
        tab.locator("main img").evaluate_all(
            "all => Promise.all(all.map(i => { i.loading = 'eager'; return i.decode(); }))"
        )
        factors = tab.locator("main img").evaluate_all("all => all.map(i => i.width / i.naturalWidth)")
        assert all(factor == int(factor) >= 1 for factor in factors)
    tab.goto(server.address("/signs?lang=en"))
    assert tab.get_by_role("heading", name="LED signs").is_visible()
    tab.get_by_role("link", name="Preview mot-cua").click()
    tab.get_by_role("link", name="Server away").click()
    assert tab.locator("nav a[aria-current]").all_inner_texts() == ["mot-cua", "Server away", "English"]
    assert heard == []
    tab.close()
