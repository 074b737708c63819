"""What happened, in our own words: the facts that the store takes in, whatever brought them.

A fact is what is left of a record once its feed has decoded, validated and placed it: times are aware, units are rows
of the store (`Unit.no`), words are the small numbers of the enumerations below. Times travel as microseconds since
1970 (UTC, int64) because exactness lives there: ``at_us``. What is made once a record is a msgspec Struct: a frozen
dataclass takes fifteen times as long to make.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from hashlib import blake2b

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def us_of(at: datetime) -> int:
    """Microseconds since 1970 of an aware moment, exact."""
    return (at - EPOCH) // MICROSECOND


def moment(at_us: int) -> datetime:
    """The aware (UTC) moment of ``at_us``."""
    return EPOCH + timedelta(microseconds=at_us)


def digest_of(event_id: str) -> bytes:
    """The sixteen bytes under which an event id is known. Raises UnicodeEncodeError for half a surrogate pair."""
    return blake2b(event_id.encode(), digest_size=16).digest()


class Topic(IntEnum):
    """The inbound feeds by the number under which the store knows them."""

    CASES = 1
    CAMERAS = 2
    USAGE = 3
    INDICATORS = 4

    @property
    def title(self) -> str:
        """The Kafka topic's name: ``ioc.cases.v1`` …"""
        return f"ioc.{self.name.lower()}.v1"


TOPICS: dict[str, Topic] = {topic.title: topic for topic in Topic}


class Status(IntEnum):
    """National status codes of a case, 1 to 10 (`ioc/data/case_status.csv`)."""

    SUBMITTED = 1
    RECEIVED = 2
    NOT_ACCEPTED = 3
    PROCESSING = 4
    SUPPLEMENT_REQUESTED = 5
    PAYMENT_REQUESTED = 6
    WITHDRAWN = 7
    STOPPED = 8
    FINISHED = 9
    RETURNED = 10


class Channel(IntEnum):
    """How a case came in."""

    COUNTER = 1
    ONLINE = 2
    POSTAL = 3


class Severity(IntEnum):
    """How grave a camera incident is."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class IncidentState(IntEnum):
    """Where an incident stands."""

    DETECTED = 1
    ACKNOWLEDGED = 2
    VERIFIED = 3
    FALSE_ALARM = 4
    DISPATCHED = 5
    IN_PROGRESS = 6
    RESOLVED = 7
    CLOSED = 8


class Health(IntEnum):
    """What a camera says of itself."""

    ONLINE = 1
    OFFLINE = 2
    TAMPERED = 3


class Outcome(IntEnum):
    """How one use of a service ended."""

    OK = 1
    ERROR = 2
    TIMEOUT = 3


class CaseFlag(IntEnum):
    """Bits of `CaseEvent.flags`: what a step says of the case; each yes has a bit, each no another."""

    REMOTE = 1
    NOT_REMOTE = 2
    EID = 4
    NOT_EID = 8
    E_RESULT = 16
    NOT_E_RESULT = 32
    DIGITISED = 64
    NOT_DIGITISED = 128
    REUSED = 256
    NOT_REUSED = 512
    SYNCED = 1024
    NOT_SYNCED = 2048
    RESULT_REQUIRED = 4096
    NOT_RESULT_REQUIRED = 8192


class CaseEvent(msgspec.Struct, frozen=True, gc=False):
    """One step in the life of a case. ``handling`` and ``receiving`` are unit numbers."""

    event_id: str
    at_us: int
    case_code: str
    status: int
    handling: int
    receiving: int
    channel: int
    due_us: int | None = None
    procedure: str = ""
    extension_no: int | None = None
    flags: int = 0
    fee_vnd: int | None = None
    payment_method: str | None = None
    applicant: str | None = None
    stage: str | None = None


class IncidentEvent(msgspec.Struct, frozen=True, gc=False):
    """One step in the life of a camera incident."""

    event_id: str
    at_us: int
    incident_id: str
    camera_id: str
    unit: int
    kind: str
    severity: int
    state: int
    lat: float | None = None
    lon: float | None = None
    confidence: float | None = None
    plate_masked: str | None = None
    snapshot_url: str | None = None
    source: str | None = None


class HealthEvent(msgspec.Struct, frozen=True, gc=False):
    """What a camera said of itself."""

    event_id: str
    at_us: int
    camera_id: str
    unit: int
    status: int
    lat: float | None = None
    lon: float | None = None


class UsageEvent(msgspec.Struct, frozen=True, gc=False):
    """One use of a service, or a count of uses; ``service`` is `Service.no`."""

    event_id: str
    at_us: int
    service: int
    action: str
    unit: int
    outcome: int = Outcome.OK
    count: int = 1
    duration_ms: int | None = None
    amount_vnd: int | None = None
    satisfied: bool | None = None


class IndicatorEvent(msgspec.Struct, frozen=True, gc=False):
    """A measured figure; ``add`` tells a change from a level."""

    event_id: str
    at_us: int
    indicator: str
    unit: int
    value: float
    add: bool = False


Fact = CaseEvent | IncidentEvent | HealthEvent | UsageEvent | IndicatorEvent


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that was refused; ``body`` and ``key`` are already redacted.

    ``redrivable`` is false where the bytes could not be redacted by name (not JSON): then ``body`` is only their
    beginning and ``digest`` a hash of the whole.
    """

    reason: str
    detail: str
    key: bytes | None
    body: bytes
    digest: bytes
    redrivable: bool = True
    headers: bytes = b""


class Tombstone:
    """A record without a value: counted, neither an event nor a reject. One instance, `TOMBSTONE`."""


TOMBSTONE = Tombstone()


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """One record's place in its partition and what it turned out to be.

    ``source`` is `Claim.source`, the store's number of the partition. ``content`` is a 16-byte digest of the normalised
    contract fields: a repeat of an event id with the same digest is a duplicate, with another one a conflict.
    ``refuse(reason, detail)`` makes the `Reject` to keep should it prove a conflict (None where ``what`` is a `Reject`
    or a tombstone already). ``identity`` is `digest_of` the event id; empty where there is none.
    """

    source: int
    offset: int
    what: Fact | Reject | Tombstone
    content: bytes = b""
    refuse: Callable[[str, str], Reject] | None = None
    identity: bytes = b""


@dataclass(frozen=True, slots=True)
class Tail:
    """The last record that was read of a partition: its offset and a 16-byte digest of its time, key and bytes."""

    offset: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to advance one partition: only the holder of the newest ``epoch`` may.

    ``source`` is the store's number of (cluster, topic, topic id, partition, generation). ``finding`` says in a word
    what was odd when it was claimed: "" | "expired" (records were deleted unread) | "remade", "reset" (topic or broker
    have taken the place of others). ``tail`` is what must still lie at the broker for ``next_offset`` to mean anything;
    ``end`` how far the log reached when it was looked at last, None where nobody has.
    """

    source: int
    topic: Topic
    partition: int
    epoch: int
    next_offset: int
    finding: str = ""
    generation: int = 0
    tail: Tail | None = None
    end: int | None = None

    def unread(self, since: int) -> int:
        """How many records the log is known to have had from ``since`` on."""
        return max(0, (self.end or 0) - since)


@dataclass(frozen=True, slots=True)
class Advance:
    """One partition moves from ``expected`` to ``next_offset`` under the claim's ``epoch``; ``tail`` is the last record
    in between, None where there was none."""

    source: int
    expected: int
    next_offset: int
    epoch: int
    tail: Tail | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction makes true.

    ``arrivals`` by topic, each in offset order within its partition. ``advances`` may move without arrivals (control
    records). Records driven again have no advances and ``redriven`` set. ``arrived_s`` is when its first record reached
    us, in seconds since 1970; None where nobody looked at the clock.
    """

    arrivals: dict[Topic, list[Arrival]]
    advances: tuple[Advance, ...] = ()
    redriven: bool = False
    arrived_s: float | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch came to."""

    events: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejects: int = 0
    tombstones: int = 0
    refused: tuple[tuple[int, int], ...] = ()
    """Of records driven again: source and offset of those that are conflicts; they stay as they were kept."""
