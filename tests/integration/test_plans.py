"""No statement of a screen reads more of the raw tables when there is more history: counted by the server itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, LiteralString

import pytest

from dashboards import vitals
from ioc.facts import moment, us_of
from ioc.settings import Settings
from ioc.snapshot import DAYS, Scope
from ioc.store import hypertables
from ioc.store.connect import Connection, connect
from ioc.store.live import Live, read_snapshot
from ioc.store.overdue import Kind, overdue_list
from ioc.store.overview import overview
from streams.bench_history import History
from streams.bench_province import DAY_US, Province
from tests.plans import RAW, readings
from tests.servers import DatabaseServer, fresh_store

HALF, WHOLE = DAYS + 1, 2 * (DAYS + 1)
"""Days of history, both times more than a picture remembers."""
A_DAY = 2_000
MOST = 600
"""Rows or blocks of a raw table that a statement may read: each incident costs a look into the index and the table."""
TURNS = 12
"""A statement is prepared after five, and may get a plan for any values after five more."""
MORE_USES = """
    insert into usage_event (unit, at, event_id, service, action, outcome, uses, source, record_offset)
    select 1 + n %% 90, %(at)s::timestamptz + n * interval '10 seconds', n || ' ' || %(at)s, 1, 'visit', 1, 1, 1, n
      from generate_series(1, 8639) as n
"""
"""A day of few uses is read as a whole, and rightly."""
MEASURED = """
    insert into indicator_event (indicator, unit, at, event_id, value, is_add, source, record_offset)
    select 'k' || n %% 7, 1 + n %% 3, %(at)s::timestamptz + n * interval '1 minute', n || ' ' || %(at)s, 1, n %% 5 <> 0,
           1, n
      from generate_series(1, 1440) as n
"""
KEEP_BY_COLUMN = """
    select compress_chunk(chunk, true)
      from show_chunks('usage_event', older_than => %(at)s::timestamptz - interval '7 days') as chunk
"""
BY_COLUMN = "select count(*) from timescaledb_information.chunks where is_compressed"
STEPS = "select count(*) from case_event e join case_file c on c.no = e.case_no where c.code = any(%(codes)s)"

SIDES: tuple[Literal["handling", "receiving"], ...] = ("handling", "receiving")

Costs = dict[tuple[str, str], tuple[int, int]]
"""The most rows and blocks that a statement read of a table."""


class Growing:
    """A store that grows by days, and what screens ask of it."""

    def __init__(self, settings: Settings, conn: Connection, dsn: str) -> None:
        self.settings, self.conn, self.dsn = settings, conn, dsn
        self.history = History(settings, conn, dsn, WHOLE, WHOLE * A_DAY)
        self.history.claim()
        self.province = Province(self.history.world, A_DAY)
        self.days = 0

    def until(self, days: int) -> datetime:
        """Writes up to so many days; the moment after them."""
        while self.days < days:
            begins_us = self.history.ends_us - (WHOLE - self.days) * DAY_US
            self.history.load(self.province.day(self.days, begins_us))
            for more in (MORE_USES, MEASURED):
                self.conn.execute(more, {"at": moment(begins_us)})
            self.days += 1
        now = moment(self.history.ends_us - (WHOLE - days) * DAY_US)
        if hypertables.is_made(self.conn):
            self.conn.execute(KEEP_BY_COLUMN, {"at": now})
        self.conn.execute("vacuum (analyze)")
        return now

    def one(self, query: LiteralString, wanted: dict[str, object] | None = None) -> int:
        """The only number that a query gives."""
        row = self.conn.execute(query, wanted).fetchone()
        assert row is not None
        return int(row[0])

    def sizes(self) -> dict[str, int]:
        """Rows of each raw table."""
        return {table: self.one("select count(*) from " + table) for table in RAW}

    def costs(self, now: datetime) -> Costs:
        """Of everything that a live picture, a past one, the API and `/status` ask; signs ask nothing."""
        world, settings = self.history.world, self.settings
        found: Costs = {}
        with connect(self.dsn) as conn, readings(conn) as told:
            live = Live(conn, world, settings)
            for turn in range(TURNS):
                at = now + timedelta(seconds=turn)
                for before_us in (200_000, 100_000):  # an incident, and its end
                    self.history.load(self.history.tenth(us_of(at) - before_us))
                live.lists_s = float("-inf")
                live.advance(at)
                read_snapshot(conn, world, settings, at - timedelta(days=1, seconds=3))
                for by in SIDES:
                    begin = at - timedelta(days=2, seconds=7.5)
                    overview(conn, world, settings, unit="74", scope=by, as_of=at, from_=begin, to=at)
                vitals.examine(conn, settings)
            assert live.reads == 1
        assert len({one.text for one in told}) >= 25
        for one in told:
            for table in one.rows:
                rows, blocks = found.get((one.text, table), (0, 0))
                found[one.text, table] = max(rows, one.rows[table]), max(blocks, one.blocks[table])
        return found


@pytest.fixture(scope="module")
def growing(postgres: DatabaseServer, migrated: str | None, settings: Settings) -> Iterator[Growing]:
    """One for all tests of this module: it is long to make, and no test but the first asks for less than the whole."""
    with fresh_store(postgres, migrated, settings) as dsn, connect(dsn) as conn:
        yield Growing(settings, conn, dsn)


def test_what_is_read_of_raw_tables_is_little_and_does_not_grow(growing: Growing, postgres: DatabaseServer) -> None:
    assert growing.days <= HALF
    half = growing.costs(growing.until(HALF))
    whole = growing.costs(growing.until(WHOLE))
    assert bool(postgres.timescale and growing.one(BY_COLUMN)) == postgres.timescale
    sizes = growing.sizes()
    assert min(sizes.values()) > 1.5 * MOST, sizes
    assert {table for _, table in whole} >= {"usage_event", "incident_event", "indicator_event"}
    assert whole.keys() == half.keys()
    for (text, table), (rows, blocks) in whole.items():
        assert max(rows, blocks) <= MOST, (table, rows, blocks, text)
        former_rows, former_blocks = half[text, table]
        assert rows <= 1.2 * former_rows + 20, (table, former_rows, rows, text)
        assert blocks <= 1.2 * former_blocks + 20, (table, former_blocks, blocks, text)


@pytest.mark.parametrize(("kind", "least"), [("overdue", 20), ("soon", 5)])
@pytest.mark.parametrize("by", SIDES)
def test_the_list_of_overdue_cases_reads_their_steps_and_no_others(
    growing: Growing, by: Literal["handling", "receiving"], kind: Kind, least: int
) -> None:
    now = growing.until(WHOLE)
    with connect(growing.dsn) as conn, readings(conn) as told:
        found = overdue_list(conn, growing.history.world, growing.settings, Scope("74", by), now, kind=kind)
        (reading,) = [one for one in told if one.rows]
    steps = growing.one(STEPS, {"codes": [case.code for case in found.cases]})
    assert found.total == len(found.cases) > least
    assert reading.rows == {"case_event": steps}
    assert steps < growing.sizes()["case_event"] / 20
    assert " effect_" in str(reading.plan).replace("'", " "), reading.plan  # one of the indexes of effects
