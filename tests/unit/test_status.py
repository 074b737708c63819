"""`/status`, LED signs' data, addresses: pure parts of the web process."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboards.app import WORDS, Addresses
from dashboards.auth import Gate
from dashboards.latency import Percentiles
from dashboards.pages import status
from dashboards.panel import Look, Slots
from dashboards.sign_feed import MOST_CODES, figures, initials, sign_data
from dashboards.text import translate
from dashboards.vitals import PushVitals, StoreVitals, Vitals
from ioc.errors import ConfigError
from ioc.facts import Topic
from ioc.figures import CaseFigures
from ioc.settings import Settings, Sign, from_tree
from ioc.snapshot import Scope
from ioc.store.health import Holder, Versions
from ioc.store.reconcile import Report, SourceCount
from ioc.store.rejects import RejectCount
from tests.unit.web_kit import BASE, SETTINGS, WORLD, picture

SOURCE = SourceCount(
    source=1,
    cluster="c",
    topic=int(Topic.CASES),
    partition=2,
    first_offset=0,
    next_offset=10,
    consumed=10,
    events=7,
    duplicates=1,
    rejects=1,
    tombstones=1,
    empty=0,
    expired=0,
    redriven=0,
    forgotten=0,
    dropped=0,
    finding="",
)


def vitals(source: SourceCount = SOURCE, why: str = "") -> Vitals:
    push = PushVitals(datetime.now(UTC), "b", 3, 2, 10, 1000, 0, 0, (4.0, 9.0), Percentiles(1, 2, 3, 4))
    if why:
        return Vitals(push, StoreVitals(datetime.now(UTC), why=why))
    store = StoreVitals(
        datetime.now(UTC),
        Report((source,), (), was_deep=False),
        [Holder(1, "host-1", 4, None)],
        Versions("18.6", None, 2),
        [RejectCount(int(Topic.CASES), "unit", "open", 5)],
    )
    return Vitals(push, store)


def updated(of: Vitals, language: Any = "vi") -> tuple[Slots, set[str]]:
    """What every panel pushes, and the ids that the layout holds."""
    page = status.page(lambda: of)
    look = Look(language, "desk", "dark", translate(language), WORLD, SETTINGS)
    layout: Any = page.layout(look, Scope(WORLD.root.code))
    slots: Slots = {}
    for panel in page.panels:
        slots |= panel.update(BASE, Scope(WORLD.root.code), look)
    return slots, {each.id for each in layout._traverse() if getattr(each, "id", None)}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_slot_of_status_exists(language: str) -> None:
    slots, ids = updated(vitals(), language)
    assert set(slots) <= ids
    assert len(slots) > 20


def test_a_balanced_store_says_so_and_a_difference_is_loud() -> None:
    good, _ = updated(vitals())
    assert good["status-store--verdict"] == {"children": "Khớp: 10 bản ghi, không lệch", "className": "verdict met"}
    bad, _ = updated(vitals(replace(SOURCE, events=6)))
    assert bad["status-store--verdict"]["className"] == "verdict over"
    assert "LỆCH 1 bản ghi" in bad["status-store--verdict"]["children"]


def test_a_store_that_cannot_be_examined_says_why() -> None:
    slots, _ = updated(vitals(why="no schema"))
    assert "no schema" in slots["status-store--checked"]["children"]
    assert "status-store--verdict" not in slots, "the last verdict stays"


def test_the_browser_has_all_its_words() -> None:
    for language in ("vi", "en"):
        t = translate(language)
        assert all(t(f"live.{word}") for word in WORDS)


def test_a_sign_counts_what_was_received_at_its_place() -> None:
    unit = next(row.unit for row in BASE.rows(WORLD.children(WORLD.root.code), "receiving") if row.cases.received)
    data = sign_data(BASE, Sign(unit=unit.code), SETTINGS, BASE.as_of, 0.0)
    assert data.place == unit.name_vi
    for part in ("received", "finished", "in_progress", "overdue", "on_time", "judged"):
        assert getattr(data.totals, part) == sum(getattr(row.figures, part) for row in data.rows), part
    assert data.totals.received == BASE.cases(Scope(unit.code, "receiving")).received
    assert all(len(code) <= 13 for code in data.ready_codes)


def test_a_sign_shows_an_end_of_a_code_once_and_fills_its_places_with_others() -> None:
    first = BASE.results[0]
    twice = [replace(first, case_code=f"000.00.{office}.H09-261128-3001") for office in range(11, 61)]
    others = [replace(first, case_code=f"000.00.11.H09-261128-{n:04d}") for n in range(40)]
    data = sign_data(replace(BASE, results=(*twice, *others)), Sign(), SETTINGS, BASE.as_of, 0.0)
    assert data.ready_codes == ("261128-3001", *(f"261128-{n:04d}" for n in range(MOST_CODES - 1)))


def test_the_rate_of_a_sign_is_the_published_one() -> None:
    cases = CaseFigures(finished=10, finished_on_time=9, open_overdue=2, paused_overdue=1, open=5, paused=4)
    found = figures(cases)
    assert (found.on_time, found.judged, found.in_progress, found.overdue) == (9, 13, 9, 3)


def test_initials_of_departments() -> None:
    assert initials("Sở Tài nguyên và Môi trường") == "STNMT"


def test_a_sign_is_stale_when_nobody_reads_its_feed() -> None:
    fresh = picture(1, feeds=BASE.feeds)
    assert sign_data(fresh, Sign(), SETTINGS, BASE.as_of, 60.0).stale


ADDRESSES = Addresses([status.page(vitals)], WORLD, SETTINGS)


def test_addresses() -> None:
    assert ADDRESSES.page("/status/") is ADDRESSES.by_name["status"]
    assert ADDRESSES.page("/nothing") is None
    assert ADDRESSES.scope({}) == Scope(WORLD.root.code)
    assert ADDRESSES.scope({"unit": "718", "by": "receiving"}) == Scope("718", "receiving")
    assert ADDRESSES.scope({"unit": "nowhere"}) is None
    assert ADDRESSES.language({"lang": "xx"}, {"ioc_lang": "en"}) == "en"
    assert ADDRESSES.language({"lang": "vi"}, {"ioc_lang": "en"}) == "vi"
    assert ADDRESSES.theme(None, {}, {"ioc_theme": "light"}) == "light"
    assert ADDRESSES.place({"page": "status", "unit": "nowhere"}) is None


def web_settings(**web: Any) -> Settings:
    return from_tree({"web": web})


def test_a_server_without_a_token_is_refused_outside_the_demo() -> None:
    with pytest.raises(ConfigError, match="IOC_WEB__TOKEN"):
        Gate.of(web_settings(), {})
    with pytest.raises(ConfigError, match="16 characters"):
        Gate.of(web_settings(token="short"), {})
    assert Gate.of(web_settings(), {"IOC_DEMO": "1"}).demo
    assert not Gate.of(web_settings(token="x" * 16), {}).demo


def test_a_demo_is_for_this_machine_only() -> None:
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1"):
        Gate.of(web_settings(host="0.0.0.0"), {"IOC_DEMO": "1"})
