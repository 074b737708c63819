"""`ioc produce`: JSON lines to a topic, keyed as the contract says.

A line that is not JSON is sent as it is, without a key, so that bad input can be tried. A line that is a structured
CloudEvent gets the header that says so and the key of its data.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ioc.errors import OperatorError
from ioc.facts import TOPICS, Topic
from ioc.settings import Settings
from streams.cloudevents import CONTENT_TYPE
from streams.feeds import FEEDS
from streams.producer import Producer, open_producer

TELL_EVERY = 50_000
KEYS = {feed.topic: feed.key for feed in FEEDS}


def topic_of(name: str) -> Topic:
    """The feed that ``ioc.cases.v1`` or ``cases`` names; OperatorError for another word."""
    found = TOPICS.get(name) or TOPICS.get(f"ioc.{name}.v1")
    if found is None:
        raise OperatorError(f"there is no topic {name!r}; name one of {', '.join(TOPICS)}")
    return found


def send_line(producer: Producer, topic: Topic, line: bytes) -> None:
    """One line to the topic: its key and headers follow from what it is."""
    try:
        tree: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        tree = None
    headers: tuple[tuple[str, bytes], ...] = ()
    if isinstance(tree, dict) and "specversion" in tree:
        headers = (("content-type", CONTENT_TYPE.encode()),)
        tree = tree.get("data")
    key = tree.get(KEYS[topic]) if isinstance(tree, dict) else None
    producer.send(topic.title, key if isinstance(key, str) else None, line, headers)


def lines(source: BinaryIO) -> Iterator[bytes]:
    """The lines of a file without their ends; empty ones left out."""
    for line in source:
        stripped = line.rstrip(b"\r\n")
        if stripped:
            yield stripped


@contextmanager
def opened(file: str | None) -> Iterator[BinaryIO]:
    """A file, or standard input for None and "-"; OperatorError where it cannot be read."""
    if file is None or file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as source:
            yield source
    except OSError as error:
        raise OperatorError(f"{file} cannot be read: {error.strerror}") from error


def run(settings: Settings, topic: str, file: str | None = None) -> int:
    """Sends a file, or standard input, and says how many records were acknowledged.

    Raises OperatorError for an unknown topic or a file that cannot be read, Transient where the broker is away.
    """
    to = topic_of(topic)
    sent = 0
    with opened(file) as source:
        producer = open_producer(settings)
        try:
            for line in lines(source):
                send_line(producer, to, line)
                sent += 1
                if sent % TELL_EVERY == 0:
                    print(f"{sent} sent …", file=sys.stderr, flush=True)
            producer.flush(60.0)
        finally:
            producer.close()
    print(f"{sent} records sent to {to.title}", flush=True)
    return 0
