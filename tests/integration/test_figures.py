"""What the store answers is what the words say, whatever the order, the batches and the repeats of what came in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ioc.settings import Indicator, Settings
from ioc.snapshot import Scope, Snapshot
from ioc.store import housekeeping, rebuild
from ioc.store.live import Live, read_snapshot
from ioc.store.reconcile import reconcile
from tests.feeding import Feeder
from tests.lives import CASES, DAYS, MONDAY, SCOPES, US, Arrivals, History, arrivals, histories, moments, questions
from tests.recount import local_midnight
from tests.servers import DatabaseServer, fresh_store

SERVICES = ("portal", "payment")
INDICATORS = tuple(Indicator(code=how, vi=how, en=how, roll_up=how) for how in ("own", "sum", "mean"))
BY: tuple[Literal["handling", "receiving"], ...] = ("handling", "receiving")


@pytest.fixture(scope="module")
def feeder(postgres: DatabaseServer, migrated: str | None, chosen: Settings) -> Iterator[Feeder]:
    """A store of this module alone; each example empties it."""
    measuring = msgspec.structs.replace(chosen, indicators=INDICATORS)
    with fresh_store(postgres, migrated, measuring) as dsn, closing(Feeder(dsn, measuring)) as found:
        yield found


def thorough(most: int) -> examples:
    """So many examples, for the store makes single ones slow; ``IOC_TEST_THOROUGH`` times as many where it is set."""
    return examples(
        max_examples=most * int(os.environ.get("IOC_TEST_THOROUGH", "1")),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@st.composite
def inputs(draw: st.DrawFn) -> tuple[History, Arrivals]:
    """What happened, and how it came in."""
    events = draw(histories(SERVICES, [one.code for one in INDICATORS]))
    return events, draw(arrivals(events))


def assert_same(feeder: Feeder, events: History, asked: tuple[datetime, datetime, datetime]) -> None:
    for unit in SCOPES:
        for scope in BY:
            found, wanted = feeder.overview(unit, scope, *asked), feeder.recounted(events, unit, scope, *asked)
            assert found == wanted, (unit, scope, [at.isoformat() for at in asked])


@thorough(30)
@given(came=inputs(), asked=questions(), also=questions(), books=st.integers(0, 6))
def test_the_overview_is_the_recount_whatever_the_arrival(
    feeder: Feeder,
    came: tuple[History, Arrivals],
    asked: tuple[datetime, datetime, datetime],
    also: tuple[datetime, datetime, datetime],
    books: int,
) -> None:
    events, batches = came
    feeder.empty()
    written = []
    for no, batch in enumerate(batches):
        if no == books:  # opening balances made on the way are corrected by what comes later
            housekeeping.open_books(feeder.writing, feeder.settings, MONDAY + timedelta(days=80))
        written.append(feeder.feed(batch))
    distinct = sum(len(own) for own in events.values())
    assert sum(one.events for one in written) == distinct
    assert sum(one.duplicates for one in written) == sum(map(len, batches)) - distinct
    assert sum(one.conflicts + one.rejects + one.tombstones for one in written) == 0
    assert_same(feeder, events, asked)
    assert_same(feeder, events, also)
    assert reconcile(feeder.writing, feeder.rules, deep=True).deep == ()


@thorough(8)
@given(came=inputs(), asked=questions())
def test_a_rebuild_changes_nothing(
    feeder: Feeder, came: tuple[History, Arrivals], asked: tuple[datetime, datetime, datetime]
) -> None:
    events, batches = came
    feeder.empty()
    for batch in batches:
        feeder.feed(batch)
    housekeeping.open_books(feeder.writing, feeder.settings, MONDAY + timedelta(days=80))
    rebuild.rebuild(feeder.writing, feeder.rules)
    assert reconcile(feeder.writing, feeder.rules, deep=True).differences == 0
    assert_same(feeder, events, asked)


@thorough(15)
@given(came=inputs(), as_of=questions().map(lambda asked: asked[0]))
def test_a_snapshot_shows_the_overview_since_local_midnight(
    feeder: Feeder, came: tuple[History, Arrivals], as_of: datetime
) -> None:
    events, batches = came
    feeder.empty()
    for batch in batches:
        feeder.feed(batch)
    seen = read_snapshot(feeder.reading, feeder.world, feeder.settings, as_of)
    for unit in SCOPES:
        for scope in BY:
            wanted = feeder.recounted(events, unit, scope, as_of, local_midnight(as_of), as_of)
            assert shown(seen, Scope(unit, scope)) == wanted, (unit, scope)


def shown(seen: Snapshot, scope: Scope) -> dict[str, Any]:
    """The parts of the overview that a picture holds."""
    found: dict[str, Any] = msgspec.to_builtins(
        {
            "cases": seen.cases(scope),
            "incidents": seen.incidents(scope),
            "cameras": seen.cameras(scope),
            "usage": seen.usage(scope),
            "indicators": seen.indicators(scope),
        },
        builtin_types=(datetime,),
    )
    return found


@st.composite
def rides(draw: st.DrawFn) -> tuple[History, list[tuple[list[tuple[str, dict[str, Any]]], datetime]]]:
    """Batches, and the moment to which the picture is brought after each: on by microseconds or days, seldom back."""
    events, batches = draw(inputs())
    clock = draw(moments())
    ride = []
    for batch in [*batches, []]:
        ride.append((batch, clock))
        clock += draw(
            st.sampled_from([US, timedelta(seconds=1), timedelta(minutes=9), timedelta(hours=7), timedelta(1)])
        )
        if draw(st.integers(0, 9)) == 0:
            clock = draw(moments())
    return events, ride


@thorough(25)
@given(ride=rides(), books=st.integers(0, 9), rebuilt=st.integers(0, 19))
def test_a_picture_brought_forward_is_the_picture_read_anew(
    feeder: Feeder,
    ride: tuple[History, list[tuple[list[tuple[str, dict[str, Any]]], datetime]]],
    books: int,
    rebuilt: int,
) -> None:
    feeder.empty()
    live = Live(feeder.reading, feeder.world, feeder.settings)
    for no, (batch, as_of) in enumerate(ride[1]):
        feeder.feed(batch)
        if no == books:
            housekeeping.open_books(feeder.writing, feeder.settings, MONDAY + timedelta(days=80))
        if no == rebuilt:
            rebuild.rebuild(feeder.writing, feeder.rules)
        live.lists_s = float("-inf")  # lists are read every few seconds of real time; here none passes
        seen = live.advance(as_of)
        fresh = read_snapshot(feeder.reading, feeder.world, feeder.settings, as_of)
        for name in ("pair", "single", "usage_sums", "bins", "levels_before"):
            assert np.array_equal(getattr(seen, name), getattr(fresh, name)), (name, as_of.isoformat())
        for name in ("incidents_open", "incidents_latest", "results", "indicator_values"):
            assert getattr(seen, name) == getattr(fresh, name), (name, as_of.isoformat())


@thorough(8)
@given(came=inputs(), data=st.data())
def test_a_repeat_with_other_content_is_refused_and_changes_nothing(
    feeder: Feeder, came: tuple[History, Arrivals], data: st.DataObject
) -> None:
    events, batches = came
    event = data.draw(st.sampled_from(events[CASES]))
    twisted = event | {"occurred_at": "2024-08-20T03:04:05.678Z", "status": "returned"}
    feeder.empty()
    for batch in batches:
        feeder.feed(batch)
    written = feeder.feed([(CASES, twisted), (CASES, event), (CASES, twisted)])
    assert (written.events, written.duplicates, written.conflicts, written.rejects) == (0, 1, 2, 2)
    end = MONDAY + timedelta(days=DAYS)
    assert_same(feeder, events, (end, MONDAY, end))
    assert reconcile(feeder.writing, feeder.rules, deep=True).differences == 0
