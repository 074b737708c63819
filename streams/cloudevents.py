"""CloudEvents 1.0 both ways, as the Kafka binding carries them.

Structured: ``content-type: application/cloudevents+json`` and the event in ``data``. Binary: the event is the value and
its attributes are ``ce_…`` headers. All that counts of the envelope is its identity and its time, and only where the
data leaves them out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ioc.facts import Topic
from streams.json_text import NotJson, parse

CONTENT_TYPE = "application/cloudevents+json"
LONGEST_TIME = 64
"""What is longer is no time of the contract, and must not be kept beside a refused record."""
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a record's headers say of it: whether the value is an envelope itself, and what fills gaps in the data."""

    structured: bool = False
    event_id: str | None = None
    occurred_at: str | None = None

    def kept(self) -> bytes:
        """As it is kept beside a refused record: derived values, nothing of the sender's own."""
        return msgspec.json.encode(self)

    @staticmethod
    def of_kept(kept: bytes) -> Envelope:
        """The envelope of a refused record."""
        return msgspec.json.decode(kept, type=Envelope) if kept else PLAIN


PLAIN = Envelope()


def identity(source: str, event_id: str) -> str:
    """The event id of a CloudEvent whose data has none: a hash of ``source`` and ``id`` together, 32 characters."""
    text = json.dumps([source, event_id], ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def micro(time: str) -> str:
    """``time`` with at most six digits of a second: senders like nanoseconds, the contract does not."""
    return _LONG_FRACTION.sub(r"\1", time, count=1)


def envelope(headers: Headers) -> Envelope:
    """What the headers of a record say; `PLAIN` where they say nothing of CloudEvents. Never raises."""
    found = {}
    for name, value in headers:
        if value is not None:
            found[name.lower()] = value.decode("utf-8", "replace")
    if found.get("content-type", "").partition(";")[0].strip().lower() == CONTENT_TYPE:
        return Envelope(structured=True)
    source, event_id, time = found.get("ce_source"), found.get("ce_id"), found.get("ce_time")
    if source is None and event_id is None and time is None:
        return PLAIN
    return Envelope(
        event_id=identity(source, event_id) if source and event_id else None,
        occurred_at=micro(time)[:LONGEST_TIME] if time else None,
    )


def data_of(tree: Any, head: Envelope) -> Any:
    """The event itself out of a parsed value, gaps filled from its envelope.

    Raises ValueError where a structured CloudEvent is none of version 1.
    """
    event_id, occurred_at = head.event_id, head.occurred_at
    if head.structured:
        if not isinstance(tree, dict) or not str(tree.get("specversion", "")).startswith("1."):
            raise ValueError("not a CloudEvent of version 1")
        source, own_id, time = tree.get("source"), tree.get("id"), tree.get("time")
        if isinstance(source, str) and isinstance(own_id, str) and source and own_id:
            event_id = identity(source, own_id)
        if isinstance(time, str):
            occurred_at = micro(time)
        tree = _unpacked(tree)
    if isinstance(tree, dict):
        if event_id is not None:
            tree.setdefault("event_id", event_id)
        if occurred_at is not None:
            tree.setdefault("occurred_at", occurred_at)
    return tree


def _unpacked(tree: dict[str, Any]) -> Any:
    if "data" in tree or "data_base64" not in tree:
        return tree.get("data")
    try:
        return parse(base64.b64decode(tree["data_base64"], validate=True))
    except (TypeError, binascii.Error, NotJson) as error:
        raise ValueError("data_base64 holds no JSON") from error


def _type(topic: str) -> str:
    return f"vn.gov.{topic}" if not topic.startswith("vn.") else topic


def to_structured(
    data: dict[str, Any], *, topic: Topic | str, source: str
) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """A record's value and headers that carry ``data`` as a structured CloudEvent; ``data`` needs ``event_id`` and
    ``occurred_at``, which stay in it."""
    title = topic.title if isinstance(topic, Topic) else topic
    body = {
        "specversion": "1.0",
        "id": data["event_id"],
        "source": source,
        "type": _type(title),
        "time": data["occurred_at"],
        "datacontenttype": "application/json",
        "data": data,
    }
    return msgspec.json.encode(body), (("content-type", CONTENT_TYPE.encode()),)


def to_binary(data: dict[str, Any], *, topic: Topic | str, source: str) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """As `to_structured`, with the attributes as headers and ``data`` alone as the value."""
    title = topic.title if isinstance(topic, Topic) else topic
    attributes: Iterable[tuple[str, str]] = (
        ("ce_specversion", "1.0"),
        ("ce_id", str(data["event_id"])),
        ("ce_source", source),
        ("ce_type", _type(title)),
        ("ce_time", str(data["occurred_at"])),
        ("content-type", "application/json"),
    )
    return msgspec.json.encode(data), tuple((name, value.encode()) for name, value in attributes)
