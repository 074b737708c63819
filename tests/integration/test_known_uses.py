"""A use whose id was forgotten counts once all the same; and columns that travel whole arrive as they were sent."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from psycopg import sql

from ioc.facts import Topic, digest_of
from ioc.settings import Settings
from ioc.store import housekeeping
from ioc.store.columns import FEW, KINDS, Bigints, Integers, Moments, Smallints, Texts, Uuids, few_of, with_columns
from ioc.store.connect import Connection, connect, with_microseconds
from ioc.store.known import where_known
from ioc.store.reconcile import reconcile
from tests.feeding import Feeder

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
LONG_AGO = "2026-09-01T08:00:00+07:00"
TITLE = Topic.USAGE.title


def use(event_id: str, at: str = LONG_AGO, **other: object) -> tuple[str, dict[str, object]]:
    return TITLE, {
        "event_id": event_id, "occurred_at": at, "service": "portal", "action": "visit", "unit": "718", "count": 2,
        "duration_ms": 15, "satisfied": True, **other,
    }  # fmt: skip


@pytest.fixture
def feeder(store: str, settings: Settings) -> Iterator[Feeder]:
    one = Feeder(store, settings, NOW)
    yield one
    one.close()


def forget_all(feeder: Feeder) -> None:
    assert housekeeping.forget(feeder.writing, feeder.settings, datetime.now(UTC) + timedelta(days=400)) > 0


def test_an_old_use_whose_id_was_forgotten_is_a_duplicate(feeder: Feeder) -> None:
    assert feeder.feed([use("a"), use("b", amount_vnd=7), use("c", service="payment", amount_vnd=9)]).events == 3
    forget_all(feeder)
    again = feeder.feed([use("a"), use("new"), use("b", amount_vnd=7), use("a"), use("new")])
    assert (again.events, again.duplicates, again.conflicts) == (1, 4, 0)
    third = feeder.feed([use("c", service="payment", amount_vnd=9)])
    assert (third.events, third.duplicates) == (0, 1)
    report = reconcile(feeder.reading, feeder.rules, deep=True)
    assert report.differences == 0, report.deep


def test_an_id_that_is_known_is_still_a_conflict(feeder: Feeder) -> None:
    feeder.feed([use("a")])
    found = feeder.feed([use("a", count=3), use("a")])
    assert (found.events, found.duplicates, found.conflicts) == (0, 1, 1)


def test_which_are_committed(feeder: Feeder) -> None:
    feeder.feed([use("a")])
    feeder.feed([use("a"), use("c")])
    source = feeder.claims[Topic.USAGE].source
    where = where_known(feeder.reading, Topic.USAGE, [digest_of("a"), digest_of("b"), digest_of("c")])
    assert where == {digest_of("a"): (source, 0), digest_of("c"): (source, 2)}
    assert where_known(feeder.reading, Topic.CASES, [digest_of("a")]) == {}
    assert where_known(feeder.reading, Topic.USAGE, []) == {}


def test_columns_arrive_as_they_were_sent(store: str) -> None:
    with connect(store) as conn:
        with_microseconds(conn)
        round_trip(conn)


def few_or_many(one: some.SearchStrategy[Any]) -> some.SearchStrategy[list[Any]]:
    """Lists that are written value by value, and such that numpy writes."""
    return some.lists(one, max_size=9) | some.lists(one, min_size=FEW + 1, max_size=FEW + 4)


def round_trip(conn: Connection) -> None:
    @settings(max_examples=60, deadline=None)
    @given(
        few_or_many(some.integers(-(2**15), 2**15 - 1)),
        few_or_many(some.integers(-(2**31), 2**31 - 1)),
        few_or_many(some.integers(-(2**63), 2**63 - 1)),
        few_or_many(some.integers(-62_000_000_000_000_000, 200_000_000_000_000_000)),
        few_or_many(some.binary(min_size=16, max_size=16)),
        few_or_many(some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]))),
    )
    def holds(
        small: list[int], whole: list[int], big: list[int], at: list[int], ids: list[bytes], said: list[str]
    ) -> None:
        row = conn.execute(
            "select %(s)s::smallint[], %(w)s::int[], %(b)s::bigint[], %(a)s::timestamptz[],"
            " %(i)s::uuid[], %(t)s::text[]",
            {
                "s": Smallints.of(small), "w": Integers.of(whole), "b": Bigints.of(big), "a": Moments.of(at),
                "i": Uuids.of(ids), "t": Texts.of(said),
            },
            binary=True,
        ).fetchone()  # fmt: skip
        assert row == (small, whole, big, at, ids, said)

    holds()


def test_few_values_arrive_as_they_were_sent_nulls_among_them(store: str) -> None:
    with connect(store) as conn:
        with_microseconds(conn)
        with_columns(conn)
        few_round_trip(conn)


def few_round_trip(conn: Connection) -> None:
    values: dict[str, some.SearchStrategy[Any]] = {
        "int2": some.integers(-(2**15), 2**15 - 1),
        "int4": some.integers(-(2**31), 2**31 - 1),
        "int8": some.integers(-(2**63), 2**63 - 1),
        "timestamptz": some.integers(-62_000_000_000_000_000, 200_000_000_000_000_000),
        "float8": some.floats(allow_nan=False),
        "bool": some.booleans(),
        "text": some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        "bytea": some.binary(),
    }
    assert set(values) == set(KINDS)

    @settings(max_examples=60, deadline=None)
    @given(some.fixed_dictionaries({kind: some.lists(some.none() | one, max_size=6) for kind, one in values.items()}))
    def holds(said: dict[str, list[Any]]) -> None:
        for kind, column in said.items():
            row = conn.execute(
                sql.SQL("select %s::{}[]").format(sql.SQL(kind)),
                [few_of(kind, column)],
                binary=True,
            ).fetchone()
            assert row == (column,), kind

    holds()


@pytest.mark.parametrize(("kind", "value"), [("int2", 2**15), ("int4", -(2**31) - 1), ("timestamptz", 2**64)])
def test_a_number_among_few_that_does_not_fit_is_said_too(kind: str, value: int) -> None:
    with pytest.raises(struct.error):
        few_of(kind, [None, value])


@pytest.mark.parametrize(
    ("kind", "value"), [(Smallints, 2**15), (Smallints, -(2**15) - 1), (Integers, 2**31), (Bigints, 2**63)]
)
def test_a_number_that_does_not_fit_is_said_before_anything_is_sent(
    kind: type[Smallints | Integers | Bigints], value: int
) -> None:
    for before in ([], [0] * FEW):
        with pytest.raises(OverflowError):
            kind.of([*before, value])


def test_a_digest_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="sixteen"):
        Uuids.of([b"1" * 15])
