"""When ingest will have caught up is said of what waits, not of what is written."""

from __future__ import annotations

import pytest

from ioc.facts import Written
from ioc.store.feeds import drains_s
from streams import progress
from streams.progress import Pace, Progress


def test_the_pace_counts_what_is_still_being_sent_against_it() -> None:
    pace = Pace()
    assert pace.note(100.0, {1: 50_000, 2: 10}) == {1: 0.0, 2: 0.0}
    assert pace.note(102.0, {1: 46_000, 2: 30}) == {1: 2_000.0, 2: -10.0}
    assert pace.note(104.0, {1: 46_000, 2: 0}) == {1: 1_000.0, 2: 2.5}


def test_the_pace_forgets_what_is_long_past() -> None:
    pace = Pace()
    for second in range(60):
        found = pace.note(float(second), {1: 1_000_000 - (100 if second < 30 else 500) * second})
    assert found[1] == pytest.approx(500.0)


def test_a_partition_that_is_new_does_not_look_as_if_it_had_grown() -> None:
    pace = Pace()
    pace.note(0.0, {1: 10})
    assert pace.note(1.0, {1: 5, 2: 90_000}) == {1: 5.0, 2: 0.0}


def test_a_feed_that_has_been_read_leaves_its_pace_to_the_others() -> None:
    assert drains_s({1: (100_000, 10_000.0), 3: (300_000, 10_000.0)}) == {1: 10.0, 3: 20.0}
    assert drains_s({1: (60_000, 1_000.0), 2: (10_000, 2_000.0), 3: (20_000, 3_000.0)}) == pytest.approx(
        {2: 5.0, 3: 5.0 + 5_000 / 4_500, 1: 90_000 / 6_000}
    )


def test_feeds_that_end_together_and_feeds_that_grow() -> None:
    assert drains_s({1: (50_000, 5_000.0), 2: (50_000, 5_000.0), 3: (9_000, -20.0)}) == {1: 10.0, 2: 10.0}
    assert drains_s({}) == {}


@pytest.fixture
def ten_seconds_later(monkeypatch: pytest.MonkeyPatch) -> Progress:
    told = Progress()
    told._told_s -= progress.TELL_S
    told.add(Written(events=20_000, duplicates=7, rejects=2))
    return told


def test_the_line_says_when_it_will_have_caught_up(ten_seconds_later: Progress) -> None:
    ten_seconds_later.behind, ten_seconds_later.closing_per_s = 90_000, 1_500.0
    line = ten_seconds_later.line()
    assert line is not None
    assert "7 duplicates, 2 rejects; 90000 records behind, caught up in 60 s" in line
    assert ten_seconds_later.line() is None


def test_the_line_promises_nothing_while_more_come_than_are_written(ten_seconds_later: Progress) -> None:
    ten_seconds_later.behind, ten_seconds_later.closing_per_s = 90_000, -3.0
    assert "more come than are written" in str(ten_seconds_later.line())


def test_the_line_is_silent_about_a_handful_between_two_batches(ten_seconds_later: Progress) -> None:
    ten_seconds_later.behind, ten_seconds_later.closing_per_s = 300, 10.0
    assert "behind" not in str(ten_seconds_later.line())
