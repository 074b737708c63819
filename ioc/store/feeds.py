"""The pipeline of each feed now: how far it is behind, and what became of its records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ioc.facts import Topic
from ioc.figures import FeedFigure
from ioc.store.connect import Connection, translated

FRESH_S = 1.0
BEHIND = 1_000
"""Waiting records from which on a feed is behind, and not just between two batches."""

FEEDS = """
    with present as (
        select distinct on (topic) topic, cluster, topic_id from source order by topic, claimed_at desc nulls last
    )
    select s.topic,
           case when bool_and(coalesce(e.seen_at > clock_timestamp() - %(patience_s)s::float8 * interval '1 second', false))
                     filter (where p.topic is not null)
                then greatest(sum(e.end_offset - s.next_offset) filter (where p.topic is not null), 0)::bigint end as lag,
           sum(s.events + s.redriven)::bigint, sum(s.duplicates)::bigint, sum(s.rejects)::bigint,
           max(s.last_event_at), max(s.last_arrival_at),
           coalesce(sum(s.events + s.duplicates + s.rejects + s.tombstones - m.records), 0)::bigint,
           coalesce(sum(s.rejects - m.rejects), 0)::bigint, coalesce(sum(o.records), 0)::bigint,
           sum(e.closing_per_s) filter (where p.topic is not null)
      from source s
      left join present p on p.topic = s.topic and p.cluster = s.cluster and p.topic_id = s.topic_id
       and s.closed_at is null
      left join source_end e on e.source = s.no
      left join lateral (
          select m.records, m.rejects from reject_minute m
           where m.source = s.no and m.minute > clock_timestamp() - interval '5 minutes'
           order by m.minute
           limit 1
      ) as m on true
      left join (select source, sum(records - settled) as records from reject_overflow group by source) as o
        on o.source = s.no
     group by s.topic
"""

UNREAD = """
    select asked.topic
      from unnest(%(topics)s::smallint[]) as asked (topic)
     where not exists (
         select from source s
           join source_end e on e.source = s.no
          where s.topic = asked.topic and e.seen_at > clock_timestamp() - %(patience_s)s::float8 * interval '1 second')
     order by asked.topic
"""


def unread(conn: Connection, patience_s: float) -> tuple[Topic, ...]:
    """The feeds that no ingest has looked at for ``patience_s``: nobody reads them."""
    wanted = {"topics": [int(topic) for topic in Topic], "patience_s": patience_s}
    with translated():
        return tuple(Topic(topic) for (topic,) in conn.execute(UNREAD, wanted).fetchall())


def feeds(conn: Connection, patience_s: float = FRESH_S) -> tuple[FeedFigure, ...]:
    """Every inbound feed, in the order of their numbers; one that was never claimed has no lag and no events.

    Lag is unknown where a reader has not looked at the end of a partition for ``patience_s``.
    """
    with translated():
        rows = {int(row[0]): row[1:] for row in conn.execute(FEEDS, {"patience_s": patience_s}).fetchall()}
    unread = {topic: (_int(row[0]), row[9]) for topic, row in rows.items()}
    drains = drains_s({topic: (lag, pace) for topic, (lag, pace) in unread.items() if lag and lag > BEHIND and pace})
    found = []
    for topic in Topic:
        lag, events, duplicates, rejected, event_at, arrival_at, recent, refused, not_kept, _ = rows.get(
            topic, (None, 0, 0, 0, None, None, 0, 0, 0, None)
        )
        found.append(
            FeedFigure(
                topic.title,
                _int(lag),
                int(events),
                int(duplicates),
                int(rejected),
                _aware(event_at),
                _aware(arrival_at),
                int(recent),
                int(refused),
                int(not_kept),
                drains.get(topic),
            )
        )
    return tuple(found)


def drains_s(unread: Mapping[int, tuple[int, float]]) -> dict[int, float]:
    """In how many seconds each feed will have been read, of what it lacks and by how many records a second that shrinks.

    Feeds share the processors: when one has been read, the others go on at the pace of all together. A feed that does not
    shrink has no answer.
    """
    left = {feed: (float(lag), pace) for feed, (lag, pace) in unread.items() if pace > 0}
    whole = sum(pace for _, pace in left.values())
    found: dict[int, float] = {}
    passed_s = 0.0
    while left:
        faster = whole / sum(pace for _, pace in left.values())
        next_s, first = min((lag / (pace * faster), feed) for feed, (lag, pace) in left.items())
        passed_s += next_s
        found[first] = passed_s
        left = {
            feed: (max(0.0, lag - pace * faster * next_s), pace) for feed, (lag, pace) in left.items() if feed != first
        }
    return found


def _int(value: object) -> int | None:
    return None if value is None else int(str(value))


def _aware(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
