"""What Kafka's driver cannot read, on a real broker: refused at its offset, and every feed goes on behind it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from kafka import KafkaProducer

from ioc.facts import Topic
from ioc.settings import Settings
from ioc.store import findings, rejects
from ioc.store.connect import connect
from streams.embedded.kafka import EmbeddedKafka
from streams.kafka_admin import ensure_topics
from streams.members import open_reader
from streams.redrive import redrive
from streams.source import Place, Unreadable
from tests.ingesting import assert_reconciled, ingesting, reached, send, usage

pytestmark = pytest.mark.parametrize("wired", ["kafka"], indirect=True)
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
TITLE = Topic.USAGE.title


class Badly(str):
    """A header's name that is sent as other bytes."""

    __slots__ = ()

    def encode(self, *_: Any) -> bytes:
        return b"\xff"


def uses(first: int, count: int) -> list[bytes]:
    return [usage(n)[1] for n in range(first, first + count)]


def in_one_batch(settings: Settings, values: list[bytes], bad: int | None = None, codec: str = "none") -> None:
    """``values`` to partition 0 as one batch; the one at ``bad`` with a header whose name is no UTF-8."""
    ensure_topics(settings)
    producer = KafkaProducer(
        bootstrap_servers=settings.kafka.bootstrap_servers,
        linger_ms=10_000,
        batch_size=1 << 20,
        compression_type=None if codec == "none" else codec,
    )
    try:
        for n, value in enumerate(values):
            headers = [("ce_id", b"1"), (Badly("x"), b"v")] if n == bad else []
            producer.send(TITLE, value=value, headers=headers, partition=0)
        producer.flush(30)
    finally:
        producer.close()


def refused(settings: Settings) -> list[tuple[str, int]]:
    with connect(settings.database.dsn) as conn:
        assert findings.listed(conn) == []
        return sorted((one.reason, one.record_offset) for one in rejects.listed(conn))


def test_a_header_whose_name_is_no_utf8_costs_its_record_until_it_is_driven_again(wired: Settings) -> None:
    with ingesting(wired):
        in_one_batch(wired, uses(0, 10), bad=4)
        assert reached(wired, events=9, rejects=1)
        send(wired, [usage(n) for n in range(10, 60)])
        in_one_batch(wired, uses(60, 10), bad=9, codec="gzip")
        assert reached(wired, events=68, rejects=2)
        in_one_batch(wired, uses(70, 1), bad=0)
        in_one_batch(wired, uses(71, 1), bad=0)
        assert reached(wired, events=68, rejects=4)
    assert_reconciled(wired)
    with ingesting(wired):  # which looks whether the last records still lie there
        send(wired, [usage(n) for n in range(72, 80)])
        assert reached(wired, events=76, rejects=4)
    assert_reconciled(wired)
    (first, *_) = found = refused(wired)
    assert [reason for reason, _ in found] == ["undecodable"] * 4
    assert first == ("undecodable", 4)
    with connect(wired.database.dsn) as conn:
        assert all(b"portal" in one.body for one in rejects.listed(conn))
        redrive(conn, wired)
        assert rejects.listed(conn) == []
    assert_reconciled(wired)


def test_a_batch_whose_checksum_is_wrong_is_refused_offset_by_offset(wired: Settings, own_kafka: EmbeddedKafka) -> None:
    for first in (0, 10, 20):
        in_one_batch(wired, uses(first, 10))
    own_kafka.stop()
    (segment,) = Path(own_kafka.data, f"{TITLE}-0").glob("*.log")
    written = segment.read_bytes()
    assert written.count(b'"u15"') == 1
    segment.write_bytes(written.replace(b'"u15"', b'"u16"'))
    own_kafka.start()
    with ingesting(wired):
        assert reached(wired, events=20, rejects=10)
        send(wired, [usage(n) for n in range(30, 80)])
        assert reached(wired, events=70, rejects=10)
    assert_reconciled(wired)
    assert refused(wired) == [("undecodable", offset) for offset in range(10, 20)]


def test_every_compression_of_another_client_is_read(wired: Settings) -> None:
    ensure_topics(wired)
    with ingesting(wired):
        for n, codec in enumerate(CODECS):
            producer = Producer(
                {
                    "bootstrap.servers": wired.kafka.bootstrap_servers,
                    "compression.type": codec,
                    "linger.ms": 500,
                }
            )
            for value in uses(500 * n, 500):
                producer.produce(TITLE, value, partition=0)
            assert producer.flush(30) == 0
            assert reached(wired, events=500 * (n + 1)), codec
    assert_reconciled(wired)


def test_a_compression_without_its_library_is_refused_and_ends_nothing(
    wired: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_one_batch(wired, uses(0, 40), codec="snappy")
    monkeypatch.setattr("kafka.codec.snappy", None)
    with ingesting(wired):
        assert reached(wired, rejects=40)
        send(wired, [usage(n) for n in range(40, 90)])
        assert reached(wired, events=50, rejects=40)
    assert_reconciled(wired)
    assert refused(wired) == [("undecodable", offset) for offset in range(40)]
    with connect(wired.database.dsn) as conn:
        assert all("snappy" in one.detail for one in rejects.listed(conn))


def test_what_cannot_be_read_is_passed_over_where_old_records_are_read_again(wired: Settings) -> None:
    in_one_batch(wired, uses(0, 10), bad=4)
    with closing(open_reader(wired)) as again:
        found = [record for part in again.read(Place(Topic.USAGE, 0), 0, 9) for record in part]
    assert [record.offset for record in found] == list(range(10))
    assert [record.offset for record in found if isinstance(record, Unreadable)] == [4]
