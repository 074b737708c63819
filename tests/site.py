"""A centre whose servers may be killed: a broker, a database, the ingesting processes between, and everything sent."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import psutil
import psycopg
import pytest
from confluent_kafka import Producer

from ioc.errors import OperatorError
from ioc.facts import TOPICS
from ioc.settings import Settings, without_settings
from ioc.store import migrate
from ioc.store.connect import connect
from streams.embedded.java import fetch_jars
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.postgres import EmbeddedPostgres
from streams.embedded.process import spawn, wait_until
from streams.kafka_admin import ensure_topics
from streams.producer import open_producer
from tests.feeding import Feeder
from tests.lives import CASES, DAYS, MONDAY, SCOPES, Event
from tests.servers import lacking, with_database

PATIENCE_S = 90.0
GROUPS = itertools.count()
KEYS = {"ioc.cases.v1": "case_code", "ioc.cameras.v1": "camera_id", "ioc.usage.v1": "unit"}
POISON = (b"{", b"\x00\xff", b"[1]", b'{"event_id": "x"}')
IN_TRANSACTION = """
    select count(*) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
"""
ACTIVE = IN_TRANSACTION + " and state = 'active'"
COPYING = ACTIVE + " and wait_event = 'ClientRead'"
CONSUMED = "select coalesce(sum(next_offset), 0) from source"

BEHIND = """
    select coalesce(sum(e.end_offset - s.next_offset), 0)
      from source s join source_end e on e.source = s.no
     where s.closed_at is null and e.seen_at > clock_timestamp() - interval '2 seconds'
"""


class Site:
    """A broker (None: the log in the database), a database, and the ingesting processes between them."""

    def __init__(
        self, directory: Path, broker: EmbeddedKafka | None, server: EmbeddedPostgres | None, settings: Settings
    ) -> None:
        self.directory = directory
        self.broker = broker
        self.server = server
        self.settings = settings
        self.dsn = settings.database.dsn
        """Where ingest finds the database; a test may put something between."""
        self.sent: dict[str, list[Event]] = {title: [] for title in TOPICS}
        self.records = 0
        self.poison = 0
        self.running: list[subprocess.Popen[bytes]] = []
        self._asking: psycopg.Connection[Any] | None = None
        self._producer: Producer | None = None

    def send(self, events: Sequence[tuple[str, Event]], poison: int = 0) -> None:
        """Records to the broker, acknowledged; some that nobody can read among them."""
        records: list[tuple[str, bytes | None, bytes]] = []
        for no, (topic, event) in enumerate(events):
            records.append((topic, str(event[KEYS[topic]]).encode(), json.dumps(event).encode()))
            self.sent[topic].append(event)
            if no < poison:
                records.append((CASES, None, POISON[no % len(POISON)]))
        self._deliver(records)
        self.records += len(records)
        self.poison += min(poison, len(events))

    def another_producer(self) -> None:
        """The next records come from a new producer: the broker may have forgotten what the former one sent."""
        self._producer = None

    def _deliver(self, records: Sequence[tuple[str, bytes | None, bytes]]) -> None:
        if self.broker is None:
            out = open_producer(self.settings)
            try:
                for topic, key, value in records:
                    out.send(topic, key, value)
            finally:
                out.close()
            return
        if self._producer is None:
            self._producer = Producer(
                {
                    "bootstrap.servers": self.settings.kafka.bootstrap_servers,
                    "message.timeout.ms": 90_000,
                    "enable.idempotence": True,
                    "reconnect.backoff.max.ms": 500,
                    "log_level": 2,
                }
            )
        producer = self._producer
        failed: list[object] = []
        for topic, key, value in records:
            producer.produce(topic, value, key, on_delivery=lambda error, _: failed.append(error) if error else None)
        assert producer.flush(PATIENCE_S) == 0
        assert failed == []

    def environment(self, group: str) -> dict[str, str]:
        """What a process of this site is started with."""
        return {
            **without_settings(os.environ),
            "IOC_DATABASE__DSN": self.dsn,
            "IOC_BROKER": self.settings.broker,
            "IOC_KAFKA__BOOTSTRAP_SERVERS": self.settings.kafka.bootstrap_servers,
            "IOC_KAFKA__GROUP_ID": group,
            "IOC_KAFKA__OPTIONS": json.dumps(self.settings.kafka.options),
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
            self.close()
            return -1
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        """Ends what `ask` opened."""
        if self._asking is not None:
            self._asking.close()
            self._asking = None

    def await_consumed(self, count: int) -> None:
        """Returns when so many offsets are behind us."""
        assert wait_until(lambda: self.ask(CONSUMED) >= count, PATIENCE_S, 0.01), self.told()

    def said(self) -> str:
        """What the ingesting processes have said so far."""
        log = self.directory / "ingest.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def told(self) -> str:
        """What went wrong, for a failure: how far we are, and the last words of ingest."""
        return f"{self.ask(CONSUMED)} of {self.records} consumed\n{self.said()[-3000:]}"

    def assert_exact(self) -> None:
        """Everything sent so far has arrived, once."""
        self.await_consumed(self.records)
        self.assert_every_record(self.proved())
        self.assert_counted()

    def assert_every_record(self, sources: Sequence[dict[str, Any]]) -> None:
        """Each record that was sent, and nothing else, lies behind us and became what it is. Only where each was read
        once, and nobody used transactions or compaction: then no offset is without a record."""
        came_to = {
            name: sum(source[name] for source in sources)
            for name in ("consumed", "events", "rejects", "duplicates", "tombstones", "empty", "expired", "lost")
        }
        assert came_to == {
            "consumed": self.records,
            "events": self.distinct,
            "rejects": self.poison,
            "duplicates": self.records - self.distinct - self.poison,
            "tombstones": 0,
            "empty": 0,
            "expired": 0,
            "lost": 0,
        }

    def assert_known(self) -> None:
        """Everything sent so far is known, once, however often it was read."""
        known = "select coalesce(sum(events), 0) from source"
        assert wait_until(lambda: self.ask(known) >= self.distinct, PATIENCE_S), f"{self.ask(known)} of {self.distinct}"
        assert wait_until(lambda: self.ask(BEHIND) == 0, PATIENCE_S), self.told()
        sources = self.proved()
        assert sum(source["events"] for source in sources) == self.distinct
        assert sum(source["rejects"] for source in sources) == self.poison
        self.assert_counted()

    @property
    def distinct(self) -> int:
        """Events that were sent, each once."""
        return sum(len({event["event_id"] for event in own}) for own in self.sent.values())

    def proved(self) -> list[dict[str, Any]]:
        """The partitions as `ioc reconcile --deep` counts them, without a difference."""
        proved = subprocess.run(
            [sys.executable, "-m", "ioc", "reconcile", "--deep", "--json"],
            capture_output=True,
            text=True,
            env=self.environment("none") | {"IOC_DATABASE__DSN": self.settings.database.dsn},
            timeout=PATIENCE_S,
            check=False,
        )
        assert proved.returncode == 0, proved.stdout + proved.stderr
        sources: list[dict[str, Any]] = json.loads(proved.stdout)["sources"]
        return sources

    def assert_counted(self) -> None:
        """Every figure is that of the independent recount."""
        asking = Feeder(self.settings.database.dsn, self.settings)
        try:
            for unit, days in itertools.product(SCOPES, (DAYS, 3.21)):
                as_of = MONDAY + timedelta(days=days)
                expected = asking.recounted(self.sent, unit, "handling", as_of, MONDAY, as_of)
                assert asking.overview(unit, "handling", as_of, MONDAY, as_of) == expected, unit
        finally:
            asking.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """No last words."""
    process.kill()
    process.wait()


def kill_children(process: subprocess.Popen[bytes]) -> None:
    """Every process below it at once, but not itself."""
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.kill()


@contextmanager
def opened_for(
    request: pytest.FixtureRequest, directory: Path, settings: Settings, *, broker: bool = True
) -> Iterator[Site]:
    """`opened` for a test, which is skipped or fails where a server can't be had."""
    with ExitStack() as stack:
        try:
            site = stack.enter_context(opened(directory, settings, broker=broker))
        except OperatorError as error:
            lacking("PostgreSQL or Kafka", str(error))
            raise
        yield site


@contextmanager
def opened(directory: Path, settings: Settings, *, broker: bool = True, batch_events: int = 60) -> Iterator[Site]:
    """A site with servers of its own. Raises OperatorError where one can't be had."""
    server = EmbeddedPostgres(directory / "postgres")
    kafka = EmbeddedKafka(directory / "kafka", jars=fetch_jars(lambda _: None)) if broker else None
    try:
        server.start()
        if kafka:
            kafka.start()
        chosen = with_database(
            settings,
            server.dsn(),
            broker="kafka" if kafka else "log",
            kafka=msgspec.structs.replace(
                settings.kafka, bootstrap_servers=kafka.bootstrap_servers if kafka else "", group_id="site"
            ),
            ingest=msgspec.structs.replace(settings.ingest, batch_events=batch_events),
        )
        with connect(chosen.database.dsn) as conn:
            migrate.migrate(conn, chosen)
        if kafka:
            ensure_topics(chosen)
        site = Site(directory, kafka, server, chosen)
        try:
            yield site
        finally:
            site.end_all()
            site.close()
    finally:
        for started in (kafka, server):
            if started is not None:
                started.stop()
