"""One contract, two sources: everything that ingest relies on, on real Kafka and on the log."""

from __future__ import annotations

import time

import pytest

from ioc.facts import Topic
from streams.source import Place
from tests.contract.brokers import PATIENCE_S, PLACES, Broker, Reader, member, sender


def test_nothing_is_read_before_it_is_said_from_where(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        out.send("ioc.cases.v1", "a", b"1")
        out.flush()
        reader = Reader(source)
        reader.until(lambda: reader.mine == PLACES)
        for _ in range(5):
            reader.turn(0.05)
        assert reader.seen == []


def test_records_arrive_whole_and_in_order(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        reader = Reader(source)
        ends = reader.join()
        before_ms = time.time() * 1000
        wanted = [
            (b"one key", b'{"a": 1}', ()),
            (b"one key", None, ()),
            (b"one key", b"", (("ce_id", b"1"), ("x", b""), ("x", b"\xff\x00"))),
            (b"one key", bytes(range(256)) * 40, ()),
        ]
        for key, value, headers in wanted:
            out.send("ioc.cameras.v1", key, value, headers)
        out.flush()
        reader.until(lambda: len(reader.seen) == 4)
        assert [(one.key, one.value, tuple(one.headers)) for _, one in reader.seen] == wanted
        (place,) = {place for place, _ in reader.seen}
        assert place.topic == Topic.CAMERAS
        assert [one.offset for _, one in reader.seen] == [ends[place] + n for n in range(4)]
        assert all(before_ms - 1000 <= one.timestamp <= time.time() * 1000 + 1000 for _, one in reader.seen)


def test_a_key_has_one_partition_and_none_has_any(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        reader = Reader(source)
        reader.join()
        for n in range(200):
            out.send("ioc.usage.v1", f"unit {n % 20}", b"%d" % n)
            out.send("ioc.indicators.v1", None, b"%d" % n)
        out.flush()
        reader.until(lambda: len(reader.seen) == 400)
        keyed = {(one.key, place.partition) for place, one in reader.seen if place.topic == Topic.USAGE}
        assert len(keyed) == 20
        assert len({partition for _, partition in keyed}) > 1
        for key in {key for key, _ in keyed}:
            values = [int(one.value or b"") for one in reader.of(Topic.USAGE) if one.key == key]
            assert values == sorted(values)
        assert {int(one.value or b"") for one in reader.of(Topic.INDICATORS)} == set(range(200))


def test_no_poll_gives_more_than_it_was_asked_for(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        reader = Reader(source)
        reader.join()
        for n in range(100):
            out.send("ioc.usage.v1", f"{n}", b"x")
        out.flush()
        while len(reader.seen) < 100:
            before = len(reader.seen)
            reader.turn(1.0, max_records=7)
            assert len(reader.seen) - before <= 7
        assert len({(place, one.offset) for place, one in reader.seen}) == 100


def test_after_a_seek_back_the_same_is_read_again(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        reader = Reader(source)
        ends = reader.join()
        place = reader.numbered(out, 10)
        assert source.positions()[place] == ends[place] + 10
        source.seek(place, ends[place] + 4)
        reader.until(lambda: len(reader.seen) == 16)
        assert [one.value for _, one in reader.seen[10:]] == [b"%d" % n for n in range(4, 10)]


def test_a_new_member_does_not_care_what_was_committed(broker: Broker) -> None:
    with sender(broker) as out:
        with member(broker) as source:
            reader = Reader(source)
            ends = reader.join()
            place = reader.numbered(out, 5)
            source.commit({place: ends[place] + 5})
            reader.turn()
        with member(broker, "two") as source:
            again = Reader(source)
            again.join()
            source.seek(place, ends[place] + 2)
            again.until(lambda: len(again.seen) == 3)
            assert [one.value for _, one in again.seen] == [b"2", b"3", b"4"]


def test_bounds_and_ends_are_those_of_the_moment(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        reader = Reader(source)
        ends = reader.join()
        reader.until(lambda: source.ends() == ends)
        for n in range(3):
            out.send("ioc.cases.v1", "k", b"%d" % n)
        out.flush()

        def moved() -> set[tuple[Place, int]]:
            return {(place, end - ends[place]) for place, end in source.ends().items() if end != ends[place]}

        reader.until(lambda: {more for _, more in moved()} == {3})
        ((place, _),) = moved()
        begin, end = source.bounds([place])[place]
        assert begin <= ends[place]
        assert end == ends[place] + 3
        assert source.bounds([]) == {}


def test_a_broker_keeps_its_identity(broker: Broker) -> None:
    with member(broker) as source:
        first = source.identity()
    with member(broker, "two") as source:
        assert source.identity() == first
    assert first.cluster
    assert set(first.topic_ids) == set(Topic)
    assert all(first.topic_ids.values())


def test_members_share_and_those_that_leave_are_replaced(broker: Broker) -> None:
    with member(broker, "one") as source:
        one = Reader(source)
        one.until(lambda: one.mine == PLACES)
        with member(broker, "two") as other:
            two = Reader(other)
            two.until(lambda: bool(one.turn(0.05)) or (len(one.mine), len(two.mine)) == (8, 8))
            two.until(lambda: not one.turn(0.05) and one.mine.isdisjoint(two.mine) and len(two.mine) == 8)
            assert one.mine | two.mine == PLACES
        one.until(lambda: one.mine == PLACES)


def test_a_position_that_was_deleted_is_given_back(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        reader = Reader(source)
        ends = reader.join()
        place = reader.numbered(out, 10)
        broker.forget(place, ends[place] + 6)
        source.seek(place, ends[place] + 1)
        _given_back(reader, place)
        assert source.bounds([place])[place] == (ends[place] + 6, ends[place] + 10)
        source.seek(place, ends[place] + 6)
        reader.until(lambda: len(reader.seen) == 14)
        assert [one.value for _, one in reader.seen[10:]] == [b"6", b"7", b"8", b"9"]


def test_a_position_beyond_the_end_is_given_back(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        reader = Reader(source)
        ends = reader.join()
        place = Place(Topic.CASES, 0)
        source.seek(place, ends[place] + 1000)
        _given_back(reader, place)
        source.seek(place, ends[place])
        while place not in {seen for seen, _ in reader.seen}:
            out.send("ioc.cases.v1", None, b"x")
            out.flush()
            reader.turn()


def _given_back(reader: Reader, place: Place) -> None:
    """Waits until a place is taken away and given back in one, and gives nothing meanwhile."""
    seen = len(reader.seen)
    ends_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_s:
        changes = reader.turn()
        if changes:
            assert place in changes.revoked & changes.assigned
            assert len(reader.seen) == seen
            return
    pytest.fail(f"{place} was never given back")


def test_what_lies_at_an_offset_is_told_and_moves_nothing(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        reader = Reader(source)
        ends = reader.join()
        place = reader.numbered(out, 6)
        first = reader.seen[0][1]
        empty = next(other for other in sorted(PLACES) if other.topic == Topic.INDICATORS)
        for wanted in (1, 4):
            record = source.at({place: ends[place] + wanted})[place]
            assert record is not None
            seen = reader.seen[wanted][1]
            assert (record.offset, record.key, record.value) == (first.offset + wanted, seen.key, seen.value)
            assert record.timestamp == seen.timestamp
        assert source.at({}) == {}
        assert source.positions()[place] == ends[place] + 6
        assert source.positions()[empty] == ends[empty]
        out.send("ioc.cases.v1", "k", b"6")
        out.flush()
        reader.until(lambda: len(reader.seen) == 7)


def test_staying_alive_reads_nothing_and_loses_nothing(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source:
        reader = Reader(source)
        reader.join()
        for n in range(20):
            out.send("ioc.usage.v1", f"{n}", b"%d" % n)
            source.keep_alive()
        out.flush()
        source.keep_alive()
        reader.until(lambda: len(reader.seen) >= 20)
        assert sorted(int(one.value or b"") for _, one in reader.seen) == list(range(20))


def test_a_seek_in_what_is_not_ours_is_ignored(broker: Broker) -> None:
    with member(broker) as source:
        source.seek(Place(Topic.CASES, 99), 0)
        Reader(source).join()


def test_closing_twice_is_closing_once(broker: Broker) -> None:
    with member(broker) as source:
        source.close()
    with sender(broker) as out:
        out.send("ioc.cases.v1", "k", b"last words")
        out.close()
