"""What was detected by kind and hour, and how long cases are overdue: read from the store, counted again here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ioc.settings import Settings
from ioc.snapshot import AGES, DAYS, Scope, local_midnight
from ioc.store.connect import connect
from ioc.store.live import read_snapshot
from ioc.store.units import load
from tests.feeding import Feeder

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)  # 10:30 in Vietnam
KINDS = ("red_light", "no_helmet", "fire_smoke")
UNITS = ("25747", "25741", "725")


@pytest.fixture
def feeder(store: str, ours: Settings) -> Iterator[Feeder]:
    found = Feeder(store, ours, NOW)
    yield found
    found.close()


def late_case(number: int, days: int, **more: Any) -> tuple[str, dict[str, Any]]:
    """A case that was received long ago and has been overdue for ``days`` calendar days."""
    midnight = local_midnight(NOW, feeder_zone())
    due = midnight - timedelta(days=days) + timedelta(hours=9)
    return "ioc.cases.v1", {
        "event_id": f"p-{number}",
        "occurred_at": (due - timedelta(days=9)).isoformat(),
        "case_code": f"000.00.12.H09-261122-{number:04}",
        "status": "received",
        "procedure_code": "1.001193",
        "receiving_unit": "718",
        "handling_unit": UNITS[number % 3],
        "channel": "online",
        "due_at": due.isoformat(),
        **more,
    }


def feeder_zone() -> Any:
    return Settings().zone


def test_ages_are_days_late_and_add_up_to_the_overdue_cases(feeder: Feeder) -> None:
    days = (1, 1, 2, 3, 7, 8, 29, 30, 31, 80)
    feeder.feed(late_case(number, late) for number, late in enumerate(days))
    feeder.feed([late_case(50, -3)])  # not yet due
    done = dict(late_case(0, 1)[1], event_id="p-done", status="finished", occurred_at=NOW.isoformat())
    done["occurred_at"] = (NOW - timedelta(minutes=5)).isoformat()
    feeder.feed([("ioc.cases.v1", done)])
    with connect(feeder.settings.database.dsn, feeder.settings) as conn:
        snapshot = read_snapshot(conn, load(conn, feeder.settings), feeder.settings, NOW)
    expected = [0] * (len(AGES) + 1)
    for late in days[1:]:
        expected[sum(late > edge for edge in AGES)] += 1
    assert list(snapshot.ages(Scope("74"))) == expected
    assert sum(expected) == snapshot.cases(Scope("74")).open_overdue
    assert sum(snapshot.ages(Scope("725"))[-1:]) == sum(
        late > 30 for n, late in enumerate(days) if UNITS[n % 3] == "725"
    )


def test_kinds_stand_in_the_hour_and_on_the_day_of_their_first_event(feeder: Feeder) -> None:
    zone = feeder.settings.zone
    events: list[tuple[str, dict[str, Any]]] = []
    counted: Counter[tuple[str, int, int]] = Counter()
    for number in range(120):
        at = NOW - timedelta(hours=1.7 * number)
        local = at.astimezone(zone)
        back = (NOW.astimezone(zone).date() - local.date()).days
        kind = KINDS[number % 3]
        if back < DAYS:
            counted[kind, back, local.hour] += 1
        one = {
            "type": "incident",
            "event_id": f"d-{number}",
            "occurred_at": at.isoformat(),
            "camera_id": "C-1",
            "unit": UNITS[number % 3],
            "incident_id": f"in-{number}",
            "kind": kind,
            "severity": "medium",
            "state": "detected",
        }
        later = {**one, "event_id": f"e-{number}", "kind": "crowd", "state": "closed"}
        later["occurred_at"] = (at + timedelta(seconds=20)).isoformat()
        events += [("ioc.cameras.v1", one)] + ([("ioc.cameras.v1", later)] if number else [])
    events = [event for event in events if event[1]["occurred_at"] < NOW.isoformat() or event[1]["event_id"] == "d-0"]
    feeder.feed(events)
    with connect(feeder.settings.database.dsn, feeder.settings) as conn:
        snapshot = read_snapshot(conn, load(conn, feeder.settings), feeder.settings, NOW + timedelta(seconds=1))
    found: Counter[tuple[str, int, int]] = Counter()
    for kind, table in snapshot.detections(Scope("74")).items():
        for day, hour in zip(*table.nonzero(), strict=True):
            found[kind, len(table) - 1 - int(day), int(hour)] = int(table[day, hour])
    assert found == counted
    today = sum(n for (_, day, _), n in counted.items() if day == 0)
    assert today == snapshot.incidents(Scope("74")).detected
