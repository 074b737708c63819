"""A handful of records is written by who has read it; what does not go as it should is left to the writer's thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import msgspec
import pytest

from ioc.errors import Fenced
from ioc.facts import Batch, Claim, Fact, Reject, UsageEvent, Written, us_of
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store.connect import Connection, connect
from ioc.store.reconcile import reconcile
from ioc.world import World
from streams.writer import Writer
from tests.batches import batch, claim
from tests.stalling import StallingWire

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


class Counting(Writer):
    """One that counts what it leaves to its own thread."""

    handed = 0

    def give(self, batch: Batch) -> None:
        self.handed += 1
        super().give(batch)

    def came_to(self) -> Written | None:
        """What the batch came to, whoever wrote it."""
        assert self.wait(30)
        return self.result()


@pytest.fixture
def claimed(conn: Connection) -> Claim:
    return claim(conn)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, the server is quick enough."""
    monkeypatch.setattr("streams.writer.QUICK_S", 60.0)


@pytest.fixture
def writer(ours: Settings, rules: Rules, claimed: Claim, world: World) -> Iterator[Counting]:
    """One that has written the record at offset 0, and so has a connection."""
    made = Counting(ours, rules)
    made.write(batch(claimed, [use(world, 0)]))
    assert made.came_to() == Written(events=1)
    assert made.handed == 1, "who reads opens no connection"
    yield made
    made.close()


@pytest.mark.usefixtures("patient")
def test_the_result_is_there_at_once(conn: Connection, writer: Counting, claimed: Claim, world: World) -> None:
    writer.write(batch(claimed, [use(world, 1), use(world, 0)], 1))
    assert not writer.idle
    with pytest.raises(RuntimeError, match="being written"):
        writer.write(batch(claimed, [use(world, 2)], 3))
    assert writer.wait(0)
    assert writer.result() == Written(events=1, duplicates=1)
    assert writer.idle
    assert conn.execute("select next_offset from source").fetchone() == (3,)


@pytest.mark.usefixtures("patient")
def test_a_lost_connection_is_the_writers_to_mend(
    conn: Connection, writer: Counting, claimed: Claim, world: World, rules: Rules
) -> None:
    assert conn.execute(CUT).fetchall() == [(True,)]
    writer.write(batch(claimed, [use(world, 1)], 1))
    assert writer.came_to() == Written(events=1)
    assert writer.handed == 2
    writer.write(batch(claimed, [use(world, 2)], 2))
    assert writer.result() == Written(events=1), "with the new connection"
    assert writer.handed == 2
    assert reconcile(conn, rules, deep=True).differences == 0


@pytest.mark.usefixtures("patient")
def test_what_cannot_be_stored_is_the_writers_to_find(
    conn: Connection, writer: Counting, claimed: Claim, world: World, rules: Rules
) -> None:
    facts: list[Fact | Reject] = [use(world, 1), use(world, 2, event_id="a\x00b"), use(world, 3)]
    writer.write(batch(claimed, facts, 1))
    assert writer.came_to() == Written(events=2, rejects=1)
    assert writer.handed == 2
    assert reconcile(conn, rules, deep=True).differences == 0


@pytest.mark.usefixtures("patient")
def test_who_has_lost_the_partition_hears_of_it(
    conn: Connection, writer: Counting, claimed: Claim, world: World
) -> None:
    claim(conn)  # another process
    writer.write(batch(claimed, [use(world, 1)], 1))
    with pytest.raises(Fenced):
        writer.result()
    assert conn.execute("select count(*) from usage_event").fetchone() == (1,)


def test_who_reads_does_not_wait_for_a_server_that_was_slow(
    store: str, conn: Connection, writer: Counting, claimed: Claim, world: World
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
    assert writer.handed == 3, "the one that opened the connection, and these two"
    for offset in range(3, 100):
        handed = writer.handed
        writer.write(batch(claimed, [use(world, offset)], offset))
        assert writer.came_to() == Written(events=1)
        if writer.handed == handed:
            return
    pytest.fail("it was never quick again")


def test_a_server_that_hangs_holds_who_meets_it_first_and_nobody_after(
    conn: Connection, ours: Settings, rules: Rules, claimed: Claim, world: World
) -> None:
    with closing(StallingWire(ours.database.dsn)) as wire:
        database = msgspec.structs.replace(ours.database, dsn=wire.dsn)
        writer = Counting(msgspec.structs.replace(ours, database=database), rules)
        with closing(writer):
            writer.write(batch(claimed, [use(world, 0)]))
            assert writer.came_to() == Written(events=1)
            wire.stall()
            reader = threading.Thread(target=writer.write, args=(batch(claimed, [use(world, 1)], 1),))
            reader.start()
            reader.join(0.3)
            assert reader.is_alive()
            wire.go_on()
            reader.join(30)
            assert writer.result() == Written(events=1)
            assert writer.handed == 1
            writer.write(batch(claimed, [use(world, 2)], 2))
            assert writer.came_to() == Written(events=1)
            assert writer.handed == 2
    assert conn.execute("select next_offset, duplicates from source").fetchone() == (3, 0)
    assert reconcile(conn, rules, deep=True).differences == 0
