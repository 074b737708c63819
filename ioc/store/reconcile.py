"""Proof that nothing was lost and nothing counted twice.

Per partition: offsets consumed = events stored + duplicates + rejects ever made + tombstones + offsets without a record.
`deep` counts the stored rows themselves and folds every figure again from the stored steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ioc.facts import Topic
from ioc.life import Rules
from ioc.store import rebuild, retention
from ioc.store.connect import Connection, translated


@dataclass(frozen=True, slots=True)
class SourceCount:
    """What became of the offsets of one partition; ``difference`` must be zero. ``lost`` lay beyond ``next_offset``."""

    source: int
    cluster: str
    topic: int
    partition: int
    first_offset: int
    next_offset: int
    consumed: int
    events: int
    duplicates: int
    rejects: int
    tombstones: int
    empty: int
    expired: int
    redriven: int
    forgotten: int
    dropped: int
    finding: str
    generation: int = 0
    found_at: datetime | None = None
    settled_at: datetime | None = None
    lost: int = 0

    @property
    def difference(self) -> int:
        """Offsets that are not accounted for."""
        known = self.events + self.duplicates + self.rejects + self.tombstones + self.empty + self.expired
        return self.consumed - known

    @property
    def title(self) -> str:
        """The topic's name."""
        return Topic(self.topic).title


@dataclass(frozen=True, slots=True)
class Report:
    """The whole proof. ``deep`` lists differences between stored rows, stored figures and what they should be.

    Uses before ``not_recounted_before`` have sums but no rows any more: their sums are as they were when last proved.
    """

    sources: tuple[SourceCount, ...]
    deep: tuple[str, ...]
    was_deep: bool
    not_recounted_before: datetime | None = None

    @property
    def differences(self) -> int:
        """How many partitions or deep checks differ; 0 = proved."""
        return sum(1 for source in self.sources if source.difference) + len(self.deep)

    def as_json(self) -> dict[str, object]:
        """The report for ``ioc reconcile --json``."""
        return {
            "differences": self.differences,
            "deep": list(self.deep) if self.was_deep else None,
            "uses_not_recounted_before": self.not_recounted_before and self.not_recounted_before.isoformat(),
            "sources": [
                {
                    "topic": source.title,
                    "partition": source.partition,
                    "cluster": source.cluster,
                    "found_at": source.found_at.isoformat() if source.found_at else None,
                    "settled_at": source.settled_at.isoformat() if source.settled_at else None,
                    **{
                        name: getattr(source, name)
                        for name in (
                            "first_offset", "next_offset", "consumed", "events", "duplicates", "rejects", "tombstones",
                            "empty", "expired", "lost", "redriven", "forgotten", "dropped", "difference", "generation",
                            "finding",
                        )
                    },
                }
                for source in self.sources
            ],
        }  # fmt: skip


SOURCES = """
    select no as source, cluster, topic, partition, first_offset, next_offset, next_offset - first_offset as consumed,
           events, duplicates, rejects, tombstones, empty, expired, redriven, forgotten, dropped, finding, generation, found_at,
           settled_at, lost
      from source
     order by topic, partition, no
"""
ROWS = """
    select s.no, s.topic, s.partition, s.events + s.redriven - s.forgotten as events, coalesce(i.ids, 0) as ids,
           s.rejects, coalesce(r.kept, 0) + coalesce(o.passed, 0) as kept, coalesce(i.outside, 0) as outside
      from source s
      left join (
          select i.source, count(*) as ids,
                 count(*) filter (where i.record_offset < s.first_offset or i.record_offset >= s.next_offset) as outside
            from identity i
            join source s on s.no = i.source
           group by i.source
      ) as i on i.source = s.no
      left join (select source, count(*) as kept from reject group by source) as r on r.source = s.no
      left join (select source, sum(records) as passed from reject_overflow group by source) as o on o.source = s.no
     order by s.no
"""
STORED = """
    with stored as (
        select 1 as topic, source, record_offset from case_event
        union all
        select 2, source, record_offset from incident_event
        union all
        select 2, source, record_offset from health_event
        union all
        select 3, source, record_offset from usage_event
        union all
        select 4, source, record_offset from indicator_event
    )
    select f.topic, f.partition, coalesce(compared.lost, 0), coalesce(unknown, 0), f.forgotten, f.dropped
      from source f
      left join (
        select source, count(*) filter (where s.topic is null)::bigint as lost,
               count(*) filter (where i.topic is null)::bigint as unknown
          from stored s
          full join (select topic, source, record_offset from identity) as i using (topic, source, record_offset)
         group by source
      ) as compared on compared.source = f.no
     where coalesce(compared.lost, 0) > f.dropped or coalesce(compared.lost - unknown, 0) <> f.dropped - f.forgotten
     order by f.topic, f.partition, f.no
"""


def reconcile(conn: Connection, rules: Rules, *, deep: bool = False) -> Report:
    """The proof as of one snapshot of the database; ``deep`` reads every stored row."""
    with retention.nothing_dropped(conn), translated(), conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        conn.execute("set local statement_timeout = 0")
        with conn.cursor(row_factory=class_row(SourceCount)) as cursor:
            sources = tuple(cursor.execute(SOURCES).fetchall())
        since = retention.horizon(conn)
        found = tuple(deep_differences(conn, rules)) if deep else ()
    return Report(sources, found, deep, since)


def deep_differences(conn: Connection, rules: Rules) -> list[str]:
    """Every difference between offsets, rows and figures, in words."""
    found = []
    for _, topic, partition, events, ids, rejects, kept, outside in conn.execute(ROWS).fetchall():
        name = f"{Topic(topic).title} {partition}"
        if events != ids:
            found.append(f"{name}: {events} events were counted, {ids} are known by id")
        if outside:
            found.append(f"{name}: {outside} events come from offsets that were never consumed")
        if rejects != kept:
            found.append(f"{name}: {rejects} rejects were counted, {kept} are kept or beyond the cap")
    for topic, partition, lost, unknown, forgotten, dropped in conn.execute(STORED).fetchall():
        found.append(
            f"{Topic(topic).title} {partition}: {lost} known events have no row and {unknown} rows have no id, "
            f"where {dropped} rows were dropped and {forgotten} ids forgotten"
        )
    found.extend(rebuild.differences(conn, rules))
    return found
