"""Whole columns on their way from the server: `array_agg` in binary, made into numpy arrays and not value by value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

import numpy as np
import numpy.typing as npt
from psycopg.adapt import Loader
from psycopg.pq import Format

from ioc.store.connect import Connection

Numbers = npt.NDArray[np.int64]

INT4_ARRAY, INT8_ARRAY = 1007, 1016
"""The server's numbers of `integer[]` and `bigint[]`."""
HEAD_BYTES = 20
"""Dimensions, flags, type, length and lower bound of a one-dimensional array."""
INT4 = np.dtype([("length", ">i4"), ("value", ">i4")])
INT8 = np.dtype([("length", ">i4"), ("value", ">i8")])


class Int4sLoader(Loader):
    """Reads a binary `integer[]` without nulls."""

    format = Format.BINARY

    def load(self, data: bytes | bytearray | memoryview) -> Numbers:
        """The values as int64 [n]."""
        return np.frombuffer(data, dtype=INT4, offset=HEAD_BYTES)["value"].astype(np.int64)


class Int8sLoader(Loader):
    """Reads a binary `bigint[]` without nulls."""

    format = Format.BINARY

    def load(self, data: bytes | bytearray | memoryview) -> Numbers:
        """The values as int64 [n]."""
        return np.frombuffer(data, dtype=INT8, offset=HEAD_BYTES)["value"].astype(np.int64)


def fetch(conn: Connection, query: LiteralString, wanted: Mapping[str, object]) -> list[Numbers]:
    """The columns of the query's only row, each an `array_agg` of `integer` or `bigint`; empty arrays where it is null."""
    with conn.cursor(binary=True) as cursor:
        cursor.adapters.register_loader(INT4_ARRAY, Int4sLoader)
        cursor.adapters.register_loader(INT8_ARRAY, Int8sLoader)
        row = cursor.execute(query, wanted).fetchone()
    return [np.empty(0, dtype=np.int64) if column is None else column for column in row or ()]
