"""Every figure by name: the metrics that effects add to, and the records that screens and the API show.

The words are those of the published definitions (`docs/figures.md`). A metric is a *happening* (sums over a window) or
a *state* (sum of everything before a moment).
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import IntEnum
from typing import Literal

import msgspec


class Metric(IntEnum):
    """What an effect changes; the numbers are stored, so they never change. Services follow from `SERVICE_BASE`."""

    RECEIVED_COUNTER = 1
    RECEIVED_ONLINE = 2
    RECEIVED_POSTAL = 3
    FINISHED_ON_TIME = 4
    FINISHED_LATE = 5
    WITHDRAWN = 6
    NOT_ACCEPTED = 7
    EXTENDED_AFTER_DUE = 8
    OPEN = 9
    DUE_SOON = 10
    OVERDUE = 11
    PAUSED = 12
    PAUSED_OVERDUE = 13
    DETECTED = 20
    OPEN_LOW = 21
    OPEN_MEDIUM = 22
    OPEN_HIGH = 23
    OPEN_CRITICAL = 24
    UNACKNOWLEDGED = 25
    CAMERAS_ONLINE = 30
    CAMERAS_OFFLINE = 31
    CAMERAS_TAMPERED = 32
    CAMERAS_SILENT = 33


SERVICE_BASE = 100
"""Usage of service number n has the metrics BASE + 3 n (uses), + 1 (errors), + 2 (amount in VND)."""

RECEIVED = (Metric.RECEIVED_COUNTER, Metric.RECEIVED_ONLINE, Metric.RECEIVED_POSTAL)
FINISHED = (Metric.FINISHED_ON_TIME, Metric.FINISHED_LATE)
OPEN_INCIDENTS = (Metric.OPEN_LOW, Metric.OPEN_MEDIUM, Metric.OPEN_HIGH, Metric.OPEN_CRITICAL)

STATES = frozenset(
    {
        Metric.OPEN,
        Metric.DUE_SOON,
        Metric.OVERDUE,
        Metric.PAUSED,
        Metric.PAUSED_OVERDUE,
        *OPEN_INCIDENTS,
        Metric.UNACKNOWLEDGED,
        Metric.CAMERAS_ONLINE,
        Metric.CAMERAS_OFFLINE,
        Metric.CAMERAS_TAMPERED,
        Metric.CAMERAS_SILENT,
    }
)
"""Metrics that are sums of everything before a moment; all others are sums over a window."""
STATE_METRICS = sorted(int(metric) for metric in STATES)

SeverityName = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[SeverityName, ...] = ("low", "medium", "high", "critical")


def percent(part: int, whole: int) -> float | None:
    """``part`` of ``whole`` in per cent, two decimals, half up; None when there is no whole."""
    if whole == 0:
        return None
    return float((Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP))


class Channels(msgspec.Struct, frozen=True):
    """Cases received by the way they came in."""

    counter: int = 0
    online: int = 0
    postal: int = 0


class CaseFigures(msgspec.Struct, frozen=True):
    """Case figures of a scope: happenings of the window, states at its end."""

    received: int = 0
    received_by_channel: Channels = Channels()
    finished: int = 0
    finished_on_time: int = 0
    finished_late: int = 0
    withdrawn: int = 0
    not_accepted: int = 0
    extended_after_due: int = 0
    open: int = 0
    open_in_time: int = 0
    open_due_soon: int = 0
    open_overdue: int = 0
    paused: int = 0
    paused_overdue: int = 0
    on_time_pct: float | None = None
    finished_on_time_pct: float | None = None

    @property
    def overdue_share_pct(self) -> float | None:
        """Overdue among open cases in per cent."""
        return percent(self.open_overdue, self.open)


class IncidentFigures(msgspec.Struct, frozen=True):
    """Camera incidents of a scope."""

    detected: int = 0
    open: int = 0
    open_by_severity: dict[str, int] = {}
    unacknowledged: int = 0


class CameraFigures(msgspec.Struct, frozen=True):
    """Cameras of a scope by their latest health."""

    online: int = 0
    offline: int = 0
    tampered: int = 0
    silent: int = 0


class UsageFigures(msgspec.Struct, frozen=True):
    """Use of one service in a window."""

    uses: int = 0
    errors: int = 0
    amount_vnd: int = 0


class IndicatorFigure(msgspec.Struct, frozen=True):
    """The value of an indicator and the moment it describes."""

    value: float
    occurred_at: datetime


REFUSING_LEAST = 100
"""So few records say nothing of a source."""


class FeedFigure(msgspec.Struct, frozen=True):
    """A feed's pipeline now. ``lag`` is None where it is not known to the second; times before the first event."""

    topic: str
    lag: int | None
    events: int
    duplicates: int
    rejected: int
    last_event_at: datetime | None
    last_arrival_at: datetime | None = None
    recent_records: int = 0
    """Records since the first refusal of the last five minutes; 0 where none was refused."""
    recent_rejected: int = 0
    """How many of those were refused."""
    not_kept: int = 0
    """Refused records beyond the cap, of which nothing is kept, that nobody has discarded yet."""
    drain_s: float | None = None
    """Seconds until it has caught up at the present pace; None where it is not behind, or falls further behind."""

    @property
    def refuses_most(self) -> bool:
        """An alarm: of the last minutes' records, a hundred or more, more than half were refused."""
        return self.recent_records >= REFUSING_LEAST and 2 * self.recent_rejected > self.recent_records


class Overview(msgspec.Struct, frozen=True):
    """The answer of ``GET /api/v1/overview``."""

    unit: str
    scope: str
    as_of: datetime
    from_: datetime = msgspec.field(name="from")
    to: datetime = msgspec.field()
    cases: CaseFigures = msgspec.field()
    incidents: IncidentFigures = msgspec.field()
    cameras: CameraFigures = msgspec.field()
    usage: dict[str, UsageFigures] = msgspec.field()
    indicators: dict[str, IndicatorFigure] = msgspec.field()
    feeds: tuple[FeedFigure, ...] = ()


def case_figures(of: dict[Metric, int]) -> CaseFigures:
    """The published case figures from sums by metric (absent = 0)."""
    counter, online, postal = (of.get(metric, 0) for metric in RECEIVED)
    on_time, late = of.get(Metric.FINISHED_ON_TIME, 0), of.get(Metric.FINISHED_LATE, 0)
    is_open, soon, overdue = of.get(Metric.OPEN, 0), of.get(Metric.DUE_SOON, 0), of.get(Metric.OVERDUE, 0)
    paused_overdue = of.get(Metric.PAUSED_OVERDUE, 0)
    return CaseFigures(
        received=counter + online + postal,
        received_by_channel=Channels(counter, online, postal),
        finished=on_time + late,
        finished_on_time=on_time,
        finished_late=late,
        withdrawn=of.get(Metric.WITHDRAWN, 0),
        not_accepted=of.get(Metric.NOT_ACCEPTED, 0),
        extended_after_due=of.get(Metric.EXTENDED_AFTER_DUE, 0),
        open=is_open,
        open_in_time=is_open - soon - overdue,
        open_due_soon=soon,
        open_overdue=overdue,
        paused=of.get(Metric.PAUSED, 0),
        paused_overdue=paused_overdue,
        on_time_pct=percent(on_time, on_time + late + overdue + paused_overdue),
        finished_on_time_pct=percent(on_time, on_time + late),
    )


def incident_figures(of: dict[Metric, int]) -> IncidentFigures:
    """The published incident figures from sums by metric."""
    by_severity: dict[str, int] = {
        name: of.get(metric, 0) for name, metric in zip(SEVERITIES, OPEN_INCIDENTS, strict=True)
    }
    return IncidentFigures(
        of.get(Metric.DETECTED, 0), sum(by_severity.values()), by_severity, of.get(Metric.UNACKNOWLEDGED, 0)
    )


def camera_figures(of: dict[Metric, int]) -> CameraFigures:
    """The published camera figures from sums by metric."""
    return CameraFigures(
        *(
            of.get(m, 0)
            for m in (Metric.CAMERAS_ONLINE, Metric.CAMERAS_OFFLINE, Metric.CAMERAS_TAMPERED, Metric.CAMERAS_SILENT)
        )
    )
