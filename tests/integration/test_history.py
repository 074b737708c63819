"""Weeks of history: late truth across days, months and old chunks; a filled database changes its engine."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from psycopg.conninfo import make_conninfo

from ioc.errors import OperatorError
from ioc.facts import Topic
from ioc.life import Rules
from ioc.settings import Settings
from ioc.snapshot import Snapshot
from ioc.store import balances, housekeeping, hypertables, rebuild, scratch, series, sizes, units
from ioc.store.connect import Connection, connect
from ioc.store.live import read_snapshot
from ioc.store.migrate import migrate, migrations
from ioc.store.reconcile import reconcile
from streams import bench_history
from tests.feeding import Feeder
from tests.lives import MONDAY, SCOPES, USAGE, Event, ordinary
from tests.servers import DatabaseServer

AFTER = datetime(2024, 9, 20, 3, 0, tzinfo=UTC)


def moved(seed: int, cases: int, days: int) -> list[tuple[str, Event]]:
    """`ordinary` some days later."""

    def later(text: str) -> str:
        return (datetime.fromisoformat(text) + timedelta(days=days)).isoformat()

    return [
        (topic, event | {name: later(event[name]) for name in ("occurred_at", "due_at") if name in event})
        for topic, event in ordinary(seed, cases)
    ]


def same_as_recount(feeder: Feeder, sent: Sequence[tuple[str, Event]]) -> None:
    """Every scope at some moments of the month and over its edge."""
    events: dict[str, list[Event]] = {}
    known: set[tuple[str, str]] = set()
    for topic, event in sent:
        if (topic, event["event_id"]) not in known:
            known.add((topic, event["event_id"]))
            events.setdefault(topic, []).append(event)
    month = datetime(2024, 8, 31, 17, 0, tzinfo=UTC)
    asked = [
        (AFTER, MONDAY - timedelta(days=2), AFTER),
        (month, month - timedelta(days=11, seconds=7.5), month),
        (month + timedelta(hours=5, seconds=30.25), month - timedelta(hours=3, microseconds=1), AFTER),
    ]
    for as_of, from_, to in asked:
        for unit in SCOPES:
            wanted = feeder.recounted(events, unit, "handling", as_of, from_, to)
            assert feeder.overview(unit, "handling", as_of, from_, to) == wanted, (unit, as_of, from_)


def by_column(conn: Connection) -> int:
    """How many chunks are kept by column."""
    if not hypertables.is_made(conn):
        return 0
    row = conn.execute("select count(*) from timescaledb_information.chunks where is_compressed").fetchone()
    return 0 if row is None else int(row[0])


def test_late_truth_across_a_day_a_month_and_old_chunks(
    store: str, settings: Settings, postgres: DatabaseServer
) -> None:
    feeder = Feeder(store, settings, now=AFTER)
    try:
        newer, older, between = moved(1, 60, 12), moved(2, 60, 0), moved(3, 60, 8)
        feeder.feed(newer)
        feeder.feed(between[::2])
        housekeeping.open_books(feeder.writing, settings, AFTER)
        hypertables.compress_now(feeder.writing)
        assert bool(by_column(feeder.writing)) == postgres.timescale
        late = [*older, *between[1::2], *newer[:80], *between[:40]]
        random.Random(7).shuffle(late)
        for first in range(0, len(late), 97):
            feeder.feed(late[first : first + 97])
        report = reconcile(feeder.writing, feeder.rules, deep=True)
        assert report.differences == 0, report.deep
        same_as_recount(feeder, [*newer, *between, *older])
        hypertables.compress_now(feeder.writing)
        same_as_recount(feeder, [*newer, *between, *older])
    finally:
        feeder.close()


def test_a_use_that_comes_again_for_an_old_chunk_is_a_duplicate(store: str, settings: Settings) -> None:
    feeder = Feeder(store, settings, now=AFTER)
    try:
        sent = [one for one in ordinary(4, 50) if one[0] == USAGE]
        uses = len({event["event_id"] for _, event in sent})
        assert feeder.feed(sent).events == uses
        hypertables.compress_now(feeder.writing)
        housekeeping.forget(feeder.writing, settings, datetime.now(UTC) + timedelta(days=365))
        again = feeder.feed(sent)
        assert (again.events, again.duplicates) == (0, len(sent))
        report = reconcile(feeder.writing, feeder.rules, deep=True)
        assert report.differences == 0, report.deep
    finally:
        feeder.close()


def test_a_filled_plain_database_gets_hypertables_in_place(
    database: str, settings: Settings, postgres: DatabaseServer
) -> None:
    with connect(database) as conn:
        migrate(conn, settings, upto=migrations()[-1].version)
        units.sync(conn, settings)
        conn.execute(
            "insert into state (key, value) values ('rules', %(rules)s)", {"rules": Rules.of(settings).fingerprint}
        )
    feeder = Feeder(database, settings, now=AFTER)
    try:
        sent = [*moved(5, 80, 0), *moved(6, 80, 11)]
        feeder.feed(sent)
        assert not hypertables.is_made(feeder.writing)
        rows = feeder.writing.execute("select * from usage_event order by event_id").fetchall()
        for _ in range(2):
            assert migrate(feeder.writing, settings) == []
            assert hypertables.is_made(feeder.writing) == postgres.timescale
        assert feeder.writing.execute("select * from usage_event order by event_id").fetchall() == rows
        same_as_recount(feeder, sent)
        more = moved(7, 40, 5)
        feeder.feed(more)
        same_as_recount(feeder, [*sent, *more])
        report = reconcile(feeder.writing, feeder.rules, deep=True)
        assert report.differences == 0, report.deep
    finally:
        feeder.close()


CHANGED = (
    "select remove_compression_policy('usage_event')",
    'select alter_job(job_id, config => config || \'{"compress_after": "90 days"}\')'
    " from timescaledb_information.jobs where hypertable_name = 'usage_event'",
    "select alter_job(job_id, scheduled => false)"
    " from timescaledb_information.jobs where hypertable_name = 'usage_event'",
    "alter table usage_event set (timescaledb.compress_segmentby = 'service', timescaledb.compress_orderby = 'at')",
    "select set_chunk_time_interval('usage_event', interval '1 month')",
)
"""What somebody may have changed in the extension's own settings."""
SETTINGS = """
    select j.scheduled, (j.config ->> 'compress_after')::interval, c.segmentby, c.orderby, d.time_interval
      from timescaledb_information.dimensions d
      left join timescaledb_information.jobs j on j.hypertable_name = 'usage_event' and j.proc_name like 'policy_co%'
      left join timescaledb_information.hypertable_columnstore_settings c on c.hypertable = 'usage_event'::regclass
     where d.hypertable_name = 'usage_event'
"""


@pytest.mark.parametrize("changed", CHANGED)
def test_settings_of_the_extension_are_put_back(
    store: str, settings: Settings, postgres: DatabaseServer, changed: str
) -> None:
    """Also where old chunks are kept by column already; on plain PostgreSQL there is nothing to put back."""
    feeder = Feeder(store, settings, now=AFTER)
    conn = feeder.writing
    try:
        sent = moved(5, 80, 0)
        feeder.feed(sent)
        if not postgres.timescale:
            assert migrate(conn, settings) == []
            assert not hypertables.is_made(conn)
            return
        before = conn.execute(SETTINGS).fetchall()
        assert before == [(True, timedelta(days=7), "unit", "at DESC", timedelta(days=1))]
        hypertables.compress_now(conn)
        kept = by_column(conn)
        assert kept > 0
        conn.execute(changed.encode())
        assert conn.execute(SETTINGS).fetchall() != before
        for _ in range(2):
            assert migrate(conn, settings) == []
            assert conn.execute(SETTINGS).fetchall() == before
        assert by_column(conn) == kept
        feeder.feed(moved(6, 80, 0))
        hypertables.compress_now(conn)
        same_as_recount(feeder, [*sent, *moved(6, 80, 0)])
    finally:
        feeder.close()


def test_a_use_that_was_stored_twice_before_there_was_a_key_stays_counted_twice(
    database: str, settings: Settings
) -> None:
    with connect(database) as conn:
        migrate(conn, settings, upto=2)
        for offset in (3, 9):
            conn.execute(
                """
                insert into usage_event (unit, at, event_id, service, action, outcome, uses, source, record_offset)
                values (1, '2026-01-01', 'u-1', 1, 'visit', 1, 5, 1, %(offset)s)
                """,
                {"offset": offset},
            )
        migrate(conn, settings)
        assert conn.execute("select event_id, uses from usage_event order by record_offset").fetchall() == [
            ("u-1", 5),
            ("u-1 again from 1 9", 5),
        ]


def test_the_bench_states_what_history_costs(
    store: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_history, "ROUNDS", 5)
    for turn in range(2):  # the second run finds the history and only measures
        assert bench_history.run(settings, days=2, events=4_000, dsn=store, keep=None, as_json=True) == 0
        told = capsys.readouterr()
        found = json.loads(told.out)
        assert ("writing 2 days" in told.err) == (turn == 0)
        assert "writing 1 days" in told.err, "what it is compared with is always made anew"
    assert 3_500 < found["events"] <= 4_000
    assert 0 < found["patch_p50_ms"] <= found["patch_p95_ms"]
    assert found["tables_rows"]["usage_event"] >= 2_500
    assert found["engine"].endswith("PostgreSQL 18.6")
    with connect(store) as conn:
        report = reconcile(conn, Rules.of(settings), deep=True)
    assert report.differences == 0, report.deep
    assert {source.topic for source in report.sources} == {int(topic) for topic in Topic}


def test_who_may_make_no_database_is_told_what_to_do(store: str) -> None:
    with connect(store) as conn:
        conn.execute("drop role if exists bench_guest")
        conn.execute("create role bench_guest login")
        guest = make_conninfo(store, user="bench_guest")
        with pytest.raises(OperatorError, match="bench_guest may not make"), scratch.beside(guest):
            pytest.fail("nothing to compare with")
        with scratch.beside(store) as other, connect(other) as empty:
            name = empty.info.dbname
            assert sizes.sizes(empty) == {}
        left = conn.execute("select datname from pg_database where datname like 'ioc_scratch%'").fetchall()
        assert (name,) not in left
        conn.execute("drop role bench_guest")


def arrays(one: Snapshot) -> list[np.ndarray[Any, Any]]:
    return [one.pair, one.single, one.usage_sums, one.bins, one.levels_before]


def test_a_packed_day_says_what_its_minutes_say_also_after_something_late(store: str, settings: Settings) -> None:
    feeder = Feeder(store, settings, now=AFTER)
    conn = feeder.writing
    moments = [MONDAY + timedelta(days=days, hours=9, minutes=43, seconds=7.25) for days in (0, 1, 4, 5, 6, 11, 30)]
    moments += [MONDAY + timedelta(days=3), MONDAY + timedelta(days=4, minutes=10)]

    def pictures() -> list[Snapshot]:
        return [read_snapshot(feeder.reading, feeder.world, settings, at) for at in moments]

    def pack() -> None:
        for one in (balances.pack, series.pack):
            while one(conn, settings, MONDAY + timedelta(days=12)):
                continue

    def packed() -> tuple[int, int]:
        row = conn.execute("select (select count(*) from day_series), (select count(*) from day_balance)").fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def same(packed: list[Snapshot], plain: list[Snapshot]) -> None:
        for one, other in zip(packed, plain, strict=True):
            for mine, theirs in zip(arrays(one), arrays(other), strict=True):
                np.testing.assert_array_equal(mine, theirs)

    try:
        sent = ordinary(8, 80)
        feeder.feed(sent[::2])
        plain = pictures()
        pack()
        both = packed()
        assert min(both) >= 11
        same(pictures(), plain)
        feeder.feed(sent[1::2])  # for days that are packed
        assert min(packed()) < min(both)
        partly = pictures()
        pack()
        assert packed() == both
        same(pictures(), partly)
        housekeeping.open_books(conn, settings, AFTER)
        report = reconcile(conn, feeder.rules, deep=True)
        assert report.differences == 0, report.deep
        with conn.transaction(force_rollback=True):
            conn.execute("update rollup_day set value = value + 1 where metric = 9")
            assert any("day_balance" in line for line in rebuild.differences(conn, feeder.rules))
            conn.execute("update rollup_minute set value = value + 1 where metric = 1")
            assert any("day_series" in line for line in rebuild.differences(conn, feeder.rules))
        conn.execute("delete from day_series")
        conn.execute("delete from day_balance")
        same(partly, pictures())
    finally:
        feeder.close()
