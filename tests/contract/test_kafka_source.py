"""What only Kafka does: transactions, new partitions, and going away for a while."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import closing, suppress

import msgspec
import pytest
from kafka import KafkaProducer

from ioc.errors import ConfigError, OperatorError, Transient
from ioc.facts import Topic
from ioc.settings import Kafka, Settings
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.process import wait_until
from streams.kafka_admin import administrator, ensure_topics
from streams.kafka_source import SESSION_MS, KafkaSource
from streams.producer import open_producer
from streams.source import Place
from tests.contract.brokers import PATIENCE_S, KafkaBroker, Reader, member, sender

ENDS_BLOCKED_S = 0.2
"""A call that is not kept waiting takes microseconds; one that waits, as long as the broker may take."""


@pytest.fixture
def watchful(settings: Settings, own_kafka: EmbeddedKafka) -> KafkaBroker:
    """A Kafka of this test alone with one partition a topic, whose changes are seen at once."""
    options = msgspec.structs.replace(
        settings.kafka,
        bootstrap_servers=own_kafka.bootstrap_servers,
        partitions=1,
        options={"metadata_max_age_ms": 200},
    )
    return KafkaBroker(msgspec.structs.replace(settings, broker="kafka", kafka=options))


def test_aborted_records_are_not_read_and_markers_are_stepped_over(
    on_kafka: KafkaBroker, unique: Callable[[str], str]
) -> None:
    """Offsets without a record: a transaction's markers and what it took back."""
    with member(on_kafka) as source:
        reader = Reader(source)
        ends = reader.join()
        with closing(
            KafkaProducer(
                bootstrap_servers=on_kafka.settings.kafka.bootstrap_servers, transactional_id=unique("transaction")
            )
        ) as out:
            out.init_transactions()
            out.begin_transaction()
            out.send("ioc.cases.v1", value=b"kept", partition=0)
            out.commit_transaction()
            out.begin_transaction()
            out.send("ioc.cases.v1", value=b"taken back", partition=0)
            out.flush()
            out.abort_transaction()
        place = Place(Topic.CASES, 0)
        reader.until(lambda: source.positions()[place] == ends[place] + 4)
        assert [(one.offset, one.value) for _, one in reader.seen] == [(ends[place], b"kept")]
        reader.until(lambda: source.ends().get(place) == ends[place] + 4)


def test_new_partitions_are_found_with_the_shortest_of_polls(watchful: KafkaBroker) -> None:
    """Whoever polls briefly must not lose a rebalance half way."""
    with member(watchful) as source:
        reader = Reader(source)
        reader.until(lambda: len(reader.mine) == 4)
        for partitions in range(2, 6):
            with administrator(watchful.settings) as client:
                client.create_partitions({topic.title: partitions for topic in Topic})
            reader.until(lambda wanted=4 * partitions: len(reader.mine) >= wanted, 0.001)  # type: ignore[misc]
        with sender(watchful) as out:
            for place in reader.mine:
                source.seek(place, 0)
            for n in range(100):
                out.send("ioc.usage.v1", f"{n}", b"x")
            out.flush()
        reader.until(lambda: len(reader.seen) == 100)


def test_who_was_held_up_for_longer_than_the_group_waits_comes_back(watchful: KafkaBroker) -> None:
    """A write that hangs holds who reads: others take over meanwhile, and it joins again."""
    watchful.settings.kafka.options["max_poll_interval_ms"] = SESSION_MS + 500
    with member(watchful, "one") as first, member(watchful, "two") as second, sender(watchful) as out:
        held, other = Reader(first), Reader(second)

        def read_on(reader: Reader, true: Callable[[], bool], beside: Reader | None = None) -> None:
            ends_s = time.monotonic() + PATIENCE_S
            while not true():
                assert time.monotonic() < ends_s, (held.mine, other.mine)
                for one in (reader, beside) if beside else (reader,):
                    for place in one.turn(0.05).assigned:
                        one.source.seek(place, 0)

        def shared() -> bool:
            return bool(held.mine and other.mine) and held.mine | other.mine == whole and not held.mine & other.mine

        def sent(value: bytes) -> None:
            for topic in Topic:
                out.send(topic.title, "k", value)
            out.flush()

        def topics(readers: list[Reader], value: bytes) -> set[Topic]:
            return {place.topic for one in readers for place, record in one.seen if record.value == value}

        read_on(held, lambda: len(held.mine) == 4)
        whole = frozenset(held.mine)
        read_on(other, lambda: other.mine == whole)  # `first` polls no more
        sent(b"while it was held")
        read_on(other, lambda: topics([other], b"while it was held") == set(Topic))
        read_on(held, shared, other)
        sent(b"after it came back")
        read_on(held, lambda: topics([held, other], b"after it came back") == set(Topic), other)
        assert topics([held], b"after it came back")


def test_a_topic_that_is_made_anew_is_given_back(watchful: KafkaBroker) -> None:
    """Its offsets mean other records now, even where it has grown beyond those that were read."""
    place = Place(Topic.CASES, 0)
    with member(watchful) as source:
        reader = Reader(source)
        reader.until(lambda: len(reader.mine) == 4)
        source.seek(place, 0)
        with sender(watchful) as out:
            out.send(place.topic.title, "k", b"old")
            out.flush()
        reader.until(lambda: len(reader.seen) == 1)
        first = source.identity()
        with administrator(watchful.settings) as client:
            client.delete_topics([place.topic.title])
            assert wait_until(lambda: place.topic.title not in client.list_topics(), PATIENCE_S)
        with sender(watchful) as out:
            for n in range(10):
                out.send(place.topic.title, "k", b"new %d" % n)
            out.flush()
        ends_s = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < ends_s
            changes = reader.turn(0.05)
            if place in changes.assigned:
                break
        assert len(reader.seen) == 1
        assert source.identity().topic_ids[place.topic] != first.topic_ids[place.topic]
        source.seek(place, 0)
        reader.until(lambda: len(reader.seen) == 11)


def test_how_far_we_are_is_told_to_the_broker(on_kafka: KafkaBroker) -> None:
    with member(on_kafka) as source:
        reader = Reader(source)
        ends = reader.join()
        source.commit(ends)
        with administrator(on_kafka.settings) as client:
            group = on_kafka.settings.kafka.group_id
            reader.until(lambda: bool(client.list_group_offsets(group).get(group)))
            told = client.list_group_offsets(group)[group]
        assert {(pair.topic, pair.partition): at.offset for pair, at in told.items()} == {
            (place.topic.title, place.partition): end for place, end in ends.items()
        }


def test_a_record_that_no_broker_takes_is_the_senders_mistake(on_kafka: KafkaBroker) -> None:
    with sender(on_kafka) as out, pytest.raises(OperatorError, match="too large"):
        out.send("ioc.cases.v1", "k", b"x" * (5 << 20))


def test_what_was_deleted_since_its_bounds_were_asked_is_a_matter_of_trying_again(on_kafka: KafkaBroker) -> None:
    with sender(on_kafka) as out, member(on_kafka) as source:
        reader = Reader(source)
        ends = reader.join()
        place = reader.numbered(out, 6)
        begin, _ = source.bounds([place])[place]
        assert begin <= ends[place]
        on_kafka.forget(place, ends[place] + 4)
        with pytest.raises(Transient):
            source.at({place: ends[place] + 1})
        record = source.at({place: ends[place] + 4})[place]
        assert record is not None
        assert record.value == b"4"


def test_a_broker_that_was_away_is_found_again(settings: Settings, own_kafka: EmbeddedKafka) -> None:
    options = msgspec.structs.replace(settings.kafka, bootstrap_servers=own_kafka.bootstrap_servers)
    broker = KafkaBroker(msgspec.structs.replace(settings, broker="kafka", kafka=options))
    with member(broker) as source, sender(broker) as out:
        reader = Reader(source)
        ends = reader.join()
        out.send("ioc.cases.v1", "k", b"before")
        out.flush()
        reader.until(lambda: len(reader.seen) == 1)
        own_kafka.stop()
        assert wait_until(lambda: source.ends() == {}, PATIENCE_S)
        for _ in range(3):
            _turn(reader)
        own_kafka.start()
        out.send("ioc.cases.v1", "k", b"after")
        out.flush()
        _patiently(reader)
        assert [one.value for _, one in reader.seen] == [b"before", b"after"]
        place = reader.seen[0][0]
        reader.until(lambda: source.ends().get(place) == ends[place] + 2)


def _patiently(reader: Reader) -> None:
    ends_s = time.monotonic() + PATIENCE_S
    while len(reader.seen) < 2:
        assert time.monotonic() < ends_s
        _turn(reader)


def _turn(reader: Reader) -> None:
    """One poll; what a new connection has put in doubt, which may be one that comes to nothing, is read on."""
    with suppress(Transient):
        for place in reader.turn(0.1).assigned:
            reader.source.seek(place, max([0, *(one.offset + 1 for at, one in reader.seen if at == place)]))


def test_a_broker_that_is_stuck_holds_nobody_up_who_asks_for_its_ends(
    settings: Settings, own_kafka: EmbeddedKafka
) -> None:
    options = msgspec.structs.replace(settings.kafka, bootstrap_servers=own_kafka.bootstrap_servers)
    with member(KafkaBroker(msgspec.structs.replace(settings, broker="kafka", kafka=options))) as source:
        reader = Reader(source)
        ends = reader.join()
        reader.until(lambda: source.ends() == ends)
        assert own_kafka.process is not None
        own_kafka.process.send_signal(signal.SIGSTOP)
        try:
            took_s = []
            deadline_s = time.monotonic() + PATIENCE_S
            while (began_s := time.monotonic()) < deadline_s:
                found = source.ends()
                assert not found or 0 <= source.ends_age_s < 1
                took_s.append(time.monotonic() - began_s)
                assert found in ({}, ends)
                if not found:
                    break
            for _ in range(20):
                began_s = time.monotonic()
                assert source.ends() == {}
                took_s.append(time.monotonic() - began_s)
        finally:
            own_kafka.process.send_signal(signal.SIGCONT)
        assert sorted(took_s)[len(took_s) // 2] < 0.005
        assert max(took_s[-20:]) < ENDS_BLOCKED_S
        reader.until(lambda: source.ends() == ends)


def test_nobody_answers(settings: Settings) -> None:
    options = Kafka(bootstrap_servers="127.0.0.1:1", options={"bootstrap_timeout_ms": 300})
    with pytest.raises(Transient):
        KafkaSource.open(msgspec.structs.replace(settings, kafka=options), "one")
    with pytest.raises(Transient):
        open_producer(msgspec.structs.replace(settings, kafka=options))


def test_settings_that_cannot_work_say_so(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="bootstrap_servers"):
        ensure_topics(msgspec.structs.replace(settings, kafka=Kafka()))
    with pytest.raises(ConfigError, match="no_such_setting"):
        ensure_topics(
            msgspec.structs.replace(settings, kafka=Kafka(bootstrap_servers="x", options={"no_such_setting": 1}))
        )
