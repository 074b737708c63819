"""The source log: partitions, offsets and groups in PostgreSQL, for machines where Kafka can't be had.

Offsets come from a head row per partition that is locked in the producer's transaction: a sequence would commit out of
order, and a reader would step over what is not there yet.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from ioc.errors import Transient
from ioc.store.connect import Connection, translated

CHANNEL = "ioc_source_log"
"""Woken by every append; only a hint."""

ENSURE = """
    insert into source_log_head (topic, partition)
    select topic, partition
      from unnest(%(topics)s::text[]) as topic, generate_series(0, %(partitions)s::int - 1) as partition
     where not exists (select from source_log_head h where h.topic = topic)
     order by topic, partition
    on conflict (topic, partition) do nothing
"""
HEADS = """
    select no, topic, partition, first_offset, next_offset from source_log_head
     where topic = any(%(topics)s) order by topic, partition
"""
TAKE_OFFSETS = """
    update source_log_head set next_offset = next_offset + %(records)s where no = %(head)s returning next_offset
"""
COPY = "copy source_log (head, record_offset, key, value, headers) from stdin (format binary)"
COPY_TYPES = ("int4", "int8", "bytea", "bytea", "bytea")
READ = """
    select w.head, l.record_offset, l.key, l.value, l.headers,
           (extract(epoch from l.made_at) * 1000)::bigint as made_ms
      from unnest(%(heads)s::int[], %(offsets)s::bigint[]) as w (head, from_offset)
     cross join lateral (
           select record_offset, key, value, headers, made_at
             from source_log
            where head = w.head and record_offset >= w.from_offset
            order by record_offset
            limit %(limit)s) l
     order by w.head, l.record_offset
     limit %(limit)s
"""
SEEN = """
    insert into source_log_member (group_id, owner, seen_at) values (%(group)s, %(owner)s, clock_timestamp())
    on conflict (group_id, owner) do update set seen_at = excluded.seen_at
"""
FORGET = """
    delete from source_log_member
     where group_id = %(group)s and seen_at < clock_timestamp() - %(silent_s)s * interval '1 second'
"""
MEMBERS = "select owner from source_log_member where group_id = %(group)s order by owner"
LEAVE = "delete from source_log_member where group_id = %(group)s and owner = %(owner)s"
COMMIT = """
    insert into source_log_commit (group_id, head, next_offset)
    select %(group)s, head, next_offset
      from unnest(%(heads)s::int[], %(offsets)s::bigint[]) as done (head, next_offset)
     order by head
    on conflict (group_id, head) do update set next_offset = excluded.next_offset
"""
MOVE_FIRST = """
    update source_log_head set first_offset = greatest(first_offset, least(%(before)s, next_offset))
     where no = %(head)s returning first_offset
"""
READ_LONG_AGO = """
    select l.head, max(l.record_offset) + 1
      from source_log l
      join (select head, min(next_offset) as next_offset from source_log_commit group by head) as c
        on c.head = l.head and l.record_offset < c.next_offset
     where l.made_at < clock_timestamp() - %(kept_s)s * interval '1 second'
     group by l.head
"""
TRIM = "delete from source_log where head = %(head)s and record_offset < %(before)s"


class Head(NamedTuple):
    """One partition of the log: ``first_offset`` is the oldest kept, ``next_offset`` the one to be written next."""

    no: int
    topic: str
    partition: int
    first_offset: int
    next_offset: int


class LogRecord(NamedTuple):
    """One record of the log, in the shape that a source gives; ``timestamp`` in milliseconds since 1970."""

    head: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int


Row = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]
"""Key, value and headers of a record to be appended."""


def ensure(conn: Connection, topics: Collection[str], partitions: int) -> None:
    """Makes the topics that are missing; those that are there keep the number of partitions they have."""
    with translated():
        conn.execute(ENSURE, {"topics": sorted(topics), "partitions": partitions})


def heads(conn: Connection, topics: Collection[str]) -> list[Head]:
    """The partitions of some topics as they are now."""
    with translated():
        return [Head(*row) for row in conn.execute(HEADS, {"topics": list(topics)}).fetchall()]


def append(conn: Connection, rows: Mapping[int, Sequence[Row]]) -> None:
    """Appends records to partitions (by head number) in one transaction: all of them or none."""
    with translated(), conn.transaction():
        placed: list[tuple[int, int, bytes | None, bytes | None, bytes | None]] = []
        for head in sorted(rows):
            taken = conn.execute(TAKE_OFFSETS, {"head": head, "records": len(rows[head])}).fetchone()
            if taken is None:
                raise Transient(f"partition {head} of the source log was removed")
            first = int(taken[0]) - len(rows[head])
            placed += [
                (head, first + n, key, value, pack_headers(headers))
                for n, (key, value, headers) in enumerate(rows[head])
            ]
        with conn.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.set_types(COPY_TYPES)
            for row in placed:
                copy.write_row(row)
        conn.execute(f"notify {CHANNEL}")


def pack_headers(headers: Sequence[tuple[str, bytes]]) -> bytes | None:
    """Headers as one value; None where there are none."""
    return json.dumps([[name, value.hex()] for name, value in headers]).encode() if headers else None


def unpack_headers(packed: bytes | None) -> tuple[tuple[str, bytes], ...]:
    """The headers that `pack_headers` packed."""
    return tuple((name, bytes.fromhex(value)) for name, value in json.loads(packed)) if packed else ()


def read(conn: Connection, positions: Mapping[int, int], limit: int) -> list[LogRecord]:
    """At most ``limit`` records from the given offsets of some partitions on (by head number), in order of head and
    offset."""
    with translated():
        rows = conn.execute(
            READ, {"heads": list(positions), "offsets": list(positions.values()), "limit": limit}, binary=True
        ).fetchall()
    return [
        LogRecord(head, offset, key, value, unpack_headers(headers), made_ms)
        for head, offset, key, value, headers, made_ms in rows
    ]


def join(conn: Connection, group: str, owner: str, silent_s: float) -> list[str]:
    """Shows that ``owner`` is alive; returns the members of the group in order, those silent for long left out."""
    with translated(), conn.transaction():
        conn.execute(SEEN, {"group": group, "owner": owner})
        conn.execute(FORGET, {"group": group, "silent_s": silent_s})
        return [str(owner) for (owner,) in conn.execute(MEMBERS, {"group": group}).fetchall()]


def leave(conn: Connection, group: str, owner: str) -> None:
    """Lets the others take over at once."""
    with translated():
        conn.execute(LEAVE, {"group": group, "owner": owner})


def commit(conn: Connection, group: str, offsets: Mapping[int, int]) -> None:
    """Writes down how far a group is (by head number), for people who look at it."""
    with translated():
        conn.execute(COMMIT, {"group": group, "heads": list(offsets), "offsets": list(offsets.values())})


def trim(conn: Connection, head: int, before: int) -> None:
    """Forgets the records of a partition below an offset, as a broker's retention does."""
    with translated(), conn.transaction():
        row = conn.execute(MOVE_FIRST, {"head": head, "before": before}).fetchone()
        if row is not None:
            conn.execute(TRIM, {"head": head, "before": int(row[0])})


def forget_read(conn: Connection, kept_s: float) -> None:
    """Forgets what every group has read and is older than ``kept_s``."""
    with translated():
        rows = conn.execute(READ_LONG_AGO, {"kept_s": kept_s}).fetchall()
    for head, before in rows:
        trim(conn, head, before)


def listen(conn: Connection) -> None:
    """Makes the connection hear of appends."""
    with translated():
        conn.execute(f"listen {CHANNEL}")


def wait(conn: Connection, timeout_s: float) -> None:
    """Returns at the next append, or when the time is over."""
    with translated():
        for _ in conn.notifies(timeout=timeout_s, stop_after=1):
            return
