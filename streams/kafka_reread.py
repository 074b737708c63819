"""Old records of a partition, read again beside the group."""

from __future__ import annotations

import time
from collections.abc import Iterator

from kafka import TopicPartition
from kafka import errors as kafka_errors

from ioc.errors import Transient
from ioc.settings import Settings
from streams import kafka_admin
from streams.kafka_admin import PATIENCE_MS, translated
from streams.kafka_peek import beside_the_group
from streams.source import Identity, Place, Record

READ_MS = 500
READ_BYTES = 1 << 20
READ_RECORDS = 1_000


class KafkaReader:
    """See `streams.source.Reader`."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigError, Transient."""
        self._settings = settings
        self._consumer = beside_the_group(settings, READ_BYTES, READ_MS)

    def identity(self) -> Identity:
        """See `Reader.identity`."""
        return kafka_admin.identity(self._settings)

    def bounds(self, place: Place) -> tuple[int, int]:
        """See `Reader.bounds`."""
        pair = TopicPartition(place.topic.title, place.partition)
        with translated():
            if place.partition not in (self._consumer.partitions_for_topic(pair.topic) or ()):
                return 0, 0
            return self._consumer.beginning_offsets([pair])[pair], self._consumer.end_offsets([pair])[pair]

    def read(self, place: Place, first: int, last: int) -> Iterator[list[Record]]:
        """See `Reader.read`."""
        pair = TopicPartition(place.topic.title, place.partition)
        with translated():
            self._consumer.assign([pair])
            self._consumer.seek(pair, first)
            position, ends_s = first, time.monotonic() + PATIENCE_MS / 1000
            while position <= last:
                try:
                    found = self._consumer.poll(timeout_ms=READ_MS, max_records=READ_RECORDS).get(pair, [])
                except kafka_errors.OffsetOutOfRangeError as error:
                    raise Transient("kafka deleted records while they were read; begin again") from error
                position = self._consumer.position(pair)
                wanted = [record for record in found if record.offset <= last]
                if wanted:
                    yield wanted
                    ends_s = time.monotonic() + PATIENCE_MS / 1000
                elif not found and time.monotonic() > ends_s:
                    raise Transient(f"kafka gave nothing of {pair.topic} {pair.partition} from {position} on in time")

    def close(self) -> None:
        """See `Reader.close`."""
        self._consumer.close(autocommit=False, timeout_ms=2_000)
