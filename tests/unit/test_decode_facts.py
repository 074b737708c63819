"""What an accepted record becomes, and that nothing makes decoding fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.errors import ConfigError
from ioc.facts import (
    TOMBSTONE,
    CaseEvent,
    CaseFlag,
    HealthEvent,
    IncidentEvent,
    IndicatorEvent,
    Reject,
    Topic,
    UsageEvent,
    moment,
    us_of,
)
from ioc.settings import Ingest, Settings
from streams.decode import Decoder
from streams.feeds import FEEDS
from streams.feeds.wire import at_us, due_us
from tests.feed_records import NOW_US, Rec, examples, world

DECODER = Decoder(Settings(), world())


def decoded(topic: Topic, value: dict[str, Any]) -> Any:
    return DECODER.decode(Rec(json.dumps(value).encode(), offset=7), topic, 3, NOW_US)


def test_the_examples_become_these_facts() -> None:
    unit = {code: found.no for code, found in world().by_code.items()}
    facts = [decoded(topic, value).what for topic, value in examples()]
    at = us_of(datetime(2024, 8, 23, 1, 45, tzinfo=UTC))
    due = us_of(datetime(2024, 8, 26, 10, tzinfo=UTC))
    flags = int(CaseFlag.REMOTE | CaseFlag.EID)
    code = "000.00.12.H09-240823-0012"
    assert facts == [
        CaseEvent("c-1", at, code, 2, unit["25747"], unit["718"], 2, due, "1.001193", flags=flags),
        CaseEvent(
            "c-2", us_of(datetime(2024, 8, 26, 8, tzinfo=UTC)), code, 9, unit["25747"], unit["718"], 2, None,
            "1.001193", flags=int(CaseFlag.E_RESULT), fee_vnd=8000, payment_method="online",
        ),
        IncidentEvent(
            "k-1", at + 3_000_000, "i-1", "QL13-021", unit["724"], "accident", 4, 1, 10.98, 106.71, 0.93
        ),
        HealthEvent("k-2", at + 4_000_000, "QL13-022", unit["724"], 2),
        UsageEvent("u-1", at + 250_000, world().service_no("payment"), "pay", unit["718"], 1, 1, 820, 150_000),
        UsageEvent("u-2", at + 60_000_000, world().service_no("portal"), "visit", unit["74"], 1, 37),
        IndicatorEvent(
            "n-1", us_of(datetime(2022, 7, 31, 16, 59, 59, tzinfo=UTC)), "digital_addresses", unit["74"], 286947.0
        ),
    ]  # fmt: skip


def test_an_arrival_knows_its_place_and_a_null_is_a_tombstone() -> None:
    topic, value = examples()[0]
    arrival = decoded(topic, value)
    assert (arrival.source, arrival.offset, len(arrival.content)) == (3, 7, 16)
    grave = DECODER.decode(Rec(None, offset=9), topic, 3, NOW_US)
    assert (grave.what, grave.offset) == (TOMBSTONE, 9)


@pytest.mark.parametrize(
    ("topic", "changed", "same"),
    [
        (Topic.CASES, {"status": 2}, True),
        (Topic.CASES, {"occurred_at": "2024-08-23T01:45:00.000Z"}, True),
        (Topic.CASES, {"due_at": "2024-08-26T10:00:00Z"}, True),
        (Topic.CASES, {"fee_vnd": None, "stage": None, "digitised": None}, True),
        (Topic.CASES, {"a_field_of_tomorrow": 1, "full_name": "A"}, True),
        (Topic.CASES, {"occurred_at": "2024-08-23T01:45:00.000001Z"}, False),
        (Topic.CASES, {"digitised": False}, False),
        (Topic.CASES, {"fee_vnd": 0}, False),
        (Topic.CASES, {"handling_unit": "718"}, False),
        (Topic.CASES, {"procedure_code": "1.001194"}, False),
        (Topic.CASES, {"due_at": None}, False),
        (Topic.CASES, {"stage": ""}, False),
        (Topic.CAMERAS, {"plate_masked": None}, True),
        (Topic.CAMERAS, {"status": "offline"}, True),
        (Topic.CAMERAS, {"lat": 10.980}, True),
        (Topic.CAMERAS, {"lat": 10.981}, False),
        (Topic.CAMERAS, {"plate_masked": "61A-***.45"}, False),
        (Topic.USAGE, {"outcome": "ok", "count": 1}, True),
        (Topic.USAGE, {"satisfied": None}, True),
        (Topic.USAGE, {"satisfied": False}, False),
        (Topic.USAGE, {"count": 2}, False),
        (Topic.INDICATORS, {"mode": "set", "value": 286947.0}, True),
        (Topic.INDICATORS, {"mode": "add"}, False),
        (Topic.INDICATORS, {"unit": "718"}, False),
    ],
)
def test_content_is_what_the_contract_says_and_not_how_it_is_spelt(
    topic: Topic, changed: dict[str, Any], same: bool
) -> None:
    value = next(value for found, value in examples() if found == topic)
    assert (decoded(topic, value).content == decoded(topic, value | changed).content) == same


@settings(max_examples=300, deadline=None)
@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.integers(0, 6),
)
def test_times_are_read_exactly(local: datetime, offset_min: int, digits: int) -> None:
    local = local.replace(microsecond=local.microsecond // 10 ** (6 - digits) * 10 ** (6 - digits))
    text = f"{local.year:04}" + local.strftime("-%m-%dT%H:%M:%S")
    if digits:
        text += f".{local.microsecond:06}"[: digits + 1]
    sign = "-" if offset_min < 0 else "+"
    text += f"{sign}{abs(offset_min) // 60:02}:{abs(offset_min) % 60:02}"
    assert at_us(text) == us_of(local.replace(tzinfo=UTC)) - offset_min * 60_000_000


def test_a_due_of_never_or_for_ever_fits_into_every_calendar() -> None:
    for text in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        found = due_us(text)
        assert found is not None
        assert moment(found).astimezone(Settings().zone) + timedelta(days=3000)


JUNK = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=100).map(str.encode),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=9)),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=9), inner, max_size=4)),
    ).map(lambda value: json.dumps(value).encode()),
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce_id", "ce_source", "ce_time", "CE_ID", "x"]),
        st.one_of(st.none(), st.binary(max_size=20), st.just(b"application/cloudevents+json")),
    ),
    max_size=4,
).map(tuple)


@settings(max_examples=600, deadline=None)
@given(JUNK, st.one_of(st.none(), st.binary(max_size=20)), HEADERS)
def test_nothing_makes_decoding_fail(
    raw: bytes, key: bytes | None, headers: tuple[tuple[str, bytes | None], ...]
) -> None:
    for feed in FEEDS:
        what = DECODER.decode(Rec(raw, 1, key, headers), feed.topic, 1, NOW_US).what
        assert isinstance(what, Reject)
        assert "\x00" not in what.detail


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(examples()), st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_damaged_records_do_not_make_decoding_fail(example: tuple[Topic, dict[str, Any]], at: int, put: bytes) -> None:
    topic, value = example
    raw = json.dumps(value).encode()
    arrival = DECODER.decode(Rec(raw[:at] + put + raw[at + len(put) :]), topic, 1, NOW_US)
    if arrival.refuse is not None:
        assert arrival.refuse("conflict", "").reason == "conflict"


def test_a_contract_field_can_be_personal_unless_the_feed_needs_it() -> None:
    topic, value = examples()[1]
    shy = Decoder(Settings(ingest=Ingest(personal_fields=("Payment_Method",))), world())
    fact = shy.decode(Rec(json.dumps(value).encode()), topic, 1, NOW_US).what
    assert isinstance(fact, CaseEvent)
    assert fact.payment_method is None
    with pytest.raises(ConfigError, match="case_code"):
        Decoder(Settings(ingest=Ingest(personal_fields=("CASE_CODE",))), world())
