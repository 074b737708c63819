"""A backlog of one feed keeps no record of another waiting behind its buffers."""

from __future__ import annotations

import random
import time

import msgspec

from ioc.facts import Topic
from ioc.settings import Settings
from streams.embedded.kafka import EmbeddedKafka
from streams.producer import open_producer
from tests.contract.brokers import KafkaBroker, Reader, member

USES = 100_000
"""More than the buffers hold twice: full ones are given out first, and what was being fetched meanwhile."""


def test_a_case_is_read_before_the_buffers_of_a_backlog_are_empty(settings: Settings, own_kafka: EmbeddedKafka) -> None:
    options = msgspec.structs.replace(
        settings.kafka, bootstrap_servers=own_kafka.bootstrap_servers, group_id="fair", partitions=4
    )
    broker = KafkaBroker(msgspec.structs.replace(settings, broker="kafka", kafka=options))
    producer = open_producer(broker.settings)
    chance = random.Random(60)
    for n in range(USES):  # nothing that could be compressed: what is held unread is bounded in bytes
        producer.send(Topic.USAGE.title, f"key {n % 97}", chance.randbytes(150))
    producer.flush(120)
    with member(broker) as source:
        reader = Reader(source)
        reader.join()
        for place, (begin, _) in source.bounds(list(source.positions())).items():
            source.seek(place, begin)
        uses = sent = 0
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            for slice_ in source.poll(0.1, 500):
                if slice_.place.topic == Topic.CASES:
                    assert uses - sent < 2 * USES // 3
                    return
                uses += len(slice_.records)
            if uses and not sent:
                sent = uses
                producer.send(Topic.CASES.title, "H-1", b"case")
                producer.flush()
        raise AssertionError("the case was never read")
