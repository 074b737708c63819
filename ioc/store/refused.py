"""Keeping what was refused, in the transaction of its batch: the writing side of `ioc.store.rejects`.

Every refused record is counted. Of the first ones of a topic that nobody has settled the redacted body is kept; beyond
the cap only a thinning sample, so that a source that sends nothing but garbage fills no disk. What was not kept is
counted by partition and reason, with the offsets between which it lies: it can be read again while the broker has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ioc.facts import Arrival, Reject, Topic
from ioc.settings import Settings
from ioc.store.rows import Row, Table, put
from ioc.store.together import Writing

SAMPLE = 100
"""Beyond the cap one in so many is kept; beyond twice the cap one in so many of those, and so on."""
THINNEST = 5

MARK = """
    with marked as (
        insert into reject_minute (source, minute, records, rejects)
        select no, date_trunc('minute', clock_timestamp()), events + duplicates + rejects + tombstones, rejects
          from source
         where no = any(%(sources)s)
        on conflict (source, minute) do nothing
        returning source
    )
    delete from reject_minute r
     using marked
     where r.source = marked.source and r.minute < clock_timestamp() - interval '15 minutes'
"""
STAND = """
    select s.topic, coalesce(sum(o.records), 0)::bigint, coalesce(sum(o.bytes), 0)::bigint, sum(s.rejects)::bigint
      from source s
      left join reject_kept o on o.source = s.no
     where s.topic = any(%(topics)s)
     group by s.topic
"""
REJECTS = Table.of(
    "reject",
    "topic, source, record_offset, reason, detail, key, body, headers, digest, redrivable",
    "int2 int4 int8 text text bytea bytea bytea bytea bool",
)
ADD_OPEN = """
    insert into reject_kept as o (source, records, bytes)
    select * from unnest(%(sources)s::int[], %(records)s::bigint[], %(bytes)s::bigint[]) as v (source, records, bytes)
     order by source
    on conflict (source) do update set records = o.records + excluded.records, bytes = o.bytes + excluded.bytes
"""
ADD_OVERFLOW = """
    insert into reject_overflow as o (source, reason, records, first_offset, last_offset, first_at, last_at)
    select v.source, v.reason, v.records, v.first_offset, v.last_offset, clock_timestamp(), clock_timestamp()
      from unnest(%(sources)s::int[], %(reasons)s::text[], %(records)s::bigint[], %(first)s::bigint[], %(last)s::bigint[])
        as v (source, reason, records, first_offset, last_offset)
     order by v.source, v.reason
    on conflict (source, reason) do update
       set records = o.records + excluded.records, first_offset = least(o.first_offset, excluded.first_offset),
           last_offset = greatest(o.last_offset, excluded.last_offset), last_at = excluded.last_at
"""


@dataclass(frozen=True, slots=True)
class Cap:
    """How many open rejects of a topic are kept with their bodies, and how many bytes of them."""

    records: int = 100_000
    bytes: int = 256 << 20

    @staticmethod
    def of(settings: Settings) -> Cap:
        """What ``ingest.rejects_kept`` and ``ingest.rejects_kept_mb`` say."""
        return Cap(settings.ingest.rejects_kept, settings.ingest.rejects_kept_mb << 20)

    def one_in(self, records: int, size: int) -> int:
        """Of how many refused records one is kept, where so many records and bytes are kept already."""
        level: int = min(max(records // self.records, size // self.bytes), THINNEST)
        return int(SAMPLE**level)


STANDARD = Cap()
"""What holds where no settings say otherwise."""


@dataclass(slots=True)
class _Stand:
    """A topic: its open rejects, their bytes, and how many of its records were ever refused."""

    records: int
    bytes: int
    made: int


@dataclass(slots=True)
class _Gone:
    """What of a partition and reason is not kept."""

    records: int
    first: int
    last: int


def size_of(reject: Reject) -> int:
    """The bytes that keeping it takes."""
    return len(reject.body) + len(reject.headers) + len(reject.key or b"") + len(reject.detail.encode())


def write_rejects(conn: Writing, rejects: Sequence[tuple[Topic, Arrival, Reject]], cap: Cap) -> None:
    """Keeps what was refused as far as the cap allows, and counts the rest.

    Only under the locks of the partitions, before their counters move. Writers of other partitions of the same topic are
    not waited for, so that a topic may exceed its cap by a batch of each.
    """
    if not rejects:
        return
    sources = sorted({arrival.source for _, arrival, _ in rejects})
    conn.execute(MARK, {"sources": sources})
    topics = sorted({int(topic) for topic, _, _ in rejects})
    stands = {int(row[0]): _Stand(*map(int, row[1:])) for row in conn.execute(STAND, {"topics": topics}).fetchall()}
    opened: dict[int, tuple[int, int]] = {}
    gone: dict[tuple[int, str], _Gone] = {}
    kept: list[Row] = []
    for topic, arrival, reject in rejects:
        stand = stands[topic]
        stand.made += 1
        if stand.made % cap.one_in(stand.records, stand.bytes):
            _pass_over(gone, arrival, reject)
            continue
        size = size_of(reject)
        stand.records += 1
        stand.bytes += size
        records, before = opened.get(arrival.source, (0, 0))
        opened[arrival.source] = (records + 1, before + size)
        kept.append(
            (
                int(topic), arrival.source, arrival.offset, reject.reason, reject.detail, reject.key, reject.body,
                reject.headers, reject.digest, reject.redrivable,
            )
        )  # fmt: skip
    put(conn, REJECTS, kept)
    if opened:
        conn.execute(
            ADD_OPEN,
            {
                "sources": list(opened),
                "records": [records for records, _ in opened.values()],
                "bytes": [size for _, size in opened.values()],
            },
        )
    if gone:
        conn.execute(
            ADD_OVERFLOW,
            {
                "sources": [source for source, _ in gone],
                "reasons": [reason for _, reason in gone],
                "records": [one.records for one in gone.values()],
                "first": [one.first for one in gone.values()],
                "last": [one.last for one in gone.values()],
            },
        )


def _pass_over(gone: dict[tuple[int, str], _Gone], arrival: Arrival, reject: Reject) -> None:
    one = gone.setdefault((arrival.source, reject.reason), _Gone(0, arrival.offset, arrival.offset))
    one.records += 1
    one.first = min(one.first, arrival.offset)
    one.last = max(one.last, arrival.offset)
