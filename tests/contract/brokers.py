"""What the contract tests need of a broker beside the contract: to make it forget records, and to read to an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from typing import Protocol

from kafka import TopicPartition

from ioc.facts import TOPICS, Topic
from ioc.settings import Settings
from ioc.store import log
from ioc.store.connect import connect
from streams.kafka_admin import administrator
from streams.members import open_source
from streams.producer import Producer, open_producer
from streams.source import Changes, Place, Record, Source

PATIENCE_S = 60.0
PLACES = frozenset(Place(topic, partition) for topic in Topic for partition in range(4))


class Broker(Protocol):
    """A broker of the contract tests."""

    settings: Settings

    def forget(self, place: Place, before: int) -> None:
        """Deletes what lies below an offset, as retention does."""


class LogBroker:
    """The log in PostgreSQL."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def forget(self, place: Place, before: int) -> None:
        """See `Broker`."""
        with connect(self.settings.database.dsn) as conn:
            heads = {(head.topic, head.partition): head.no for head in log.heads(conn, list(TOPICS))}
            log.trim(conn, heads[place.topic.title, place.partition], before)


class KafkaBroker:
    """Apache Kafka."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def forget(self, place: Place, before: int) -> None:
        """See `Broker`."""
        with administrator(self.settings) as client:
            client.delete_records({TopicPartition(place.topic.title, place.partition): before})


def member(broker: Broker, owner: str = "one") -> AbstractContextManager[Source]:
    """A source that is closed at the end."""
    return closing(open_source(broker.settings, owner))


def sender(broker: Broker) -> AbstractContextManager[Producer]:
    """A producer that is closed at the end."""
    return closing(open_producer(broker.settings))


class Reader:
    """A member of the group that remembers what it was given and what it has read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mine: set[Place] = set()
        self.seen: list[tuple[Place, Record]] = []

    def turn(self, timeout_s: float = 0.2, max_records: int = 1000) -> Changes:
        """One poll; newly assigned places are sought at their end unless `mine` had them."""
        for slice_ in self.source.poll(timeout_s, max_records):
            self.seen += [(slice_.place, record) for record in slice_.records]
        changes = self.source.changes()
        self.mine -= changes.revoked
        self.mine |= changes.assigned
        return changes

    def until(self, true: Callable[[], bool], timeout_s: float = 0.2) -> None:
        """Polls until something is true; fails after long patience."""
        ends_s = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < ends_s, f"waited for {PATIENCE_S} s: {self.mine}, {len(self.seen)} seen"
            self.turn(timeout_s)

    def join(self) -> dict[Place, int]:
        """Waits for every partition and reads on from the end of each; returns the ends."""
        self.until(lambda: self.mine == PLACES)
        ends = {place: end for place, (_, end) in self.source.bounds(PLACES).items()}
        for place, end in ends.items():
            self.source.seek(place, end)
        return ends

    def numbered(self, out: Producer, count: int) -> Place:
        """Sends ``count`` cases of one key, numbered from 0, and reads them; the place where they lie."""
        for n in range(count):
            out.send(Topic.CASES.title, "k", b"%d" % n)
        out.flush()
        self.until(lambda: len(self.seen) == count)
        return self.seen[0][0]

    def of(self, topic: Topic) -> list[Record]:
        """What was seen of a topic, in order of arrival."""
        return [record for place, record in self.seen if place.topic == topic]
