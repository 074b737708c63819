"""The lists of cases that are overdue or due soon are those that the words say, as long as the figures beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples

from ioc.settings import Settings
from ioc.snapshot import Scope
from ioc.store.overdue import Kind, OverdueCase, overdue_list, overdue_lists
from tests import recount
from tests.feeding import Feeder
from tests.lives import CASES, DAYS, MONDAY, SCOPES, moments, ordinary, several_cases
from tests.servers import DatabaseServer, fresh_store

Event = Mapping[str, Any]
SIDES: tuple[Literal["handling", "receiving"], ...] = ("handling", "receiving")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STANDS: dict[Kind, tuple[str, Callable[..., bool]]] = {
    "overdue": ("open_overdue", recount.is_open_overdue),
    "soon": ("open_due_soon", recount.is_open_due_soon),
}
"""The figure that each list is as long as, and what the words say of a case in it."""


@pytest.fixture(scope="module")
def feeder(postgres: DatabaseServer, migrated: str | None, chosen: Settings) -> Iterator[Feeder]:
    """A store of this module alone; each example empties it."""
    with fresh_store(postgres, migrated, chosen) as dsn, closing(Feeder(dsn, chosen)) as found:
        yield found


def expected(
    feeder: Feeder, events: Sequence[Event], scope: Scope, as_of: datetime, kind: Kind
) -> list[tuple[Any, ...]]:
    """Code, due moment, days late, units, channel, status and procedure of each case, counted again."""
    now = recount.us(as_of)
    found = []
    for own in recount.grouped(recount.accepted(events, now), "case_code"):
        history = recount.steps_of(own)
        last = own[-1]
        unit = last["handling_unit" if scope.by == "handling" else "receiving_unit"]
        if STANDS[kind][1](history, now, feeder.choices) and recount.within(unit, scope.unit, feeder.tree):
            due = recount.due(history, now, feeder.choices)
            assert due is not None
            late = recount.local_day(now) - recount.local_day(due)
            moment = EPOCH + timedelta(microseconds=due)
            words = (last["handling_unit"], last["receiving_unit"], last["channel"], history[-1].status)
            found.append((moment, last["case_code"], late, *words, last["procedure_code"]))
    return sorted(found)


def shown(case: OverdueCase) -> tuple[Any, ...]:
    """The same of what the store said."""
    words = (case.handling, case.receiving, case.channel, case.status)
    return (case.due_at, case.code, case.days_late, *words, case.procedure)


def assert_same(feeder: Feeder, events: Sequence[Event], as_of: datetime) -> dict[Kind, int]:
    """In every scope; gives how many there were in all of them, by list."""
    seen: dict[Kind, int] = dict.fromkeys(STANDS, 0)
    scopes = [Scope(unit, by) for unit in SCOPES for by in SIDES]
    reading = (feeder.reading, feeder.world, feeder.settings)
    together = {kind: overdue_lists(*reading, scopes, as_of, kind=kind) for kind in STANDS}
    for unit in SCOPES:
        for scope in (Scope(unit), Scope(unit, "receiving")):
            figures = feeder.overview(unit, scope.by, as_of, as_of, as_of)["cases"]
            for kind, (figure, _) in STANDS.items():
                answer = overdue_list(*reading, scope, as_of, kind=kind)
                assert together[kind][scope] == answer, "read alone or with others"
                assert [shown(case) for case in answer.cases] == expected(feeder, events, scope, as_of, kind), scope
                assert answer.total == len(answer.cases) == figures[figure], (kind, scope)
                seen[kind] += answer.total
    return seen


@examples(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=several_cases(), as_of=moments())
def test_the_list_is_the_recount_whatever_the_case(feeder: Feeder, events: list[Event], as_of: datetime) -> None:
    feeder.empty()
    feeder.feed((CASES, event) for event in reversed(events))
    assert_same(feeder, events, as_of)


def test_a_busy_week(feeder: Feeder) -> None:
    sent = ordinary(5, 120)
    feeder.empty()
    feeder.feed(sent)
    events = [event for topic, event in sent if topic == CASES]
    end = MONDAY + timedelta(days=DAYS)
    seen = [assert_same(feeder, events, end - timedelta(hours=back)) for back in (0, 48, 55, 64)]
    assert all(one["overdue"] for one in seen)
    assert any(one["soon"] for one in seen), seen


def test_a_long_list_is_cut_and_says_how_long_it_is(feeder: Feeder) -> None:
    feeder.empty()
    feeder.feed(ordinary(6, 150))
    end = MONDAY + timedelta(days=DAYS)
    root = Scope(feeder.world.root.code)
    whole = overdue_list(feeder.reading, feeder.world, feeder.settings, root, end)
    cut = overdue_list(feeder.reading, feeder.world, feeder.settings, root, end, most=5)
    assert whole.total > 10
    assert (cut.total, cut.cases) == (whole.total, whole.cases[:5])
