"""A log of batches, damaged anywhere, is read to its end: what was given and what was refused is every offset, once."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka import errors as kafka_errors
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords
from kafka.record.util import calc_crc32c

from ioc.facts import Reject, Topic
from ioc.settings import Settings
from streams.decode import Decoder
from streams.kafka_unreadable import PartitionRecords
from streams.source import Unreadable
from tests.feed_records import NOW_US, world

PAIR = TopicPartition("ioc.usage.v1", 0)
LENGTHS = (3, 1, 4)
COVERED = DefaultRecordBatch.CRC_OFFSET
"""From here on the checksum tells of damage; what lies before is the broker's own."""
COUNT = DefaultRecordBatch.HEADER_STRUCT.size - 4
DELTA = DefaultRecordBatch.ATTRIBUTES_OFFSET + 2


class Badly(str):
    """A header's name that is sent as other bytes."""

    __slots__ = ()

    def encode(self, *_: Any) -> bytes:
        return b"n\xff"


def batch(first: int, count: int, codec: int = 0, bad_names: Sequence[int] = ()) -> bytearray:
    """``count`` records from offset ``first`` on; some with a header whose name is no UTF-8."""
    builder = DefaultRecordBatchBuilder(2, codec, False, -1, -1, -1, 1 << 20)
    for n in range(count):
        headers = [("ce_id", b"1"), *([(Badly("x"), b"v")] if first + n in bad_names else [])]
        builder.append(n, 1000 + n, b"k", b"value %d" % (first + n) * 20, headers)
    made = bytearray(builder.build())
    struct.pack_into(">q", made, 0, first)
    return made


def with_checksum(made: bytearray) -> bytearray:
    """``made`` as if it had been sent so."""
    struct.pack_into(
        ">I", made, DefaultRecordBatch.CRC_OFFSET, calc_crc32c(made[DefaultRecordBatch.ATTRIBUTES_OFFSET :])
    )
    return made


def log(**options: Any) -> list[bytearray]:
    """Three batches with the offsets 0 to 7."""
    return [batch(sum(LENGTHS[:n]), count, **options) for n, count in enumerate(LENGTHS)]


def fetch(batches: Sequence[bytes | bytearray], offset: int) -> bytes:
    """What a broker sends: from the first batch on that ends behind ``offset``, by what its head says; nothing at the
    end of the log."""
    if offset >= sum(LENGTHS):
        return b""
    for n, one in enumerate(batches):
        (base,) = struct.unpack_from(">q", one, 0)
        (delta,) = struct.unpack_from(">i", one, DELTA)
        if base + delta >= offset:
            return b"".join(batches[n:])
    return b""


def read(batches: Sequence[bytes | bytearray], at: int = 0, take: int = 2) -> list[Any]:
    """All that a consumer is given, fetching again whenever a fetch is used up."""
    found: list[Any] = []
    for _ in range(50):
        sent = fetch(batches, at)
        if not sent:
            return found
        part = PartitionRecords(at, PAIR, MemoryRecords(sent))
        while part:
            given_ = part.take(take)
            found += given_
            at = part.next_fetch_offset
    raise AssertionError(f"never comes past {at}")


def refused(found: Sequence[Any]) -> list[int]:
    return [one.offset for one in found if isinstance(one, Unreadable)]


def assert_whole(found: Sequence[Any], batches: Sequence[bytes | bytearray], begin: int = 0) -> None:
    """Every offset once and in order, and what is given is what was sent."""
    assert [one.offset for one in found] == list(range(begin, 8))
    assert all(one.value == b"value %d" % one.offset * 20 for one in found if not isinstance(one, Unreadable))


@pytest.mark.parametrize("codec", range(5), ids=["plain", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("begin", [0, 1, 2, 3, 5])
def test_a_name_that_is_no_utf8_costs_one_record(codec: int, begin: int) -> None:
    batches = log(codec=codec, bad_names=(1, 2, 6))
    found = read(batches, begin)
    assert_whole(found, batches, begin)
    assert refused(found) == [offset for offset in (1, 2, 6) if offset >= begin]
    one = found[-2]
    assert (one.key, one.left, one.timestamp) == (b"k", b"value 6" * 20, 1002)
    assert list(one.headers) == [("ce_id", b"1"), ("n\\xff", b"v")]


@pytest.mark.parametrize("take", [1, 2, 3, 100])
def test_a_wrong_checksum_costs_its_batch(take: int) -> None:
    batches = log()
    for bad, offsets in enumerate(([0, 1, 2], [3], [4, 5, 6, 7])):
        damaged = [bytearray(one) for one in batches]
        damaged[bad][-9] ^= 1
        found = read(damaged, take=take)
        assert_whole(found, batches)
        assert refused(found) == offsets
        assert "crc" in found[offsets[0]].why


@pytest.mark.parametrize("bad", range(3))
@pytest.mark.parametrize("wrong", [0, 1, 5, 1 << 30])
def test_a_batch_that_no_longer_knows_its_length_takes_none_other_with_it(bad: int, wrong: int) -> None:
    if wrong == LENGTHS[bad] - 1:
        wrong = 7
    first = sum(LENGTHS[:bad])
    own = list(range(first, first + LENGTHS[bad]))
    for begin in range(8):
        damaged = log()
        struct.pack_into(">i", damaged[bad], DELTA, wrong)
        found = read(damaged, begin)
        given_ = [one.offset for one in found if not isinstance(one, Unreadable)]
        assert given_ == [n for n in range(begin, 8) if n not in own]
        if bad < 2 and begin <= first:
            assert refused(found) == own


@pytest.mark.parametrize("codec", range(1, 8))
def test_a_batch_that_cannot_be_opened_is_refused_whole(codec: int) -> None:
    """Sent so: garbage under the name of each compression, and compressions that nobody knows."""
    batches = log()
    batches[1] = batch(3, 1)
    (attributes,) = struct.unpack_from(">h", batches[1], DefaultRecordBatch.ATTRIBUTES_OFFSET)
    struct.pack_into(">h", batches[1], DefaultRecordBatch.ATTRIBUTES_OFFSET, attributes | codec)
    with_checksum(batches[1])
    found = read(batches)
    assert_whole(found, batches)
    assert refused(found) == [3]


def test_a_compression_whose_library_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = log(codec=2)
    monkeypatch.setattr("kafka.codec.snappy", None)
    found = read(batches)
    assert refused(found) == list(range(8))
    assert "snappy" in found[0].why


def test_a_batch_that_says_a_wrong_number_of_records_is_read_as_far_as_it_goes() -> None:
    """Fewer than it holds: those that are left over are refused. More: so are those that are not there."""
    for says, lost in ((2, [2]), (0, [0, 1, 2])):
        batches = log()
        struct.pack_into(">i", batches[0], COUNT, says)
        with_checksum(batches[0])
        found = read(batches)
        assert_whole(found, batches)
        assert refused(found) == lost
    batches = log()
    struct.pack_into(">i", batches[0], COUNT, 4)
    with_checksum(batches[0])
    assert_whole(read(batches), batches)


def test_where_nobody_knows_the_next_batch_it_is_fetched_again() -> None:
    """The driver would loop in the fetch that it could not read."""
    batches = log()
    struct.pack_into(">i", batches[1], 8, 20)  # a length shorter than any head
    part = PartitionRecords(0, PAIR, MemoryRecords(b"".join(batches)))
    assert [one.offset for one in part.take(100)] == [0, 1, 2]
    assert not part
    part = PartitionRecords(3, PAIR, MemoryRecords(b"".join(batches[1:])))
    with pytest.raises(kafka_errors.CorruptRecordError):
        part.take(100)
    assert not part


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 4),
    st.sets(st.sampled_from(range(8)), max_size=3),
    st.integers(0, 2),
    st.integers(COVERED, 10_000),
    st.integers(1, 255),
    st.integers(0, 7),
)
@example(0, set(), 2, DELTA, 64, 4)
def test_whatever_is_damaged_the_rest_is_given_and_the_end_is_reached(
    codec: int, bad_names: set[int], bad: int, where: int, flip: int, begin: int
) -> None:
    batches = log(codec=codec, bad_names=sorted(bad_names))
    untouched = [bytearray(one) for one in batches]
    batches[bad][COVERED + (where - COVERED) % (len(batches[bad]) - COVERED)] ^= flip
    found = read(batches, begin)
    offsets = [one.offset for one in found]
    assert offsets == sorted(set(offsets))
    first = sum(LENGTHS[:bad])
    others = [n for n in range(begin, 8) if not first <= n < first + LENGTHS[bad]]
    assert set(others) <= set(offsets)
    for one in found:
        if one.offset in others:
            assert isinstance(one, Unreadable) == (one.offset in bad_names)
        else:
            assert isinstance(one, Unreadable)
    assert untouched != batches


def test_what_cannot_be_read_is_refused_and_what_is_left_of_it_redacted() -> None:
    decoder = Decoder(Settings(), world())
    left = b'{"full_name": "B\xc3\xad M\xe1\xba\xadt", "x": 1}'
    arrival = decoder.decode(Unreadable(7, "why 0912345678", 0, b"k", left), Topic.CASES, 3, NOW_US)
    assert isinstance(arrival.what, Reject)
    assert (arrival.source, arrival.offset, arrival.what.reason) == (3, 7, "undecodable")
    assert (arrival.what.body, arrival.what.redrivable) == (b'{"x":1}', True)
    assert arrival.what.detail == "why **********"
    nothing = decoder.decode(Unreadable(8, "why"), Topic.CASES, 3, NOW_US).what
    assert isinstance(nothing, Reject)
    assert (nothing.body, nothing.redrivable) == (b"", False)
