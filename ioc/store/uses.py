"""Uses of services on their way into the store: rows in COPY's binary form, and what they add to the figures."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ioc.facts import Arrival, Outcome
from ioc.figures import SERVICE_BASE
from ioc.store.connect import EPOCH_2000_US
from ioc.store.rollup import Changes
from ioc.store.rows import Row, Table, put
from ioc.store.together import Together, Writing

USES = Table.of(
    "usage_event",
    "unit, at, event_id, service, action, outcome, uses, duration_ms, amount_vnd, satisfied, source, record_offset",
    "int4 timestamptz text int4 text int2 int4 int4 int8 bool int4 int8",
)
FIRST = b"PGCOPY\n\xff\r\n\0" + bytes(8)
LAST = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
OK = int(Outcome.OK)

_begin = struct.Struct("!hiiiqi").pack
_end = struct.Struct("!iiiq").pack
_int = struct.Struct("!ii").pack
_big = struct.Struct("!iq").pack
_bool = struct.Struct("!i?").pack


@lru_cache(maxsize=4096)
def _middle(service: int, action: str, outcome: int) -> bytes:
    raw = action.encode()
    return _int(4, service) + struct.pack(f"!i{len(raw)}sih", len(raw), raw, 2, outcome)


@lru_cache(maxsize=65_536)
def _measures(uses: int, duration_ms: int | None, amount_vnd: int | None, satisfied: bool | None) -> bytes:
    return (
        _int(4, uses)
        + (NULL if duration_ms is None else _int(4, duration_ms))
        + (NULL if amount_vnd is None else _big(8, amount_vnd))
        + (NULL if satisfied is None else _bool(1, satisfied))
    )


def rows(arrivals: Sequence[Arrival]) -> bytes:
    """A whole COPY of new uses. Raises struct.error for a number that its column cannot hold."""
    parts = [FIRST]
    for arrival in arrivals:
        use: Any = arrival.what
        event_id = use.event_id.encode()
        parts += (
            _begin(12, 4, use.unit, 8, use.at_us - EPOCH_2000_US, len(event_id)),
            event_id,
            _middle(use.service, use.action, use.outcome),
            _measures(use.count, use.duration_ms, use.amount_vnd, use.satisfied),
            _end(4, arrival.source, 8, arrival.offset),
        )
    parts.append(LAST)
    return b"".join(parts)


def store(conn: Writing, arrivals: Sequence[Arrival]) -> None:
    """The rows alone."""
    if isinstance(conn, Together):
        put(conn, USES, [_row(arrival.what, arrival) for arrival in arrivals])
        return
    with conn.cursor() as cursor, cursor.copy(USES.copy) as copy:
        copy.write(rows(arrivals))


def _row(use: Any, arrival: Arrival) -> Row:
    return (
        use.unit, use.at_us, use.event_id, use.service, use.action, use.outcome, use.count, use.duration_ms, use.amount_vnd,
        use.satisfied, arrival.source, arrival.offset,
    )  # fmt: skip


def changes_of(stored: Iterable[tuple[int, int, int, int, int, int]]) -> Iterator[tuple[int, int, int, int, int]]:
    """What `write` added for uses that are read again, as rows of `CHANGE`.

    Stored are service, unit, microseconds, uses, outcome and VND (0 for none).
    """
    for service, unit, at_us, uses, outcome, amount in stored:
        metric = SERVICE_BASE + 3 * service
        yield metric, unit, unit, at_us, uses
        if outcome != OK:
            yield metric + 1, unit, unit, at_us, uses
        elif amount:
            yield metric + 2, unit, unit, at_us, amount


def write(conn: Writing, arrivals: Sequence[Arrival], changes: Changes) -> None:
    """Stores new uses and adds what they change: uses, failures, and the money of those that succeeded."""
    store(conn, arrivals)
    uses: Sequence[Any] = [arrival.what for arrival in arrivals]
    unit = np.array([use.unit for use in uses], dtype=np.int32)
    at_us = np.array([use.at_us for use in uses], dtype=np.int64)
    count = np.array([use.count for use in uses], dtype=np.int64)
    metric = SERVICE_BASE + 3 * np.array([use.service for use in uses], dtype=np.int32)
    failed = np.array([use.outcome for use in uses]) != Outcome.OK
    amount = np.array([use.amount_vnd or 0 for use in uses], dtype=np.int64)
    paid = ~failed & (amount != 0)
    changes.add_columns(metric, unit, at_us, count)
    for which, base, delta in ((failed, 1, count), (paid, 2, amount)):
        if which.any():
            changes.add_columns(metric[which] + base, unit[which], at_us[which], delta[which])
