"""What changes at local midnight, and what the clock alone brings about: told as single stories."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from ioc.settings import Settings
from ioc.snapshot import Scope, Snapshot
from ioc.store import housekeeping
from ioc.store.live import Live, read_snapshot
from tests.feeding import Feeder

CASES, USAGE = "ioc.cases.v1", "ioc.usage.v1"
US = timedelta(microseconds=1)
PROVINCE = Scope("74")


def local(text: str) -> datetime:
    """``31 17:00``: a moment of October 2024 in Viet Nam."""
    day, clock = text.split(" ")
    return datetime.fromisoformat(f"2024-10-{int(day):02}T{clock}+07:00")


MIDNIGHT = local("18 00:00")


@pytest.fixture
def feeder(store: str, settings: Settings) -> Iterator[Feeder]:
    found = Feeder(store, settings)
    yield found
    found.close()


def case(no: int, at: datetime, status: str, due: datetime | None = None, code: str = "H-1") -> tuple[str, Any]:
    return (
        CASES,
        {
            "event_id": f"{code}/{no}",
            "occurred_at": at.isoformat(),
            "case_code": code,
            "status": status,
            "procedure_code": "1.001193",
            "receiving_unit": "718",
            "handling_unit": "25747",
            "channel": "online",
            "due_at": due and due.isoformat(),
        },
    )


def use(no: int, at: datetime) -> tuple[str, Any]:
    return USAGE, {
        "event_id": f"u{no}",
        "occurred_at": at.isoformat(),
        "service": "portal",
        "action": "visit",
        "unit": "718",
    }


def brought(live: Live, as_of: datetime) -> Snapshot:
    """The picture brought forward; it must be the one read anew."""
    seen = live.advance(as_of)
    fresh = read_snapshot(live.conn, live.world, live.settings, as_of)
    assert (seen.pair == fresh.pair).all()
    assert (seen.bins == fresh.bins).all()
    assert seen.weeks is not None
    assert fresh.weeks is not None
    assert (seen.weeks.bins == fresh.weeks.bins).all()
    assert (seen.weeks.before == fresh.weeks.before).all()
    assert (seen.usage_sums == fresh.usage_sums).all()
    return seen


def test_a_case_becomes_due_soon_and_overdue_by_the_clock_alone(feeder: Feeder) -> None:
    feeder.feed([case(1, local("16 08:00"), "received", due=local("17 17:00"))])
    live = Live(feeder.reading, feeder.world, feeder.settings)
    stands = []
    for at in (
        local("16 16:59:59"),
        local("16 17:00"),  # a day before: due - as_of <= 24 h
        local("17 17:00"),
        local("17 23:00"),  # the hour has passed, the day has not
        MIDNIGHT - US,
        MIDNIGHT,
        MIDNIGHT + US,
    ):
        found = brought(live, at).cases(PROVINCE)
        stands.append((found.open_in_time, found.open_due_soon, found.open_overdue))
    in_time, due_soon, overdue = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    assert stands == [in_time, due_soon, due_soon, due_soon, due_soon, overdue, overdue]


def test_the_last_microsecond_belongs_to_yesterday(feeder: Feeder) -> None:
    feeder.feed(
        [
            case(1, MIDNIGHT - US, "received", code="H-1"),
            case(1, MIDNIGHT, "received", code="H-2"),
            use(1, MIDNIGHT - US),
            use(2, MIDNIGHT),
            use(3, MIDNIGHT),
        ]
    )
    live = Live(feeder.reading, feeder.world, feeder.settings)
    counts = []
    for at in (MIDNIGHT - US, MIDNIGHT, MIDNIGHT + US):
        seen = brought(live, at)
        counts.append((seen.cases(PROVINCE).received, seen.cases(PROVINCE).open, seen.usage(PROVINCE)["portal"].uses))
    assert counts == [(0, 0, 0), (0, 1, 0), (1, 2, 2)]
    yesterday = feeder.overview("74", "handling", MIDNIGHT, MIDNIGHT - timedelta(days=1), MIDNIGHT)
    assert (yesterday["cases"]["received"], yesterday["usage"]["portal"]["uses"]) == (1, 1)


def test_what_comes_late_after_midnight_corrects_yesterday_only(feeder: Feeder) -> None:
    live = Live(feeder.reading, feeder.world, feeder.settings)
    assert brought(live, MIDNIGHT + timedelta(hours=8)).cases(PROVINCE).received == 0
    feeder.feed(
        [
            case(1, MIDNIGHT - timedelta(hours=9), "received", code="H-late"),
            case(2, MIDNIGHT - timedelta(hours=8), "finished", code="H-late"),
            use(1, MIDNIGHT - timedelta(hours=8)),
        ]
    )
    seen = brought(live, MIDNIGHT + timedelta(hours=8, minutes=1))
    assert (seen.cases(PROVINCE).received, seen.cases(PROVINCE).finished, seen.cases(PROVINCE).open) == (0, 0, 0)
    assert seen.series(PROVINCE, "received", 1).sum() == 1
    assert seen.series(PROVINCE, "uses", 1).sum() == 1


def test_a_clock_that_runs_ahead_counts_once_the_time_has_come(feeder: Feeder) -> None:
    live = Live(feeder.reading, feeder.world, feeder.settings)
    at = MIDNIGHT + timedelta(hours=10)
    brought(live, at)
    feeder.feed([case(1, at + timedelta(seconds=200), "received"), use(1, at + timedelta(seconds=200))])
    assert brought(live, at + timedelta(seconds=1)).cases(PROVINCE).received == 0
    assert brought(live, at + timedelta(seconds=200)).cases(PROVINCE).received == 0
    seen = brought(live, at + timedelta(seconds=200) + US)
    assert (seen.cases(PROVINCE).received, seen.usage(PROVINCE)["portal"].uses) == (1, 1)


def test_a_finish_on_the_due_day_is_on_time_and_one_at_midnight_is_late(feeder: Feeder) -> None:
    due = local("17 11:30")
    for code, at in (("H-1", local("17 17:00")), ("H-2", MIDNIGHT - US), ("H-3", MIDNIGHT)):
        feeder.feed([case(1, local("16 08:00"), "received", due=due, code=code), case(2, at, "finished", code=code)])
    end = MIDNIGHT + timedelta(hours=1)
    found = feeder.overview("25747", "handling", end, local("16 00:00"), end)["cases"]
    assert (found["finished_on_time"], found["finished_late"]) == (2, 1)
    assert found["finished_on_time_pct"] == 66.67


def test_a_pause_over_midnight_lengthens_the_time(feeder: Feeder) -> None:
    feeder.feed(
        [
            case(1, local("16 08:00"), "received", due=local("17 17:00")),
            case(2, local("17 16:00"), "supplement_requested"),
            case(3, local("18 16:00"), "processing"),
        ]
    )
    live = Live(feeder.reading, feeder.world, feeder.settings)
    stands = []
    for at in (local("17 20:00"), local("18 09:00"), local("18 17:30"), local("18 23:59:59"), local("19 00:00")):
        found = brought(live, at).cases(PROVINCE)
        stands.append((found.paused, found.paused_overdue, found.open_due_soon, found.open_overdue))
    assert stands == [(1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 1, 0), (0, 0, 0, 1)]


def test_a_month_that_begins_changes_no_figure(feeder: Feeder) -> None:
    feeder.feed(
        [
            case(1, local("16 08:00"), "received", due=local("17 17:00"), code="H-1"),
            case(1, local("31 23:59:59.999999"), "received", code="H-2"),
        ]
    )
    november = datetime.fromisoformat("2024-11-01T00:00:00+07:00")
    moments = [november - US, november, november + US, november + timedelta(days=40)]

    def answers() -> list[Any]:
        return [feeder.overview("74", "handling", at, local("16 00:00"), at)["cases"] for at in moments]

    before = answers()
    assert housekeeping.open_books(feeder.writing, feeder.settings, november + timedelta(days=3)) == [november]
    assert answers() == before
    feeder.feed(
        [case(1, local("20 08:00"), "received", code="H-3"), case(2, local("30 08:00"), "finished", code="H-1")]
    )
    after = answers()
    assert [found["open"] for found in before] == [1, 2, 2, 2]
    assert [found["open"] for found in after] == [1, 2, 2, 2]
    assert [found["open_overdue"] for found in before] == [1, 1, 1, 1]
    assert [found["open_overdue"] for found in after] == [0, 0, 0, 0]
