"""Real servers for every test: a pytest plugin with one PostgreSQL and one Kafka for the whole run.

`database` is a fresh, empty database for each test and `store` one with the schema, both dropped afterwards; topics are
shared by all tests of a run, so name yours with `unique`. ``IOC_TEST_TIMESCALE_DSN`` makes the same tests run on that
server instead of the embedded one.

A server that can't be had fails the test where ``CI`` is set. Elsewhere the test is skipped, and one loud line right
above pytest's own last one names everything that was.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ioc.errors import OperatorError
from ioc.settings import Settings, load
from ioc.store.connect import connect
from ioc.store.migrate import migrate
from streams.embedded.java import fetch_jars
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.postgres import EmbeddedPostgres
from streams.embedded.prepare import find_chromium

ROOT = Path(__file__).parents[1]
TIMESCALE = "IOC_TEST_TIMESCALE_DSN"
MISSING = "missing here: "
MARKS = {"postgres": "database", "kafka": "kafka", "own_kafka": "kafka", "chromium": "browser"}
"""Which mark a test gets by itself from the fixtures it asks for."""


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """The PostgreSQL of this run; ``dsn`` gives the address of one of its databases."""

    dsn: Callable[[str], str]
    timescale: bool
    log: Path | None = None

    def create(self, name: str, template: str | None = None) -> str:
        """Makes database ``name``, a copy of ``template`` where one is named, and gives its address."""
        from_template = sql.SQL(" template {}").format(sql.Identifier(template)) if template else sql.Composed([])
        self._run(sql.SQL("create database {}").format(sql.Identifier(name)) + from_template)
        return self.dsn(name)

    def drop(self, name: str) -> None:
        """Removes database ``name``, cutting the sessions that a test left in it."""
        self._run(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _run(self, words: sql.Composed) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(words)


def in_ci() -> bool:
    """Whether nothing may be skipped."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def lacking(what: str, why: str) -> None:
    """Ends the test because ``what`` can't be had: a failure in CI, else a skip that is named at the end of the run."""
    if in_ci():
        pytest.fail(f"{what} is missing and CI may not skip: {why}", pytrace=False)
    pytest.skip(f"{MISSING}{what} ({why})")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test by the servers it uses."""
    for item in items:
        for mark in sorted({MARKS[name] for name in getattr(item, "fixturenames", ()) if name in MARKS}):
            item.add_marker(mark)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Names what was missing, as the last line before pytest's own."""
    yield
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    missing = dict.fromkeys(said.partition(MISSING)[2].rstrip("')") for said in skipped if MISSING in said)
    if missing:
        terminalreporter.write_line(f"!!! NOT TESTED, MISSING HERE: {'; '.join(missing)} !!!", red=True, bold=True)


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes a name that no other test of this run has: ``unique("cases")`` gives ``cases-3f2a…``."""
    return lambda name: f"{name}-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for the topics of one test; it ends with a dot."""
    return f"t{uuid.uuid4().hex[:12]}."


@pytest.fixture(scope="session")
def postgres() -> Iterator[DatabaseServer]:
    """The run's PostgreSQL: that of ``IOC_TEST_TIMESCALE_DSN``, else an embedded one started now."""
    named = os.environ.get(TIMESCALE)
    if named:
        yield DatabaseServer(lambda name: make_conninfo(named, dbname=name), timescale=True)
        return
    with tempfile.TemporaryDirectory(prefix="ioc-pg-") as directory:
        # nothing of a run is worth a disk's patience; a kill -9 of the server loses nothing all the same
        quick = {"fsync": "off", "max_connections": "100"}
        try:
            server = EmbeddedPostgres(Path(directory), quick)
            server.start()
        except OperatorError as error:
            lacking("PostgreSQL", str(error))
            return
        with server:
            yield DatabaseServer(server.dsn, timescale=False, log=server.log)


@pytest.fixture
def database(postgres: DatabaseServer) -> Iterator[str]:
    """The DSN of a fresh, empty database; it is dropped after the test."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """What `config.yaml` says, whatever the environment says and whichever demo runs here."""
    config = ROOT / "config.yaml"
    return load(config if config.exists() else None, data_dir=str(tmp_path_factory.mktemp("data")), environ={})


@pytest.fixture(scope="session")
def migrated(postgres: DatabaseServer, settings: Settings) -> Iterator[str | None]:
    """The name of a migrated database that others are copied from; None where the server can't copy one."""
    if postgres.timescale:  # its background workers sit in every database, and only an idle one can be copied
        yield None
        return
    name = f"t_template_{uuid.uuid4().hex[:8]}"
    _migrate(postgres.create(name), settings)
    yield name
    postgres.drop(name)


@pytest.fixture
def store(postgres: DatabaseServer, migrated: str | None, settings: Settings) -> Iterator[str]:
    """The DSN of a fresh database with the schema up to date and nothing in it; it is dropped after the test."""
    with fresh_store(postgres, migrated, settings) as dsn:
        yield dsn


@pytest.fixture
def ours(store: str, settings: Settings) -> Settings:
    """The settings of a program that works on this test's `store`."""
    return with_database(settings, store)


@contextmanager
def fresh_store(postgres: DatabaseServer, migrated: str | None, settings: Settings) -> Iterator[str]:
    """What `store` is, for a fixture that lives longer than a test."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    dsn = postgres.create(name, migrated)
    try:
        if migrated is None:
            _migrate(dsn, settings)
        yield dsn
    finally:
        postgres.drop(name)


def with_database(settings: Settings, dsn: str, **sections: Any) -> Settings:
    """The settings with another database, and with other ``sections``."""
    return msgspec.structs.replace(settings, database=msgspec.structs.replace(settings.database, dsn=dsn), **sections)


def _migrate(dsn: str, settings: Settings) -> None:
    with connect(dsn) as connection:
        migrate(connection, settings)


def _start_kafka(directory: Path) -> EmbeddedKafka:
    try:
        broker = EmbeddedKafka(directory, jars=fetch_jars(lambda _: None))
        broker.start()
    except OperatorError as error:
        lacking("Kafka", str(error))
        raise
    return broker


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The ``bootstrap_servers`` of the run's Kafka. It makes no topic by itself; never use a topic's name again."""
    with (
        tempfile.TemporaryDirectory(prefix="ioc-kafka-") as directory,
        _start_kafka(Path(directory)) as broker,
    ):
        yield broker.bootstrap_servers


@pytest.fixture
def own_kafka() -> Iterator[EmbeddedKafka]:
    """A Kafka of this test alone (about 4 s): for tests of the contract's topic names or that kill it."""
    with (
        tempfile.TemporaryDirectory(prefix="ioc-kafka-") as directory,
        _start_kafka(Path(directory)) as broker,
    ):
        yield broker


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium."""
    found = find_chromium()
    if found is None:
        lacking("Chromium", "no chromium in PATH (Debian: apt-get install chromium)")
    return str(found)
