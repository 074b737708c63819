"""When a case is due, as its steps say it: for lists that show the day beside the case.

The figures themselves come from `ioc.life`; this is the same sentence of `docs/figures.md` ("Due at T") for one case,
and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from ioc.facts import Status


class DueStep(NamedTuple):
    """What a due moment depends on; ``at`` and ``due_at`` are aware."""

    at: datetime
    event_id: str
    status: int
    due_at: datetime | None


def due_at(steps: Iterable[DueStep], stopped: Literal["paused", "ended"]) -> datetime | None:
    """The last changed due moment and the paused time since the step that changed it; None = always in time.

    ``steps`` are in order of (at, event_id); a pause that still runs is not counted, for it ends at another moment in
    each question. ``stopped`` is `cases.stopped` of the settings.
    """
    in_force: datetime | None = None
    paused = timedelta()
    pause_from: datetime | None = None
    for step in steps:
        if pause_from is not None:
            paused += step.at - pause_from
            pause_from = None
        if step.due_at is not None and step.due_at != in_force:
            in_force, paused = step.due_at, timedelta()
        if is_pause(step.status, stopped):
            pause_from = step.at
    return None if in_force is None else in_force + paused


def is_pause(status: int, stopped: Literal["paused", "ended"]) -> bool:
    """Whether the clock of a case stands still in a status."""
    waiting = status in (Status.SUPPLEMENT_REQUESTED, Status.PAYMENT_REQUESTED)
    return waiting or (status == Status.STOPPED and stopped == "paused")


def days_late(due: datetime, at: datetime, zone: ZoneInfo) -> int:
    """Calendar days of the zone from the due day to the day of ``at``."""
    return (at.astimezone(zone).date() - due.astimezone(zone).date()).days
