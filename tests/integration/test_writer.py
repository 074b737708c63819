"""A handful of records is written by who has read it; what does not go as it should is left to the writer's thread."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ioc.errors import Fenced
from ioc.facts import Claim, Fact, Reject, UsageEvent, Written, us_of
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store.connect import Connection, connect
from ioc.store.reconcile import reconcile
from ioc.world import World
from streams.writer import Writer
from tests.batches import batch, claim

pytestmark = pytest.mark.database

NOW_US = us_of(datetime(2026, 11, 23, 3, 15, 30, tzinfo=UTC))
CUT = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
     where datname = current_database() and application_name = 'ioc ingest writer'
"""


def use(world: World, no: int, event_id: str | None = None) -> UsageEvent:
    return UsageEvent(
        event_id or f"u{no}", NOW_US, world.service_numbers["payment"], "pay", world.by_code["718"].no, amount_vnd=1
    )


@pytest.fixture
def claimed(conn: Connection) -> Claim:
    return claim(conn)


@pytest.fixture
def writer(ours: Settings, rules: Rules, claimed: Claim, world: World) -> Iterator[Writer]:
    """One that has written the record at offset 0, and so has a connection."""
    made = Writer(ours, rules)
    made.write(batch(claimed, [use(world, 0)]))
    assert made.wait(30)
    assert made.result() == Written(events=1)
    yield made
    made.close()


def given(writer: Writer) -> Written | None:
    """What the writer's own thread comes to."""
    assert writer.result() is None, "it was not written here"
    assert writer.wait(30)
    return writer.result()


def test_the_result_is_there_at_once(conn: Connection, writer: Writer, claimed: Claim, world: World) -> None:
    writer.write(batch(claimed, [use(world, 1), use(world, 0)], 1))
    assert not writer.idle
    with pytest.raises(RuntimeError, match="being written"):
        writer.write(batch(claimed, [use(world, 2)], 3))
    assert writer.wait(0)
    assert writer.result() == Written(events=1, duplicates=1)
    assert writer.idle
    assert conn.execute("select next_offset from source").fetchone() == (3,)


def test_a_lost_connection_is_the_writers_to_mend(
    conn: Connection, writer: Writer, claimed: Claim, world: World, rules: Rules
) -> None:
    assert conn.execute(CUT).fetchall() == [(True,)]
    writer.write(batch(claimed, [use(world, 1)], 1))
    assert given(writer) == Written(events=1)
    writer.write(batch(claimed, [use(world, 2)], 2))
    assert writer.result() == Written(events=1), "with the new connection"
    assert reconcile(conn, rules, deep=True).differences == 0


def test_what_cannot_be_stored_is_the_writers_to_find(
    conn: Connection, writer: Writer, claimed: Claim, world: World, rules: Rules
) -> None:
    facts: list[Fact | Reject] = [use(world, 1), use(world, 2, event_id="a\x00b"), use(world, 3)]
    writer.write(batch(claimed, facts, 1))
    assert given(writer) == Written(events=2, rejects=1)
    assert reconcile(conn, rules, deep=True).differences == 0


def test_who_has_lost_the_partition_hears_of_it(conn: Connection, writer: Writer, claimed: Claim, world: World) -> None:
    claim(conn)  # another process
    writer.write(batch(claimed, [use(world, 1)], 1))
    with pytest.raises(Fenced):
        writer.result()
    assert conn.execute("select count(*) from usage_event").fetchone() == (1,)


def test_who_reads_does_not_wait_for_a_server_that_was_slow(
    store: str, conn: Connection, writer: Writer, claimed: Claim, world: World
) -> None:
    with connect(store) as other:
        for offset in (1, 2):
            with other.transaction():
                other.execute("select from source for update")
                write = writer.give if offset == 1 else writer.write
                write(batch(claimed, [use(world, offset)], offset))
                assert not writer.wait(0.3), "the partition is locked, and we are here"
            assert writer.wait(30)
            assert writer.result() == Written(events=1)
    writer.give(batch(claimed, [use(world, 3)], 3))
    assert writer.wait(30)
    assert writer.result() == Written(events=1)
    writer.write(batch(claimed, [use(world, 4)], 4))
    assert writer.result() == Written(events=1), "it is quick again"
    assert conn.execute("select next_offset from source").fetchone() == (5,)
