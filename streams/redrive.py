"""Refused records driven again, once the reason is gone: a unit was added to the pack, a service was declared.

What was kept of a record is decoded like a new one. What is accepted counts as driven again, apart from the offsets
that were consumed; what is refused again stays as it was. What was not kept is read from the broker (`streams.reread`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ioc.facts import Arrival, Batch, Reject, Topic
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import rejects
from ioc.store.batch import write_batch
from ioc.store.connect import Connection
from ioc.store.migrate import check_rules
from ioc.store.units import load
from streams.decode import Decoder
from streams.halving import REASON, UNHOLDABLE
from streams.reread import Reread, Rereading

CHUNK = 1000
TELL_S = 5.0

Good = tuple[int, Topic, Arrival]
"""The number of a reject, and the event that its record is now."""


@dataclass(slots=True)
class Redriven:
    """What became of the records."""

    seen: int = 0
    events: int = 0
    duplicates: int = 0
    unreadable: int = 0
    """Not JSON, or too large: of these only the beginning was kept, so they can be shown and discarded."""
    refused: Counter[str] = field(default_factory=Counter)
    """By the reason of now."""
    reread: Reread = field(default_factory=Reread)
    """What lay beyond the cap."""

    def __str__(self) -> str:
        text = f"{self.events} driven again, {self.duplicates} were known already"
        if self.refused.total():
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(self.refused.items()) if count)
            text += f", {self.refused.total()} refused again ({reasons})"
        if self.unreadable:
            text += f", {self.unreadable} were kept in part and can only be discarded"
        if self.reread != Reread():
            text += f"\n{self.reread}"
        return text


def redrive(
    conn: Connection,
    settings: Settings,
    *,
    topic: str | None = None,
    reason: str | None = None,
    nos: Sequence[int] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Redriven:
    """Drives the open rejects of this moment again, oldest first; each is either settled or as it was. Where no numbers
    are named, what lies beyond the cap is then read again from the broker.

    Safe beside a running ingest, beside another one of its kind, and to be ended at any moment: each chunk is one
    transaction. ``tell`` hears every few seconds how far it is. Raises OperatorError for an unknown topic, Transient
    where a server is away; what was settled until then stays.
    """
    rules = Rules.of(settings)
    check_rules(conn, rules)
    decoder = Decoder(settings, load(conn, settings))
    done = Redriven()
    next_s = time.monotonic() + TELL_S
    for found in rejects.numbers(conn, topic=topic, reason=reason, nos=nos, most=CHUNK):
        wanted = [no for no, redrivable in found if redrivable]
        done.unreadable += len(found) - len(wanted)
        done.seen += len(found)
        if wanted:
            _chunk(conn, rules, decoder, wanted, done)
        if time.monotonic() >= next_s:
            next_s = time.monotonic() + TELL_S
            tell(f"{done.seen} looked at: {done}")
    if nos is None:
        rereading = Rereading(conn, settings, rules, decoder, tell)
        done.reread = rereading.done
        rereading.run(topic, reason)
    return done


def _chunk(conn: Connection, rules: Rules, decoder: Decoder, nos: Sequence[int], done: Redriven) -> None:
    with conn.transaction():
        taken = rejects.take(conn, nos=nos, most=len(nos))
        now_us = time.time_ns() // 1000
        good: list[Good] = []
        for one in taken:
            arrival = decoder.again(one, now_us)
            if isinstance(arrival.what, Reject):
                done.refused[arrival.what.reason] += 1
            else:
                good.append((one.no, Topic(one.topic), arrival))
        if good:
            rejects.hold(conn, {arrival.source for _, _, arrival in good})
            _write(conn, rules, good, done)


def _write(conn: Connection, rules: Rules, good: Sequence[Good], done: Redriven) -> None:
    """Writes what is accepted now; in halves where the database cannot hold what some record says."""
    arrivals: dict[Topic, list[Arrival]] = {}
    for _, topic, arrival in good:
        arrivals.setdefault(topic, []).append(arrival)
    try:
        written = write_batch(conn, Batch(arrivals, redriven=True), rules)
    except UNHOLDABLE:
        if len(good) == 1:
            done.refused[REASON] += 1
            return
        middle = len(good) // 2
        _write(conn, rules, good[:middle], done)
        _write(conn, rules, good[middle:], done)
        return
    conflicts = frozenset(written.refused)
    rejects.settle(conn, [no for no, _, one in good if (one.source, one.offset) not in conflicts], "redriven")
    done.refused["conflict"] += len(conflicts)
    done.events += written.events
    done.duplicates += written.duplicates
