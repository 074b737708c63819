"""The schema is brought up to date from every earlier version with the data in it, and refused where it cannot be."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from ioc.errors import OperatorError
from ioc.life import Rules
from ioc.settings import Settings, without_settings
from ioc.store import findings, hypertables, rejects
from ioc.store.connect import Connection, connect
from ioc.store.migrate import check, migrate, migrations
from ioc.store.reconcile import reconcile
from ioc.store.schema_health import differences
from tests.feeding import Feeder, by_topic
from tests.lives import DAYS, MONDAY, SCOPES, Event, ordinary
from tests.servers import DatabaseServer

END = MONDAY + timedelta(days=DAYS)
DATA = Path(__file__).parents[1] / "data"
NEWEST = migrations()[-1].version
RECORDED = sorted(int(place.name.removeprefix("store_")) for place in DATA.glob("store_*"))
"""The versions of the schema that stores were recorded at; see `tests.recording`."""
OLDEST = RECORDED[0]
WALKS = [
    *((OLDEST, through) for through in range(1, NEWEST)),
    *((version, through) for version in RECORDED[1:] for through in range(version, max(NEWEST, version + 1))),
]
"""A recorded store, and how far it is brought before the last step; the oldest's rows fit the schema before it too."""
WITH_A_KEY = 3
"""Since then uses have one that a hypertable by column can hold."""


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    with connect(database) as connection:
        yield connection


def recorded(version: int) -> list[tuple[str, Event]]:
    """The events that are in a recorded store."""
    lines = (DATA / f"store_{version}" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [(one["topic"], one["value"]) for one in map(json.loads, lines)]


def stored_rows(version: int) -> dict[str, Any]:
    """The recorded rows by table, and the sequences."""
    found: dict[str, Any] = json.loads((DATA / f"store_{version}" / "rows.json").read_text(encoding="utf-8"))
    return found


def open_rejects(version: int) -> int:
    """How many of the recorded rejects nobody has settled."""
    table = stored_rows(version)["tables"]["reject"]
    fate = table["columns"].index("fate")
    return sum(row.split("\t")[fate] == "open" for row in table["rows"])


def load_rows(conn: Connection, version: int) -> None:
    """Puts the recorded rows into a schema of their version."""
    stored = stored_rows(version)
    with conn.transaction():
        for table, content in stored["tables"].items():
            columns = sql.SQL(", ").join(map(sql.Identifier, content["columns"]))
            copying = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), columns)
            with conn.cursor() as cursor, cursor.copy(copying) as copy:
                copy.write("".join(f"{row}\n" for row in content["rows"]))
        for name, value in stored["sequences"].items():
            conn.execute("select setval(%(name)s::text::regclass, %(value)s)", {"name": name, "value": value})


def assert_figures(feeder: Feeder, events: list[tuple[str, Event]]) -> None:
    for unit, as_of in itertools.product(SCOPES, (END, MONDAY + timedelta(days=2.3))):
        wanted = feeder.recounted(by_topic(events), unit, "handling", as_of, MONDAY, as_of)
        assert feeder.overview(unit, "handling", as_of, MONDAY, as_of) == wanted, (unit, as_of)
    report = reconcile(feeder.writing, feeder.rules, deep=True)
    assert report.differences == 0, report


def walk(conn: Connection, settings: Settings, through: int) -> None:
    """From ``through`` to the newest."""
    if through < NEWEST:
        with pytest.raises(OperatorError, match="run 'ioc migrate'"):
            check(conn)
    done = migrate(conn, settings)
    assert [int(name[:4]) for name in done] == [m.version for m in migrations() if m.version > through]
    check(conn)
    assert differences(conn) == []


def assert_goes_on(conn: Connection, database: str, settings: Settings, version: int) -> None:
    """Figures, proof and rejects are those of the recorded store, also after more of all has come."""
    feeder = Feeder(database, settings)
    try:
        events, refused = recorded(version), open_rejects(version)
        assert_figures(feeder, events)
        assert len(rejects.listed(conn)) == refused
        assert sum(rejects.open_by_topic(conn).values()) == refused
        more = ordinary(99, 10)
        feeder.feed(more)
        again = feeder.feed(events[:20])  # known, all of them
        assert (again.events, again.duplicates) == (0, 20)
        assert_figures(feeder, [*events, *more])
        assert rejects.discard(conn) == refused
        assert sum(rejects.open_by_topic(conn).values()) == 0
        assert rejects.overflows(conn) == []
    finally:
        feeder.close()


@pytest.mark.parametrize(("version", "through"), WALKS)
def test_a_store_of_every_earlier_version(
    database: str, conn: Connection, settings: Settings, version: int, through: int
) -> None:
    """The rows go in at the version they were recorded at, or before it; then up to ``through``, then to the newest."""
    migrate(conn, settings, upto=min(through, version))
    load_rows(conn, version)
    migrate(conn, settings, upto=through)
    walk(conn, settings, through)
    assert_goes_on(conn, database, settings, version)


@pytest.mark.parametrize(("version", "through"), [(OLDEST, WITH_A_KEY), (OLDEST, NEWEST - 1), (RECORDED[-1], NEWEST)])
def test_old_chunks_that_are_kept_by_column_already(
    database: str, conn: Connection, settings: Settings, postgres: DatabaseServer, version: int, through: int
) -> None:
    """A hypertable of an earlier version with what a running policy made of it; on plain PostgreSQL there is none."""
    migrate(conn, settings, upto=min(through, version))
    load_rows(conn, version)
    migrate(conn, settings, upto=through)
    hypertables.ensure(conn)
    hypertables.compress_now(conn)
    assert by_column(conn) == postgres.timescale
    walk(conn, settings, through)
    assert by_column(conn) == postgres.timescale
    assert_goes_on(conn, database, settings, version)
    hypertables.compress_now(conn)
    report = reconcile(conn, Rules.of(settings), deep=True)
    assert report.differences == 0, report.deep


def by_column(conn: Connection) -> bool:
    """Whether every chunk of uses is kept by column; all are old."""
    if not hypertables.is_made(conn):
        return False
    row = conn.execute("select bool_and(is_compressed) from timescaledb_information.chunks").fetchone()
    return row is not None and bool(row[0])


def test_the_newest_store_that_was_recorded_holds_what_ordinary_weeks_do_not() -> None:
    tables = stored_rows(RECORDED[-1])["tables"]
    assert tables.keys() >= {
        *("reject_kept", "reject_overflow", "reject_minute", "day_series", "day_balance", "opening_balance"),
        *("change", "lease", "source_end", "source_log", "indicator_event"),
    }
    source = [dict(zip(tables["source"]["columns"], row.split("\t"), strict=True)) for row in tables["source"]["rows"]]
    assert {row["finding"] for row in source} >= {"truncated", "expired"}
    assert {row["generation"] for row in source} >= {"0", "1"}
    assert any(int(row["dropped"]) for row in source)
    assert any(row["settled_at"] != "\\N" for row in source)


def test_topics_that_others_took_the_place_of_are_closed(conn: Connection, settings: Settings) -> None:
    """An alarm where records of them were unread; what is read now stays as it is."""
    migrate(conn, settings, upto=11)
    for cluster, topic_id, partition, end, ago in (
        ("a", "t1", 0, 9, "2 days"),
        ("a", "t1", 1, 5, "2 days"),
        ("a", "t2", 0, 5, "1 day"),
        ("b", "t3", 0, 8, "0"),
    ):
        conn.execute(
            """
            with made as (
                insert into source (cluster, topic, topic_id, partition, first_offset, next_offset, empty, claimed_at)
                values (%(cluster)s, 3, %(topic_id)s, %(partition)s, 0, 5, 5, clock_timestamp() - %(ago)s::interval)
                returning no
            )
            insert into source_end (source, end_offset, seen_at) select no, %(end)s, clock_timestamp() from made
            """,
            {"cluster": cluster, "topic_id": topic_id, "partition": partition, "end": end, "ago": ago},
        )
    migrate(conn, settings)
    stands = "select topic_id, partition, finding, lost, settled_at is null, closed_at is null from source order by no"
    assert conn.execute(stands).fetchall() == [
        ("t1", 0, "reset", 4, True, False),
        ("t1", 1, "reset", 0, False, False),
        ("t2", 0, "reset", 0, False, False),
        ("t3", 0, "", 0, True, True),
    ]
    assert [one.gone for one in findings.listed(conn)] == [4]


def environment(dsn: str) -> dict[str, str]:
    return without_settings(os.environ) | {
        "IOC_DATABASE__DSN": dsn,
        "IOC_BROKER": "log",
        "IOC_WEB__TOKEN": "0123456789abcdef0123",
    }


def test_two_processes_at_once(database: str, conn: Connection, settings: Settings) -> None:
    """On an empty database, and on one with the data of an older version in it."""
    for _ in range(2):
        both = [
            subprocess.Popen(
                [sys.executable, "-m", "ioc", "migrate"], env=environment(database), text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            for _ in range(2)
        ]  # fmt: skip
        told = [process.communicate(timeout=120)[0] for process in both]
        assert [process.returncode for process in both] == [0, 0], told
        check(conn)
        assert differences(conn) == []
        conn.execute("drop schema public cascade; create schema public")
        migrate(conn, settings, upto=OLDEST)
        load_rows(conn, OLDEST)


VERBS: list[list[str]] = [
    ["migrate"],
    ["ingest"],
    ["watch"],
    ["web"],
    ["produce", "usage", "-"],
    ["simulate"],
    ["replay", "permits"],
    ["rejects", "list"],
    ["rejects", "redrive"],
    ["reconcile"],
    ["rebuild"],
    ["rebuild", "--check"],
    ["doctor", "--only", "schema", "tables"],
]


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_refuses_a_newer_database(store: str, words: list[str]) -> None:
    with connect(store) as conn:
        conn.execute("insert into migration (version, name, digest) values (9999, '9999_of_the_future', '')")
    done = subprocess.run(
        [sys.executable, "-m", "ioc", *words], env=environment(store), input="", capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == (1 if words[0] == "doctor" else 2), said
    assert "newer (version 9999) than this program" in said
    assert "update the program, or give it another database" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("words", [["migrate"], ["ingest"], ["watch"], ["reconcile"]], ids=" ".join)
def test_a_changed_file_is_refused(store: str, words: list[str]) -> None:
    with connect(store) as conn:
        conn.execute("update migration set digest = 'another' where version = 1")
    done = subprocess.run(
        [sys.executable, "-m", "ioc", *words], env=environment(store), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2, done
    assert "migration 0001_create_store was changed after it was applied: restore the file" in done.stderr
