"""Nothing personal is kept, whatever its depth, its case and the way it came."""

from __future__ import annotations

import base64
import hashlib
import json
import time
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


@pytest.mark.parametrize(
    "name", ["HoTen", "ho-ten", "Ho Ten", "HO_TEN", "full name", "Full-Name", "fullName", "DIA CHI"]
)
def test_a_name_is_personal_in_any_spelling(name: str) -> None:
    _, value = examples()[0]
    kept = refused(json.dumps(value | {"channel": "fax", name: "Bí Mật"}, ensure_ascii=False).encode())
    assert json.loads(kept.body) == value | {"channel": "fax"}
    assert json.loads(refused(json.dumps({"Plate-Masked": "61A-123.45"}).encode()).body) == {
        "Plate-Masked": "61A-***.45"
    }


SECRETS = {"full_name": "Bí Mật", "cccd": "012345678901", "x": [{"Address": "12 Ngõ Kín", "y": 1}]}
KEPT = {"x": [{"y": 1}]}


def encoded(value: object, times: int, *, ascii_: bool = True) -> str:
    """JSON in a string in a string …"""
    text = json.dumps(value, ensure_ascii=ascii_)
    for _ in range(times - 1):
        text = json.dumps(text, ensure_ascii=ascii_)
    return text


def decoded(text: str, times: int) -> object:
    for _ in range(times):
        text = json.loads(text)
    return text


@pytest.mark.parametrize("times", [1, 2, 3, 5])
@pytest.mark.parametrize("ascii_", [True, False])
def test_personal_fields_in_json_within_strings_are_dropped(times: int, ascii_: bool) -> None:
    whole = refused(encoded(SECRETS, times + 1, ascii_=ascii_).encode())
    assert decoded(whole.body.decode(), times + 1) == KEPT
    for around in ("", " ", "\n\t", "\ufeff"):
        payload = around + encoded(SECRETS, times, ascii_=ascii_)
        kept = json.loads(refused(json.dumps({"payload": payload, "list": ["a", payload]}).encode()).body)
        assert decoded(kept["payload"], times) == decoded(kept["list"][1], times) == KEPT
    packed = base64.b64encode(json.dumps({"payload": encoded(SECRETS, times)}).encode()).decode()
    kept = json.loads(refused(json.dumps({"data_base64": packed}).encode()).body)
    assert decoded(kept["data"]["payload"], times) == KEPT


@pytest.mark.parametrize(
    "text",
    [
        '{"x": 1, "full_name": "Bí Mật", "addr',
        'request: {"Full Name": "Bí Mật"}',
        '{"full_name": "Bí Mật", "x": NaN}',
        '{"full_name": "Bí Mật", "x": "\\ud800"}',
        '[{"a": 1}, {"ho-ten" : "Bí Mật"}',
        json.dumps('{"full_name": "Bí Mật", "x', ensure_ascii=False)[:-3],
        '{"full_name": "Bí Mật", "x": ' + "[" * 2000 + "]" * 2000 + "}",
        encoded(SECRETS, 10, ascii_=False),
    ],
)
def test_personal_fields_in_damaged_json_take_all_texts_with_them(text: str) -> None:
    for raw in (text.encode(), json.dumps({"payload": text}, ensure_ascii=False).encode(), text.encode("utf-16-le")):
        kept = refused(raw).body
        for secret in ("Bí Mật", "Ngõ Kín", "012345678901"):
            assert secret.encode() not in kept
            assert secret.encode("utf-16-le") not in kept


@pytest.mark.parametrize(
    "text",
    ['Bước "2"', '{"a": 1}', '["a","b"]', '"', "{", "[", '"a":', '{"a', '{"x":1e400}', "{note}", '""', "a\\\\b"],
)
def test_strings_without_anything_personal_stay(text: str) -> None:
    kept = json.loads(refused(json.dumps({"note": text}).encode()).body)["note"]
    if kept != text:
        assert json.loads(kept) == json.loads(text) or json.loads(text)["x"] == float("inf")


@pytest.mark.parametrize("piece", ["\\", '"', '\\"', '":', '" ', "{", '["', '{"a":"', " ", "\ufeff", '"full_name":'])
def test_redaction_is_one_pass_whatever_the_text(piece: str) -> None:
    """As long as a value that is kept whole may be; trying from every letter would take minutes."""
    text = piece * (30_000 // len(piece))
    began_s = time.thread_time()
    refused(json.dumps({"note": text}).encode())
    refused(text.encode())
    assert time.thread_time() - began_s < 2.0


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
