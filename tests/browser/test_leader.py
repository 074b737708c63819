"""A leader's tablet: five fields, two touches to any overdue list, my units, at every size, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import CDPSession

from dashboards.navigation import FIELDS
from dashboards.panel import slot
from dashboards.text.formats import collation_key
from ioc.settings import Settings
from ioc.world import load_world
from tests.browser.conftest import DRAWN, Screen
from tests.browser.day import LATE_AT, morning
from tests.browser.layout import faults
from tests.feeding import Feeder
from tests.web import Pipeline

SOON = "/cases?late=soon"
SIZES = ((768, 1024), (820, 1180), (1024, 768), (1180, 820), (1366, 1024), (1366, 768), (768, 1366))
LOOKS = ("lang=vi&theme=dark", "lang=en&theme=light", "lang=vi&theme=light", "lang=en&theme=dark")
IN_ALL_LOOKS = ((820, 1180), (1180, 820))
SEEN = [(size, (look,)) for size in IN_ALL_LOOKS for look in LOOKS] + [
    (size, LOOKS[:2]) for size in SIZES if size not in IN_ALL_LOOKS
]
"""Sizes, and the looks that their pages take in turn."""
LISTED = f"document.querySelectorAll('#{slot('overdue', 'rows')} .days').length"
LISTED_SOON = LISTED.replace("overdue", "soon")


@pytest.fixture
def tablets(screens: Callable[..., Screen], feeder: Feeder, pipeline: Pipeline) -> Callable[..., Screen]:
    """Tablets of a province with a morning behind it."""
    feeder.feed(morning(feeder.settings))

    def make(width: int = 1180, height: int = 820, **more: Any) -> Screen:
        return screens(width, height, has_touch=True, **more)

    return make


def open_page(tablet: Screen, path: str) -> None:
    """Goes there and waits until everything stands: figures, charts, fonts, the list."""
    tablet.open(path)
    tablet.wait("document.documentElement.dataset.state === 'live' && document.fonts.status === 'loaded'")
    tablet.wait("!document.querySelector('.late-row .still')")


def swipe(tablet: Screen, from_x: int, to_x: int, y: int = 400) -> None:
    """A finger across the glass."""
    session: CDPSession = tablet.tab.context.new_cdp_session(tablet.tab)
    for kind, x in (
        ("touchStart", from_x),
        ("touchMove", (from_x + to_x) // 2),
        ("touchMove", to_x),
        ("touchEnd", None),
    ):
        points = [] if x is None else [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.detach()


@pytest.mark.parametrize(("size", "looks"), SEEN, ids=lambda each: "-".join(map(str, each)))
def test_every_field_stands_at_every_size(
    tablets: Callable[..., Screen], size: tuple[int, int], looks: tuple[str, ...]
) -> None:
    tablet = tablets(*size)
    found: dict[str, list[str]] = {}
    for at, path in enumerate((*(path for path, _, _ in FIELDS), SOON, "/?unit=725", f"/?unit={LATE_AT}")):
        look = looks[at % len(looks)]
        open_page(tablet, f"{path}{'&' if '?' in path else '?'}{look}")
        if look in LOOKS[:2]:
            name = path.strip("/").replace("?unit=", "unit-") or "overview"
            tablet.keep(f"tablet_{name}_{size[0]}x{size[1]}_{look[5:7]}")
        if told := faults(tablet):
            found[f"{path} {look}"] = told
    assert found == {}


def test_the_look_sees_what_is_wrong(tablets: Callable[..., Screen]) -> None:
    tablet = tablets()
    open_page(tablet, "/kpi")
    assert faults(tablet) == []
    tablet.value("document.querySelector('header .button').style.cssText = 'height:30px;min-height:0'")
    tablet.value(
        "document.querySelector('.kpi-row .what').style.cssText = 'overflow:hidden;white-space:nowrap;width:40px'"
    )
    apart = "chip.nextElementSibling.offsetLeft - chip.offsetLeft"
    tablet.value(
        f"(chip => chip.style.cssText = `position:relative;left:${{{apart}}}px`)(document.querySelector('.chip'))"
    )
    told = " ".join(faults(tablet))
    assert all(word in told for word in ("less than 44 px", "cut", "covered")), told


def test_two_touches_lead_to_the_overdue_list_of_any_unit(tablets: Callable[..., Screen]) -> None:
    tablet = tablets()
    open_page(tablet, "/")
    tablet.value("window.sameTab = true")
    tablet.tab.locator('[data-panel=ranking] a[href*="unit=725"]').tap()
    tablet.wait(f"location.search === '?unit=725' && {LISTED} === 4")
    tablet.tab.locator(f'[data-panel=ranking] a[href*="unit={LATE_AT}"]').tap()
    tablet.wait(f"location.search === '?unit={LATE_AT}' && {LISTED} === 3")
    first = "document.querySelector('.late-row')"
    tablet.wait(f"{first}.getBoundingClientRect().bottom < innerHeight")
    assert tablet.value("window.sameTab") is True, "without loading the page again"
    days = tablet.value("[...document.querySelectorAll('.late-row .days')].map(one => one.textContent)")
    assert days == ["5 ngày", "3 ngày", "2 ngày"], "worst first"
    shown = tablet.value("document.querySelector('.late-rows').textContent")
    assert "…-1001" in shown
    assert "000.00.12" not in shown, "no whole code"
    tablet.tab.locator(".crumbs a").first.tap()
    tablet.wait(f"location.search === '?unit=74' && {LISTED} === 9")
    tablet.tab.locator("#attention-overdue--card").tap()
    tablet.wait(f"location.pathname === '/cases' && {LISTED} === 9")


def test_a_touch_on_a_department_leads_to_its_overdue_list(tablets: Callable[..., Screen]) -> None:
    tablet = tablets()
    open_page(tablet, "/?lang=en")
    tablet.tab.locator('[data-panel=ranking] a[href*="unit=D-VPUB"]', has_text="PC Office").tap()
    tablet.wait(f"location.search === '?unit=D-VPUB' && {LISTED} === 1")
    assert tablet.value("document.querySelector('h1').textContent") == "Office of the People's Committee"
    tablet.wait("document.querySelector('.late-row').getBoundingClientRect().bottom < innerHeight")
    assert tablet.value("document.querySelector('.late-row .unit').textContent") == "PC Office"
    beside = "[...document.querySelectorAll('[data-panel=ranking] li.here .name')].map(name => name.textContent)"
    assert tablet.value(beside) == ["PC Office"]


def test_a_touch_leads_to_the_cases_due_soon_as_many_as_their_figure_says(tablets: Callable[..., Screen]) -> None:
    tablet = tablets()
    open_page(tablet, "/")
    tablet.value("window.sameTab = true")
    whole = tablet.web.json("/api/v1/overview?unit=74")["cases"]["open_due_soon"]
    assert whole > 40
    shown = min(whole, 50)
    tablet.tab.locator("#attention-soon--card").tap()
    tablet.wait(f"location.pathname + location.search === '/cases?unit=74&late=soon' && {LISTED_SOON} === {shown}")
    assert tablet.value("document.getElementById('soon--title').textContent") == f"{whole} hồ sơ sắp đến hạn"
    told = tablet.value("[...document.querySelectorAll('.late-row')].map(row => row.textContent)")
    assert all("hẹn " in row and "mã …-" in row for row in told)
    assert "000.00.12" not in " ".join(told), "no whole code"
    tablet.tab.locator(".switch a", has_text="Quá hạn").tap()
    tablet.wait(f"location.search === '?unit=74' && {LISTED} === 9")
    assert tablet.value("document.querySelector('.tabs a.active').textContent") == "Hồ sơ"
    tablet.tab.go_back()
    tablet.wait(f"location.search === '?unit=74&late=soon' && {LISTED_SOON} === {shown}")
    assert tablet.value("window.sameTab") is True, "without loading the page again"
    open_page(tablet, f"/?unit={LATE_AT}")
    few = tablet.web.json(f"/api/v1/overview?unit={LATE_AT}")["cases"]["open_due_soon"]
    assert 0 < few < shown
    tablet.tab.locator("#attention-soon--card").tap()
    tablet.wait(f"location.search === '?unit={LATE_AT}&late=soon' && {LISTED_SOON} === {few}")


def test_a_swipe_turns_to_the_next_field_and_keeps_the_unit(tablets: Callable[..., Screen]) -> None:
    tablet = tablets()
    open_page(tablet, "/?unit=725")
    swipe(tablet, 900, 500)
    tablet.wait("location.pathname === '/cases' && location.search === '?unit=725'")
    tablet.wait(f"document.querySelector('.tabs a.active').textContent === 'Hồ sơ' && {DRAWN}")
    swipe(tablet, 900, 500)
    tablet.wait("location.pathname === '/cameras'")
    tablet.wait(f"document.querySelector('.tabs a.active').textContent === 'Camera' && {DRAWN}")
    swipe(tablet, 300, 800)
    tablet.wait("location.pathname === '/cases'")
    swipe(tablet, 600, 620)
    tablet.tab.locator(".tabs a", has_text="Chỉ tiêu").tap()
    tablet.wait("location.pathname === '/kpi'")


def test_my_units_are_kept_by_the_browser_worst_first(tablets: Callable[..., Screen]) -> None:
    tablet = tablets()
    names = "[...document.querySelectorAll('#mine--list .name')].map(name => name.textContent)"
    open_page(tablet, "/?unit=718")
    tablet.tab.locator("header .star").tap()
    tablet.wait("document.querySelector('header .star').getAttribute('aria-pressed') === 'true'")
    open_page(tablet, f"/?mine=725,{LATE_AT}")
    tablet.wait(f"{names}.length === 3")
    assert tablet.value("document.documentElement.dataset.mine") == "on"
    ranked = tablet.value(f"{names}")
    assert ranked[-1] != "P. Hưng Định", "its cases are late, others' are not"
    assert set(ranked) == {"TP. Thủ Dầu Một", "TP. Thuận An", "P. Hưng Định"}
    open_page(tablet, "/")
    tablet.wait(f"{names}.length === 3")
    assert tablet.value(f"{names}") == ranked, "after a reload without the address"
    tablet.keep("tablet_mine_1180x820")
    tablet.tab.locator("#mine--list li", has_text="Thủ Dầu Một").locator(".star").tap()
    tablet.wait(f"{names}.length === 2")
    tablet.tab.locator("#mine--list a", has_text="Hưng Định").tap()
    tablet.wait(f"location.search === '?unit={LATE_AT}' && {LISTED} === 3")
    tablet.tab.go_back()
    tablet.tab.locator(".switch button", has_text="Tất cả").tap()
    tablet.wait("document.querySelector('[data-panel=ranking]').checkVisibility()")


def test_names_are_sorted_as_browsers_sort_vietnamese(tablets: Callable[..., Screen], settings: Settings) -> None:
    tablet = tablets()
    with_names = [unit.name_vi for unit in load_world(settings, date(2026, 11, 25)).units]
    words = ["Ban", "Bá", "Bà Rịa", "Ba", "Bạ", "Đức", "Dĩ An", "Ăn", "Ân", "An", "Phường 10", "Phường 2", "Uy", "Ưu"]
    names = [*words, *with_names]
    tablet.tab.goto("about:blank")
    sort = "names => names.sort(new Intl.Collator('vi', { numeric: true }).compare)"
    assert sorted(names, key=collation_key) == tablet.tab.evaluate(sort, names)
