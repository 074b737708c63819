"""A case or an incident that never ends slows nobody: so many of its steps are kept, the others are refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ioc.facts import Topic, digest_of
from ioc.settings import Settings
from ioc.store import fold, rejects
from ioc.store.known import where_known
from ioc.store.reconcile import reconcile
from tests.feeding import Feeder, by_topic

BEGAN = datetime(2026, 11, 23, 1, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=6)
STATUSES = ("received", "processing", "supplement_requested", "processing")
STATES = ("detected", "acknowledged", "verified")
Sent = tuple[str, dict[str, Any]]


@pytest.fixture
def feeder(store: str, settings: Settings) -> Iterator[Feeder]:
    with closing(Feeder(store, settings, NOW)) as found:
        yield found


def step(no: int, code: str = "H-1") -> Sent:
    at = (BEGAN + timedelta(seconds=no)).isoformat()
    return Topic.CASES.title, {
        "event_id": f"{code}-{no}", "occurred_at": at, "case_code": code, "status": STATUSES[no % len(STATUSES)],
        "procedure_code": "1.001193", "receiving_unit": "718", "handling_unit": "718", "channel": "online",
        "due_at": (BEGAN + timedelta(days=no % 3)).isoformat(),
    }  # fmt: skip


def incident(no: int) -> Sent:
    at = (BEGAN + timedelta(seconds=no)).isoformat()
    return Topic.CAMERAS.title, {
        "type": "incident", "event_id": f"i-{no}", "occurred_at": at, "camera_id": "cam-1", "unit": "718",
        "incident_id": "i", "kind": "congestion", "severity": "low", "state": STATES[no % len(STATES)],
    }  # fmt: skip


def overview(feeder: Feeder) -> dict[str, Any]:
    return feeder.overview("74", "handling", NOW, BEGAN, NOW)


@pytest.mark.parametrize("made", [step, incident])
def test_what_goes_beyond_is_refused_and_the_rest_counts(feeder: Feeder, made: Any) -> None:
    most = fold.MOST_STEPS
    sent = [made(no) for no in range(most + 130)]
    refused = 0
    for first, size in (
        (0, 600),
        (600, 390),
        (990, 40),
        (1030, 100),
    ):  # by COPY and together, across the end and beyond
        refused += feeder.feed(sent[first : first + size]).rejects
    assert refused == 130
    kept = rejects.listed(feeder.reading, most=500)
    assert {one.reason for one in kept} == {"too_many_steps"}
    assert sorted(one.record_offset for one in kept) == list(range(most, most + 130))
    assert reconcile(feeder.reading, feeder.rules, deep=True).differences == 0
    assert overview(feeder) == feeder.recounted(by_topic(sent[:most]), "74", "handling", NOW, BEGAN, NOW)


def test_others_in_the_same_batch_are_not_touched(feeder: Feeder) -> None:
    most = fold.MOST_STEPS
    feeder.feed([step(no) for no in range(most)])
    written = feeder.feed([step(most), step(0, "H-2"), step(most + 1), step(1, "H-2")])
    assert (written.events, written.rejects) == (2, 2)
    known = where_known(feeder.reading, Topic.CASES, [digest_of(f"H-1-{most}"), digest_of("H-2-0")])
    assert set(known) == {digest_of("H-2-0")}
    again = feeder.feed([step(most), step(0, "H-2")])
    assert (again.events, again.duplicates, again.rejects) == (0, 1, 1)
    assert reconcile(feeder.reading, feeder.rules, deep=True).differences == 0
