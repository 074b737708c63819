"""The refused records: listed, shown, taken to be driven again, discarded. None is ever deleted by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row

from ioc.errors import OperatorError
from ioc.facts import TOPICS
from ioc.store.connect import Connection, translated


@dataclass(frozen=True, slots=True)
class KeptReject:
    """A refused record as it is kept: redacted, with its place in the topic and the reason."""

    no: int
    topic: int
    source: int
    partition: int
    record_offset: int
    reason: str
    detail: str
    key: bytes | None
    body: bytes
    headers: bytes
    digest: bytes
    redrivable: bool
    fate: str
    rejected_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class RejectCount:
    """How many records of a topic were refused for a reason, and what became of them."""

    topic: int
    reason: str
    fate: str
    records: int


COLUMNS: LiteralString = """
    select r.no, r.topic, r.source, s.partition, r.record_offset, r.reason, r.detail, r.key, r.body, r.headers, r.digest,
           r.redrivable, r.fate, r.rejected_at, r.settled_at
      from reject r
      join source s on s.no = r.source
"""
LIST = (
    COLUMNS
    + """
     where (%(topic)s::smallint is null or r.topic = %(topic)s) and (%(reason)s::text is null or r.reason = %(reason)s)
       and (%(fate)s::text is null or r.fate = %(fate)s) and (%(nos)s::bigint[] is null or r.no = any(%(nos)s))
     order by r.no
     limit %(most)s
"""
)
TAKE = (
    COLUMNS
    + """
     where r.fate = 'open' and r.redrivable
       and (%(topic)s::smallint is null or r.topic = %(topic)s) and (%(reason)s::text is null or r.reason = %(reason)s)
       and (%(nos)s::bigint[] is null or r.no = any(%(nos)s))
     order by r.no
     limit %(most)s
       for no key update of r skip locked
"""
)
SETTLE = """
    with settled as (
        update reject set fate = %(fate)s, settled_at = clock_timestamp()
         where no = any(%(nos)s) and fate = 'open'
        returning source,
                  octet_length(body) + octet_length(headers) + coalesce(octet_length(key), 0) + octet_length(detail) as size
    ), eased as (
        update reject_kept k set records = k.records - s.records, bytes = k.bytes - s.bytes
          from (select source, count(*) as records, sum(size) as bytes from settled group by source) as s
         where k.source = s.source
    )
    select count(*) from settled
"""
COUNT = "select topic, reason, fate, count(*)::bigint as records from reject group by 1, 2, 3 order by 1, 2, 3"


def topic_number(name: str | None) -> int | None:
    """The number of ``ioc.cases.v1`` or ``cases``; None stands for all. OperatorError for another word."""
    if name is None:
        return None
    found = TOPICS.get(name) or TOPICS.get(f"ioc.{name}.v1")
    if found is None:
        raise OperatorError(f"there is no topic {name!r}; name one of {', '.join(TOPICS)}")
    return int(found)


def listed(
    conn: Connection,
    *,
    topic: str | None = None,
    reason: str | None = None,
    fate: str | None = "open",
    nos: Sequence[int] | None = None,
    most: int = 1000,
) -> list[KeptReject]:
    """Kept rejects, oldest first; ``fate`` None for all of them."""
    wanted = {
        "topic": topic_number(topic),
        "reason": reason,
        "fate": fate,
        "nos": None if nos is None else list(nos),
        "most": most,
    }
    with translated(), conn.cursor(row_factory=class_row(KeptReject)) as cursor:
        return cursor.execute(LIST, wanted).fetchall()


def take(
    conn: Connection,
    *,
    topic: str | None = None,
    reason: str | None = None,
    nos: Sequence[int] | None = None,
    most: int = 1000,
) -> list[KeptReject]:
    """Open rejects that can be driven again, locked until the caller's transaction ends."""
    wanted: dict[str, Any] = {"topic": topic_number(topic), "reason": reason, "most": most}
    wanted["nos"] = None if nos is None else list(nos)
    with translated(), conn.cursor(row_factory=class_row(KeptReject)) as cursor:
        return cursor.execute(TAKE, wanted).fetchall()


def settle(conn: Connection, nos: Sequence[int], fate: str) -> int:
    """Marks open rejects as ``redriven`` or ``discarded``; returns how many. They make room under the cap."""
    with translated():
        row = conn.execute(SETTLE, {"nos": list(nos), "fate": fate}).fetchone()
    return int(row[0]) if row else 0


def counts(conn: Connection) -> list[RejectCount]:
    """How many there are by topic, reason and fate."""
    with translated(), conn.cursor(row_factory=class_row(RejectCount)) as cursor:
        return cursor.execute(COUNT).fetchall()
