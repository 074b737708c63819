"""The refused records: listed, shown, taken to be driven again, discarded. None is ever deleted by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


PAGE = 500
"""How many rejects are held in memory at a time."""

COLUMNS: LiteralString = """
    select r.no, r.topic, r.source, s.partition, r.record_offset, r.reason, r.detail, r.key, r.body, r.headers, r.digest,
           r.redrivable, r.fate, r.rejected_at, r.settled_at
      from reject r
      join source s on s.no = r.source
"""
MATCHING: LiteralString = """
     where (%(topic)s::smallint is null or r.topic = %(topic)s) and (%(reason)s::text is null or r.reason = %(reason)s)
       and (%(fate)s::text is null or r.fate = %(fate)s) and (%(nos)s::bigint[] is null or r.no = any(%(nos)s))
       and r.no > %(after)s
"""
LIST = COLUMNS + MATCHING + " order by r.no limit %(most)s"
NUMBERS = "select r.no, r.redrivable from reject r" + MATCHING + " and r.no <= %(upto)s order by r.no limit %(most)s"
NEWEST = "select coalesce(max(no), 0) from reject"
HOLD = "select no from source where no = any(%(sources)s) order by no for no key update"
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
    after: int = 0,
) -> list[KeptReject]:
    """Kept rejects with a number above ``after``, oldest first; ``fate`` None for all of them."""
    wanted = _wanted(topic, reason, nos) | {"fate": fate, "after": after, "most": most}
    with translated(), conn.cursor(row_factory=class_row(KeptReject)) as cursor:
        return cursor.execute(LIST, wanted).fetchall()


def each(
    conn: Connection,
    *,
    topic: str | None = None,
    reason: str | None = None,
    fate: str | None = "open",
    nos: Sequence[int] | None = None,
) -> Iterator[KeptReject]:
    """All of them as `listed` gives them, a few at a time: there may be many, and large ones."""
    after = 0
    while found := listed(conn, topic=topic, reason=reason, fate=fate, nos=nos, most=PAGE, after=after):
        yield from found
        after = found[-1].no


def numbers(
    conn: Connection,
    *,
    topic: str | None = None,
    reason: str | None = None,
    nos: Sequence[int] | None = None,
    most: int = 1000,
) -> Iterator[list[tuple[int, bool]]]:
    """The numbers of the open rejects of this moment, oldest first and ``most`` at a time; whether each can be driven
    again."""
    wanted = _wanted(topic, reason, nos) | {"fate": "open", "after": 0, "most": most}
    with translated():
        row = conn.execute(NEWEST).fetchone()
        wanted["upto"] = row[0] if row else 0
        while found := conn.execute(NUMBERS, wanted).fetchall():
            yield [(int(no), bool(redrivable)) for no, redrivable in found]
            wanted["after"] = found[-1][0]


def hold(conn: Connection, sources: Iterable[int]) -> None:
    """Locks partitions before their records are written, in the order in which ingest does it."""
    with translated():
        conn.execute(HOLD, {"sources": sorted(set(sources))})


def take(
    conn: Connection,
    *,
    topic: str | None = None,
    reason: str | None = None,
    nos: Sequence[int] | None = None,
    most: int = 1000,
) -> list[KeptReject]:
    """Open rejects that can be driven again, locked until the caller's transaction ends."""
    wanted = _wanted(topic, reason, nos) | {"most": most}
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


@dataclass(frozen=True, slots=True)
class Overflow:
    """Refused records of a partition of which nothing was kept: how many, for what, and between which offsets."""

    topic: int
    partition: int
    generation: int
    reason: str
    records: int
    settled: int
    first_offset: int
    last_offset: int
    first_at: datetime
    last_at: datetime

    @property
    def open(self) -> int:
        """How many were neither discarded nor driven since."""
        return self.records - self.settled


OVERFLOWS = """
    select s.topic, s.partition, s.generation, o.reason, o.records, o.settled, o.first_offset, o.last_offset, o.first_at, o.last_at
      from reject_overflow o
      join source s on s.no = o.source
     where (%(topic)s::smallint is null or s.topic = %(topic)s) and (%(reason)s::text is null or o.reason = %(reason)s)
       and (%(settled)s or o.records > o.settled)
     order by s.topic, s.partition, s.no, o.reason
"""
FORGIVE = """
    update reject_overflow o set settled = o.records, discarded_to = o.last_offset
      from source s
     where s.no = o.source and o.records > o.settled
       and (%(topic)s::smallint is null or s.topic = %(topic)s) and (%(reason)s::text is null or o.reason = %(reason)s)
"""


OPEN = """
    select s.topic, sum(k.records)::bigint from reject_kept k join source s on s.no = k.source group by s.topic order by s.topic
"""


def open_by_topic(conn: Connection) -> dict[int, int]:
    """How many rejects of each topic are open and kept."""
    with translated():
        return {int(topic): int(records) for topic, records in conn.execute(OPEN).fetchall()}


def overflows(
    conn: Connection, *, topic: str | None = None, reason: str | None = None, settled: bool = False
) -> list[Overflow]:
    """What lies beyond the cap and was not discarded yet; with ``settled`` all that ever did."""
    wanted = {"topic": topic_number(topic), "reason": reason, "settled": settled}
    with translated(), conn.cursor(row_factory=class_row(Overflow)) as cursor:
        return cursor.execute(OVERFLOWS, wanted).fetchall()


def discard(
    conn: Connection, *, topic: str | None = None, reason: str | None = None, nos: Sequence[int] | None = None
) -> int:
    """Marks open rejects as discarded, a thousand in a transaction; returns how many.

    Where no numbers are named, what lies beyond the cap is settled too: it stays counted and is no longer told.
    """
    done = 0
    for found in numbers(conn, topic=topic, reason=reason, nos=nos):
        done += settle(conn, [no for no, _ in found], "discarded")
    if nos is None:
        with translated():
            conn.execute(FORGIVE, {"topic": topic_number(topic), "reason": reason})
    return done


def _wanted(topic: str | None, reason: str | None, nos: Sequence[int] | None) -> dict[str, Any]:
    return {"topic": topic_number(topic), "reason": reason, "nos": None if nos is None else list(nos)}
