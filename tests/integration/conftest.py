"""What tests on a real store share: its connection, its world and rules, another choice of rules, and both brokers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import units
from ioc.store.connect import Connection, connect
from ioc.world import World
from streams.embedded.kafka import EmbeddedKafka
from tests.site import Site

OTHER_RULES = {
    "cases": {"stopped": "ended", "compare": "timestamp", "due_soon": "90m"},
    "cameras": {"silent_after": "1h"},
}


@pytest.fixture
def conn(store: str) -> Iterator[Connection]:
    """A connection to this test's store."""
    with connect(store) as connection:
        yield connection


@pytest.fixture
def world(conn: Connection, settings: Settings) -> World:
    """The world with the store's numbers."""
    return units.load(conn, settings)


@pytest.fixture
def rules(settings: Settings) -> Rules:
    """The rules as shipped."""
    return Rules.of(settings)


@pytest.fixture(scope="module", params=["as shipped", "other choices"])
def chosen(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings as shipped, and with every rule that may be chosen the other way."""
    if request.param == "as shipped":
        return settings
    tree: dict[str, Any] = msgspec.to_builtins(settings)
    for section, values in OTHER_RULES.items():
        tree[section] |= values
    return msgspec.convert(tree, Settings)


@pytest.fixture(params=["log", "kafka"])
def wired(request: pytest.FixtureRequest, ours: Settings, unique: Callable[[str], str]) -> Settings:
    """Settings of a migrated store and an empty broker."""
    kafka = msgspec.structs.replace(ours.kafka, group_id=unique("ingest"))
    if request.param == "kafka":
        broker = request.getfixturevalue("own_kafka")
        kafka = msgspec.structs.replace(kafka, bootstrap_servers=broker.bootstrap_servers)
    return msgspec.structs.replace(ours, broker=request.param, kafka=kafka)


@pytest.fixture
def site(request: pytest.FixtureRequest, wired: Settings, tmp_path: Path) -> Iterator[Site]:
    """An empty store and an empty broker."""
    broker: EmbeddedKafka | None = request.getfixturevalue("own_kafka") if wired.broker == "kafka" else None
    found = Site(tmp_path, broker, None, wired)
    yield found
    found.end_all()
    found.close()
