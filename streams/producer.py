"""Records on their way to the broker: what simulator, replay and `ioc produce` send through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ioc.settings import Settings


class Producer(Protocol):
    """Sends records in order; nothing is lost without an error."""

    def send(
        self, topic: str, key: str | bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """Hands over one record; a text key travels as UTF-8. May block while too much is on its way; raises Transient
        where that lasts."""

    def flush(self, timeout_s: float = 30.0) -> None:
        """Returns when everything sent has been acknowledged. Raises Transient where something was not."""

    def close(self) -> None:
        """Flushes and lets go. Safe to call twice."""


def open_producer(settings: Settings) -> Producer:
    """A producer for the broker that the settings name; makes missing topics. Raises ConfigError, Transient."""
    if settings.broker == "log":
        from streams.log_source import LogProducer

        return LogProducer.open(settings)
    from streams.kafka_producer import KafkaRecords

    return KafkaRecords.open(settings)
