"""The registry of feeds, and the document that is made from it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

import streams.feeds
from ioc.facts import Topic
from streams.asyncapi import document
from streams.feeds import FEEDS, Feed
from streams.produce import send_line, topic_of
from tests.feed_records import examples, schema


def test_every_file_of_a_feed_is_listed() -> None:
    files = {path.stem for path in Path(next(iter(streams.feeds.__path__))).glob("*.py")} - {"__init__", "wire"}
    assert files == {feed.topic.name.lower() for feed in FEEDS}
    assert {feed.topic for feed in FEEDS} == set(Topic)


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.topic.name)
def test_a_sample_is_a_record_of_the_contract(feed: Feed) -> None:
    assert feed.key in feed.sample()
    Draft202012Validator(schema(feed.topic)).validate(feed.sample())


def test_the_document_names_every_topic_and_points_nowhere_else() -> None:
    found = document()
    assert found["asyncapi"] == "3.0.0"
    assert {channel["address"] for channel in found["channels"].values()} == {topic.title for topic in Topic}
    references: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                references.append(value["$ref"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(found)
    for reference in references:
        target: object = found
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(target, dict)
            target = target[step]


class Sent:
    """A producer that remembers."""

    def __init__(self) -> None:
        self.records: list[tuple[str, object, bytes | None, tuple[tuple[str, bytes], ...]]] = []

    def send(self, topic: str, key: object, value: bytes | None, headers: object = ()) -> None:
        """Remembers."""
        self.records.append((topic, key, value, tuple(headers)))  # type: ignore[arg-type]

    def flush(self, timeout_s: float = 30.0) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(("topic", "value"), examples())
def test_lines_are_keyed_as_the_contract_says(topic: Topic, value: dict[str, object]) -> None:
    key = {Topic.CASES: "case_code", Topic.CAMERAS: "camera_id", Topic.USAGE: "unit", Topic.INDICATORS: "indicator"}
    line = msgspec.json.encode(value)
    out = Sent()
    send_line(out, topic, line)
    enveloped = msgspec.json.encode({"specversion": "1.0", "data": value})
    send_line(out, topic, enveloped)
    assert out.records == [
        (topic.title, value[key[topic]], line, ()),
        (topic.title, value[key[topic]], enveloped, (("content-type", b"application/cloudevents+json"),)),
    ]


@pytest.mark.parametrize("line", [b"not json", b"[1]", b'{"unit": 7}', b"\xff\x00", b"[" * 100_000, b"null"])
def test_a_line_that_is_no_record_is_sent_as_it_is(line: bytes) -> None:
    out = Sent()
    send_line(out, Topic.USAGE, line)
    assert out.records == [("ioc.usage.v1", None, line, ())]


def test_topics_go_by_their_long_and_short_names() -> None:
    assert topic_of("cases") is topic_of("ioc.cases.v1") is Topic.CASES
