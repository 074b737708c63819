"""Records from the log in PostgreSQL: the same contract as Kafka, for machines without one. Never for production.

Members of a group show themselves each second; partitions are dealt to them in turn. For a moment two may hold the same
one: writes are fenced by the store, as they are with Kafka.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import cycle, groupby

from ioc.errors import OperatorError, Transient
from ioc.facts import TOPICS
from ioc.settings import Settings
from ioc.store import log, state
from ioc.store.connect import Connection, connect
from ioc.store.migrate import check
from streams.source import TITLES, Changes, Identity, Place, Record, Slice

SHOW_S = 1.0
"""How often a member shows itself."""
SILENT_S = 6.0
"""After this a member counts as dead and its partitions are dealt to the others."""
KEPT_S = 86_400.0
"""How long a record that every group has read is kept."""
TIDY_S = 3_600.0
CLUSTER_KEY = "source_log_cluster"
ACTIONS = "ioc.actions.v1"


def _identity(conn: Connection) -> Identity:
    cluster = state.set_once(conn, CLUSTER_KEY, f"log-{time.time_ns():x}")
    return Identity(cluster, dict.fromkeys(TOPICS.values(), "log"))


class LogSource:
    """See `streams.source.Source`."""

    def __init__(self, settings: Settings, owner: str) -> None:
        self._settings = settings
        self._owner = owner
        self._group = settings.kafka.group_id
        self._conn: Connection | None = None
        self._heads: dict[Place, int] = {}
        self._mine: frozenset[Place] = frozenset()
        self._positions: dict[Place, int] = {}
        self._assigned: set[Place] = set()
        self._revoked: set[Place] = set()
        self._shown_s = float("-inf")
        self._tidied_s = time.monotonic()

    @classmethod
    def open(cls, settings: Settings, owner: str) -> LogSource:
        """Makes missing topics and joins the group. Raises ConfigError, Transient."""
        source = cls(settings, owner)
        conn = source._connected()
        log.ensure(conn, [*TITLES, ACTIONS], settings.kafka.partitions)
        source._heads = {Place(TOPICS[head.topic], head.partition): head.no for head in log.heads(conn, TITLES)}
        return source

    def _connected(self) -> Connection:
        if self._conn is None or self._conn.closed or self._conn.broken:
            self._conn = connect(self._settings.database.dsn, self._settings, name="ioc source log")
            log.listen(self._conn)
            self._give_back(self._positions)  # the server that answers now may lack what was read
        return self._conn

    def _show(self) -> None:
        """Shows that we are here, and sees which partitions are ours now."""
        now_s = time.monotonic()
        if now_s - self._shown_s < SHOW_S:
            return
        members = log.join(self._connected(), self._group, self._owner, SILENT_S)
        self._shown_s = now_s
        mine = frozenset(
            place for place, member in zip(sorted(self._heads), cycle(members), strict=False) if member == self._owner
        )
        self._revoked |= self._mine - mine
        self._assigned = (self._assigned | (mine - self._mine)) & mine
        for place in self._mine - mine:
            self._positions.pop(place, None)
        self._mine = mine

    def poll(self, timeout_s: float, max_records: int) -> list[Slice]:
        """See `Source.poll`."""
        until_s = time.monotonic() + timeout_s
        while True:
            self._show()
            found = self._read(max_records)
            left_s = until_s - time.monotonic()
            if found or self._assigned or self._revoked or left_s <= 0:
                return found
            log.wait(self._connected(), min(left_s, SHOW_S))

    def _read(self, max_records: int) -> list[Slice]:
        if not self._positions:
            return []
        conn = self._connected()
        wanted = {self._heads[place]: offset for place, offset in self._positions.items()}
        places = {self._heads[place]: place for place in self._positions}
        found = []
        records = log.read(conn, wanted, max_records)
        for head, group in groupby(records, key=lambda record: record.head):
            place, slice_ = places[head], list(group)
            if slice_[0].offset != self._positions[place]:
                continue  # forgotten meanwhile: the log itself has no gaps
            found.append(Slice(place, slice_))
            self._positions[place] = slice_[-1].offset + 1
        silent = set(places.values()) - {slice_.place for slice_ in found}
        if silent and len(records) < max_records:
            self._check(silent)
        return found

    def _check(self, places: Collection[Place]) -> None:
        """A position outside of what the log holds is not ours to mend."""
        for place, (first, end) in self.bounds(places).items():
            if not first <= self._positions[place] <= end:
                self._give_back([place])

    def _give_back(self, places: Collection[Place]) -> None:
        """As if taken away and assigned anew."""
        for place in list(places):
            del self._positions[place]
            self._revoked.add(place)
            self._assigned.add(place)

    def keep_alive(self) -> None:
        """See `Source.keep_alive`."""
        self._show()

    def changes(self) -> Changes:
        """See `Source.changes`."""
        found = Changes(frozenset(self._assigned), frozenset(self._revoked))
        self._assigned.clear()
        self._revoked.clear()
        return found

    def identity(self) -> Identity:
        """See `Source.identity`."""
        return _identity(self._connected())

    def bounds(self, places: Collection[Place]) -> dict[Place, tuple[int, int]]:
        """See `Source.bounds`."""
        heads = {head.no: head for head in log.heads(self._connected(), TITLES)}
        return {
            place: (heads[no].first_offset, heads[no].next_offset)
            for place in places
            if (no := self._heads[place]) in heads
        }

    def at(self, offsets: Mapping[Place, int]) -> dict[Place, Record | None]:
        """See `Source.at`."""
        found: dict[Place, Record | None] = {}
        for place, offset in offsets.items():
            records = log.read(self._connected(), {self._heads[place]: offset}, 1)
            found[place] = records[0] if records and records[0].offset == offset else None
        return found

    def ends(self) -> dict[Place, int]:
        """See `Source.ends`."""
        try:
            return {place: end for place, (_, end) in self.bounds(self._mine).items()}
        except Transient:
            return {}

    @property
    def ends_age_s(self) -> float:
        """See `Source.ends_age_s`."""
        return 0.0

    def positions(self) -> dict[Place, int]:
        """See `Source.positions`."""
        return dict(self._positions)

    def seek(self, place: Place, offset: int) -> None:
        """See `Source.seek`."""
        if place in self._mine:
            self._positions[place] = offset

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """See `Source.commit`."""
        try:
            conn = self._connected()
            log.commit(conn, self._group, {self._heads[place]: offset for place, offset in offsets.items()})
            if time.monotonic() - self._tidied_s > TIDY_S:
                self._tidied_s = time.monotonic()
                log.forget_read(conn, KEPT_S)
        except Transient:
            return

    def close(self) -> None:
        """See `Source.close`."""
        if self._conn is None or self._conn.closed:
            return
        try:
            log.leave(self._conn, self._group, self._owner)
        except Transient:
            pass  # the others see it by our silence
        finally:
            self._conn.close()


class LogReader:
    """See `streams.source.Reader`."""

    PAGE = 100

    def __init__(self, settings: Settings) -> None:
        self._conn = connect(settings.database.dsn, settings, name="ioc source log reader")

    def identity(self) -> Identity:
        """See `Reader.identity`."""
        return _identity(self._conn)

    def _head(self, place: Place) -> log.Head | None:
        heads = log.heads(self._conn, [place.topic.title])
        return next((head for head in heads if head.partition == place.partition), None)

    def bounds(self, place: Place) -> tuple[int, int]:
        """See `Reader.bounds`."""
        head = self._head(place)
        return (head.first_offset, head.next_offset) if head else (0, 0)

    def read(self, place: Place, first: int, last: int) -> Iterator[list[Record]]:
        """See `Reader.read`."""
        head = self._head(place)
        while head and first <= last:
            found: list[Record] = list(log.read(self._conn, {head.no: first}, min(self.PAGE, last - first + 1)))
            if not found or found[0].offset != first:  # the log itself has no gaps
                raise Transient("the log forgot records while they were read; begin again")
            yield [record for record in found if record.offset <= last]
            first = found[-1].offset + 1

    def close(self) -> None:
        """See `Reader.close`."""
        self._conn.close()


class LogProducer:
    """See `streams.producer.Producer`; a batch is a transaction."""

    BATCH = 1000

    def __init__(self, conn: Connection, partitions: Mapping[str, Sequence[int]]) -> None:
        self._conn = conn
        self._partitions = partitions
        self._waiting: dict[int, list[log.Row]] = {}
        self._count = 0
        self._turn = 0
        self._since_s = 0.0

    @classmethod
    def open(cls, settings: Settings) -> LogProducer:
        """Makes missing topics and connects. Raises ConfigError, Transient; OperatorError for another schema."""
        conn = connect(settings.database.dsn, settings, name="ioc producer")
        try:
            check(conn)
        except BaseException:
            conn.close()
            raise
        topics = [*TITLES, ACTIONS]
        log.ensure(conn, topics, settings.kafka.partitions)
        partitions: dict[str, list[int]] = {}
        for head in log.heads(conn, topics):
            partitions.setdefault(head.topic, []).append(head.no)
        return cls(conn, partitions)

    def send(
        self, topic: str, key: str | bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """See `Producer.send`. Raises OperatorError for a topic that the log does not have."""
        heads = self._partitions.get(topic)
        if heads is None:
            raise OperatorError(f"the log has no topic {topic!r}; it has {', '.join(sorted(self._partitions))}")
        if isinstance(key, str):
            key = key.encode("utf-8")
        self._turn += 1
        head = heads[(self._turn if key is None else zlib.crc32(key)) % len(heads)]
        if not self._count:
            self._since_s = time.monotonic()
        self._waiting.setdefault(head, []).append((key, value, tuple(headers)))
        self._count += 1
        if self._count >= self.BATCH or time.monotonic() - self._since_s > 0.02:
            self.flush()

    def flush(self, timeout_s: float = 30.0) -> None:  # noqa: ARG002
        """See `Producer.flush`. After Transient the records still wait: call it again."""
        if self._waiting:
            log.append(self._conn, self._waiting)
            self._waiting, self._count = {}, 0

    def close(self) -> None:
        """See `Producer.close`."""
        if self._conn.closed:
            return
        try:
            self.flush()
        finally:
            self._conn.close()
