"""The embedded Kafka: ends with its supervisor, keeps acknowledged records, refuses what it can't read."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from ioc.errors import OperatorError
from streams.embedded.java import KAFKA_VERSION, fetch_jars, find_jars, find_java, java_version
from streams.embedded.kafka import EmbeddedKafka, refuse_newer
from streams.embedded.process import port_is_free, wait_until
from tests.integration.test_embedded_postgres import supervisor

TOPIC = "kept"


def make_topic(bootstrap_servers: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.create_topics([NewTopic(TOPIC, num_partitions=1)])[TOPIC].result(30)


def write(bootstrap_servers: str, *values: str) -> None:
    refused: list[object] = []

    def report(error: object, _: Message) -> None:
        if error is not None:
            refused.append(error)

    producer = Producer({"bootstrap.servers": bootstrap_servers, "acks": "all", "linger.ms": 0})
    for value in values:
        producer.produce(TOPIC, value.encode(), on_delivery=report)
    assert producer.flush(30) == 0
    assert refused == []


def values(bootstrap_servers: str, count: int) -> list[str]:
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "reader"})
    consumer.assign([TopicPartition(TOPIC, 0, 0)])
    try:
        found = consumer.consume(count, timeout=30)
        return [(message.value() or b"").decode() for message in found]
    finally:
        consumer.close()


def test_records_and_ports_are_there_after_a_restart(own_kafka: EmbeddedKafka) -> None:
    make_topic(own_kafka.bootstrap_servers)
    write(own_kafka.bootstrap_servers, "a", "b")
    before = own_kafka.bootstrap_servers
    own_kafka.stop()
    assert not own_kafka.alive()
    assert port_is_free(int(before.split(":")[1]))
    own_kafka.start()
    assert own_kafka.bootstrap_servers == before
    write(before, "c")
    assert values(before, 3) == ["a", "b", "c"]


def test_acknowledged_records_survive_a_kill(own_kafka: EmbeddedKafka) -> None:
    make_topic(own_kafka.bootstrap_servers)
    sent = [f"{n}" for n in range(500)]
    write(own_kafka.bootstrap_servers, *sent)
    assert own_kafka.process is not None
    own_kafka.process.kill()
    assert wait_until(lambda: not own_kafka.alive(), 10)
    own_kafka.start()
    assert values(own_kafka.bootstrap_servers, 500) == sent


def test_a_topic_is_never_made_by_a_misspelt_name(kafka: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.list_topics("no-such-topic", timeout=20)
    assert "no-such-topic" not in admin.list_topics(timeout=20).topics


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("words", "number"), [((), signal.SIGKILL), ((), signal.SIGTERM), (("orphan",), signal.SIGKILL)]
)
def test_a_supervisor_that_ends_leaves_no_broker_in_the_way(
    tmp_path: Path, kafka: str, words: tuple[str, ...], number: signal.Signals
) -> None:
    process, broker = supervisor("EmbeddedKafka", tmp_path / "kafka", *words)
    process.send_signal(number)
    process.wait()
    if sys.platform == "linux" and not words:
        assert psutil.wait_procs([broker], timeout=20)[1] == []
    with EmbeddedKafka(tmp_path / "kafka") as again:
        assert not broker.is_running()
        make_topic(again.bootstrap_servers)


@pytest.mark.kafka
def test_a_path_in_vietnamese_works(tmp_path: Path, kafka: str) -> None:
    with EmbeddedKafka(tmp_path / "dữ liệu của tỉnh") as broker:
        assert (broker.data / "meta.properties").exists()
        make_topic(broker.bootstrap_servers)


@pytest.mark.kafka
def test_a_second_supervisor_is_refused(own_kafka: EmbeddedKafka) -> None:
    with pytest.raises(OperatorError, match="in use by process"):
        EmbeddedKafka(own_kafka.directory).start()


@pytest.mark.parametrize(("wrote", "refused"), [("4.10.0", True), ("4.4.1", True), ("4.4.0", False), ("4.3.2", False)])
def test_data_of_a_newer_kafka_are_refused(tmp_path: Path, wrote: str, refused: bool) -> None:
    record = tmp_path / "version.json"
    record.write_text(json.dumps({"kafka": wrote}))
    if not refused:
        refuse_newer(record, "4.4.0")
        return
    with pytest.raises(OperatorError, match=f"written by Kafka {wrote}, newer than 4.4.0"):
        refuse_newer(record, "4.4.0")


def test_an_old_or_missing_java_is_said_in_one_line(tmp_path: Path) -> None:
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n")
    old.chmod(0o755)
    assert java_version(old) == 8
    with pytest.raises(OperatorError, match=r"no Java 17 or newer \(.*is Java 8\)"):
        find_java({"JAVA_HOME": str(tmp_path), "PATH": str(tmp_path)})


def test_jars_are_fetched_once(kafka: str) -> None:
    assert find_jars() == fetch_jars(pytest.fail)


def test_a_missing_maven_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError, match=f"no Maven to fetch Kafka {KAFKA_VERSION} with"):
        fetch_jars(lambda _: None, tmp_path)
