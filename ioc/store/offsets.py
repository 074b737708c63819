"""Claims on partitions, and where the broker's logs end.

Offsets live in the transaction of the data (`ioc.store.batch`). A claim raises the epoch of its partition: whoever holds
an older one is fenced. What is odd at the broker is written down as a finding, never papered over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ioc.errors import Transient
from ioc.facts import Claim, Tail, Topic
from ioc.store.connect import Connection, translated

LEAVE = """
    with former as (
        select no, partition, owner
          from source
         where topic = %(topic)s and (cluster, topic_id) <> (%(cluster)s, %(topic_id)s) and closed_at is null
         order by no
           for no key update
    ), looked as (
        select f.no, f.owner = %(owner)s as ours, f.partition = %(partition)s as same,
               exists (select from source o join source_end e on e.source = o.no
                        where o.owner = f.owner and e.seen_at > clock_timestamp() - interval '2 seconds') as alive
          from former f
    )
    update source s
       set closed_at = clock_timestamp(), found_at = clock_timestamp(), lost = greatest(e.end_offset - s.next_offset, 0),
           finding = case when s.cluster = %(cluster)s then 'remade' else 'reset' end,
           settled_at = case when (l.ours or l.alive) and e.end_offset <= s.next_offset
                              and (s.finding = '' or s.settled_at is not null) then clock_timestamp() end
      from looked l
      left join lateral (select coalesce((select end_offset from source_end where source = l.no), 0) as end_offset) as e on true
     where s.no = l.no and (l.ours or l.same or not l.alive)
    returning s.finding
"""
RESUME = """
    update source
       set closed_at = null, lost = 0, finding = case when expired > 0 then 'expired' else '' end,
           found_at = case when expired > 0 then found_at end, settled_at = case when expired > 0 then settled_at end
     where cluster = %(cluster)s and topic = %(topic)s and topic_id = %(topic_id)s and partition = %(partition)s
       and closed_at is not null and finding in ('remade', 'reset')
"""
KNOW = """
    insert into source (cluster, topic, topic_id, partition, first_offset, next_offset)
    select %(cluster)s, %(topic)s, %(topic_id)s, %(partition)s, begin, begin
      from (select case when exists (select from source
                                      where topic = %(topic)s and known_at < clock_timestamp() - interval '1 hour')
                        then 0 else %(begin)s::bigint end as begin) as read_from
    on conflict (cluster, topic, topic_id, partition, generation) do nothing
"""
CLAIM = """
    update source
       set epoch = epoch + 1, owner = %(owner)s, claimed_at = clock_timestamp()
     where cluster = %(cluster)s and topic = %(topic)s and topic_id = %(topic_id)s and partition = %(partition)s
       and closed_at is null
    returning no, epoch, next_offset, generation, tail_offset, tail, (select end_offset from source_end where source = no)
"""
EXPIRED = """
    update source
       set next_offset = %(begin)s, expired = expired + %(begin)s - next_offset, finding = 'expired',
           found_at = clock_timestamp(), settled_at = null
     where no = %(no)s
"""
LET_GO = """
    select count(pg_terminate_backend(pid))
      from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and application_name = %(writer)s
       and state = 'active' and wait_event = 'ClientRead' and query_start < clock_timestamp() - %(still_s)s * interval '1 second'
"""
LOCK_TIMEOUT = "set local lock_timeout = '3s'"
# nobody waits for the disk for these: what a crash takes of them is noted again in a moment
NOTE_ENDS = """
    insert into source_end (source, end_offset, seen_at, closing_per_s)
    select no, end_offset, %(now)s, closing_per_s
      from unnest(%(sources)s::int[], %(ends)s::bigint[], %(closing)s::float8[]) as seen (no, end_offset, closing_per_s)
     where set_config('synchronous_commit', 'off', true) is not null
     order by no
    on conflict (source) do update
       set end_offset = greatest(source_end.end_offset, excluded.end_offset), seen_at = excluded.seen_at,
           closing_per_s = excluded.closing_per_s
"""


WRITER = "ioc ingest writer"
"""The application name of whoever writes batches."""
STANDSTILL_S = 8.0
"""A process that stands still for so long in the middle of a transaction loses it, so that others can take over."""


def let_go(conn: Connection) -> int:
    """Ends the sessions of writers that stand still in the middle of sending rows; returns how many.

    The server ends a session that stands still between two statements by itself (`connect`), but while it waits for the
    rows of a COPY, or for the rest of statements that travel together, it heeds no timeout, and would keep the locks of
    a stopped process for ever.
    """
    with translated():
        row = conn.execute(LET_GO, {"writer": WRITER, "still_s": STANDSTILL_S}).fetchone()
    return int(row[0]) if row else 0


def claim(
    conn: Connection, *, cluster: str, topic: Topic, topic_id: str, partition: int, owner: str, begin: int
) -> Claim:
    """The right to advance a partition from where the store left it; commits at once.

    ``begin`` is the broker's first kept offset: records deleted before they were read are counted as expired and stepped
    over. Of a topic that has been known for an hour every offset was ours to read, also where partition or topic are new;
    of any other what lies before ``begin`` was before our time. Where topic or broker have taken the place of others,
    those are closed, and what of them was unread is noted as lost.

    Whether the broker still has what was read is for the caller to see, and for `ioc.store.generations` to mend: from
    here on nobody else can move the partition, so its end can be asked for in peace. Raises Transient where another
    process opens a new generation at this moment, or holds the partition's row for seconds.
    """
    key = {"cluster": cluster, "topic": int(topic), "topic_id": topic_id, "partition": partition}
    let_go(conn)
    with translated(), conn.transaction():
        conn.execute(LOCK_TIMEOUT)
        left = conn.execute(LEAVE, key | {"owner": owner}).fetchone()
        if not conn.execute(RESUME, key).rowcount:
            conn.execute(KNOW, key | {"begin": begin})
        row = conn.execute(CLAIM, key | {"owner": owner}).fetchone()
        if row is None:
            raise Transient(f"{topic.title} {partition} is being claimed by another process")
        no, epoch, next_offset, generation = (int(part) for part in row[:4])
        finding = str(left[0]) if left else ""
        if next_offset < begin:
            conn.execute(EXPIRED, {"no": no, "begin": begin})
            next_offset, finding = begin, "expired"
    tail = None if row[4] is None else Tail(int(row[4]), bytes(row[5]))
    return Claim(
        no, topic, partition, epoch, next_offset, finding, generation, tail, None if row[6] is None else int(row[6])
    )


def note_ends(
    conn: Connection, ends: Mapping[int, int], now: datetime, closing_per_s: Mapping[int, float] | None = None
) -> None:
    """Where each source's log ends as seen at ``now``, and by how many records a second its reader catches up; lag is
    known for a second after it. An end never goes back here: that one did is for the next claim to find."""
    closing = [(closing_per_s or {}).get(source, 0.0) for source in ends]
    with translated():
        conn.execute(NOTE_ENDS, {"sources": list(ends), "ends": list(ends.values()), "closing": closing, "now": now})
