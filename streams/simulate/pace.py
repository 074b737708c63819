"""When to send: at the pace of the events themselves, or a history at once, newest day first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Protocol

from streams.sent import Sent
from streams.simulate.simulation import Simulation

MOST_AT_ONCE = 500
SHORTEST_WAIT_S = 0.02
LONGEST_WAIT_S = 1.0
"""A clock that was set or a machine that slept is noticed within this time."""
PART = timedelta(hours=6)


class Clock(Protocol):
    """What tells the time and waits; tests bring one that needs no waiting."""

    def now(self) -> datetime:
        """The present moment, aware."""
        ...

    def wait(self, seconds: float, stop: Event) -> bool:
        """Waits that long or until ``stop`` is set; says whether it is set."""
        ...


class WallClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float, stop: Event) -> bool:
        """Waits that long or until ``stop`` is set."""
        return stop.wait(seconds)


def paced(
    events: Iterable[Sent], clock: Clock, speed: float | None, stop: Event, *, origin: datetime | None = None
) -> Iterator[list[Sent]]:
    """The events in small lists, each when its time has come.

    An event leaves ``(at - origin) / speed`` after the start; ``origin`` defaults to the first event's moment, and with
    ``origin`` = now and ``speed`` 1 each leaves at its very moment. Deadlines are absolute, so no delay adds up. What
    is overdue comes at once. ``speed`` None asks for no pacing. Ends early when ``stop`` is set.
    """
    started = clock.now()
    group: list[Sent] = []
    for event in events:
        if origin is None:
            origin = event.at
        if speed is not None:
            deadline = started + (event.at - origin) / speed
            while (early_s := (deadline - clock.now()).total_seconds()) > 0:
                if group:
                    yield group
                    group = []
                if clock.wait(min(max(early_s, SHORTEST_WAIT_S), LONGEST_WAIT_S), stop):
                    return
        group.append(event)
        if len(group) >= MOST_AT_ONCE:
            yield group
            group = []
        if stop.is_set():
            return
    if group:
        yield group


def history_start(simulation: Simulation, now: datetime, days: int) -> datetime:
    """The local midnight ``days`` days before today's."""
    midnight = now.astimezone(simulation.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days)


def backfill(
    simulation: Simulation, now: datetime, days: int, *, resume_at: datetime | None = None
) -> Iterator[tuple[date, list[Sent]]]:
    """What left the sources before ``now``, as (local day, events): today so far first, then day after day back.

    A day comes in parts of a quarter, its newest first; within a part events are in order. After the oldest day come,
    again newest first, the earlier events of all lives that go on after it: a case that is open when the history begins
    is told from its receipt on, and one that had ended is not told at all. With ``resume_at`` (the end of what was sent
    before) only what has been missed since.
    """
    begins = resume_at if resume_at is not None else history_start(simulation, now, days)
    yield from _backwards(simulation, begins, now, None)
    if resume_at is None:
        yield from stock(simulation, begins)


def stock(simulation: Simulation, begins: datetime) -> Iterator[tuple[date, list[Sent]]]:
    """What left before a history ``begins`` of the lives that go on in it, newest day first: the cases carried over."""
    yield from _backwards(simulation, begins - timedelta(days=simulation.longest_life_days), begins, begins)


def _backwards(
    simulation: Simulation, start: datetime, end: datetime, alive_at: datetime | None
) -> Iterator[tuple[date, list[Sent]]]:
    high = end
    while high > start:
        local = (high - timedelta(microseconds=1)).astimezone(simulation.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        low = max(start, midnight + (local - midnight) // PART * PART)
        found = simulation.piece(low, high, alive_at=alive_at)
        if found:
            yield local.date(), found
        high = low
