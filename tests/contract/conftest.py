"""The two brokers that every source and producer is tried on."""

from __future__ import annotations

import msgspec
import pytest

from ioc.settings import Settings
from tests.contract.brokers import Broker, KafkaBroker, LogBroker


@pytest.fixture(params=["log", "kafka"])
def broker(request: pytest.FixtureRequest, settings: Settings) -> Broker:
    """A broker with a group of this test's own; its topics may hold records of earlier tests."""
    name = request.getfixturevalue("unique")("group")
    options = msgspec.structs.replace(settings.kafka, group_id=name, partitions=4)
    if request.param == "log":
        return LogBroker(msgspec.structs.replace(request.getfixturevalue("ours"), broker="log", kafka=options))
    options = msgspec.structs.replace(options, bootstrap_servers=request.getfixturevalue("kafka"))
    return KafkaBroker(msgspec.structs.replace(settings, broker="kafka", kafka=options))
