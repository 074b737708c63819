"""Where records come from: the few verbs that ingest asks of Kafka, and of the log that stands in for it.

One thread owns a source. Nothing in the project but its implementations knows which one it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ioc.facts import TOPICS, Topic

TITLES: tuple[str, ...] = tuple(TOPICS)
"""The inbound topics by name."""


class Record(Protocol):
    """One record of a partition; ``timestamp`` is the broker's, in milliseconds."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its bytes; None is a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Its headers, in order; names may repeat."""

    @property
    def timestamp(self) -> int:
        """When the broker says it was made, in milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for a record that the source cannot read, so that it is refused and neither lost nor in the way.

    ``why`` says what is wrong; ``left`` is what can be read of its bytes.
    """

    offset: int
    why: str
    timestamp: int = 0
    key: bytes | None = None
    left: bytes = b""
    headers: Sequence[tuple[str, bytes | None]] = ()

    @property
    def value(self) -> bytes | None:
        """None: nothing that may be decoded."""
        return None


class Place(NamedTuple):
    """A partition of a topic."""

    topic: Topic
    partition: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Records of one partition, in offset order; offsets may have gaps (control and compacted records)."""

    place: Place
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Changes:
    """What became ours and what was taken away since the last question. A place in both was lost and given back."""

    assigned: frozenset[Place] = frozenset()
    revoked: frozenset[Place] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.assigned or self.revoked)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which broker this is. A topic that was deleted and made again has another id; a broker that was reset, another
    cluster."""

    cluster: str
    topic_ids: Mapping[Topic, str]


class Source(Protocol):
    """Partitions of the inbound topics, shared by all consumers of one group.

    A place that is newly assigned gives no records until `seek` has said from where: no policy of the broker's decides
    that. `poll` moves the position; after a batch that failed, `seek` back.
    """

    def poll(self, timeout_s: float, max_records: int) -> list[Slice]:
        """Records that are there, else those that come within ``timeout_s``; at most ``max_records`` in all.

        Blocks up to ``timeout_s``, longer only while partitions are being shared out anew. Raises Transient where the
        server is away; a later call may succeed. Where the server no longer holds the position, or may have lost what
        lay before it (a new leader, a topic made anew), the place appears in `changes` as revoked and assigned, and
        gives nothing until the next `seek`.
        """

    def keep_alive(self) -> None:
        """Stays a member without reading, for a consumer that must wait longer than a moment. Blocks briefly."""

    def changes(self) -> Changes:
        """What was assigned and revoked since the last call. Never blocks."""

    def identity(self) -> Identity:
        """Which broker and topics these are. Blocks; raises Transient."""

    def bounds(self, places: Collection[Place]) -> dict[Place, tuple[int, int]]:
        """First kept offset and end offset (the next one to be written) of each place. Blocks; raises Transient."""

    def at(self, offsets: Mapping[Place, int]) -> dict[Place, Record | None]:
        """What lies at one offset of each place, None where no record does. Moves no position.

        Only for offsets within their bounds. Blocks; raises Transient.
        """

    def ends(self) -> dict[Place, int]:
        """End offsets of everything assigned, as they were six tenths of a second ago or later; {} where nobody knows.

        Never waits for a server that is slow: an answer may come with a later call.
        """

    @property
    def ends_age_s(self) -> float:
        """How long ago the server was asked for what `ends` gives now."""

    def positions(self) -> dict[Place, int]:
        """The next offset to be read of each place that was sought; moves past offsets without a record. Never
        blocks."""

    def seek(self, place: Place, offset: int) -> None:
        """Reads on from ``offset``. Ignored for a place that is no longer ours."""

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """Tells the server how far we are, for lag tools only; nothing depends on it. Never blocks, never raises."""

    def close(self) -> None:
        """Leaves the group so that others take over at once. Safe to call twice."""


class Reader(Protocol):
    """Records that lie at the broker still, read again by somebody who is no member of the group."""

    def identity(self) -> Identity:
        """Which broker and topics these are. Blocks; raises Transient."""

    def bounds(self, place: Place) -> tuple[int, int]:
        """First kept offset and end offset of a place; (0, 0) where it does not exist. Blocks; raises Transient."""

    def read(self, place: Place, first: int, last: int) -> Iterator[list[Record]]:
        """What lies from ``first`` to ``last``, both included, some megabytes at a time. Only within the bounds.

        Blocks; raises Transient where the server is away, or deletes what is being read.
        """

    def close(self) -> None:
        """Ends the connection."""
