"""The days of today's name on a real store of eight weeks: read, packed, patched by what comes late, counted again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest

from ioc.days import WEEKS_BACK, day_at
from ioc.settings import Settings
from ioc.snapshot import Figure, Scope, Snapshot, local_midnight
from ioc.store import balances, patterns, series
from ioc.store.live import Live, read_snapshot
from ioc.usual import NAMESAKES, alike, usual, usual_totals
from tests.feeding import Feeder

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)  # Wednesday, 10:30 in Vietnam
PROVINCE = Scope("74")
UNITS = ("25747", "25741", "725")
FIGURES: tuple[Figure, ...] = ("received", "open", "overdue", "detected", "incidents_open", "uses", "errors")
Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def feeder(store: str, ours: Settings) -> Iterator[Feeder]:
    found = Feeder(store, ours, NOW)
    yield found
    found.close()


def told(chance: Random, days_back: int, first: int, count: int) -> Told:
    """Cases, detections and uses of one local day."""
    midnight = local_midnight(NOW, Settings().zone) - timedelta(days=days_back)
    found: Told = []
    for no in range(first, first + count):
        at = (midnight + timedelta(seconds=chance.uniform(0, 86_000))).astimezone(UTC)
        unit, text = UNITS[chance.randrange(3)], at.isoformat()
        case = {
            "event_id": f"c-{no}",
            "occurred_at": text,
            "case_code": f"000.00.12.H09-261122-{no:04}",
            "status": "received",
            "procedure_code": "1.001193",
            "receiving_unit": "718",
            "handling_unit": unit,
            "channel": "online",
            "due_at": (at + timedelta(days=chance.randrange(1, 30))).isoformat(),
        }
        incident = {
            "type": "incident",
            "event_id": f"i-{no}",
            "occurred_at": text,
            "camera_id": "C-1",
            "unit": unit,
            "incident_id": f"in-{no}",
            "kind": "red_light",
            "severity": "medium",
            "state": "detected",
        }
        use = {"service": "portal", "action": "visit", "unit": unit, "outcome": chance.choice(("ok", "error"))}
        found += [("ioc.cases.v1", case), ("ioc.cameras.v1", incident)]
        found.append(("ioc.usage.v1", {"event_id": f"u-{no}", "occurred_at": text, "count": 1 + no % 3, **use}))
    return found


def weeks_of_days(feeder: Feeder) -> None:
    chance = Random(56)
    for at, back in enumerate((63, *range(57, 0, -1), 0)):
        events = told(chance, back, at * 10, 7 if back else 3)
        feeder.feed(event for event in events if event[1]["occurred_at"] < NOW.isoformat())


def same(one: Snapshot, other: Snapshot) -> None:
    assert one.weeks is not None
    assert other.weeks is not None
    np.testing.assert_array_equal(one.weeks.bins, other.weeks.bins)
    np.testing.assert_array_equal(one.weeks.before, other.weeks.before)
    np.testing.assert_array_equal(one.bins, other.bins)


def pack(feeder: Feeder) -> None:
    for one in (balances.pack, series.pack):
        while one(feeder.writing, feeder.settings, NOW):
            continue


def counted(feeder: Feeder, snapshot: Snapshot) -> None:
    """Every day of the same name is what the overview of that day says, by the hour."""
    for unit in ("74", "725"):
        for back in NAMESAKES:
            midnight = local_midnight(NOW, snapshot.zone) - timedelta(days=back)
            for hour in (1, 9, 17, 23):
                end = midnight + timedelta(hours=hour)
                found = feeder.overview(unit, "handling", end, midnight, end)
                bins = {figure: snapshot.series(Scope(unit), figure, back)[: hour * 6] for figure in FIGURES}
                assert bins["received"].sum() == found["cases"]["received"]
                assert bins["open"][-1] == found["cases"]["open"]
                assert bins["overdue"][-1] == found["cases"]["open_overdue"]
                assert bins["detected"].sum() == found["incidents"]["detected"]
                assert bins["incidents_open"][-1] == found["incidents"]["open"]
                assert bins["uses"].sum() == found["usage"]["portal"]["uses"]
                assert bins["errors"].sum() == found["usage"]["portal"]["errors"]


def test_days_of_the_same_name_are_read_packed_and_patched_alike(feeder: Feeder) -> None:
    weeks_of_days(feeder)
    plain = read_snapshot(feeder.reading, feeder.world, feeder.settings, NOW)
    days = alike(plain, "received")
    assert days is not None
    assert (days.back, days.kind) == (NAMESAKES, "weekday")
    counted(feeder, plain)
    pack(feeder)
    same(read_snapshot(feeder.reading, feeder.world, feeder.settings, NOW), plain)
    live = Live(feeder.reading, feeder.world, feeder.settings)
    before = live.advance(NOW)
    bands = usual(before, PROVINCE, "received"), usual_totals(before, PROVINCE, "uses")
    reads = live.reads
    late = [told(Random(back), back, 9_000 + 10 * at, 6) for at, back in enumerate((70, 49, 21, 15, 14, 13, 7, 1))]
    for events in late:
        feeder.feed(events)
    after = live.advance(NOW + timedelta(seconds=1))
    assert live.reads == reads, "the picture was patched"
    same(after, read_snapshot(feeder.reading, feeder.world, feeder.settings, NOW + timedelta(seconds=1)))
    counted(feeder, after)
    for old, new in zip(
        bands, (usual(after, PROVINCE, "received"), usual_totals(after, PROVINCE, "uses")), strict=True
    ):
        assert old is not None
        assert new is not None
        assert (old.high != new.high).any(), "what came late is usual now"


def test_kinds_of_earlier_days_follow_what_comes_late(feeder: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "OFTEN_S", 0.0)
    monkeypatch.setattr(patterns, "PATIENCE", 0.0)
    feeder.feed(told(Random(1), 7, 0, 5))
    live = Live(feeder.reading, feeder.world, feeder.settings)

    def sums(snapshot: Snapshot, days: tuple[int, ...]) -> list[int]:
        table = snapshot.detections(PROVINCE).get("red_light", np.zeros((99, 24)))
        for back in days:
            assert table[day_at(back)].sum() == snapshot.series(PROVINCE, "detected", back).sum()
        return [int(table[day_at(back)].sum()) for back in days]

    days = (1, 2, 7, 14, 56)
    assert sums(live.advance(NOW), days) == [0, 0, 5, 0, 0]
    for at, (back, count) in enumerate(((1, 4), (7, 3), (14, 2), (56, 6))):
        feeder.feed(told(Random(at), back, 100 + 10 * at, count))
    assert sums(live.advance(NOW + timedelta(seconds=1)), days) == [4, 0, 8, 2, 6]
    earlier = {**told(Random(1), 7, 0, 1)[1][1], "event_id": "i-earlier", "state": "detected"}
    moment = local_midnight(NOW, Settings().zone) - timedelta(days=1, hours=20)
    feeder.feed([("ioc.cameras.v1", {**earlier, "occurred_at": moment.isoformat()})])  # in-0 was detected long before
    assert sums(live.advance(NOW + timedelta(seconds=2)), days) == [4, 0, 8, 2, 6]
    moment = local_midnight(NOW, Settings().zone) - timedelta(days=14, hours=-3)
    feeder.feed([("ioc.cameras.v1", {**earlier, "event_id": "i-first", "occurred_at": moment.isoformat()})])
    assert sums(live.advance(NOW + timedelta(seconds=3)), days) == [4, 0, 7, 3, 6]
    assert len(live.advance(NOW + timedelta(seconds=4)).detections(PROVINCE)["red_light"]) == 9 + len(WEEKS_BACK)
