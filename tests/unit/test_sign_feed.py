"""What a sign is given: its place, its rows, and only signs whose units exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, cast

import msgspec
import pytest

from dashboards import sign_feed
from dashboards.freshness import Freshness
from dashboards.hub import Hub
from dashboards.sign import bench
from dashboards.sign.boards import SIZES
from dashboards.sign.data import Note, SignRow
from dashboards.sign.render import draw, page_count
from dashboards.sign.view import view
from ioc.settings import Sign
from ioc.snapshot import Snapshot
from tests import plausible
from tests.unit.sign_kit import figures, sign

SETTINGS = plausible.settings()
WORLD = plausible.world(SETTINGS)
SNAPSHOT = plausible.snapshot(SETTINGS, WORLD)


def test_rows_are_departments_and_the_places_right_below_and_add_up_to_the_totals() -> None:
    for code, kinds in (("74", {"department", "branch", "district", "province"}), ("718", None)):
        data = sign_feed.sign_data(SNAPSHOT, Sign(unit=code), SETTINGS, SNAPSHOT.as_of, 0.0)
        grouped = sign_feed.grouped(SNAPSHOT, code)
        assert len(data.rows) == len(grouped)
        assert kinds is None or {unit.kind for unit in grouped} <= kinds
        for name in ("received", "in_progress", "finished", "overdue", "on_time", "judged"):
            assert sum(getattr(row.figures, name) for row in data.rows) == getattr(data.totals, name)


def test_a_sign_of_a_unit_that_is_not_in_force_is_left_out() -> None:
    signs = {"here": Sign(unit="718"), "gone": Sign(unit="99999"), "all": Sign()}
    assert set(sign_feed.in_force(msgspec.structs.replace(SETTINGS, signs=signs), WORLD)) == {"here", "all"}
    assert set(sign_feed.in_force(msgspec.structs.replace(SETTINGS, signs={}), WORLD)) == {sign_feed.DEFAULT}


def told(state: Freshness, at: datetime) -> Note:
    return sign_feed.note(state, plausible.snapshot(SETTINGS, WORLD, at), at)


def test_after_office_hours_a_sign_says_until_when_its_figures_reach() -> None:
    assert told("quiet", plausible.MONDAY) == ""
    assert told("live", plausible.EVENING) == ""
    assert told("quiet", plausible.EVENING) == "closed"
    assert told("quiet", plausible.SUNDAY) == "closed"
    assert told("stale", plausible.EVENING) == ""
    assert told("behind", plausible.MONDAY) == "behind"


def test_a_closed_office_is_neither_stale_nor_fresh() -> None:
    evening = plausible.EVENING.replace(hour=18, minute=30, second=0)
    data = sign(as_of=evening, age_s=92 * 60.0, note="closed")
    for size in SIZES:
        texts = [text for page in range(page_count(data, *size)) for text in draw(view(data), *size, page).texts]
        assert any("16:58" in text for text in texts), texts
        assert not any("CŨ" in text or "trước" in text for text in texts)


def test_figures_of_yesterday_are_said_to_be_of_yesterday() -> None:
    after_midnight = datetime(2026, 11, 24, 0, 3, tzinfo=SNAPSHOT.zone)
    assert after_midnight.astimezone(UTC).date() == date(2026, 11, 23), "midnight is the province's"
    for note, stale, words in (("closed", False, "Số liệu đến 23:53 23/11"), ("", True, "Cập nhật lúc 23:53 23/11")):
        data = sign(as_of=after_midnight, age_s=600.0, note="closed" if note else "", stale=stale)
        seen = view(data)
        assert words in (*seen.ages, *seen.since)
        assert seen.clock == "00:03"


def test_records_that_wait_are_said_to_wait() -> None:
    assert "Đang cập nhật số liệu" in draw(view(sign(note="behind")), 640, 320, 0).texts


def test_a_sign_speaks_the_language_asked_for() -> None:
    feed = sign_feed.SignFeed(as_hub(FixedHub()), SETTINGS, {"here": Sign(unit="718", title_en="One stop")})
    vietnamese, english = feed.of("here"), feed.of("here", "en")
    assert vietnamese is not None
    assert english is not None
    assert (vietnamese.language, english.language, english.title) == ("vi", "en", "One stop")
    assert feed.of("nowhere") is None


def test_a_sign_is_counted_once_however_many_boards_ask_and_its_age_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FixedHub()
    feed = sign_feed.SignFeed(as_hub(hub), SETTINGS, {"here": Sign(unit="718"), "all": Sign()})
    first = feed.of("here")
    for _ in range(50):
        last = feed.of("here")
    assert first is not None
    assert last is not None
    assert feed.counted == hub.reads == 1
    assert last.rows is first.rows
    assert last.as_of > first.as_of
    assert first.age_s is not None
    assert last.age_s is not None
    assert last.age_s - first.age_s == pytest.approx((last.as_of - first.as_of).total_seconds())
    feed.of("all")
    assert feed.counted == 2

    monkeypatch.setattr(sign_feed, "EVERY_S", 0.0)
    feed.of("here")
    assert feed.counted == 2, "nothing has changed"
    hub.snapshot = replace(SNAPSHOT, sequence=SNAPSHOT.sequence + 1)
    feed.of("here")
    hub.snapshot = replace(hub.snapshot, results=SNAPSHOT.results[1:])
    feed.of("here")
    assert feed.counted == 4


def test_a_store_that_hangs_leaves_a_sign_its_last_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_feed, "EVERY_S", 0.0)
    hub = FixedHub()
    signs = {"here": Sign(unit="718"), "all": Sign()}
    feed = sign_feed.SignFeed(as_hub(hub), SETTINGS, signs, lambda: SNAPSHOT.as_of)
    first = feed.of("here")
    assert first is not None
    hub.snapshot, hub.hangs = replace(SNAPSHOT, sequence=SNAPSHOT.sequence + 1), True
    last = feed.of("here")
    assert last is not None
    assert last.rows is first.rows
    assert feed.of("all") is None, "as before the first picture"
    assert not last.stale
    hub.silent_s = 4.0
    silent = feed.of("here")
    assert silent is not None
    assert silent.stale, "the feed was fresh when it was read, but that is a while ago"
    hub.hangs = False
    feed.of("here")
    assert feed.counted == 2


class FixedHub:
    """A hub whose picture stands still until another is put there; one that ``hangs`` gives none to read."""

    def __init__(self) -> None:
        self.snapshot = SNAPSHOT
        self.hangs = False
        self.reads = 0
        self.silent_s = 0.0

    @property
    def newest(self) -> Snapshot:
        return self.snapshot

    def read(self, reader: Callable[[Snapshot], Any], patience_s: float) -> Any:
        assert patience_s <= 0.5, "a worker thread is not to be kept"
        self.reads += 1
        return None if self.hangs else reader(self.snapshot)

    def lag_unknown_s(self, topic: str) -> float:
        return 0.0


def as_hub(hub: FixedHub) -> Hub:
    """For the type checker."""
    return cast(Hub, hub)


def test_the_bench_measures_every_size() -> None:
    rows = tuple(SignRow(f"Sở {number}", f"Sở {number}", "S", figures(0, 0, 0, 0)) for number in range(3))
    found = bench.measure(rows, SNAPSHOT.as_of, rounds=1)
    assert set(found) == {f"{wide}x{high}" for wide, high in SIZES} | {"lane"}
    assert all(row["pages"] > 0 and row["kb"] > 0 and row["draw_p50_ms"] > 0 for row in found.values())
    assert "192x96" in bench.printed(found)
