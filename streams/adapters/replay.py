"""`ioc replay permits`: the recorded log as a live feed."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

from ioc.errors import ConfigError
from ioc.settings import Settings
from ioc.world import World
from streams.adapters.permits import ROOT, permit_events
from streams.delivery import Progress, deliver
from streams.producer import Producer
from streams.simulate.pace import Clock, WallClock, paced


def replay_permits(
    settings: Settings,
    world: World,
    producer: Producer,
    *,
    speed: float | None,
    shift: timedelta,
    stop: Event | None = None,
    clock: Clock | None = None,
) -> int:
    """Sends the permit log, moved by ``shift`` (`streams.adapters.permits.fixed_shift`); gives the number of events.

    ``speed`` 1 takes as long as the log did, 15 months; None sends it at once. ConfigError where the world lacks the
    log's units.
    """
    if ROOT not in world.by_code:
        raise ConfigError(f"units.extra: add {ROOT!r}, the units of the recorded log (now: {settings.units.extra})")
    progress = Progress("replay permits")
    events = permit_events(shift)
    sent = 0
    for group in paced(events, clock or WallClock(), speed, stop or Event()):
        sent += deliver(producer, group)
        at = group[-1].at.astimezone(settings.zone)
        progress.tell(f"{sent:,} of {len(events):,} events, {at:%d/%m/%Y %H:%M}", now=sent == len(events))
    progress.end()
    return sent
