"""Which source the settings name: Kafka, or the log in the database."""

from __future__ import annotations

from ioc.settings import Settings
from streams.source import Reader, Source


def open_source(settings: Settings, owner: str) -> Source:
    """The source that the settings name, as a new member ``owner`` of the group; makes missing topics.

    Raises ConfigError for settings that cannot work, Transient where the server is away.
    """
    if settings.broker == "log":
        from streams.log_source import LogSource

        return LogSource.open(settings, owner)
    from streams.kafka_source import KafkaSource

    return KafkaSource.open(settings, owner)


def open_reader(settings: Settings) -> Reader:
    """A reader of old records from the source that the settings name, beside any group.

    Raises ConfigError for settings that cannot work, Transient where the server is away.
    """
    if settings.broker == "log":
        from streams.log_source import LogReader

        return LogReader(settings)
    from streams.kafka_reread import KafkaReader

    return KafkaReader(settings)
