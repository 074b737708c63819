"""Whole columns on their way to the server: arrays in PostgreSQL's binary form, made by numpy and not value by value.

A class for each type, so that psycopg sends the bytes as they are. Values that a type cannot hold raise OverflowError
here, before anything is sent.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format

from ioc.store.connect import EPOCH_2000_US, Connection

Numbers = Sequence[int] | npt.NDArray[Any]

FEW = 16
"""Values up to which plain Python is faster than numpy."""

_HEAD = struct.Struct("!iiIii")
_LENGTH = struct.Struct("!i").pack


class Column(bytes):
    """A one-dimensional array in binary; `element` and `array` are the server's numbers of the types."""

    element: ClassVar[int]
    array: ClassVar[int]

    @classmethod
    def _made(cls, count: int, body: bytes, *, holes: bool = False) -> Column:
        if not count:
            return cls(_HEAD.pack(0, 0, cls.element, 0, 1)[:12])
        return cls(_HEAD.pack(1, holes, cls.element, count, 1) + body)


class _Whole(Column):
    """A column of whole numbers of one width."""

    row: ClassVar[np.dtype[Any]]
    letter: ClassVar[str]
    zero: ClassVar[int] = 0

    @classmethod
    def of(cls, values: Numbers) -> Column:
        """The column of these numbers. Raises OverflowError where one does not fit."""
        if len(values) <= FEW:
            return cls._few(values.tolist() if isinstance(values, np.ndarray) else list(values))
        return cls._numbers(np.asarray(values, dtype=np.int64) - cls.zero)

    @classmethod
    def _few(cls, values: list[int]) -> Column:
        size = cls.row["value"].itemsize
        parts = [size] * (2 * len(values))
        parts[1::2] = [value - cls.zero for value in values] if cls.zero else values
        try:
            return cls._made(len(values), struct.pack("!" + ("i" + cls.letter) * len(values), *parts))
        except struct.error as error:
            raise OverflowError(f"a number does not fit into {size} bytes") from error

    @classmethod
    def _numbers(cls, values: npt.NDArray[np.int64]) -> Column:
        count, size = len(values), cls.row["value"].itemsize
        if count and size < 8:
            bound = 1 << (8 * size - 1)
            if values.min() < -bound or values.max() >= bound:
                raise OverflowError(f"a number does not fit into {size} bytes")
        rows = np.empty(count, dtype=cls.row)
        rows["length"] = size
        rows["value"] = values
        return cls._made(count, rows.tobytes())


class Smallints(_Whole):
    """``smallint[]``"""

    element, array = 21, 1005
    row = np.dtype([("length", ">i4"), ("value", ">i2")])
    letter = "h"


class Integers(_Whole):
    """``integer[]``"""

    element, array = 23, 1007
    row = np.dtype([("length", ">i4"), ("value", ">i4")])
    letter = "i"


class Bigints(_Whole):
    """``bigint[]``"""

    element, array = 20, 1016
    row = np.dtype([("length", ">i4"), ("value", ">i8")])
    letter = "q"


class Moments(_Whole):
    """``timestamptz[]``, from microseconds since 1970."""

    element, array = 1184, 1185
    row = np.dtype([("length", ">i4"), ("value", ">i8")])
    letter = "q"
    zero = EPOCH_2000_US


class Uuids(Column):
    """``uuid[]``, from digests of sixteen bytes."""

    element, array = 2950, 2951

    @classmethod
    def of(cls, values: Iterable[bytes]) -> Column:
        """The column of these digests. Raises ValueError where one is not of sixteen bytes."""
        found = list(values)
        rows = np.empty(len(found), dtype=[("length", ">i4"), ("value", "V16")])
        rows["length"] = 16
        joined = b"".join(found)
        if len(joined) != 16 * len(found):
            raise ValueError("a digest has sixteen bytes")
        rows["value"] = np.frombuffer(joined, dtype="V16")
        return cls._made(len(found), rows.tobytes())


class Texts(Column):
    """``text[]``"""

    element, array = 25, 1009

    @classmethod
    def of(cls, values: Iterable[str]) -> Column:
        """The column of these strings. Raises UnicodeEncodeError for half a surrogate pair."""
        parts: list[bytes] = []
        for value in values:
            raw = value.encode()
            parts += (_LENGTH(len(raw)), raw)
        return cls._made(len(parts) // 2, b"".join(parts))


class Floats(Column):
    """``float8[]``"""

    element, array = 701, 1022


class Booleans(Column):
    """``boolean[]``"""

    element, array = 16, 1000


class Bytes(Column):
    """``bytea[]``"""

    element, array = 17, 1001


def _packed(form: str) -> Callable[[Any], bytes]:
    return struct.Struct(form).pack


_packed_big = _packed("!q")
KINDS: dict[str, tuple[type[Column], Callable[[Any], bytes]]] = {
    "int2": (Smallints, _packed("!h")),
    "int4": (Integers, _packed("!i")),
    "int8": (Bigints, _packed_big),
    "timestamptz": (Moments, lambda us: _packed_big(us - EPOCH_2000_US)),
    "float8": (Floats, _packed("!d")),
    "bool": (Booleans, _packed("!?")),
    "text": (Texts, str.encode),
    "bytea": (Bytes, bytes),
}
_NULL = _LENGTH(-1)


def few_of(kind: str, values: Sequence[Any]) -> Column:
    """A column of a few values, nulls among them, by the server's name of their type; moments in microseconds.

    Raises struct.error for a number that the type cannot hold, UnicodeEncodeError for half a surrogate pair.
    """
    column, pack = KINDS[kind]
    parts: list[bytes] = []
    for value in values:
        if value is None:
            parts.append(_NULL)
        else:
            raw = pack(value)
            parts += (_LENGTH(len(raw)), raw)
    return column._made(len(values), b"".join(parts), holes=None in values)


class _ColumnDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        """The bytes as they are."""
        return obj


DUMPERS: dict[type[Column], type[Dumper]] = {
    kind: type(f"{kind.__name__}Dumper", (_ColumnDumper,), {"oid": kind.array})
    for kind in (Smallints, Integers, Bigints, Moments, Uuids, Texts, Floats, Booleans, Bytes)
}


def with_columns(conn: Connection) -> None:
    """Makes a connection send columns; safe to repeat. A connection knows only what was registered when it was made."""
    if conn.adapters.get_dumper(Bigints, PyFormat.AUTO) is DUMPERS[Bigints]:
        return
    for kind, dumper in DUMPERS.items():
        conn.adapters.register_dumper(kind, dumper)


for _kind, _dumper in DUMPERS.items():
    psycopg.adapters.register_dumper(_kind, _dumper)
