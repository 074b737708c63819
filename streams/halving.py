"""Which record of a batch it is that the database cannot hold: found by halving, each half a transaction of its own.

The order within each partition stays, and its offsets move with each piece, so that whatever ends the process in the
middle, the next owner goes on exactly there. A single record that still cannot be written is refused as ``unstorable``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import replace

import msgspec

from ioc.errors import Unstorable
from ioc.facts import Advance, Arrival, Batch, Reject, Tombstone, Topic, Written

REASON = "unstorable"
UNHOLDABLE = (Unstorable, OverflowError, UnicodeError, struct.error)
"""What writing a batch raises where a value fits nowhere: on the server, and on the way there."""


def halved(batch: Batch) -> list[Batch]:
    """The batch as two, to be written one after the other; as one where it has a single record.

    Whole partitions are parted first, then the records of the last one by their offsets.
    """
    sources = sorted({arrival.source for arrivals in batch.arrivals.values() for arrival in arrivals})
    if len(sources) > 1:
        first = frozenset(sources[: len(sources) // 2])
        moves = [a for a in batch.advances if a.source in first], [a for a in batch.advances if a.source not in first]
        return [
            replace(batch, arrivals=_of(batch, lambda one: one.source in first), advances=tuple(moves[0])),
            replace(batch, arrivals=_of(batch, lambda one: one.source not in first), advances=tuple(moves[1])),
        ]
    offsets = sorted(arrival.offset for arrivals in batch.arrivals.values() for arrival in arrivals)
    if len(offsets) < 2:
        return [batch]
    middle, source = offsets[len(offsets) // 2], sources[0]
    before, after = [], []
    for move in batch.advances:
        if move.source == source:
            before.append(Advance(source, move.expected, middle, move.epoch))
            after.append(replace(move, expected=middle))
        else:
            after.append(move)
    return [
        replace(batch, arrivals=_of(batch, lambda one: one.offset < middle), advances=tuple(before)),
        replace(batch, arrivals=_of(batch, lambda one: one.offset >= middle), advances=tuple(after)),
    ]


def refused(batch: Batch, why: BaseException) -> Batch:
    """A batch of one record with that record refused. Raises ``why`` where it is a refused record already."""
    ((topic, (arrival,)),) = batch.arrivals.items()
    detail = str(why).strip().partition("\n")[0]
    if isinstance(arrival.what, Reject):
        if arrival.what.reason == REASON:
            raise why
        reject = replace(arrival.what, reason=REASON, detail="", key=None, body=b"", headers=b"", redrivable=False)
    elif isinstance(arrival.what, Tombstone) or arrival.refuse is None:
        raise why
    else:
        reject = arrival.refuse(REASON, detail)
    return replace(batch, arrivals={topic: [msgspec.structs.replace(arrival, what=reject, refuse=None)]})


def pieces(batch: Batch, why: BaseException) -> list[Batch]:
    """What to write in place of a batch that cannot be: its halves, or its one record refused."""
    if not batch.arrivals:
        raise why
    found = halved(batch)
    return found if len(found) > 1 else [refused(batch, why)]


def together(parts: Iterable[Written]) -> Written:
    """What several pieces came to."""
    total = Written()
    for part in parts:
        total = Written(
            *(
                getattr(total, name) + getattr(part, name)
                for name in ("events", "duplicates", "conflicts", "rejects", "tombstones")
            )
        )
    return total


def _of(batch: Batch, wanted: Callable[[Arrival], bool]) -> dict[Topic, list[Arrival]]:
    found = {topic: [one for one in arrivals if wanted(one)] for topic, arrivals in batch.arrivals.items()}
    return {topic: arrivals for topic, arrivals in found.items() if arrivals}
