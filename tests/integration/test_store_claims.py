"""What a claim finds: records that expired unread, topics and brokers in others' place, logs that ended before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ioc.facts import Advance, Batch, Claim, Tail, Topic
from ioc.life import Rules
from ioc.store import findings, generations, offsets
from ioc.store.batch import write_batch
from ioc.store.connect import Connection
from ioc.store.reconcile import reconcile

LONG_KNOWN = "update source set known_at = known_at - interval '2 hours'"


def claim(
    conn: Connection, *, cluster: str = "c", topic_id: str = "t", partition: int = 0, begin: int = 0, owner: str = "one"
) -> Claim:
    return offsets.claim(
        conn, cluster=cluster, topic=Topic.USAGE, topic_id=topic_id, partition=partition, owner=owner, begin=begin
    )


def found(conn: Connection, *, settled: bool = False) -> list[tuple[str, int, int]]:
    return [(one.finding, one.partition, one.gone) for one in findings.listed(conn, settled=settled)]


def seen(conn: Connection, of: Claim, end: int, ago_s: float = 60.0) -> None:
    """Somebody looked how far the log reaches."""
    offsets.note_ends(conn, {of.source: end}, datetime.now(UTC) - timedelta(seconds=ago_s))


def test_what_lay_there_before_the_store_knew_the_topic_is_no_loss(conn: Connection) -> None:
    """However the partitions are shared out at the first start."""
    assert [claim(conn, partition=n, begin=50 + n).next_offset for n in range(3)] == [50, 51, 52]
    assert claim(conn, partition=3, begin=60, owner="two").next_offset == 60
    assert found(conn) == []


@pytest.mark.parametrize("topic_id", ["t", "another"])
def test_what_expired_in_a_new_partition_of_a_known_topic_is_counted(
    conn: Connection, rules: Rules, topic_id: str
) -> None:
    claim(conn, partition=0)
    conn.execute(LONG_KNOWN)
    new = claim(conn, topic_id=topic_id, partition=1, begin=30)
    assert (new.next_offset, new.finding) == (30, "expired")
    assert ("expired", 1, 30) in found(conn)
    report = reconcile(conn, rules)
    assert report.differences == 0
    assert {one.partition: (one.first_offset, one.expired) for one in report.sources if one.expired} == {1: (0, 30)}


@pytest.mark.parametrize(("cluster", "finding"), [("c", "remade"), ("another", "reset")])
def test_what_was_unread_of_a_former_topic_is_lost(conn: Connection, cluster: str, finding: str) -> None:
    first = [claim(conn, partition=n) for n in range(3)]
    seen(conn, first[0], 7)
    seen(conn, first[1], 0)
    again = claim(conn, cluster=cluster, topic_id="anew", owner="two")
    assert (again.finding, again.next_offset) == (finding, 0)
    # of the third nobody ever knew how far it reached; of the second what was sent since nobody looked
    assert found(conn) == [(finding, 0, 7), (finding, 1, 0), (finding, 2, 0)]
    assert claim(conn, cluster=cluster, topic_id="anew", partition=1, owner="two").finding == ""
    findings.settle(conn)
    assert found(conn) == []
    assert found(conn, settled=True) == [(finding, 0, 7), (finding, 1, 0), (finding, 2, 0)]


def test_a_topic_made_anew_under_the_eyes_of_its_reader_is_a_note(conn: Connection) -> None:
    first, second = claim(conn), claim(conn, partition=1)
    seen(conn, first, 0)
    seen(conn, second, 5)
    claim(conn, topic_id="anew")
    assert found(conn) == [("remade", 1, 5)]
    assert found(conn, settled=True) == [("remade", 0, 0), ("remade", 1, 5)]


def test_a_reader_that_lives_closes_its_own(conn: Connection, rules: Rules) -> None:
    """Another one's last batch of a former topic may still be on its way."""
    first, other = claim(conn), claim(conn, partition=1, owner="two")
    seen(conn, first, 0)
    seen(conn, other, 9, ago_s=0.0)
    claim(conn, topic_id="anew")
    assert found(conn, settled=True) == [("remade", 0, 0)]
    write_batch(conn, Batch({}, (Advance(other.source, 0, 9, other.epoch),)), rules)
    claim(conn, topic_id="anew", partition=1, owner="two")
    assert found(conn) == []
    assert found(conn, settled=True) == [("remade", 0, 0), ("remade", 1, 0)]


def test_a_broker_that_is_back_is_read_on_where_it_was_left(conn: Connection, rules: Rules) -> None:
    first = claim(conn)
    tail = Tail(4, b"t" * 16)
    write_batch(conn, Batch({}, (Advance(first.source, 0, 5, first.epoch, tail),)), rules)
    seen(conn, first, 9)
    other = claim(conn, cluster="another", topic_id="u", owner="two")
    assert found(conn) == [("reset", 0, 4)]
    back = claim(conn, owner="three")
    assert (back.source, back.next_offset, back.tail, back.end) == (first.source, 5, tail, 9)
    assert found(conn) == [("reset", 0, 0)], "now of the broker that was there in between"
    assert claim(conn, cluster="another", topic_id="u").source == other.source
    assert reconcile(conn, rules).differences == 0


def test_an_end_never_goes_back_by_itself(conn: Connection) -> None:
    first = claim(conn)
    seen(conn, first, 9)
    seen(conn, first, 6)
    assert claim(conn).end == 9


def test_a_shortened_log_goes_on_where_it_was_read_to(conn: Connection, rules: Rules) -> None:
    first = claim(conn)
    tail = Tail(4, b"t" * 16)
    write_batch(conn, Batch({}, (Advance(first.source, 0, 5, first.epoch, tail),)), rules)
    seen(conn, first, 20)
    again = claim(conn)
    second = generations.reopen(conn, again, begin=5, finding="shortened", lost=again.unread(12))
    assert (second.next_offset, second.generation, second.tail) == (5, 1, tail)
    assert found(conn) == [("shortened", 0, 8)]
    now = claim(conn)
    assert (now.source, now.tail, now.end) == (second.source, tail, None)
    assert reconcile(conn, rules).differences == 0
