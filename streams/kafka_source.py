"""Records from Apache Kafka, with kafka-python and its consumer groups.

Rebalance listeners run on the driver's own thread, while `poll` runs: they only note what changed and stop new
partitions, which `seek` lets go. The group's committed offsets are never read; they are written for lag tools.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from ioc.facts import TOPICS
from ioc.settings import Settings
from streams import kafka_admin
from streams.kafka_admin import PATIENCE_MS, made, translated
from streams.kafka_ends import Ends, known
from streams.kafka_peek import records_at
from streams.kafka_prompt import ask_once
from streams.kafka_unreadable import read_on
from streams.source import TITLES, Changes, Identity, Place, Record, Slice

SESSION_MS = 6_000
"""How soon the partitions of a consumer that died are given to others."""
METADATA_MS = 10_000
"""How soon new partitions, and topics that were made anew, are noticed at the latest."""
BUFFERED_BYTES = 4 << 20
"""What a topic's partitions together hold here unread. The driver hands its buffers out one after the other, so that a
new record of another topic waits for all of a backlog's: some 25,000 small records, well under a second."""
JOIN_POLL_S = 0.25
"""The shortest poll while partitions are being shared out."""


def _pair(place: Place) -> Any:
    return TopicPartition(place.topic.title, place.partition)


def _place(pair: Any) -> Place:
    return Place(TOPICS[pair.topic], pair.partition)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Notes what changed. Seeking and pausing only set fields of the driver, so both are safe here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._assigned: set[Place] = set()
        self._revoked: set[Place] = set()
        self.consumer: Any = None

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """New partitions wait for `KafkaSource.seek`."""
        with self._lock:
            for pair in assigned:
                self.consumer.pause(pair)
                self.consumer.seek(pair, 0)
                self._assigned.add(_place(pair))

    def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        """Others will have them."""
        with self._lock:
            for pair in revoked:
                place = _place(pair)
                self._assigned.discard(place)
                self._revoked.add(place)

    def on_partitions_lost(self, lost: Iterable[Any]) -> None:
        """Others may have them already: the same for us, since writes are fenced."""
        self.on_partitions_revoked(lost)

    def again(self, pairs: Iterable[Any]) -> None:
        """The server no longer holds our position: as if taken away and given back."""
        self.on_partitions_revoked(pairs)
        self.on_partitions_assigned(pairs)

    def changes(self) -> Changes:
        with self._lock:
            found = Changes(frozenset(self._assigned), frozenset(self._revoked))
            self._assigned.clear()
            self._revoked.clear()
        return found


class KafkaSource:
    """See `streams.source.Source`."""

    def __init__(self, settings: Settings, consumer: Any, listener: _Listener) -> None:
        self._settings = settings
        self._consumer = consumer
        self._listener = listener
        self._ends = Ends(consumer)
        self._sought: set[Place] = set()
        self._topic_ids: dict[str, Any] = {}
        self._links: dict[Place, tuple[int, Any]] = {}
        self._closed = False

    @classmethod
    def open(cls, settings: Settings, owner: str) -> KafkaSource:
        """Makes missing topics and joins the group. Raises ConfigError, Transient."""
        kafka_admin.ensure_topics(settings)
        consumer = made(
            settings,
            KafkaConsumer,
            client_id=owner,
            group_id=settings.kafka.group_id,
            partition_assignment_strategy=[CooperativeStickyAssignor],
            auto_offset_reset="none",
            enable_auto_commit=False,
            isolation_level="read_committed",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 3,
            max_poll_interval_ms=300_000,
            max_poll_records=settings.ingest.batch_events,
            max_partition_fetch_bytes=max(64 << 10, BUFFERED_BYTES // settings.kafka.partitions),
            fetch_max_wait_ms=100,  # a question for end offsets waits behind it
            request_timeout_ms=PATIENCE_MS,
            metadata_max_age_ms=METADATA_MS,
        )
        read_on(consumer)
        ask_once(consumer)
        listener = _Listener()
        listener.consumer = consumer
        try:
            with translated():
                consumer.subscribe(topics=list(TITLES), listener=listener)
                consumer.topics()  # a leader that knows no partitions yet deals out none, and must join again
        except BaseException:
            consumer.close(autocommit=False, timeout_ms=0)
            raise
        return cls(settings, consumer, listener)

    def poll(self, timeout_s: float, max_records: int) -> list[Slice]:
        """See `Source.poll`."""
        found = self._poll(timeout_s, max_records)
        self._lose_remade_topics()
        self._lose_moved_leaders()
        self._ends.look()
        return [Slice(place, records) for pair, records in found.items() if (place := _place(pair)) in self._sought]

    def _poll(self, timeout_s: float, max_records: int) -> dict[Any, list[Any]]:
        with translated():
            timeout_ms = round(self._mind_the_join(timeout_s) * 1000)
            try:
                return self._consumer.poll(timeout_ms=timeout_ms, max_records=max_records)  # type: ignore[no-any-return]
            except kafka_errors.NoOffsetForPartitionError:
                return {}  # just assigned and not yet sought: `changes` says so
            except kafka_errors.OffsetOutOfRangeError as error:
                self._lose(error.args[0])
            except kafka_errors.LogTruncationError as error:
                self._lose(error.divergent_offsets)
            return {}

    def _mind_the_join(self, timeout_s: float) -> float:
        """How long to poll, so that a join that has begun is also finished.

        kafka-python 3.0 forgets a join that new metadata caused when a poll ends in the midst of it: the assignment is
        never taken over, heartbeats stay off, and the member is expelled without noticing. Asking for it again makes it
        remember.
        """
        coordinator = self._consumer._coordinator
        if coordinator._join_task is None and not coordinator.need_rejoin():
            return timeout_s
        coordinator.request_rejoin()
        return max(timeout_s, JOIN_POLL_S)

    def _lose_remade_topics(self) -> None:
        """A topic that was deleted and made anew has other records under the offsets that we read on from."""
        for title in TITLES:
            now, before = self._consumer._cluster.topic_id(title), self._topic_ids.get(title)
            if now is not None and now != before:
                self._topic_ids[title] = now
                if before is not None:
                    self._lose([pair for pair in self._consumer.assignment() if pair.topic == title])

    def _lose_moved_leaders(self) -> None:
        """A new leader, and a broker that was away, may lack what was read and have grown beyond it since."""
        moved = []
        for place, (epoch, connection) in self._links.items():
            now = self._link(_pair(place))
            if now[0] > epoch or (now[1] is not None and now[1] is not connection):
                moved.append(place)
        self._lose(map(_pair, moved))
        for place in moved:
            del self._links[place]

    def _link(self, pair: Any) -> tuple[int, Any]:
        """The leader's epoch as far as it is known, and our connection to it."""
        cluster = self._consumer._cluster
        epoch = cluster.leader_epoch_for_partition(pair)
        connection = self._consumer._manager._conns.get(cluster.leader_for_partition(pair))
        return -1 if epoch is None else int(epoch), connection

    def _lose(self, pairs: Iterable[Any]) -> None:
        lost = [pair for pair in pairs if pair in self._consumer.assignment()]
        self._sought.difference_update(map(_place, lost))
        self._listener.again(lost)

    def keep_alive(self) -> None:
        """See `Source.keep_alive`."""
        running = [pair for pair in self._consumer.assignment() if pair not in self._consumer.paused()]
        self._consumer.pause(*running)
        try:
            self._poll(0.0, 1)
        finally:
            still = self._consumer.assignment()
            self._consumer.resume(*(pair for pair in running if pair in still and _place(pair) in self._sought))

    def changes(self) -> Changes:
        """See `Source.changes`."""
        found = self._listener.changes()
        self._sought -= found.revoked | found.assigned
        return found

    def identity(self) -> Identity:
        """See `Source.identity`."""
        return kafka_admin.identity(self._settings)

    def bounds(self, places: Collection[Place]) -> dict[Place, tuple[int, int]]:
        """See `Source.bounds`."""
        pairs = [_pair(place) for place in places]
        if not pairs:
            return {}
        with translated(), known():
            first = self._consumer.beginning_offsets(pairs)
            last = self._consumer.end_offsets(pairs)
        return {_place(pair): (first[pair], last[pair]) for pair in pairs}

    def at(self, offsets: Mapping[Place, int]) -> dict[Place, Record | None]:
        """See `Source.at`."""
        found = records_at(self._settings, {_pair(place): offset for place, offset in offsets.items()})
        return {_place(pair): record for pair, record in found.items()}

    def ends(self) -> dict[Place, int]:
        """See `Source.ends`."""
        return {_place(pair): end for pair, end in self._ends.newest().items()}

    @property
    def ends_age_s(self) -> float:
        """See `Source.ends_age_s`."""
        return self._ends.age_s

    def positions(self) -> dict[Place, int]:
        """See `Source.positions`."""
        found = {}
        for place in self._sought:
            try:
                offset = self._consumer.position(_pair(place), timeout_ms=0)
            except (kafka_errors.IllegalStateError, kafka_errors.NoOffsetForPartitionError):
                continue  # taken away a moment ago
            if offset is not None:
                found[place] = offset
        return found

    def seek(self, place: Place, offset: int) -> None:
        """See `Source.seek`."""
        pair = _pair(place)
        try:
            self._consumer.seek(pair, offset)
            self._consumer.resume(pair)
        except (ValueError, KeyError):
            return  # taken away a moment ago: `changes` says so
        self._sought.add(place)
        self._links[place] = self._link(pair)

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """See `Source.commit`."""
        mine = self._consumer.assignment()
        wanted = {_pair(place): OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()}
        try:
            self._consumer.commit_async(
                {pair: offset for pair, offset in wanted.items() if pair in mine}, lambda *_: None
            )
        except kafka_errors.KafkaError:
            return  # the next one says it again

    def close(self) -> None:
        """See `Source.close`."""
        if not self._closed:
            self._closed = True
            self._ends.close()
            self._consumer.close(autocommit=False, timeout_ms=2_000)
