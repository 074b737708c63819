"""Claims on partitions, and where the broker's logs end.

Offsets live in the transaction of the data (`ioc.store.batch`). A claim raises the epoch of its partition: whoever holds
an older one is fenced. What is odd at the broker is written down as a finding, never papered over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ioc.facts import Claim, Topic
from ioc.store.connect import Connection, translated

KNOW = """
    insert into source (cluster, topic, topic_id, partition, first_offset, next_offset)
    values (%(cluster)s, %(topic)s, %(topic_id)s, %(partition)s, %(begin)s, %(begin)s)
    on conflict (cluster, topic, topic_id, partition) do nothing
"""
CLAIM = """
    update source
       set epoch = epoch + 1, owner = %(owner)s, claimed_at = clock_timestamp()
     where cluster = %(cluster)s and topic = %(topic)s and topic_id = %(topic_id)s and partition = %(partition)s
    returning no, epoch, next_offset
"""
EXPIRED = """
    update source
       set next_offset = %(begin)s, expired = expired + %(begin)s - next_offset, finding = 'expired', found_at = clock_timestamp()
     where no = %(no)s
"""
TRUNCATED = "update source set finding = 'truncated', found_at = clock_timestamp() where no = %(no)s"
NOTE_ENDS = """
    insert into source_end (source, end_offset, seen_at)
    select no, end_offset, %(now)s
      from unnest(%(sources)s::int[], %(ends)s::bigint[]) as seen (no, end_offset)
     order by no
    on conflict (source) do update set end_offset = excluded.end_offset, seen_at = excluded.seen_at
"""


def claim(
    conn: Connection, *, cluster: str, topic: Topic, topic_id: str, partition: int, owner: str, begin: int, end: int
) -> Claim:
    """The right to advance a partition from where the store left it; commits at once.

    ``begin`` and ``end`` are the broker's present bounds. Records deleted before they were read are counted as expired
    and stepped over; a log that ends before what was read is claimed with the finding "truncated" and stays where it is,
    so that nothing is read twice under the same offsets.
    """
    key = {"cluster": cluster, "topic": int(topic), "topic_id": topic_id, "partition": partition}
    with translated(), conn.transaction():
        conn.execute(KNOW, key | {"begin": begin})
        row = conn.execute(CLAIM, key | {"owner": owner}).fetchone()
        if row is None:
            raise LookupError(f"source of {topic.title} {partition} vanished while it was claimed")
        no, epoch, next_offset = (int(part) for part in row)
        finding = ""
        if next_offset < begin:
            conn.execute(EXPIRED, {"no": no, "begin": begin})
            next_offset, finding = begin, "expired"
        elif next_offset > end:
            conn.execute(TRUNCATED, {"no": no})
            finding = "truncated"
    return Claim(no, topic, partition, epoch, next_offset, finding)


def note_ends(conn: Connection, ends: Mapping[int, int], now: datetime) -> None:
    """Where each source's log ends as seen at ``now``; lag is known for a second after it."""
    with translated():
        conn.execute(NOTE_ENDS, {"sources": list(ends), "ends": list(ends.values()), "now": now})
