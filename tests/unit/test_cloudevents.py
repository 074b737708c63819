"""CloudEvents 1.0, structured and binary, in and out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ioc.facts import Arrival, Reject, Topic
from ioc.settings import Settings
from streams.cloudevents import Envelope, identity, to_binary, to_structured
from streams.decode import Decoder
from tests.feed_records import NOW_US, Rec, examples, world

DECODER = Decoder(Settings(), world())
STRUCTURED = (("content-type", b"application/cloudevents+json"),)
ENVELOPE = {"specversion": "1.0", "id": "A-1", "source": "/sở/1", "type": "t", "time": "2024-08-23T01:45:00Z"}


def decoded(topic: Topic, body: bytes, headers: Any = ()) -> Arrival:
    return DECODER.decode(Rec(body, 5, None, headers), topic, 1, NOW_US)


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: said for name, said in value.items() if name not in names}


@pytest.mark.parametrize(("topic", "value"), examples())
def test_both_ways_come_back_as_they_were(topic: Topic, value: dict[str, Any]) -> None:
    plain = decoded(topic, json.dumps(value).encode())
    for pack in (to_structured, to_binary):
        body, headers = pack(value, topic=topic, source="/ioc")
        there = decoded(topic, body, headers)
        assert (there.what, there.content) == (plain.what, plain.content)


@pytest.mark.parametrize(("topic", "value"), examples())
def test_the_envelope_fills_what_the_data_leave_out(topic: Topic, value: dict[str, Any]) -> None:
    data = without(value, "event_id", "occurred_at")
    expected = decoded(
        topic, json.dumps(data | {"event_id": identity("/sở/1", "A-1"), "occurred_at": ENVELOPE["time"]}).encode()
    )
    structured = decoded(topic, json.dumps(ENVELOPE | {"data": data}).encode(), STRUCTURED)
    packed = base64.b64encode(json.dumps(data).encode()).decode()
    base64ed = decoded(topic, json.dumps(ENVELOPE | {"data_base64": packed}).encode(), STRUCTURED)
    headers = (
        ("ce_specversion", b"1.0"), ("ce_id", b"A-1"), ("ce_source", "/sở/1".encode()),
        ("ce_time", b"2024-08-23T01:45:00Z"), ("content-type", b"application/json"),
    )  # fmt: skip
    binary = decoded(topic, json.dumps(data).encode(), headers)
    assert not isinstance(expected.what, Reject)
    for found in (structured, base64ed, binary):
        assert (found.what, found.content) == (expected.what, expected.content)


def test_the_data_come_first() -> None:
    topic, value = examples()[0]
    found = decoded(topic, json.dumps(ENVELOPE | {"data": value}).encode(), STRUCTURED)
    assert found.what == decoded(topic, json.dumps(value).encode()).what
    null = decoded(topic, json.dumps(ENVELOPE | {"data": value | {"event_id": None}}).encode(), STRUCTURED)
    assert isinstance(null.what, Reject)


def test_identity_is_of_source_and_id_together() -> None:
    assert identity("a", "b") == identity("a", "b")
    assert len({identity("a", "bc"), identity("ab", "c"), identity("", "abc"), identity("a,b", "c")}) == 4
    assert len(identity("a" * 1000, "b" * 1000)) == 32


def test_nanoseconds_of_an_envelope_are_cut() -> None:
    topic, value = examples()[4]
    data = without(value, "occurred_at")
    body = json.dumps(ENVELOPE | {"time": "2024-08-23T01:45:00.123456789Z", "data": data}).encode()
    found = decoded(topic, body, STRUCTURED)
    assert not isinstance(found.what, Reject)
    assert found.what.at_us % 1_000_000 == 123_456  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json", "not_json"),
        (b"[]", "schema"),
        (json.dumps(without(ENVELOPE, "specversion") | {"data": {}}).encode(), "schema"),
        (json.dumps(ENVELOPE | {"specversion": "0.3", "data": {}}).encode(), "schema"),
        (json.dumps(ENVELOPE).encode(), "schema"),
        (json.dumps(ENVELOPE | {"data": "text"}).encode(), "schema"),
        (json.dumps(ENVELOPE | {"data_base64": "%%%"}).encode(), "schema"),
        (json.dumps(ENVELOPE | {"data_base64": 7}).encode(), "schema"),
    ],
)
def test_bad_envelopes_are_refused(body: bytes, reason: str) -> None:
    found = decoded(Topic.CASES, body, STRUCTURED)
    assert isinstance(found.what, Reject)
    assert found.what.reason == reason


def test_content_type_is_found_whatever_its_spelling() -> None:
    topic, value = examples()[0]
    body = json.dumps(ENVELOPE | {"data": value}).encode()
    for headers in (
        (("Content-Type", b"application/cloudevents+json; charset=UTF-8"),),
        (("x", None), ("content-type", b"Application/CloudEvents+JSON")),
    ):
        assert not isinstance(decoded(topic, body, headers).what, Reject)


@pytest.mark.parametrize("structured", [True, False])
def test_what_was_refused_is_decoded_again_from_what_was_kept(structured: bool) -> None:
    """An unknown unit becomes known: the event has the same identity and content as when it was first sent."""
    topic, value = examples()[0]
    data = without(value, "event_id", "occurred_at") | {"handling_unit": "99999", "full_name": "A"}
    long_id = {"id": "12345678-1234", "source": "an@example.com"}
    if structured:
        body, headers = json.dumps(ENVELOPE | long_id | {"data": data}).encode(), STRUCTURED
    else:
        body = json.dumps(data).encode()
        headers = (("ce_id", b"12345678-1234"), ("ce_source", b"an@example.com"), ("ce_time", b"2024-08-23T01:45:00Z"))  # type: ignore[assignment]
    refused = decoded(topic, body, headers).what
    assert isinstance(refused, Reject)
    assert refused.reason == "unknown_unit"
    assert b"example" not in refused.headers
    head = Envelope.of_kept(refused.headers)
    assert head.structured == structured
    mended = refused.body.replace(b"99999", b"25747")
    again = DECODER._feeds[topic].arrival(mended, None, head, 1, 5, NOW_US)
    first = decoded(topic, body.replace(b"99999", b"25747"), headers)
    assert not isinstance(first.what, Reject)
    assert (again.what, again.content) == (first.what, first.content)
