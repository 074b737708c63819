"""Records to Apache Kafka: idempotent, acknowledged by every replica, sent at once; while a request is under way they
gather in batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from ioc.errors import OperatorError, Transient
from ioc.settings import Settings
from streams import kafka_admin
from streams.kafka_admin import PATIENCE_MS, made, translated


class KafkaRecords:
    """See `streams.producer.Producer`."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer
        self._failed: list[BaseException] = []
        self._closed = False

    @classmethod
    def open(cls, settings: Settings) -> KafkaRecords:
        """Makes missing topics and connects. Raises ConfigError, Transient."""
        kafka_admin.ensure_topics(settings)
        return cls(
            made(
                settings,
                KafkaProducer,
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                batch_size=256 << 10,
                request_timeout_ms=PATIENCE_MS,
            )
        )

    def send(
        self, topic: str, key: str | bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """See `Producer.send`. Raises OperatorError for a record that no broker takes."""
        if isinstance(key, str):
            key = key.encode("utf-8")
        with translated():
            try:
                sent = self._producer.send(topic, value=value, key=key, headers=list(headers))
            except kafka_errors.MessageSizeTooLargeError as error:
                raise OperatorError(f"a record for {topic} is too large for kafka: {error}") from error
            sent.add_errback(self._failed.append)

    def flush(self, timeout_s: float = 30.0) -> None:
        """See `Producer.flush`."""
        with translated():
            self._producer.flush(timeout=timeout_s)
        if self._failed:
            first, count = self._failed[0], len(self._failed)
            self._failed.clear()
            raise Transient(f"kafka: {count} records were not taken: {first}") from first

    def close(self) -> None:
        """See `Producer.close`."""
        if self._closed:
            return
        self._closed = True
        try:
            self.flush()
        finally:
            self._producer.close(timeout=5)
