"""Refused records of which nothing was kept, beyond the cap: where they lie, and what became of them when read again.

`ioc.store.refused` counts them by partition and reason. A second reading settles each that is accepted now at once; and
where everything between the offsets was there to be read, all but those that are still refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from ioc.facts import Topic
from ioc.store.columns import Uuids, with_columns
from ioc.store.connect import Connection, translated


@dataclass(frozen=True, slots=True)
class Span:
    """Between which offsets of a partition (``source``) records were refused for a reason and not kept.

    ``records`` are all that ever were, ``settled`` those that were discarded or driven since. ``intact`` says that the
    broker has not lost or replaced this generation of the partition.
    """

    source: int
    cluster: str
    topic: int
    topic_id: str
    partition: int
    reason: str
    records: int
    settled: int
    first: int
    last: int
    intact: bool

    @property
    def open(self) -> int:
        """How many of them nobody has settled."""
        return self.records - self.settled


SPANS = """
    select o.source, s.cluster, s.topic, s.topic_id, s.partition, o.reason, o.records, o.settled,
           greatest(o.first_offset, o.discarded_to + 1) as first, o.last_offset as last,
           s.closed_at is null or s.finding not in ('truncated', 'replaced') as intact
      from reject_overflow o
      join source s on s.no = o.source
     where o.records > o.settled
     order by s.topic, s.partition, s.no, o.reason
"""
KEPT = """
    select asked.record_offset
      from source s
      join source f on f.cluster = s.cluster and f.topic = s.topic and f.topic_id = s.topic_id and f.partition = s.partition
     cross join unnest(%(offsets)s::bigint[], %(digests)s::bytea[]) as asked (record_offset, digest)
      join reject r on r.source = f.no and r.record_offset = asked.record_offset and r.digest = asked.digest
     where s.no = %(source)s
"""
ACCEPTED = """
    select i.record_offset
      from identity i
     where i.topic = %(topic)s and i.id = any(%(ids)s::uuid[]) and i.source = %(source)s
"""
SETTLE = """
    update reject_overflow o set settled = least(o.records, o.settled + v.records)
      from unnest(%(reasons)s::text[], %(records)s::bigint[]) as v (reason, records)
     where o.source = %(source)s and o.reason = v.reason
"""
RECOUNT = """
    update reject_overflow set settled = greatest(settled, %(records)s - %(refused)s)
     where source = %(source)s and reason = %(reason)s
"""


def spans(conn: Connection) -> list[Span]:
    """All that is not settled, by partition."""
    with translated(), conn.cursor(row_factory=class_row(Span)) as cursor:
        return cursor.execute(SPANS).fetchall()


def kept(conn: Connection, source: int, digests: Mapping[int, bytes]) -> set[int]:
    """The offsets at which the same bytes are kept as a reject, by whatever generation and whatever became of it.

    ``digests`` are those of the rejects: SHA-256 of the value.
    """
    wanted = {"source": source, "offsets": list(digests), "digests": list(digests.values())}
    with translated():
        return {int(offset) for (offset,) in conn.execute(KEPT, wanted).fetchall()}


def accepted(conn: Connection, source: int, topic: Topic, identities: Sequence[bytes]) -> set[int]:
    """The offsets of this partition that brought one of these ids."""
    with_columns(conn)
    wanted = {"source": source, "topic": int(topic), "ids": Uuids.of(identities)}
    with translated():
        return {int(offset) for (offset,) in conn.execute(ACCEPTED, wanted).fetchall()}


def settle(conn: Connection, source: int, records: Mapping[str, int]) -> None:
    """So many more of each reason are driven. Only under the lock of the partition."""
    with translated():
        conn.execute(SETTLE, {"source": source, "reasons": list(records), "records": list(records.values())})


def recount(conn: Connection, span: Span, refused: int) -> None:
    """All of a span was read: of those that it had, only ``refused`` are still so."""
    wanted = {"source": span.source, "reason": span.reason, "records": span.records, "refused": refused}
    with translated():
        conn.execute(RECOUNT, wanted)
