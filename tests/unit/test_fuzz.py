"""Whatever the bytes: a fact or a reject with a reason, never an exception, never slow, never much kept."""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ioc.facts import Arrival, Reject, Tombstone, Topic
from ioc.settings import Settings
from streams.cloudevents import CONTENT_TYPE
from streams.decode import Decoder
from streams.json_text import LONGEST_RECORD
from streams.redact import KEPT_BYTES, WHOLE_BYTES
from tests.feed_records import NOW_US, Rec, examples, world

REASONS = {
    *("not_json", "schema", "too_large", "past", "future"),
    *("unknown_unit", "unknown_service", "unknown_kind", "unknown_indicator"),
}
SMALLINT, BIGINT = range(-(2**15), 2**15), range(-(2**63), 2**63)


@lru_cache
def decoder() -> Decoder:
    return Decoder(Settings(), world())


def arrival(topic: Topic, raw: bytes | None, **other: Any) -> Arrival:
    (found,) = decoder().of(topic)([Rec(raw, 7, **other)], 3, NOW_US)
    return found


def judged(topic: Topic, raw: bytes, **other: Any) -> str:
    """The reason why a record is refused, "" where it is a fact; what is kept or stored is within its bounds."""
    found = arrival(topic, raw, **other)
    assert (found.source, found.offset) == (3, 7)
    if isinstance(found.what, Reject):
        kept = found.what
        assert kept.reason in REASONS
        assert kept.detail
        assert len(kept.detail) <= 500
        assert "\x00" not in kept.detail + kept.reason
        kept.detail.encode()
        assert len(kept.body) <= (2 * WHOLE_BYTES if kept.redrivable else KEPT_BYTES)
        assert len(kept.key or b"") <= KEPT_BYTES
        assert len(kept.headers) <= 4096
        assert len(kept.digest) == 32
        if kept.redrivable:
            json.loads(kept.body)
        return kept.reason
    assert not isinstance(found.what, Tombstone)
    for name in found.what.__struct_fields__:
        value = getattr(found.what, name)
        if isinstance(value, str):
            assert "\x00" not in value
            value.encode()
        elif isinstance(value, int):
            assert value in BIGINT
    assert len(found.content) == len(found.identity) == 16
    assert found.refuse is not None
    assert found.refuse("unstorable", "words").reason == "unstorable"
    return ""


TOPICS = st.sampled_from(list(Topic))
GOOD = st.sampled_from(examples())


@given(TOPICS, st.binary(max_size=2000), st.none() | st.binary(max_size=4000))
def test_any_bytes(topic: Topic, raw: bytes, key: bytes | None) -> None:
    judged(topic, raw, key=key)


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce_id", "ce_source", "ce_time", "CE_ID", "x"]),
        st.none()
        | st.binary(max_size=100)
        | st.sampled_from([CONTENT_TYPE.encode(), b"2024-08-23T08:45:00." + b"1" * 5000 + b"Z", b"9" * 10_000]),
    ),
    max_size=5,
)


@given(TOPICS, st.binary(max_size=50) | GOOD.map(lambda one: json.dumps({"data": one[1]}).encode()), HEADERS)
def test_any_headers(topic: Topic, raw: bytes, headers: list[tuple[str, bytes | None]]) -> None:
    judged(topic, raw, headers=tuple(headers))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Topic, bytes]:
    """A good record with some of its bytes cut out, doubled, changed or put elsewhere."""
    topic, value = draw(GOOD)
    raw = json.dumps(value, ensure_ascii=draw(st.booleans())).encode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        to = min(len(raw), at + draw(st.integers(0, 12)))
        raw = draw(
            st.sampled_from(
                [
                    raw[:at] + raw[to:],
                    raw[:to] + raw[at:to] + raw[to:],
                    raw[:at] + draw(st.binary(max_size=4)) + raw[to:],
                    raw[:at],
                    raw[at:] + raw[:at],
                ]
            )
        )
    return topic, raw


@given(mutated())
@hypothesis_settings(max_examples=400)
def test_records_that_were_damaged_on_the_way(damaged: tuple[Topic, bytes]) -> None:
    judged(*damaged)


NUMBERS = [
    *(
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        "-0",
        "-0.0",
        "1E+2",
        "0x10",
        "01",
        "1_000",
        "1.0",
        ".5",
        "5.",
    ),
    *(
        str(2**31),
        str(2**53),
        str(2**63),
        str(-(2**63) - 1),
        str(2**64),
        "9" * 500,
        "-" + "9" * 5000,
        "0." + "1" * 5000,
    ),
    *("1e-400", "1e99999999999", "true", "null", '""', "[]", "{}"),
]
ODD_TEXTS = [
    *('"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"', '"\\ud83d\\ude00"', '"\\uFEFF"', '"\\x"', '"\t"'),
    *('"' + "x" * 100_000 + '"', '"' + "\\u0000" * 100 + '"', '"a\x00b"'),
    *('"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"2024-08-23T08:45:00"', '"1969-12-31T23:59:59+07:00"'),
    *('"9999-12-31T23:59:59-23:59"', '"0001-01-01T00:00:00+23:59"', '"2026-02-30T00:00:00Z"', '"2051-01-01T00:00:00Z"'),
]
NESTED = ["[" * 100_000, "[" * 50_000 + "]" * 50_000, '{"a":' * 50_000 + "1" + "}" * 50_000, "[[" * 3 + "]]" * 3]


@pytest.mark.parametrize("odd", [*NUMBERS, *ODD_TEXTS, *NESTED], ids=lambda odd: odd[:24])
def test_every_field_of_every_feed_with_something_odd(odd: str) -> None:
    for topic, value in examples():
        for name in [*value, "not_in_the_contract"]:
            others = {field: told for field, told in value.items() if field != name}
            text = json.dumps(others)[:-1] + f', "{name}": {odd}}}'
            judged(topic, text.encode("utf-8", "surrogatepass"))


def test_nul_is_refused_in_every_string_of_every_feed() -> None:
    for topic, value in examples():
        for name, told in value.items():
            if isinstance(told, str):
                assert judged(topic, json.dumps(value | {name: f"{told}\x00"}).encode()) in REASONS - {"not_json"}


@pytest.mark.parametrize(
    ("time_", "reason"),
    [
        ("0001-01-01T00:00:00Z", "past"),
        ("1999-12-31T23:59:59.999999Z", "past"),
        ("2000-01-01T00:00:00Z", ""),
        ("2026-11-18T11:11:40Z", ""),
        ("2026-11-18T11:11:40.000001Z", "future"),
        ("9999-12-31T23:59:59Z", "future"),
        ("2024-08-23T08:45:00", "schema"),
        ("2024-08-23T24:00:00Z", "schema"),
        ("1724377500", "schema"),
    ],
)
def test_clocks_that_are_wrong(time_: str, reason: str) -> None:
    """Our clock stands at 2026-11-18T11:06:40Z here; five minutes ahead are allowed."""
    for topic, value in examples():
        assert judged(topic, json.dumps(value | {"occurred_at": time_}).encode()) == reason, topic


@pytest.mark.parametrize("fill", [b"\xef\xbb\xbf%s", b"\xff\xfe%s", b"%s\x00", b"%s%s", b"\x00%s", b"\xc0\xaf%s"])
def test_a_byte_order_mark_and_other_company(fill: bytes) -> None:
    for topic, value in examples():
        raw = json.dumps(value).encode()
        assert judged(topic, fill.replace(b"%s", raw)) == "not_json"


def test_a_field_said_twice_counts_as_it_was_said_last() -> None:
    for topic, value in examples():
        text = json.dumps(value)[:-1]
        twice = arrival(topic, f'{text}, "event_id": "last"}}'.encode()).what
        assert not isinstance(twice, Reject | Tombstone)
        assert twice.event_id == "last"


MIB = 1 << 20
LARGE = {
    "text": b'["%s"]' % (b"a" * (MIB - 4)),
    "digits": b'["%s"]' % (b"1" * (MIB - 4)),
    "mail": b'["%s"]' % (b"a@" * (MIB // 2 - 4)),
    "lists": b"[%s[]]" % (b"[]," * (MIB // 3 - 4)),
    "objects": b"[%s1]" % (b'{"a":1},' * (MIB // 8 - 2)),
    "keys": b"{%s}" % b",".join(b'"k%d":1' % n for n in range(80_000)),
    "floats": b"[%s1]" % (b"1e400," * (MIB // 6 - 2)),
    "one number": b"[%s]" % (b"1" * (MIB - 2)),
    "escapes": b'["%s"]' % (b"\\u0041" * (MIB // 6 - 2)),
    "more than is read": b"{" + b" " * LONGEST_RECORD + b"}",
    "10 MB": b'{"full_name": "Nguy\xe1\xbb\x85n V\xc4\x83n A", "x": "%s"}' % (b"x" * 10 * MIB),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_records_are_refused_in_a_moment_and_little_is_kept(name: str) -> None:
    raw = LARGE[name]
    begun_s = time.process_time()
    reason = judged(Topic.CASES, raw)
    assert time.process_time() - begun_s < 10
    assert reason == ("too_large" if len(raw) > LONGEST_RECORD else "schema")
    kept = arrival(Topic.CASES, raw).what
    assert isinstance(kept, Reject)
    assert not kept.redrivable
    assert b"Nguy" not in kept.body


@given(st.text(max_size=300), st.integers(0, 3))
@example('"full_name": "Trần Thị B", "k"', 0)
def test_no_string_of_a_large_record_is_kept(secret: str, depth: int) -> None:
    value: Any = [f"SECRET{secret}", {"k": f"SECRET{secret}"}]
    for _ in range(depth):
        value = {"a": value}
    raw = json.dumps({"v": value, "full_name": "SECRET", "pad": "x" * WHOLE_BYTES}, ensure_ascii=False).encode()
    kept = arrival(Topic.CASES, raw).what
    assert isinstance(kept, Reject)
    assert b"SECRET" not in kept.body
    assert kept.body.startswith(b'{"v"')
