"""The two brokers that every source and producer is tried on."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from ioc.settings import Settings
from tests.contract.brokers import Broker, KafkaBroker, LogBroker


@pytest.fixture
def on_log(ours: Settings, unique: Callable[[str], str]) -> LogBroker:
    """The log in a store of this test's own."""
    options = msgspec.structs.replace(ours.kafka, group_id=unique("group"), partitions=4)
    return LogBroker(msgspec.structs.replace(ours, broker="log", kafka=options))


@pytest.fixture
def on_kafka(settings: Settings, kafka: str, unique: Callable[[str], str]) -> KafkaBroker:
    """The run's Kafka, with a group of this test's own; its topics may hold records of earlier tests."""
    options = msgspec.structs.replace(settings.kafka, bootstrap_servers=kafka, group_id=unique("group"), partitions=4)
    return KafkaBroker(msgspec.structs.replace(settings, broker="kafka", kafka=options))


@pytest.fixture(params=["log", "kafka"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """One of them."""
    found: Broker = request.getfixturevalue(f"on_{request.param}")
    return found
