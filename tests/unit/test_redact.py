"""Nothing personal is kept, whatever its depth, its case and the way it came."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.facts import IncidentEvent, Reject, Topic
from ioc.settings import Settings
from streams.decode import Decoder
from streams.redact import Redactor, mask_bytes, mask_plate
from tests.feed_records import NOW_US, Rec, examples, world

SETTINGS = Settings()
REDACTOR = Redactor(SETTINGS.ingest.personal_fields)
DECODER = Decoder(SETTINGS, world())


def refused(raw: bytes, key: bytes | None = None, headers: tuple[tuple[str, bytes], ...] = ()) -> Reject:
    what = DECODER.decode(Rec(raw, 0, key, headers), Topic.CASES, 1, NOW_US).what
    assert isinstance(what, Reject)
    return what


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        (b"0912345678", b"**********"),
        (b"1234567", b"1234567"),
        (b"a12345678b", b"a********b"),
        (b"000.00.12.H09-240823-0012", b"000.00.12.H09-240823-0012"),
        (b"to an.nguyen+1@example.com.vn now", b"to ************************** now"),
        (b"\xff0912345678\x00", b"\xff**********\x00"),
        ("0912345678".encode("utf-16-le"), "**********".encode("utf-16-le")),
        (b"@", b"@"),
    ],
)
def test_long_numbers_and_addresses_are_masked(given_: bytes, kept: bytes) -> None:
    assert mask_bytes(given_) == kept


@given(st.binary(max_size=200))
def test_masking_keeps_the_length_and_leaves_no_long_number(raw: bytes) -> None:
    masked = mask_bytes(raw)
    assert len(masked) == len(raw)
    assert mask_bytes(masked) == masked


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("61A-123.45", "61A-***.45"),
        ("61A12345", "61A-***.45"),
        ("61a 123 45", "61A-***.45"),
        ("61A-1234", "61A-**.34"),
        ("61-B1 123.45", "61B1-***.45"),
        ("61A-***.45", "61A-***.45"),
        ("61LD-123.45", "61LD-***.45"),
        ("80-123-NG-45", "80-***-NG-45"),
        ("0912345678", "********78"),
        ("unreadable", "unreadable"),
        ("", ""),
    ],
)
def test_plates_lose_what_identifies_them(given_: str, kept: str) -> None:
    assert mask_plate(given_) == kept


@given(st.text(max_size=16))
def test_masking_a_plate_twice_changes_nothing_more(text: str) -> None:
    assert mask_plate(mask_plate(text)) == mask_plate(text)


def test_a_plate_is_masked_in_the_fact_and_in_what_is_kept_alike() -> None:
    value = next(value for topic, value in examples() if value.get("type") == "incident")
    raw = json.dumps(value | {"plate_masked": "61A-123.45"}).encode()
    arrival = DECODER.decode(Rec(raw), Topic.CAMERAS, 1, NOW_US)
    assert isinstance(arrival.what, IncidentEvent)
    assert arrival.what.plate_masked == "61A-***.45"
    assert arrival.refuse is not None
    kept = arrival.refuse("conflict", "")
    assert json.loads(kept.body)["plate_masked"] == "61A-***.45"
    again = DECODER.decode(Rec(kept.body), Topic.CAMERAS, 1, NOW_US)
    assert again.content == arrival.content


def test_personal_fields_are_dropped_at_any_depth_and_in_any_case() -> None:
    _, value = examples()[0]
    secret = "Nguyễn Thị Bí Mật"
    for name in SETTINGS.ingest.personal_fields:
        for spelt in (name, name.upper(), name.lower(), name.title()):
            body: dict[str, Any] = value | {"channel": "fax", spelt: secret, "deep": [{"er": {spelt: [secret]}}, 1]}
            kept = refused(json.dumps(body).encode())
            assert kept.redrivable
            assert secret not in kept.body.decode()
            assert json.loads(kept.body) == value | {"channel": "fax", "deep": [{"er": {}}, 1]}


def test_personal_fields_of_accepted_records_are_nowhere() -> None:
    _, value = examples()[0]
    arrival = DECODER.decode(
        Rec(json.dumps(value | {"full_name": "Bí Mật", "phone": "0912345678"}).encode()), Topic.CASES, 1, NOW_US
    )
    assert "Bí Mật" not in repr(arrival.what)
    assert arrival.refuse is not None
    assert b"full_name" not in arrival.refuse("conflict", "").body


def test_of_what_is_not_json_only_the_masked_beginning_is_kept() -> None:
    raw = b"phone 0912345678 " + b"x" * 232 + b"0987654321 secret"
    kept = refused(raw)
    assert kept.reason == "not_json"
    assert not kept.redrivable
    assert kept.body == b"phone ********** " + b"x" * 232 + b"*" * 7
    assert kept.digest == hashlib.sha256(raw).digest()


def test_an_address_across_the_cut_leaves_nothing_of_itself() -> None:
    kept = refused(b" " * 250 + b"an.nguyen@example.com")
    assert kept.body == b" " * 250 + b"*" * 6


def test_keys_and_details_are_masked() -> None:
    _, value = examples()[0]
    kept = refused(json.dumps(value | {"channel": "0912345678"}).encode(), key=b"cccd-079123456789")
    assert kept.key == b"cccd-************"
    assert "0912345678" not in kept.detail


@pytest.mark.parametrize("raw", [b'"0912345678"', b'["an@example.com", 1]', b'[["0912345678"]]'])
def test_text_that_no_field_names_is_masked(raw: bytes) -> None:
    kept = refused(raw)
    assert b"0912345678" not in kept.body
    assert b"example" not in kept.body


def test_personal_fields_packed_in_a_cloudevent_are_found() -> None:
    data = base64.b64encode(json.dumps({"full_name": "Bí Mật", "x": 1}).encode()).decode()
    body = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data_base64": data}
    kept = refused(json.dumps(body).encode(), headers=(("content-type", b"application/cloudevents+json"),))
    assert data.encode() not in kept.body
    assert json.loads(kept.body)["data"] == {"x": 1}
    text = base64.b64encode(b"call 0912345678").decode()
    kept = refused(json.dumps(body | {"data_base64": text}).encode())
    assert json.loads(kept.body)["data"] == "call **********"


def test_deeply_nested_records_are_kept_without_being_followed() -> None:
    _, value = examples()[0]
    deep = json.dumps(value)[:-1].encode() + b', "x": ' + b"[" * 600 + b"]" * 600 + b"}"
    arrival = DECODER.decode(Rec(deep), Topic.CASES, 1, NOW_US)
    kept = arrival.what if isinstance(arrival.what, Reject) else arrival.refuse and arrival.refuse("conflict", "")
    assert isinstance(kept, Reject)
