"""What the driver cannot read becomes records that are refused. By itself it raises, and never comes past them.

Of a batch that cannot be opened (a wrong checksum, an unknown compression) every offset is accounted for; where only a
header's name is no UTF-8, that one record is, with all that can be read of it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

from kafka import errors as kafka_errors
from kafka.consumer.fetcher import Fetcher
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.util import decode_varint
from snappy import UncompressError
from zstandard import ZstdError

from streams.source import Unreadable

UNREADABLE = (
    kafka_errors.CorruptRecordError,
    kafka_errors.UnsupportedCodecError,
    *(struct.error, zlib.error, OSError, EOFError, RuntimeError, UncompressError, ZstdError),
)
"""What the driver raises over a batch's bytes: by itself, and from the libraries that open them (lz4: RuntimeError)."""


def read_on(consumer: Any) -> None:
    """Makes ``consumer`` give an `Unreadable` at each offset that it cannot read, and read on behind it."""
    consumer._fetcher.PartitionRecords = PartitionRecords


class PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    """What was fetched of a partition, as the driver reads it."""

    def _unpack_records(self, tp: Any, records: Any, key_deserializer: Any, value_deserializer: Any) -> Iterator[Any]:
        batches = _Batches(records)
        while True:
            try:
                yield from super()._unpack_records(tp, batches, key_deserializer, value_deserializer)
                return
            except UNREADABLE as error:
                if batches.last is None:
                    self.drain()  # nobody knows where the next batch begins: fetched again
                    raise kafka_errors.CorruptRecordError(f"{tp.topic} {tp.partition}: {error}") from error
                yield from self._stand_ins(batches, batches.last, error)

    def _stand_ins(self, batches: _Batches, batch: Any, error: BaseException) -> Iterator[Unreadable]:
        one = _with_any_names(batch)
        if one is not None:
            batches.go_on()
            self.next_fetch_offset = one.offset + 1
            yield Unreadable(
                one.offset, "the name of a header is not UTF-8", one.timestamp, one.key, one.value or b"", one.headers
            )
            return
        first = self.next_fetch_offset
        if isinstance(batch, DefaultRecordBatch):
            first = max(first, batch.base_offset)
        end = _end(batches, batch, first)
        for offset in range(first, end):
            self.next_fetch_offset = offset + 1
            yield Unreadable(offset, f"a batch that cannot be read: {error}")
        self.next_fetch_offset = max(self.next_fetch_offset, end)


class _Batches:
    """The batches of a fetch, as the driver asks for them."""

    def __init__(self, records: Any) -> None:
        self._records = records
        self._waiting: list[Any] = []
        self.last: Any = None
        """The newest that was given; None where there was none to give."""

    def next_batch(self) -> Any:
        if self._waiting:
            given = self._waiting.pop()
            self.last = given.batch if isinstance(given, _Rest) else given
            return given
        self.last = None
        self.last = self._records.next_batch()
        return self.last

    def go_on(self) -> None:
        """The rest of the last one comes next."""
        self._waiting.append(_Rest(self.last))

    def following(self) -> int | None:
        """The first offset of the next one; None where that is not known."""
        batch = self._records.next_batch()
        if batch is None:
            return None
        self._waiting.append(batch)
        return int(batch.base_offset)

    def end(self) -> None:
        """Nothing comes any more."""
        self._waiting = [None]


class _Rest:
    """A batch of which the beginning was read, and the checksum found right."""

    def __init__(self, batch: Any) -> None:
        self.batch = batch

    def __getattr__(self, name: str) -> Any:
        return getattr(self.batch, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batch)

    def validate_crc(self) -> bool:
        return True


class _AnyNames(bytearray):
    """Bytes of a record in which every header's name can be read: what is no UTF-8 comes out escaped."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _AnyNames(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:  # noqa: ARG002
        return super().decode(encoding, "backslashreplace")


def _with_any_names(batch: Any) -> Any:
    """The next record of an open batch, where nothing but its headers' names is wrong; the batch goes on behind it."""
    if (
        not isinstance(batch, DefaultRecordBatch)
        or not batch._decompressed
        or batch._next_record_index >= batch.records_count
    ):
        return None
    whole, begin = batch._buffer, batch._pos
    try:
        length, inner = decode_varint(whole, begin)
        batch._buffer, batch._pos = _AnyNames(whole[begin : inner + length]), 0
        record = batch._read_msg()
    except (ValueError, IndexError, kafka_errors.CorruptRecordError):
        batch._buffer, batch._pos = whole, begin
        return None
    batch._buffer, batch._pos = whole, inner + length
    batch._next_record_index += 1
    return record


def _end(batches: _Batches, batch: Any, first: int) -> int:
    """The offset behind a batch. One whose checksum is wrong is believed where it says twice how long it is; else the
    next batch tells, else it is asked for again from its second record on."""
    new = isinstance(batch, DefaultRecordBatch)
    if new and (batch._decompressed or batch.validate_crc()):
        return int(batch.next_offset)
    if new and batch.last_offset_delta == batch.records_count - 1:
        return max(first + 1, int(batch.next_offset))
    following = batches.following()
    if following is None:
        batches.end()
        return first + 1
    return following
