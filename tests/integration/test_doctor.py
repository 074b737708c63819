"""`ioc doctor` finds what is really wrong, says what to do, and is content once that is done."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import msgspec
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ioc.facts import Topic
from ioc.life import Rules
from ioc.settings import Doctor, Settings, without_settings
from ioc.store import findings, housekeeping, offsets
from ioc.store.batch import write_batch
from ioc.store.connect import Connection, connect
from ioc.store.migrate import migrate, migrations
from ioc.store.refused import Cap
from ioc.store.rejects import discard
from ioc.store.schema_health import offset_at_odds
from streams import doctor_disks, doctor_store
from streams.doctor import LOOKS, Finding, examine
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.process import wait_until
from streams.kafka_admin import administrator, ensure_topics
from tests.batches import batch, claim, garbage
from tests.ingesting import PATIENCE_S, ingesting
from tests.servers import DatabaseServer, with_database


def said(settings: Settings, what: str) -> Finding:
    (found,) = examine(settings, [what])
    return found


def bad(settings: Settings, what: str) -> str:
    """What the doctor says is wrong."""
    found = said(settings, what)
    assert not found.ok, found
    return found.says


def well(settings: Settings, what: str) -> bool:
    found = said(settings, what)
    assert found.ok, found
    return True


def run(conn: Connection, text: str) -> None:
    """A statement as the doctor gave it."""
    conn.execute(sql.SQL(text))


def test_an_index_that_is_gone_is_made_again_as_it_says(ours: Settings, conn: Connection) -> None:
    assert well(ours, "tables")
    conn.execute("drop index effect_at")
    says = bad(ours, "tables")
    assert says == "index effect_at is missing: CREATE INDEX effect_at ON effect USING btree (at)"
    run(conn, says.partition(": ")[2])
    assert well(ours, "tables")


def test_an_index_that_is_not_valid_is_built_again(ours: Settings, conn: Connection) -> None:
    """As `create index concurrently` leaves it when it fails in the middle."""
    conn.execute("drop index change_tx")
    conn.execute("insert into change (topics, deltas, tx) values (1, '', '5'), (1, '', '5')")
    with suppress(psycopg.errors.UniqueViolation):
        conn.execute("create unique index concurrently change_tx on change (tx)")
    says = bad(ours, "tables")
    assert "index change_tx of change is not valid: reindex index change_tx" in says
    assert "index change_tx is another one than the migrations make" in says
    conn.execute("drop index change_tx")
    run(conn, bad(ours, "tables").partition(": ")[2])
    assert well(ours, "tables")


@pytest.mark.parametrize(
    ("broken", "mended", "says"),
    [
        (
            "alter table source drop column owner",
            "alter table source add owner text not null default ''",
            "source.owner",
        ),
        (
            "alter table reject alter body drop not null",
            "alter table reject alter body set not null",
            "column reject.body is 'bytea', the migrations make it 'bytea not null'",
        ),
        (
            "alter table effect drop constraint effect_delta_check",
            "alter table effect add check (delta <> 0)",
            "constraint effect.effect_delta_check is missing",
        ),
        (
            "alter table identity drop constraint identity_pkey",
            "alter table identity add primary key (topic, id)",
            "constraint identity.identity_pkey is missing",
        ),
        ("alter table lease rename to l", "alter table l rename to lease", "table lease is missing"),
    ],
)
def test_tables_that_are_not_as_the_migrations_make_them(
    ours: Settings, conn: Connection, broken: str, mended: str, says: str
) -> None:
    run(conn, broken)
    assert says in bad(ours, "tables")
    run(conn, mended)
    assert well(ours, "tables")


def test_the_look_at_the_tables_leaves_nothing_behind(ours: Settings, conn: Connection) -> None:
    def relations() -> list[tuple[str, str]]:
        return conn.execute("select relnamespace::regnamespace::text, relname from pg_class order by 1, 2").fetchall()

    before = relations()
    assert well(ours, "tables")
    assert well(ours, "tables")
    assert relations() == before


def test_what_people_added_is_their_own(ours: Settings, conn: Connection) -> None:
    conn.execute("create index mine on reject (rejected_at)")
    conn.execute("create table mine_too (no integer)")
    assert well(ours, "tables")


def test_a_database_of_another_zone(ours: Settings, conn: Connection) -> None:
    assert well(ours, "zones")
    name = sql.Identifier(conn.info.dbname)
    conn.execute(sql.SQL("alter database {} set timezone to 'America/New_York'").format(name))
    says = bad(ours, "zones")
    assert "the database's own zone is America/New_York" in says
    told = re.search(r"'(alter database .+)', or the role", says)
    assert told
    run(conn, told[1].replace("''", "'"))
    assert well(ours, "zones")
    conn.execute(sql.SQL("alter database {} set timezone to 'Asia/Ho_Chi_Minh'").format(name))
    assert well(ours, "zones")  # that of the province is no fault


def test_a_session_whose_zone_was_not_passed_on(ours: Settings, store: str) -> None:
    with (
        psycopg.connect(store, options="-c timezone=Europe/Paris") as raw,
        pytest.raises(OSError, match="let the pooler"),
    ):
        doctor_store.zones(raw, ours)


def test_zones_of_which_the_database_knows_something_else(conn: Connection) -> None:
    """As with time zone data of another year: the rules of New York under another name."""
    now = datetime(2026, 11, 25, tzinfo=UTC)

    def odds(key: str) -> str:
        with (Path(TZPATH[0]) / "America/New_York").open("rb") as rules:
            return offset_at_odds(conn, ZoneInfo.from_file(rules, key=key), now)

    assert "does not know the zone Asia/Nowhere" in odds("Asia/Nowhere")
    assert "the database puts Asia/Ho_Chi_Minh at 25200 s from UTC" in odds("Asia/Ho_Chi_Minh")
    assert odds("America/New_York") == ""


@pytest.fixture
def zoned(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def set_zone(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def test_a_host_of_another_zone(ours: Settings, zoned: Callable[[str], None]) -> None:
    for zone in ("UTC", "Asia/Ho_Chi_Minh"):
        zoned(zone)
        assert well(ours, "host")
    zoned("America/New_York")
    assert "set the machine's zone to UTC or Asia/Ho_Chi_Minh" in bad(ours, "host")


def test_clocks_that_differ(ours: Settings, conn: Connection) -> None:
    assert well(ours, "clocks")
    for skew_s in (-3, 3):
        with pytest.raises(OSError, match=r"differ by [23]\.\d s; let both follow one time server"):
            doctor_store.clock_at(datetime.now(UTC) + timedelta(seconds=skew_s), conn)


def test_a_database_whose_clock_goes_wrong(ours: Settings, conn: Connection) -> None:
    """The answer of the server itself, shifted there, and not what was made of it here."""
    name = sql.Identifier(conn.info.dbname)
    conn.execute("create schema skewed")
    for skew in ("3 seconds", "-3 seconds"):
        shifted = "create or replace function skewed.clock_timestamp() returns timestamptz language sql as {}"
        conn.execute(sql.SQL(shifted).format(f"select pg_catalog.clock_timestamp() + interval '{skew}'"))
        conn.execute(sql.SQL("alter database {} set search_path = skewed, public, pg_catalog").format(name))
        assert re.search(r"differ by [23]\.\d s; let both follow one time server", bad(ours, "clocks"))
        conn.execute(sql.SQL("alter database {} reset search_path").format(name))
        assert well(ours, "clocks")


def wanting(settings: Settings, free_mb: int) -> Settings:
    return msgspec.structs.replace(settings, doctor=Doctor(least_free_mb=free_mb))


def free_gb(path: Path) -> int:
    return shutil.disk_usage(path).free // 1_000_000_000


def test_little_room_here(ours: Settings) -> None:
    place = Path(ours.data_dir).resolve()
    assert said(ours, "disk") == Finding("disk", True, f"{free_gb(place)} GB free at {place}")
    assert re.search(rf"only \d+ MB free at {place}: make room", bad(wanting(ours, 10**12), "disk"))


def test_little_room_where_the_database_is(ours: Settings, conn: Connection, postgres: DatabaseServer) -> None:
    place = conn.execute("show data_directory").fetchone()
    assert place is not None
    if postgres.log is None and not Path(place[0]).exists():  # the server of the run is somewhere else
        found = said(ours, "database-disk")
        assert (found.ok, "cannot be seen from here" in found.says) == (None, True)
        return
    data = Path(place[0]).resolve()
    told = said(ours, "database-disk")
    assert told.says.startswith(f"{free_gb(data)} GB free at {data}, {free_gb(data)} GB free at {data}/pg_wal"), told
    assert f"MB free at {data}" in bad(wanting(ours, 10**12), "database-disk")
    assert not doctor_disks.is_here(os.getpid())


def test_a_role_that_may_not_ask_where_the_data_are(ours: Settings, conn: Connection, postgres: DatabaseServer) -> None:
    conn.execute("create role t_asker login")
    try:
        asker = make_conninfo(ours.database.dsn, user="t_asker")
        found = said(with_database(ours, asker), "database-disk")
        assert (found.ok, "this role may not ask" in found.says) == (None, True), found
    finally:
        conn.execute("drop role t_asker")


def test_little_room_where_the_broker_is(ours: Settings, own_kafka: EmbeddedKafka) -> None:
    kafka = msgspec.structs.replace(ours.kafka, bootstrap_servers=own_kafka.bootstrap_servers)
    there = msgspec.structs.replace(ours, kafka=kafka)
    place = f"{own_kafka.data} of broker 1"
    told = said(there, "broker-disk")
    assert told == Finding("broker-disk", True, f"{free_gb(own_kafka.data)} GB free at {place}")
    assert f"MB free at {place}: make room" in bad(wanting(there, 10**12), "broker-disk")
    assert well(msgspec.structs.replace(ours, broker="log"), "broker-disk")


def test_a_database_that_has_not_every_letter(ours: Settings, postgres: DatabaseServer) -> None:
    name = "t_latin"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as conn:
        conn.execute("create database t_latin encoding 'LATIN1' locale_provider libc locale 'C' template template0")
    try:
        assert "LATIN1" in bad(with_database(ours, postgres.dsn(name)), "database")
    finally:
        postgres.drop(name)


def test_timescale_that_is_there_and_not_used(
    settings: Settings, database: str, postgres: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server without it there is nothing to find."""
    there = with_database(settings, database)
    with connect(database) as conn:
        migrate(conn, settings, upto=migrations()[-1].version)
        if not postgres.timescale:
            assert said(there, "timescale") == Finding("timescale", True, "plain PostgreSQL")
            return
        assert "not used: run 'ioc migrate'" in bad(there, "timescale")
        conn.execute("create extension timescaledb")
        assert "usage_event is no hypertable: run 'ioc migrate'" in bad(there, "timescale")
        migrate(conn, settings)
        assert well(there, "timescale")
        assert well(there, "tables")
        monkeypatch.setattr(doctor_store, "TESTED_TIMESCALE", (99, 0))
        assert "is older than 99.0" in bad(there, "timescale")


def test_nobody_reads_and_a_long_way_behind(ours: Settings, conn: Connection) -> None:
    assert "nobody reads ioc.cases.v1, ioc.cameras.v1" in bad(ours, "readers")
    found = said(ours, "lag")  # a new installation
    assert (found.ok, found.says) == (None, "nothing was ever read into this database: start 'ioc ingest'")
    claims = [claim(conn, topic) for topic in Topic]
    ends = {claimed.source: 100 for claimed in claims}
    offsets.note_ends(conn, ends, datetime.now(UTC))
    assert well(ours, "readers")
    assert well(ours, "lag")
    past = datetime.now(UTC) - timedelta(seconds=30)  # ingest died
    offsets.note_ends(conn, ends, past)
    assert "unknown for ioc.cases.v1, ioc.cameras.v1" in bad(ours, "lag")
    assert bad(ours, "lag").endswith("is 'ioc ingest' running?")
    alive = {claimed.source: 0 for claimed in claims if claimed.topic is not Topic.USAGE}
    offsets.note_ends(conn, alive, datetime.now(UTC))
    assert "is unknown for ioc.usage.v1: is" in bad(ours, "lag")
    offsets.note_ends(conn, {claimed.source: 150_000 for claimed in claims}, datetime.now(UTC))
    says = bad(ours, "lag")
    assert "ioc.usage.v1 by 150000" in says
    assert "start more of 'ioc ingest'" in says


def test_nobody_leads(ours: Settings, conn: Connection) -> None:
    assert "start 'ioc watch'" in bad(ours, "leader")
    assert housekeeping.lead(conn, "watch", "me") is not None
    assert well(ours, "leader")


def test_a_source_of_garbage(ours: Settings, conn: Connection) -> None:
    assert well(ours, "rejects")
    few = msgspec.structs.replace(ours, ingest=msgspec.structs.replace(ours.ingest, rejects_kept=50))
    write_batch(conn, batch(claim(conn), [garbage()] * 200), Rules.of(few), Cap.of(few))
    says = bad(few, "rejects")
    assert "200 of the last 200 records of ioc.usage.v1 were refused: 'ioc rejects list" in says
    assert re.search(r"1\d\d records of ioc\.usage\.v1 0 from \d+ to \d+ were refused \(not_json\) and not kept", says)
    assert "5" in says
    assert "are open, all that are kept" in says
    conn.execute("delete from reject_minute")
    discard(conn, topic="usage", reason="not_json")
    assert well(few, "rejects")


def test_what_the_broker_deleted_unread(ours: Settings, conn: Connection) -> None:
    claim(conn)
    assert well(ours, "findings")
    found = claim(conn, begin=700)
    assert found.finding == "expired"
    assert "ioc.usage.v1 0: the broker deleted records before they were read (700 records)" in bad(ours, "findings")
    findings.settle(conn)
    assert well(ours, "findings")


def test_topics_of_the_broker(ours: Settings, own_kafka: EmbeddedKafka, unique: Callable[[str], str]) -> None:
    def with_kafka(partitions: int, replication: int = 1) -> Settings:
        kafka = msgspec.structs.replace(
            ours.kafka, bootstrap_servers=own_kafka.bootstrap_servers, partitions=partitions, replication=replication,
            group_id=unique("doctor"),
        )  # fmt: skip
        return msgspec.structs.replace(ours, kafka=kafka)

    assert "ioc.cases.v1 is not there: start 'ioc ingest', which makes it" in bad(with_kafka(2), "topics")
    ensure_topics(with_kafka(2))
    assert "nobody has ever read partition 0, 1 of ioc.cases.v1" in bad(with_kafka(2), "topics")

    def read_all(partitions: int) -> bool:
        with ingesting(with_kafka(partitions)):
            return wait_until(lambda: bool(said(with_kafka(partitions), "topics").ok), PATIENCE_S, 0.2)

    assert read_all(2)
    assert "ioc.usage.v1 has 2 partitions, kafka.partitions says 3: raise them" in bad(with_kafka(3), "topics")
    with administrator(with_kafka(3)) as client:
        client.create_partitions({title: 3 for title in client.list_topics() if title.startswith("ioc.")})
    says = bad(with_kafka(2), "topics")
    assert "ioc.cases.v1 has 3 partitions: set kafka.partitions to that, not to 2" in says
    assert "nobody has ever read partition 2 of ioc.cases.v1: start 'ioc ingest', or start it again" in says
    assert read_all(3)
    assert "has 1 replicas, kafka.replication says 2" in bad(with_kafka(3, replication=2), "topics")


def test_every_check_speaks_and_the_exit_code_is_1_when_one_is_bad(ours: Settings) -> None:
    env = without_settings(os.environ) | {"IOC_DATABASE__DSN": ours.database.dsn, "IOC_BROKER": "log", "TZ": "UTC"}

    def doctor(*only: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "ioc", "doctor", *(["--only", *only] if only else [])]
        return subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False)

    everything = doctor()
    assert everything.returncode == 1
    assert re.search("^note lag: nothing was ever read", everything.stdout, re.MULTILINE)
    for what, _ in LOOKS:
        assert re.search(rf"\b{what}\b", everything.stdout), everything
    assert doctor("tables", "zones", "schema", "lag").returncode == 0  # a note is nothing bad
