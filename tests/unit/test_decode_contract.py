"""The code's types accept exactly what the published schemas accept, with the reasons of the contract."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ioc.facts import Reject, Topic
from ioc.settings import Settings
from streams.asyncapi import document
from streams.decode import Decoder
from streams.feeds import FEEDS
from tests.feed_records import NOW_US, Rec, bad_examples, examples, schema, world

REASONS_OF_FORM = {"not_json", "schema"}


@lru_cache
def decoder() -> Decoder:
    return Decoder(Settings(), world())


@lru_cache
def validator(topic: Topic) -> Draft202012Validator:
    return Draft202012Validator(schema(topic), format_checker=Draft202012Validator.FORMAT_CHECKER)


def reason(topic: Topic, raw: bytes) -> str | None:
    """Why a record is refused; None where it is accepted."""
    what = decoder().decode(Rec(raw), topic, 1, NOW_US).what
    return what.reason if isinstance(what, Reject) else None


@pytest.mark.parametrize(("topic", "value"), examples())
def test_every_good_example_is_accepted(topic: Topic, value: dict[str, Any]) -> None:
    assert reason(topic, json.dumps(value).encode()) is None
    assert reason(topic, json.dumps(value, ensure_ascii=False, indent=1).encode()) is None


@pytest.mark.parametrize(("topic", "expected", "raw"), bad_examples())
def test_every_bad_example_is_refused_with_its_reason(topic: Topic, expected: str, raw: bytes) -> None:
    assert reason(topic, raw) == expected


TIMES = st.sampled_from(
    [
        "2024-08-23T08:45:00Z",
        "2024-08-23T08:45:00.1Z",
        "2024-08-23T08:45:00.123456+07:00",
        "2024-08-23T08:45:00.1234567+07:00",
        "2024-08-23T08:45:00.+07:00",
        "2024-08-23t08:45:00z",
        "2024-08-23 08:45:00+07:00",
        "2024-08-23T08:45:00",
        "2024-08-23T08:45:00+0700",
        "2024-08-23T08:45:00+07",
        "2024-08-23T08:45+07:00",
        "2024-08-23T24:00:00Z",
        "2024-08-23T23:59:60Z",
        "2024-08-23T23:60:00Z",
        "2024-02-29T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-10T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-04-00T00:00:00Z",
        "2024-08-23T08:45:00-23:59",
        "2024-08-23T08:45:00+24:00",
        "2024-08-23T08:45:00+07:60",
        "2024-08-23T08:45:00-00:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "12024-08-23T08:45:00Z",
        "2024-8-23T08:45:00Z",
        " 2024-08-23T08:45:00Z",
        "2024-08-23T08:45:00Zz",
        "２０２４-08-23T08:45:00Z",
        "2024-08-23T08:45:00.١Z",
        "2024-08-2\x003T08:45:00Z",
        "",
    ]
)
WORDS = st.sampled_from(
    [
        *(
            "counter",
            "online",
            "postal",
            "cash",
            "transfer",
            "citizen",
            "business",
            "ok",
            "error",
            "timeout",
            "set",
            "add",
        ),
        *(
            "incident",
            "health",
            "offline",
            "tampered",
            "detected",
            "closed",
            "low",
            "critical",
            "submitted",
            "returned",
        ),
        *("718", "74", "payment", "accident", "digital_addresses", "Online", " online", "1", "10", "null", "true"),
        *("x" * 16, "x" * 17, "x" * 32, "x" * 33, "x" * 64, "x" * 65, "x" * 128, "x" * 129, "x" * 512, "x" * 513),
        *(
            "ồ" * 64,
            "ồ" * 65,
            "😀" * 64,
            "😀" * 65,
            "a\x00b",
            "\x00",
            "a\nb",
            "a\\b",
            "\\u0000",
            '"',
            "\x7f",
            "61A-123.45",
        ),
    ]
)
NUMBERS = st.sampled_from(
    [
        *(0, -1, 1, 2, 9, 10, 11, 99, 100, 180, 181, -180, -181, 90, 91, -90, -90.0001, 10**6, 10**6 + 1),
        *(86_400_000, 86_400_001, 10**15, 10**15 + 1, -(10**15), -(10**15) - 1, 10**18, 2**63, 2**64),
        *(10**40, 10**400, -(10**400)),
        *(0.0, -0.0, 1.0, 9.0, 1.5, 0.5, 0.999, 1e-300, 1e15, 1.0000001e15, 1e300, 5e-324),
    ]
)
VALUES = st.one_of(
    TIMES,
    WORDS,
    NUMBERS,
    st.none(),
    st.booleans(),
    st.text(max_size=8),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)


def fields(topic: Topic) -> list[str]:
    found = schema(topic)
    names = set(found["properties"])
    for branch in found.get("oneOf", ()):
        names |= set(branch["properties"])
    return sorted(names)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Topic, dict[str, Any]]:
    """An example with a few fields set to something else or taken away."""
    topic, value = draw(st.sampled_from(examples()))
    value = dict(value)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([*fields(topic), "a_field_of_tomorrow"]))
        if draw(st.integers(0, 5)) == 0:
            value.pop(name, None)
        else:
            value[name] = draw(TIMES if name.endswith("_at") and draw(st.booleans()) else VALUES)
    return topic, value


def written_with_fraction(topic: Topic, value: dict[str, Any]) -> bool:
    """The contract's own rule beside the schema: an integer is written without a fraction."""
    properties = schema(topic)["properties"]
    for name, said in value.items():
        kinds = properties.get(name, {}).get("type", "")
        whole = "integer" in kinds or (topic == Topic.CASES and name == "status")
        if whole and isinstance(said, float):
            return True
    return False


@settings(max_examples=1500, deadline=None)
@given(mutated())
def test_what_the_schema_accepts_is_accepted_and_nothing_else(record: tuple[Topic, dict[str, Any]]) -> None:
    topic, value = record
    wanted = validator(topic).is_valid(value) and not written_with_fraction(topic, value)
    assert (reason(topic, json.dumps(value).encode()) not in REASONS_OF_FORM) == wanted


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_the_published_document_says_the_same_as_the_contract(record: tuple[Topic, dict[str, Any]]) -> None:
    topic, value = record
    payload = document()["components"]["messages"][topic.name.lower()]["payload"]
    components = document()["components"]
    published = Draft202012Validator(
        {**{key: part for key, part in payload.items() if key != "discriminator"}, "components": components},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    assert published.is_valid(value) == validator(topic).is_valid(value)


def test_a_line_break_after_a_time_is_no_part_of_it() -> None:
    for topic, value in examples():
        assert reason(topic, json.dumps(value | {"occurred_at": value["occurred_at"] + "\n"}).encode()) == "schema"


def test_of_a_field_said_twice_the_last_counts() -> None:
    topic, value = Topic.USAGE, next(value for topic, value in examples() if topic == Topic.USAGE)
    body = json.dumps(value)[1:-1]
    assert reason(topic, f'{{"count": "many", {body}, "count": 2}}'.encode()) is None
    assert reason(topic, f'{{"count": 2, {body}, "count": "many"}}'.encode()) == "schema"


def test_fields_of_the_other_kind_of_camera_record_are_ignored() -> None:
    incident, health = (value for topic, value in examples() if topic == Topic.CAMERAS)
    assert reason(Topic.CAMERAS, json.dumps(incident | {"status": 7}).encode()) is None
    assert reason(Topic.CAMERAS, json.dumps(health | {"severity": [], "kind": None}).encode()) is None
    assert reason(Topic.CAMERAS, json.dumps(health | {"type": "incident"}).encode()) == "schema"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "not_json"),
        (b"null", "schema"),
        (b'"text"', "schema"),
        (b"{}", "schema"),
        (b"{} {}", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        ('{"a": 1}'.encode("utf-16"), "not_json"),
        (b'{"a": "\xff"}', "not_json"),
        (b'{"a": "\\ud800"}', "not_json"),
        (b'{"a": "\x01"}', "not_json"),
        (b'{"a": Infinity}', "not_json"),
        (b'{"a": 01}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[" * 100_000 + b"]" * 100_000, "not_json"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "not_json"),
        (b'{"fee_vnd": ' + b"9" * 10_000 + b"}", "schema"),
        (b'{"a": 1e999}', "schema"),
    ],
)
def test_what_json_is(raw: bytes, expected: str) -> None:
    for feed in FEEDS:
        assert reason(feed.topic, raw) == expected


def test_unknown_fields_hold_anything_that_is_json() -> None:
    topic, value = examples()[0]
    body = json.dumps(value)[1:-1]
    assert reason(topic, f'{{{body}, "x": 1e999, "y": {"9" * 5000}, "z": {{"a": ["ồ", null]}}}}'.encode()) is None
    assert reason(topic, f'{{{body}, "x": "\\q"}}'.encode()) == "not_json"
    assert reason(topic, f'{{{body}, "x": "'.encode() + b'\xff"}') == "not_json"


def test_reasons_are_decided_in_the_order_of_the_contract() -> None:
    topic, value = examples()[0]
    wrong = value | {"handling_unit": "99999", "occurred_at": "1970-01-01T00:00:00Z"}
    assert reason(topic, json.dumps(wrong | {"channel": "fax"}).encode()) == "schema"
    assert reason(topic, json.dumps(wrong | {"due_at": "soon"}).encode()) == "schema"
    assert reason(topic, json.dumps(wrong | {"case_code": "\x00"}).encode()) == "schema"
    assert reason(topic, json.dumps(wrong).encode()) == "unknown_unit"
    assert reason(topic, json.dumps(wrong | {"handling_unit": "718"}).encode()) == "past"
    assert (
        reason(
            topic, json.dumps(wrong | {"handling_unit": "718", "occurred_at": "1999-12-31T23:59:59.999999Z"}).encode()
        )
        == "past"
    )
    assert (
        reason(topic, json.dumps(wrong | {"handling_unit": "718", "occurred_at": "2000-01-01T07:00:00+07:00"}).encode())
        is None
    )


def test_the_clock_may_run_ahead_by_the_skew_and_no_further() -> None:
    topic, value = next(one for one in examples() if one[0] == Topic.USAGE)
    record = Rec(json.dumps(value | {"occurred_at": "2026-11-22T08:05:00Z"}).encode())
    at_us = 1_795_334_700_000_000
    inside = decoder().decode(record, topic, 1, at_us - 300_000_000)
    outside = decoder().decode(record, topic, 1, at_us - 300_000_001)
    assert not isinstance(inside.what, Reject)
    assert isinstance(outside.what, Reject)
    assert outside.what.reason == "future"
