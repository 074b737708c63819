"""Refused records driven again, once the reason is gone: a unit was added to the pack, a service was declared.

What was kept of a record is decoded like a new one. What is accepted counts as driven again, apart from the offsets
that were consumed; what is refused again stays as it was.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ioc.facts import Arrival, Batch, Reject, Topic, Written
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import rejects
from ioc.store.batch import write_batch
from ioc.store.connect import Connection
from ioc.store.migrate import check_rules
from ioc.store.units import load
from streams.decode import Decoder

CHUNK = 1000


@dataclass(slots=True)
class Redriven:
    """What became of the records."""

    events: int = 0
    duplicates: int = 0
    unreadable: int = 0
    """Not JSON: of these only the beginning was kept, so they can be shown and discarded."""
    refused: Counter[str] = field(default_factory=Counter)
    """By the reason of now."""

    def __str__(self) -> str:
        text = f"{self.events} driven again, {self.duplicates} were known already"
        if self.refused:
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(self.refused.items()))
            text += f", {self.refused.total()} refused again ({reasons})"
        if self.unreadable:
            text += f", {self.unreadable} are not JSON and can only be discarded"
        return text


def redrive(
    conn: Connection,
    settings: Settings,
    *,
    topic: str | None = None,
    reason: str | None = None,
    nos: Sequence[int] | None = None,
) -> Redriven:
    """Drives open rejects again, oldest first; each is either settled or as it was. Safe beside a running ingest.

    Raises OperatorError for an unknown topic, Transient where the database is away; what was settled until then stays.
    """
    rules = Rules.of(settings)
    check_rules(conn, rules)
    decoder = Decoder(settings, load(conn, settings))
    found = rejects.listed(conn, topic=topic, reason=reason, nos=nos, most=10_000_000)
    done = Redriven(unreadable=sum(not one.redrivable for one in found))
    wanted = [one.no for one in found if one.redrivable]
    for start in range(0, len(wanted), CHUNK):
        _chunk(conn, rules, decoder, wanted[start : start + CHUNK], done)
    return done


def _chunk(conn: Connection, rules: Rules, decoder: Decoder, nos: Sequence[int], done: Redriven) -> None:
    with conn.transaction():
        taken = rejects.take(conn, nos=nos, most=len(nos))
        now_us = time.time_ns() // 1000
        good: list[tuple[int, Topic, Arrival]] = []
        for one in taken:
            arrival = decoder.again(one, now_us)
            if isinstance(arrival.what, Reject):
                done.refused[arrival.what.reason] += 1
            else:
                good.append((one.no, Topic(one.topic), arrival))
        _write(conn, rules, good, done)


class _Conflicts(Exception):
    """Some of a batch are conflicts: which ones is found by writing them one by one."""


def _write(conn: Connection, rules: Rules, good: Sequence[tuple[int, Topic, Arrival]], done: Redriven) -> None:
    if not good:
        return
    arrivals: dict[Topic, list[Arrival]] = {}
    for _, topic, arrival in good:
        arrivals.setdefault(topic, []).append(arrival)
    try:
        with conn.transaction():
            written: Written = write_batch(conn, Batch(arrivals, redriven=True), rules)
            if written.conflicts:
                raise _Conflicts
            rejects.settle(conn, [no for no, _, _ in good], "redriven")
    except _Conflicts:
        if len(good) == 1:
            done.refused["conflict"] += 1
            return
        for one in good:
            _write(conn, rules, [one], done)
        return
    done.events += written.events
    done.duplicates += written.duplicates
