"""Generations of a partition: what happens when a broker has lost or replaced what was read, or lost what was not.

The former generation is closed with its finding; the next one reads everything that the broker still has. Events that
are known by id are duplicates there; so are records that were refused at the same offset before, with the same bytes.
Where only unread records are gone, the next one goes on where the former stood.
"""

from __future__ import annotations

from collections.abc import Sequence

from ioc.errors import Transient
from ioc.facts import Arrival, Claim, Reject, Topic
from ioc.store.connect import Connection, translated
from ioc.store.together import Writing

CLOSE = """
    update source
       set closed_at = clock_timestamp(), finding = %(finding)s, found_at = clock_timestamp(), settled_at = null,
           lost = %(lost)s
     where no = %(no)s and epoch = %(epoch)s and closed_at is null
    returning cluster, topic, topic_id, partition, generation, owner
"""
OPEN = """
    insert into source (cluster, topic, topic_id, partition, generation, first_offset, next_offset, epoch, owner, claimed_at,
                        tail_offset, tail)
    values (%(cluster)s, %(topic)s, %(topic_id)s, %(partition)s, %(generation)s, %(begin)s, %(begin)s, 1, %(owner)s,
            clock_timestamp(), %(tail_offset)s, %(tail)s)
    returning no
"""
REPEATED = """
    select n.no, asked.record_offset
      from unnest(%(sources)s::int[], %(offsets)s::bigint[], %(digests)s::bytea[], %(reasons)s::text[])
        as asked (source, record_offset, digest, reason)
      join source n on n.no = asked.source and n.generation > 0
     where exists (
         select from source f
          where f.cluster = n.cluster and f.topic = n.topic and f.topic_id = n.topic_id and f.partition = n.partition
            and f.generation < n.generation and f.next_offset > asked.record_offset
            and (exists (select from reject r
                          where r.source = f.no and r.record_offset = asked.record_offset and r.digest = asked.digest)
                 or exists (select from reject_overflow o
                             where o.source = f.no and o.reason = asked.reason
                               and asked.record_offset between o.first_offset and o.last_offset)))
"""


def reopen(conn: Connection, claim: Claim, *, begin: int, finding: str, lost: int = 0) -> Claim:
    """Closes a claimed generation with its finding and opens the next one at ``begin``; commits at once.

    ``finding`` is "truncated" (the log ends before what was read), "replaced" (other bytes lie where the last record
    was) or "shortened" (only unread records are gone; ``begin`` is then where the former stood). ``lost`` is how many
    unread records the broker is known to have had. Raises Transient where another process has claimed the partition
    since.
    """
    tail = claim.tail if begin == claim.next_offset else None
    closing = {"no": claim.source, "epoch": claim.epoch, "finding": finding, "lost": lost}
    with translated(), conn.transaction():
        row = conn.execute(CLOSE, closing).fetchone()
        if row is None:
            raise Transient(f"{claim.topic.title} {claim.partition} was claimed by another process")
        cluster, topic, topic_id, partition, generation, owner = row
        new = {
            "cluster": cluster,
            "topic": topic,
            "topic_id": topic_id,
            "partition": partition,
            "generation": generation + 1,
            "begin": begin,
            "owner": owner,
            "tail_offset": tail and tail.offset,
            "tail": tail and tail.digest,
        }
        opened = conn.execute(OPEN, new).fetchone()
        if opened is None:
            raise LookupError("a generation that was opened is not there")
    return Claim(int(opened[0]), claim.topic, claim.partition, 1, begin, "", generation + 1, tail)


def repeated(conn: Writing, rejects: Sequence[tuple[Topic, Arrival, Reject]]) -> set[tuple[int, int]]:
    """(source, offset) of what a former generation of the partition has refused already.

    Of what lies beyond the cap of kept rejects no bytes are known: there the same reason between the same offsets is
    taken for the same record.
    """
    if not rejects:
        return set()
    wanted = {
        "sources": [arrival.source for _, arrival, _ in rejects],
        "offsets": [arrival.offset for _, arrival, _ in rejects],
        "digests": [reject.digest for _, _, reject in rejects],
        "reasons": [reject.reason for _, _, reject in rejects],
    }
    return {(int(source), int(offset)) for source, offset in conn.execute(REPEATED, wanted).fetchall()}
