"""What a broker may do to its own log: lose its end, grow again, delete unread, be made anew. Nothing is lost, nothing
counts twice, and whoever looks is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import pytest
from confluent_kafka import Producer

from ioc.facts import TOPICS
from ioc.settings import Settings
from ioc.store import findings
from ioc.store.connect import connect
from streams.doctor import examine
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.process import wait_until
from streams.kafka_admin import administrator, ensure_topics
from streams.source import Place
from tests.contract.brokers import KafkaBroker, LogBroker, Reader, member
from tests.ingesting import ingesting
from tests.lives import CASES, USAGE, Event, ordinary
from tests.site import PATIENCE_S, Site

NOTICED_S = 30.0
"""How soon a topic that was made anew must be read while ingest runs."""


@pytest.fixture
def site(request: pytest.FixtureRequest, wired: Settings, tmp_path: Path) -> Iterator[Site]:
    """An empty store and an empty broker."""
    broker: EmbeddedKafka | None = request.getfixturevalue("own_kafka") if wired.broker == "kafka" else None
    found = Site(tmp_path, broker, None, wired)
    yield found
    found.end_all()
    found.close()


ON_KAFKA = pytest.mark.parametrize("wired", ["kafka"], indirect=True)


class Past(Protocol):
    """What a broker was once, to be brought back."""

    def remember(self) -> None:
        """Keeps what is there now."""

    def bring_back(self) -> None:
        """Makes the broker forget everything since."""


class KafkaPast:
    """Its directory, copied while it stands still."""

    def __init__(self, site: Site, broker: EmbeddedKafka) -> None:
        self.site = site
        self.broker = broker
        self.kept = site.directory / "kept"

    def remember(self) -> None:
        self.broker.stop()
        shutil.copytree(self.broker.data, self.kept)
        self.broker.start()

    def bring_back(self) -> None:
        self.broker.stop()
        shutil.rmtree(self.broker.data)
        shutil.copytree(self.kept, self.broker.data)
        self.broker.start()
        self.site.another_producer()


CUT = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
     where datname = current_database() and application_name = 'ioc source log'
"""


class LogPast:
    """The ends of its partitions."""

    def __init__(self, settings: Settings) -> None:
        self.dsn = settings.database.dsn
        self.ends: list[tuple[int, int]] = []

    def remember(self) -> None:
        with connect(self.dsn) as conn:
            self.ends = conn.execute("select no, next_offset from source_log_head").fetchall()

    def bring_back(self) -> None:
        with connect(self.dsn) as conn, conn.transaction():
            for no, end in self.ends:
                conn.execute("update source_log_head set next_offset = %s where no = %s", (end, no))
                conn.execute("delete from source_log where head = %s and record_offset >= %s", (no, end))
            conn.execute(CUT)  # a database that was restored has no sessions


def past_of(site: Site) -> Past:
    return LogPast(site.settings) if site.broker is None else KafkaPast(site, site.broker)


def kinds(site: Site) -> set[str]:
    """What was found so far and nobody has settled."""
    with connect(site.settings.database.dsn) as conn:
        return {one.finding for one in findings.listed(conn)}


def ioc(site: Site, code: int, *words: str) -> str:
    """What the command says; ``code`` is how it must end."""
    done = subprocess.run(
        [sys.executable, "-m", "ioc", *words],
        capture_output=True,
        text=True,
        env=site.environment("none"),
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_broker_that_lost_what_was_read_is_read_again_and_nothing_counts_twice(site: Site) -> None:
    """Brought back to an earlier day: shorter than before, regrown beyond it, and twice under a running ingest."""
    past = past_of(site)
    with ingesting(site.settings):
        site.send(ordinary(1, 40), poison=12)
        site.assert_known()
        past.remember()
        site.send(ordinary(2, 30))
        site.assert_known()
    past.bring_back()
    with ingesting(site.settings):
        assert wait_until(lambda: kinds(site) == {"truncated"}, PATIENCE_S)
        lost = ordinary(2, 30)
        site.send([*lost[:10], *ordinary(3, 10)], poison=3)  # some sources send again what they sent since
        site.assert_known()
    past.bring_back()
    site.send(ordinary(4, 120))
    with ingesting(site.settings):
        site.assert_known()
        assert kinds(site) == {"truncated", "replaced"}
        for seed in (5, 6):
            past.bring_back()
            site.send(ordinary(seed, 150))
            site.assert_known()
    generations = site.ask("select max(generation) from source")
    assert generations >= 3
    (said,) = examine(site.settings, ["findings"])
    assert not said.ok
    assert "truncated" in ioc(site, 1, "findings", "list")
    assert "findings settled" in ioc(site, 0, "findings", "settle")
    assert "lost nothing" in ioc(site, 0, "findings", "list")
    assert "settled" in ioc(site, 0, "findings", "list", "--all")
    assert "replaced" in ioc(site, 0, "reconcile")
    assert kinds(site) == set()
    (said,) = examine(site.settings, ["findings"])
    assert said.ok, said.says


def test_what_was_deleted_unread_is_counted_and_alarmed(site: Site) -> None:
    broker = LogBroker(site.settings) if site.broker is None else KafkaBroker(site.settings)
    with ingesting(site.settings):
        site.send(ordinary(1, 100))
        site.assert_known()
    known = len(site.sent[CASES])
    ends = {
        Place(TOPICS[CASES], n): site.ask(f"select next_offset from source where topic = 1 and partition = {n}")
        for n in range(4)
    }
    site.send(ordinary(2, 100))
    gone = {place: end + 20 for place, end in ends.items()}
    for place, before in gone.items():
        broker.forget(place, before)
    site.sent[CASES][known:] = left = _left(broker, gone)
    assert 0 < len(left) < known
    with ingesting(site.settings):
        assert wait_until(lambda: kinds(site) == {"expired"}, PATIENCE_S)
        assert wait_until(lambda: site.ask("select sum(next_offset) from source") == site.records, PATIENCE_S)
    assert site.ask("select sum(expired) from source") == 20 * len(gone)
    assert sum(source["events"] for source in site.proved()) == site.distinct
    site.assert_counted()
    (said,) = examine(site.settings, ["findings"])
    assert not said.ok
    assert "deleted records before they were read" in said.says


def _left(broker: KafkaBroker | LogBroker, places: Mapping[Place, int]) -> list[Event]:
    """The events that lie in some partitions from an offset on, as somebody in another group reads them."""
    kafka = msgspec.structs.replace(broker.settings.kafka, group_id="somebody else")
    broker.settings = msgspec.structs.replace(broker.settings, kafka=kafka)
    with member(broker) as source:
        reader = Reader(source)
        reader.until(lambda: reader.mine >= places.keys())
        bounds = source.bounds(places)
        assert {place: begin for place, (begin, _) in bounds.items()} == places
        for place, begin in places.items():
            source.seek(place, begin)
        wanted = sum(end - begin for begin, end in bounds.values())
        reader.until(lambda: len(reader.seen) == wanted)
        return [json.loads(record.value or b"") for _, record in reader.seen]


@ON_KAFKA
def test_a_topic_made_anew_is_read_from_its_beginning(site: Site) -> None:
    """Its offsets start again, and only its id tells; while ingest stands still, and while it runs."""

    def make_anew() -> None:
        with administrator(site.settings) as client:
            client.delete_topics([USAGE])
            assert wait_until(lambda: USAGE not in client.list_topics(), PATIENCE_S)
        assert wait_until(lambda: _made(site.settings), PATIENCE_S)

    with ingesting(site.settings):
        site.send(ordinary(1, 100))
        site.assert_known()
    make_anew()
    site.send(ordinary(2, 150))
    with ingesting(site.settings):
        site.assert_known()
        make_anew()
        site.send(ordinary(3, 200))
        topics = "select count(distinct topic_id) from source where topic = 3"
        assert wait_until(lambda: site.ask(topics) == 3, NOTICED_S)
        site.assert_known()


def _made(settings: Settings) -> bool:
    ensure_topics(settings)
    with administrator(settings) as client:
        return USAGE in client.list_topics()


@ON_KAFKA
def test_partitions_that_are_added_are_read_while_ingest_runs(site: Site) -> None:
    with ingesting(site.settings):
        site.send(ordinary(1, 100))
        for seed, before, partitions in ((2, 4, 5), (3, 5, 7)):
            with administrator(site.settings) as client:
                client.create_partitions(dict.fromkeys((CASES, USAGE), partitions))
            assert wait_until(lambda wanted=partitions: _partitions(site.settings) == {wanted}, PATIENCE_S)  # type: ignore[misc]
            site.another_producer()  # the former one would go on as if there were none
            site.send(ordinary(seed, 100))
            uses = [event for topic, event in ordinary(seed + 10, 10) if topic == USAGE]
            for partition in range(before, partitions):  # six units alone may miss one
                _put(site, USAGE, partition, uses[partition - before :: partitions - before])
        assert wait_until(lambda: site.ask("select count(*) from source") == 16 + 6, NOTICED_S)
        site.assert_known()
        assert site.ask("select count(*) from source where partition >= 4 and next_offset > 0 and events > 0") == 6


def _partitions(settings: Settings) -> set[int]:
    with administrator(settings) as client:
        return {len(found["partitions"]) for found in client.describe_topics([CASES, USAGE])}


def _put(site: Site, topic: str, partition: int, events: Sequence[Event]) -> None:
    """Records into a partition whatever their keys say."""
    producer = Producer({"bootstrap.servers": site.settings.kafka.bootstrap_servers, "message.timeout.ms": 90_000})
    failed: list[object] = []
    for event in events:
        producer.produce(
            topic,
            json.dumps(event).encode(),
            partition=partition,
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
    assert producer.flush(PATIENCE_S) == 0
    assert failed == []
    site.sent[topic] += events
    site.records += len(events)
