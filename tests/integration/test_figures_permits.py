"""The recorded permit log, 1,434 real cases: its figures over the whole period, at its end and at moments inside."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Literal, NamedTuple

import pytest

from ioc.settings import Settings
from ioc.store import housekeeping
from ioc.store.reconcile import reconcile
from ioc.world import read_pack
from streams.adapters.permits import ROOT, fixed_shift, last_moment, permit_events
from tests.feeding import Feeder
from tests.recount import local_midnight, recount

CASES = "ioc.cases.v1"
TODAY = datetime(2026, 11, 22, 9, tzinfo=UTC)
US = timedelta(microseconds=1)
BY: tuple[Literal["handling", "receiving"], ...] = ("handling", "receiving")
UNITS = (ROOT, "P-CONTACT", "P-GENERAL", "P-EXPERTS", "P-EXPERTS-12", "P-GENERAL-2")


class Question(NamedTuple):
    """One request of the overview, and its true case figures."""

    unit: str
    scope: Literal["handling", "receiving"]
    as_of: datetime
    from_: datetime
    cases: dict[str, Any]


@pytest.fixture(scope="module")
def events(settings: Settings) -> list[dict[str, Any]]:
    """The log as it is sent."""
    shift = fixed_shift(last_moment(), TODAY, settings.zone)
    return [dict(sent.value) for sent in permit_events(shift)]


@pytest.fixture
def feeder(store: str, settings: Settings) -> Iterator[Feeder]:
    found = Feeder(store, settings, TODAY)
    yield found
    found.close()


@pytest.fixture(scope="module")
def asked(events: list[dict[str, Any]]) -> list[Question]:
    """The whole period at its end and at 20 moments inside, and today alone: recounted."""
    tree = {unit.code: unit.parent for unit in read_pack(ROOT)}
    times = sorted(datetime.fromisoformat(event["occurred_at"]) for event in events)
    begin, end = times[0], times[-1] + US
    chance = random.Random(766)
    inside = [chance.choice(times) + chance.choice((-US, timedelta(0), US)) for _ in range(12)]
    inside += [local_midnight(chance.choice(times)) for _ in range(4)]
    inside += [begin + chance.random() * (end - begin) for _ in range(4)]
    wanted = [
        (ROOT, scope, at, from_) for scope in BY for at in (end, *inside) for from_ in (begin, local_midnight(at))
    ]
    wanted += [(unit, scope, end, begin) for unit in UNITS for scope in BY]
    wanted += [(chance.choice(UNITS), chance.choice(BY), at, begin) for at in inside]
    return [
        Question(
            unit,
            scope,
            at,
            from_,
            recount({CASES: events}, tree, unit=unit, scope=scope, as_of=at, from_=from_)["cases"],
        )
        for unit, scope, at, from_ in wanted
    ]


def feed(feeder: Feeder, events: list[dict[str, Any]], size: int) -> tuple[int, int]:
    """Sends in batches; how many were new and how many duplicates."""
    rest = iter(events)
    new = repeated = 0
    while batch := list(islice(rest, size)):
        written = feeder.feed([(CASES, event) for event in batch])
        new, repeated = new + written.events, repeated + written.duplicates
        assert written.conflicts == written.rejects == 0
    return new, repeated


def assert_answers(feeder: Feeder, asked: list[Question]) -> None:
    for question in asked:
        found = feeder.overview(question.unit, question.scope, question.as_of, question.from_, question.as_of)
        assert found["cases"] == question.cases, question[:4]
    assert reconcile(feeder.writing, feeder.rules, deep=True).differences == 0


def test_the_log_holds_what_a_one_stop_counter_meets(asked: list[Question]) -> None:
    whole = asked[0].cases
    assert whole["received"] == 1434
    assert whole["finished"] == 1329
    assert min(whole["finished_on_time"], whole["finished_late"], whole["open_overdue"], whole["paused"]) > 0


def test_sent_once_and_twice(feeder: Feeder, events: list[dict[str, Any]], asked: list[Question]) -> None:
    assert feed(feeder, events, 700) == (9906, 0)
    assert_answers(feeder, asked)
    assert feed(feeder, events, 3000) == (0, 9906)
    assert_answers(feeder, asked)


@pytest.mark.parametrize("seed", [1, 2])
def test_sent_shuffled_with_repeats(
    feeder: Feeder, events: list[dict[str, Any]], asked: list[Question], seed: int
) -> None:
    chance = random.Random(seed)
    sent = [*events, *chance.sample(events, 2000)]
    chance.shuffle(sent)
    assert feed(feeder, sent[:5000], 613)[0] > 0
    housekeeping.open_books(feeder.writing, feeder.settings, TODAY)
    feed(feeder, sent[5000:], 1500)
    assert_answers(feeder, asked)
