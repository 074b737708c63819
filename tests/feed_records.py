"""Records of the contracts for tests: the examples, the world they name, and a record of a partition."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from ioc.facts import TOPICS, Topic
from ioc.settings import Settings
from ioc.world import World, load_world

CONTRACTS = files("ioc") / "data" / "contracts"
SCHEMAS = {
    Topic.CASES: "case-event",
    Topic.CAMERAS: "camera-event",
    Topic.USAGE: "usage-event",
    Topic.INDICATORS: "indicator-event",
}
NOW_US = 1_795_000_000_000_000
"""A moment of November 2026: what is "now" in tests of decoding."""


class Rec(NamedTuple):
    """A record as a source gives it."""

    value: bytes | None
    offset: int = 0
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp: int = 0


@lru_cache
def world() -> World:
    """The packaged world: Bình Dương with its services and indicators."""
    return load_world(Settings(), date(2026, 11, 22))


def schema(topic: Topic) -> dict[str, Any]:
    """The published schema of a feed."""
    found: dict[str, Any] = json.loads((CONTRACTS / f"{SCHEMAS[topic]}.schema.json").read_text(encoding="utf-8"))
    return found


def examples() -> list[tuple[Topic, dict[str, Any]]]:
    """The good records of the contracts."""
    lines = (CONTRACTS / "examples.jsonl").read_text(encoding="utf-8").splitlines()
    return [(TOPICS[one["topic"]], one["value"]) for one in map(json.loads, lines)]


def bad_examples() -> list[tuple[Topic, str, bytes]]:
    """The bad records of the contracts: topic, expected reason, bytes."""
    lines = (CONTRACTS / "bad-examples.jsonl").read_text(encoding="utf-8").splitlines()
    return [(TOPICS[one["topic"]], one["reason"], one["raw"].encode()) for one in map(json.loads, lines)]
