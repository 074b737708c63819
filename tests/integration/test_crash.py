"""Whatever is killed, and whenever: afterwards nothing is lost, nothing counted twice, and the figures are the recount.

One broker and one database of this module alone; each test sends more and compares everything sent so far.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from confluent_kafka import Producer

from ioc.errors import OperatorError
from ioc.facts import TOPICS
from ioc.settings import Settings
from ioc.store import migrate
from ioc.store.connect import connect
from streams.embedded.java import fetch_jars
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.postgres import EmbeddedPostgres
from streams.embedded.process import spawn, wait_until
from streams.kafka_admin import ensure_topics
from tests.feeding import Feeder
from tests.lives import CASES, DAYS, MONDAY, SCOPES, Event, ordinary
from tests.recount import recount
from tests.servers import lacking

PATIENCE_S = 90.0
GROUPS = itertools.count()
KEYS = {"ioc.cases.v1": "case_code", "ioc.cameras.v1": "camera_id", "ioc.usage.v1": "unit"}
POISON = (b"{", b"\x00\xff", b"[1]", b'{"event_id": "x"}')
IN_TRANSACTION = """
    select count(*) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
"""
ACTIVE = IN_TRANSACTION + " and state = 'active'"
CONSUMED = "select coalesce(sum(next_offset), 0) from source"


class Site:
    """A broker, a database, and the ingesting processes between them."""

    def __init__(self, directory: Path, broker: EmbeddedKafka, server: EmbeddedPostgres, settings: Settings) -> None:
        self.directory = directory
        self.broker = broker
        self.server = server
        self.settings = settings
        self.sent: dict[str, list[Event]] = {title: [] for title in TOPICS}
        self.records = 0
        self.poison = 0
        self.running: list[subprocess.Popen[bytes]] = []
        self._asking: psycopg.Connection[Any] | None = None

    def send(self, events: list[tuple[str, Event]], poison: int = 0) -> None:
        """Records to the broker, acknowledged; some that nobody can read among them."""
        producer = Producer({"bootstrap.servers": self.settings.kafka.bootstrap_servers, "message.timeout.ms": 90_000})
        failed: list[object] = []
        for no, (topic, event) in enumerate(events):
            producer.produce(
                topic,
                json.dumps(event).encode(),
                str(event[KEYS[topic]]).encode(),
                on_delivery=lambda error, _: failed.append(error) if error else None,
            )
            self.sent[topic].append(event)
            if no < poison:
                producer.produce(CASES, POISON[no % len(POISON)])
        assert producer.flush(PATIENCE_S) == 0
        assert failed == []
        self.records += len(events) + min(poison, len(events))
        self.poison += min(poison, len(events))

    def environment(self, group: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IOC_")}
        return {
            **kept,
            "IOC_DATABASE__DSN": self.settings.database.dsn,
            "IOC_KAFKA__BOOTSTRAP_SERVERS": self.settings.kafka.bootstrap_servers,
            "IOC_KAFKA__GROUP_ID": group,
            "IOC_INGEST__BATCH_EVENTS": str(self.settings.ingest.batch_events),
        }

    def ingest(self, group: str | None = None) -> subprocess.Popen[bytes]:
        """A new process; in a group of its own it need not wait until the broker has noticed a death."""
        process = spawn(
            [sys.executable, "-m", "ioc", "ingest"],
            death=signal.SIGKILL,
            log=self.directory / "ingest.log",
            env=self.environment(group or f"g{next(GROUPS)}"),
        )
        self.running.append(process)
        return process

    def end_all(self) -> None:
        """Asks every process to end, and insists."""
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()

    def ask(self, query: Any) -> int:
        """One number from the database; -1 while it is away."""
        try:
            if self._asking is None:
                self._asking = psycopg.connect(self.settings.database.dsn, autocommit=True)
            row = self._asking.execute(query).fetchone()
        except psycopg.OperationalError:
            self._asking = None
            return -1
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        """Ends what `ask` opened."""
        if self._asking is not None:
            self._asking.close()
            self._asking = None

    def await_consumed(self, count: int) -> None:
        assert wait_until(lambda: self.ask(CONSUMED) >= count, PATIENCE_S, 0.01), self.told()

    def await_transaction(self) -> None:
        """Returns while some batch is being written."""
        assert wait_until(lambda: self.ask(IN_TRANSACTION) > 0, PATIENCE_S, 0.0), self.told()

    def told(self) -> str:
        """What went wrong, for a failure: how far we are, and the last words of ingest."""
        log = self.directory / "ingest.log"
        words = log.read_text(errors="replace")[-3000:] if log.exists() else ""
        return f"{self.ask(CONSUMED)} of {self.records} consumed\n{words}"

    def assert_exact(self) -> None:
        """Everything sent so far has arrived, once."""
        self.await_consumed(self.records)
        proved = subprocess.run(
            [sys.executable, "-m", "ioc", "reconcile", "--deep", "--json"],
            capture_output=True,
            text=True,
            env=self.environment("none"),
            timeout=PATIENCE_S,
            check=False,
        )
        assert proved.returncode == 0, proved.stdout + proved.stderr
        sources = json.loads(proved.stdout)["sources"]
        distinct = sum(len({event["event_id"] for event in own}) for own in self.sent.values())
        assert sum(source["events"] for source in sources) == distinct
        assert sum(source["rejects"] for source in sources) == self.poison
        assert sum(source["consumed"] for source in sources) == self.records
        asking = Feeder(self.settings.database.dsn, self.settings)
        try:
            for unit, days in itertools.product(SCOPES, (DAYS, 3.21)):
                as_of = MONDAY + timedelta(days=days)
                expected = recount(
                    self.sent,
                    asking.tree,
                    unit=unit,
                    as_of=as_of,
                    from_=MONDAY,
                    services=asking.services,
                    indicators=asking.roll_ups,
                )
                assert asking.overview(unit, "handling", as_of, MONDAY, as_of) == expected, unit
        finally:
            asking.close()


@pytest.fixture(scope="module")
def premises(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Site]:
    """Servers of this module alone, for they are killed; what they hold grows from test to test."""
    with tempfile.TemporaryDirectory(prefix="ioc-crash-") as name:
        directory = Path(name)
        broker = server = None
        try:
            try:
                server = EmbeddedPostgres(directory / "postgres")
                server.start()
            except OperatorError as error:
                lacking(request, "PostgreSQL", str(error))
                raise
            try:
                broker = EmbeddedKafka(directory / "kafka", jars=fetch_jars(lambda _: None))
                broker.start()
            except OperatorError as error:
                lacking(request, "Kafka", str(error))
                raise
            chosen = msgspec.structs.replace(
                settings,
                database=msgspec.structs.replace(settings.database, dsn=server.dsn()),
                kafka=msgspec.structs.replace(settings.kafka, bootstrap_servers=broker.bootstrap_servers),
                ingest=msgspec.structs.replace(settings.ingest, batch_events=60),
            )
            with connect(chosen.database.dsn) as conn:
                migrate.migrate(conn, chosen)
            ensure_topics(chosen)
            yield Site(directory, broker, server, chosen)
        finally:
            for started in (broker, server):
                if started is not None:
                    started.stop()


@pytest.fixture
def site(premises: Site) -> Iterator[Site]:
    yield premises
    premises.end_all()
    premises.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """No last words."""
    process.kill()
    process.wait()


def stop_within_a_transaction(site: Site, process: subprocess.Popen[bytes]) -> None:
    """Stops a process between two statements of a batch: its transaction stays open."""
    for _ in range(200):
        site.await_transaction()
        process.send_signal(signal.SIGSTOP)
        assert wait_until(lambda: site.ask(ACTIVE) == 0, PATIENCE_S, 0.001)
        if site.ask(IN_TRANSACTION) > 0:
            return
        process.send_signal(signal.SIGCONT)
    pytest.fail("no transaction was open when the process stood still")


def test_ingest_killed_in_mid_batch_again_and_again(site: Site) -> None:
    chance = random.Random(9)
    before = site.records
    site.send(ordinary(1, 500), poison=20)
    for share in (0.0, 0.15, 0.3, 0.5, 0.7):
        process = site.ingest()
        site.await_consumed(before + round((share + chance.random() / 10) * (site.records - before)))
        site.await_transaction()
        kill(process)
    assert site.ask(CONSUMED) < site.records, "every kill was meant to come before the end"
    site.ingest()
    site.assert_exact()


def test_a_survivor_takes_over_from_a_killed_member(site: Site) -> None:
    first, _ = site.ingest("members"), site.ingest("members")
    for seed in (2, 3):
        site.send(ordinary(seed, 150), poison=3)
    site.await_consumed(site.records // 2)
    kill(first)
    site.send(ordinary(4, 150))
    site.assert_exact()


def test_a_sleeper_that_wakes_up_writes_nothing_over_its_heir(site: Site) -> None:
    """Stopped in the middle of a transaction, it holds locks: the server must let go of it before long."""
    before = site.records
    sleeper = site.ingest()
    site.send(ordinary(5, 500))
    site.await_consumed(before + 200)
    stop_within_a_transaction(site, sleeper)
    heir = site.ingest()
    site.send(ordinary(6, 100))
    site.await_consumed(site.records)
    sleeper.send_signal(signal.SIGCONT)
    site.send(ordinary(7, 100))
    site.assert_exact()
    assert heir.poll() is None
    assert sleeper.poll() is None


def test_the_broker_killed_and_started_again(site: Site) -> None:
    site.ingest()
    before = site.records
    site.send(ordinary(8, 200))
    site.await_consumed(before + 100)
    assert site.broker.process is not None
    kill(site.broker.process)
    site.broker.stop()
    site.broker.start()
    site.send(ordinary(9, 100), poison=2)
    site.assert_exact()


def test_the_database_killed_in_mid_batch_and_started_again(site: Site) -> None:
    process = site.ingest()
    for seed in (10, 11):
        before = site.records
        site.send(ordinary(seed, 200), poison=2)
        site.await_consumed(before + 100)
        site.await_transaction()
        assert site.server.process is not None
        kill(site.server.process)
        with suppress(psycopg.OperationalError):
            site.close()
        site.server.stop()
        site.server.start()
    site.assert_exact()
    assert process.poll() is None, "a server that is away ends no process"
