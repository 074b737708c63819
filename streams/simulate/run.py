"""The loop of `ioc simulate`: the last days at once, then the present as it happens."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from threading import Event

from ioc.settings import Settings
from ioc.world import World
from streams.delivery import Progress, deliver
from streams.producer import Producer
from streams.sent import Sent
from streams.simulate.pace import Clock, WallClock, backfill, history_start, paced, stock
from streams.simulate.simulation import Simulation

REMEMBERED_EVERY_S = 5.0


def simulate(
    settings: Settings,
    world: World,
    producer: Producer,
    *,
    seed: int,
    speed: float | None,
    backfill_days: int,
    stop: Event,
    resume_at: datetime | None = None,
    sent_until: Callable[[datetime], None] | None = None,
    clock: Clock | None = None,
) -> None:
    """Sends the province's feeds until ``stop`` is set.

    First the last ``backfill_days``, newest day first, as fast as the broker takes them, then the present at its own
    pace: no event ever leaves before it happens. A ``speed`` other than 1 (and not None) replays those days in order
    at that speed instead, until the present is reached. ``sent_until`` is told, every few seconds, up to which moment
    everything is acknowledged; kept by the caller and given back as ``resume_at``, it lets a restart send only what was
    missed. Without it a restart sends the same days again, which the store counts as duplicates.
    """
    clock = clock or WallClock()
    simulation = Simulation(world, seed, settings.zone)
    now = _whole_ms(clock.now())
    if speed is None or math.isclose(speed, 1.0):
        _fill(producer, backfill(simulation, now, backfill_days, resume_at=resume_at), stop)
        live = max(now, resume_at or now)
    else:
        begins = resume_at or history_start(simulation, now, backfill_days)
        if resume_at is None:
            _fill(producer, stock(simulation, begins), stop)
        live = _catch_up(producer, simulation.events_between(begins), speed, stop, clock)
    if stop.is_set():
        return
    told = live
    if sent_until:
        sent_until(told)
    for group in paced(simulation.events_between(live), clock, 1.0, stop, origin=clock.now()):
        deliver(producer, group)
        if sent_until and (group[-1].at - told).total_seconds() >= REMEMBERED_EVERY_S:
            told = group[-1].at
            sent_until(told)


def _fill(producer: Producer, history: Iterator[tuple[date, list[Sent]]], stop: Event) -> None:
    progress = Progress("simulate")
    total, began_s = 0, time.monotonic()
    for on, events in history:
        total += deliver(producer, events)
        progress.tell(f"{on:%d/%m/%Y}, {total:,} events, {total / (time.monotonic() - began_s + 1e-9):,.0f}/s")
        if stop.is_set():
            return
    progress.tell(f"the past is told, {total:,} events; now live", now=True)
    progress.end()


def _catch_up(producer: Producer, events: Iterator[Sent], speed: float, stop: Event, clock: Clock) -> datetime:
    """Replays until an event lies in the future; gives the moment from which nothing has been sent."""
    progress = Progress("simulate")
    reached = clock.now()

    def past() -> Iterator[Sent]:
        nonlocal reached
        for event in events:
            reached = clock.now()
            if event.at > reached:
                return
            yield event

    for group in paced(past(), clock, speed, stop):
        deliver(producer, group)
        progress.tell(f"{group[-1].at:%d/%m/%Y %H:%M}")
    progress.end()
    return _whole_ms(reached) + timedelta(milliseconds=1)


def _whole_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
