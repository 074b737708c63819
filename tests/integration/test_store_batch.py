"""The one writing transaction: fenced, exact, and never at odds with another writer."""

from __future__ import annotations

import dataclasses
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ioc.errors import Fenced, OperatorError, Transient
from ioc.facts import (
    TOMBSTONE,
    Advance,
    Arrival,
    Batch,
    CaseEvent,
    Channel,
    Fact,
    IncidentEvent,
    IncidentState,
    Reject,
    Severity,
    Status,
    Tail,
    Topic,
    UsageEvent,
    digest_of,
    us_of,
)
from ioc.life import Rules
from ioc.settings import Settings
from ioc.snapshot import Scope
from ioc.store import generations, housekeeping, rebuild
from ioc.store.batch import write_batch
from ioc.store.connect import Connection, connect
from ioc.store.live import Live, read_snapshot
from ioc.store.migrate import check, migrate
from ioc.store.overview import overview
from ioc.store.reconcile import reconcile
from ioc.world import World
from tests.batches import batch, claim

NOW = datetime(2026, 11, 23, 3, 15, 30, 250_000, tzinfo=UTC)


def case(no: int, world: World, *, code: str = "H-1", status: Status = Status.RECEIVED, minute: int = 0) -> CaseEvent:
    unit = world.by_code["718"].no
    at = us_of(NOW + timedelta(minutes=minute))
    return CaseEvent(f"e{no}", at, code, status, unit, unit, Channel.ONLINE)


def refuse(reason: str, detail: str) -> Reject:
    return Reject(reason, detail, None, b"{}", b"d")


def received(conn: Connection, world: World, settings: Settings) -> int:
    later = NOW + timedelta(days=1)
    found = overview(
        conn, world, settings, unit="74", scope="handling", as_of=later, from_=NOW - timedelta(days=1), to=later
    )
    return found.cases.received


def test_an_older_epoch_writes_nothing(conn: Connection, world: World, rules: Rules, settings: Settings) -> None:
    zombie = claim(conn, Topic.CASES)
    owner = claim(conn, Topic.CASES)
    with pytest.raises(Fenced):
        write_batch(conn, batch(zombie, [case(1, world)]), rules)
    assert received(conn, world, settings) == 0
    write_batch(conn, batch(owner, [case(1, world)]), rules)
    assert received(conn, world, settings) == 1


def test_a_batch_whose_commit_was_acknowledged_to_nobody_is_not_written_again(
    conn: Connection, world: World, rules: Rules, settings: Settings
) -> None:
    owner = claim(conn, Topic.CASES)
    once = batch(owner, [case(1, world)])
    write_batch(conn, once, rules)
    with pytest.raises(Fenced):
        write_batch(conn, once, rules)
    assert claim(conn, Topic.CASES).next_offset == 1
    assert received(conn, world, settings) == 1


def test_repeats_are_duplicates_or_conflicts_within_a_batch_and_across(
    conn: Connection, world: World, rules: Rules
) -> None:
    owner = claim(conn, Topic.CASES)
    first = write_batch(conn, batch(owner, [case(1, world), case(1, world), case(1, world, minute=5)]), rules)
    assert (first.events, first.duplicates, first.conflicts, first.rejects) == (1, 1, 1, 1)
    again = write_batch(conn, batch(owner, [case(1, world), case(1, world, minute=9)], first=3), rules)
    assert (again.events, again.duplicates, again.conflicts) == (0, 1, 1)
    assert reconcile(conn, rules, deep=True).differences == 0


@pytest.mark.parametrize("few", [0, 100], ids=["alone", "together"])
def test_what_is_known_already_makes_no_case(conn: Connection, world: World, rules: Rules, few: int) -> None:
    owner = claim(conn, Topic.CASES)
    write_batch(conn, batch(owner, [case(1, world, code="H-1")]), rules, few=few)
    steps = [
        case(1, world, code="H-1"),  # a duplicate
        case(1, world, code="H-2"),  # a conflict, of a case that nothing else is known of
        case(2, world, code="H-1", status=Status.PROCESSING, minute=5),
        case(3, world, code="H-3"),
        case(3, world, code="H-4"),  # a conflict within the batch
    ]
    again = write_batch(conn, batch(owner, steps[:1], first=1), rules, few=few)
    assert (again.events, again.duplicates, again.conflicts) == (0, 1, 0)
    again = write_batch(conn, batch(owner, [*steps[1:]], first=2), rules, few=few)
    assert (again.events, again.duplicates, again.conflicts) == (2, 0, 2)
    codes = conn.execute("select code from case_file order by code").fetchall()
    assert codes == [("H-1",), ("H-3",)]
    later = write_batch(conn, batch(owner, [case(4, world, code="H-2")], first=6), rules, few=few)
    assert later.events == 1
    assert reconcile(conn, rules, deep=True).differences == 0


def test_every_offset_is_accounted_for(conn: Connection, world: World, rules: Rules) -> None:
    owner = claim(conn, Topic.CASES)
    kept = [
        Arrival(owner.source, 0, case(1, world), b"1" * 16, refuse, digest_of("e1")),
        Arrival(owner.source, 2, TOMBSTONE),
        Arrival(owner.source, 3, refuse("schema", "x")),
    ]
    write_batch(conn, Batch({Topic.CASES: kept}, (Advance(owner.source, 0, 7, owner.epoch),)), rules)
    (source,) = reconcile(conn, rules, deep=True).sources
    assert (source.consumed, source.events, source.tombstones, source.rejects, source.empty) == (7, 1, 1, 1, 4)
    assert source.difference == 0


def test_records_deleted_unread_are_written_down(conn: Connection) -> None:
    first = claim(conn, Topic.CASES)
    expired = claim(conn, Topic.CASES, begin=50)
    assert (first.next_offset, expired.next_offset, expired.finding) == (0, 50, "expired")


def test_a_new_generation_knows_events_and_refused_records_of_the_former(
    conn: Connection, world: World, rules: Rules
) -> None:
    first = claim(conn, Topic.CASES)
    kept = [
        Arrival(first.source, 0, case(1, world), b"1" * 16, refuse, digest_of("e1")),
        Arrival(first.source, 1, refuse("schema", "x")),
        Arrival(first.source, 2, refuse("schema", "y")),
    ]
    tail = Tail(2, b"t" * 16)
    write_batch(conn, Batch({Topic.CASES: kept}, (Advance(first.source, 0, 3, first.epoch, tail),)), rules)
    again = claim(conn, Topic.CASES)
    assert (again.source, again.next_offset, again.generation, again.tail) == (first.source, 3, 0, tail)
    with pytest.raises(Transient):  # claimed since
        generations.reopen(conn, first, begin=0, finding="truncated")
    second = generations.reopen(conn, again, begin=0, finding="truncated")
    assert (second.next_offset, second.generation, second.tail) == (0, 1, None)
    other = msgspec.structs.replace(
        kept[2], source=second.source, what=dataclasses.replace(refuse("schema", "y"), digest=b"z")
    )
    repeated = [*(msgspec.structs.replace(one, source=second.source) for one in kept[:2]), other]
    with pytest.raises(Fenced):  # the former generation is closed for whoever held it
        write_batch(conn, Batch({}, (Advance(first.source, 3, 4, first.epoch),)), rules)
    written = write_batch(conn, Batch({Topic.CASES: repeated}, (Advance(second.source, 0, 3, 1),)), rules)
    assert (written.events, written.duplicates, written.rejects) == (0, 2, 1)
    report = reconcile(conn, rules, deep=True)
    assert report.differences == 0
    assert [(one.generation, one.finding, one.rejects) for one in report.sources] == [(0, "truncated", 2), (1, "", 1)]
    assert claim(conn, Topic.CASES).source == second.source


def random_facts(world: World, dice: random.Random, how_many: int, first: int, topic: Topic) -> list[Fact]:
    places = [unit.no for unit in world.units if unit.pack == world.pack]
    found: list[Fact] = []
    for n in range(first, first + how_many):
        at = us_of(NOW) - dice.randrange(40 * 86_400) * 1_000_000 + dice.choice((0, 0, 400, 90_000_000))
        if topic is Topic.CASES:
            due = at + dice.randrange(-3, 20) * 86_400_000_000 if dice.random() < 0.4 else None
            status = dice.choice((2, 4, 4, 4, 5, 6, 8, 9, 7, 3))
            found.append(
                CaseEvent(
                    f"e{n}", at, f"H-{dice.randrange(60)}", status, dice.choice(places), dice.choice(places),
                    dice.randrange(1, 4), due,
                )
            )  # fmt: skip
        elif topic is Topic.USAGE:
            service = dice.choice(list(world.service_numbers.values()))
            found.append(
                UsageEvent(f"u{n}", at, service, "visit", dice.choice(places), dice.randrange(1, 4), 3, None, 1000)
            )
        else:
            found.append(
                IncidentEvent(
                    f"i{n}", at, f"I-{dice.randrange(40)}", "CAM-1", dice.choice(places), "accident",
                    dice.choice(list(Severity)), dice.choice(list(IncidentState)),
                )
            )  # fmt: skip
    return found


def test_writers_side_by_side_neither_deadlock_nor_lose(
    store: str, conn: Connection, world: World, rules: Rules
) -> None:
    def write(partition: int) -> int:
        dice = random.Random(partition)
        with connect(store) as own:
            claimed = claim(own, Topic.CASES, partition)
            written = 0
            for n in range(6):
                facts = random_facts(world, dice, 150, 10_000 * partition + 150 * n, Topic.CASES)
                written += write_batch(own, batch(claimed, facts, 150 * n), rules).events
            return written

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(write, range(3))) == [900, 900, 900]
    report = reconcile(conn, rules, deep=True)
    assert report.differences == 0, report.deep


def test_the_live_picture_patched_is_the_picture_read_afresh_and_the_overview(
    store: str, conn: Connection, world: World, rules: Rules, settings: Settings
) -> None:
    dice = random.Random(7)
    claims = {topic: claim(conn, topic) for topic in (Topic.CASES, Topic.CAMERAS, Topic.USAGE)}
    with connect(store) as reader:
        live = Live(reader, world, settings)
        for round_no in range(5):
            for topic, claimed in claims.items():
                facts = random_facts(world, dice, 120, 120 * round_no, topic)
                write_batch(conn, batch(claimed, facts, 120 * round_no), rules)
            if round_no == 2:
                assert housekeeping.open_books(conn, settings, NOW)
            as_of = NOW + timedelta(seconds=37.5 * round_no)
            patched, read = live.advance(as_of), read_snapshot(reader, world, settings, as_of)
            for part in ("pair", "single", "usage_sums", "bins", "levels_before"):
                assert (getattr(patched, part) == getattr(read, part)).all(), part
            assert patched.incidents_open == read.incidents_open
            midnight = as_of.astimezone(settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
            for unit in ("74", "718", "D-SXD"):
                for by in ("handling", "receiving"):
                    told = overview(
                        reader, world, settings, unit=unit, scope=by, as_of=as_of, from_=midnight, to=as_of
                    )  # fmt: skip
                    assert patched.cases(Scope(unit, by)) == told.cases
                assert patched.incidents(Scope(unit)) == told.incidents
                assert patched.usage(Scope(unit)) == told.usage
                assert len(patched.own_incidents(Scope(unit))) == told.incidents.open
        assert live.reads == 1


def test_a_rebuild_makes_the_same_figures_again(
    conn: Connection, world: World, rules: Rules, settings: Settings
) -> None:
    dice = random.Random(3)
    claimed = claim(conn, Topic.CASES)
    write_batch(conn, batch(claimed, random_facts(world, dice, 300, 0, Topic.CASES)), rules)
    housekeeping.open_books(conn, settings, NOW)
    before = conn.execute("select * from rollup_minute where value <> 0 order by 1, 2, 3, 4").fetchall()
    conn.execute("update rollup_minute set value = value + 1 where value > 0")
    assert rebuild.differences(conn, rules)
    rebuild.rebuild(conn, rules)
    assert rebuild.differences(conn, rules) == []
    assert conn.execute("select * from rollup_minute where value <> 0 order by 1, 2, 3, 4").fetchall() == before


def test_migrate_twice_at_once_is_safe_and_a_newer_schema_is_refused(database: str, settings: Settings) -> None:
    def up(_: int) -> list[str]:
        with connect(database) as own:
            return migrate(own, settings)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(up, range(2)))
    assert sorted(map(bool, done)) == [False, True]
    with connect(database) as own:
        own.execute("insert into migration (version, name, digest) values (9999, 'x', 'x')")
        for attempt in (lambda: check(own), lambda: migrate(own, settings)):
            with pytest.raises(OperatorError, match="newer"):
                attempt()


def test_forgetting_old_ids_leaves_the_proof_whole(
    conn: Connection, world: World, rules: Rules, settings: Settings
) -> None:
    claimed = claim(conn, Topic.USAGE)
    write_batch(conn, batch(claimed, random_facts(world, random.Random(5), 40, 0, Topic.USAGE)), rules)
    later = datetime.now(UTC) + timedelta(days=settings.ingest.dedupe_days + 1)
    assert housekeeping.forget(conn, settings, later) == 40
    report = reconcile(conn, rules, deep=True)
    assert report.differences == 0, report.deep
    conn.execute("delete from usage_event where ctid in (select ctid from usage_event limit 1)")
    assert reconcile(conn, rules, deep=True).differences
