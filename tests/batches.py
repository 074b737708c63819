"""Batches made by hand for tests of the store: a partition that is claimed, and what lies at its next offsets."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from ioc.facts import Advance, Arrival, Batch, Claim, Fact, Reject, Topic
from ioc.store import offsets
from ioc.store.connect import Connection


def claim(conn: Connection, topic: Topic = Topic.USAGE, partition: int = 0, begin: int = 0) -> Claim:
    """The right to write a partition of the one cluster that there is here."""
    return offsets.claim(conn, cluster="c", topic=topic, topic_id="t", partition=partition, owner="test", begin=begin)


def garbage(reason: str = "not_json", detail: str = "", body: bytes = b"?") -> Reject:
    """What nobody can read, nor drive again."""
    return Reject(reason, detail, None, body, b"d", redrivable=False)


def batch(claimed: Claim, whats: Sequence[Fact | Reject], first: int = 0) -> Batch:
    """One record after the other from offset ``first`` on."""
    arrivals = [_arrival(claimed.source, first + n, what) for n, what in enumerate(whats)]
    return Batch({claimed.topic: arrivals}, (Advance(claimed.source, first, first + len(whats), claimed.epoch),))


def _arrival(source: int, offset: int, what: Fact | Reject) -> Arrival:
    if isinstance(what, Reject):
        return Arrival(source, offset, what)
    return Arrival(source, offset, what, _digest(repr(what)), garbage, _digest(what.event_id))


def _digest(text: str) -> bytes:
    """Of any text, also of one that no database stores."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
