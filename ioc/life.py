"""The definitions of the figures, as pure functions from steps to effects.

A life is everything that one case, incident or camera has ever changed in any figure, and will change if nothing more
happens: effects ``(metric, handling unit, receiving unit, at_us) -> delta``. An effect counts for a moment T when
``at_us < T``; where a definition says "from midnight on" the effect lies one microsecond before. The sum of all lives
is the rollup, so every figure is a function of the set of events, whatever their order of arrival.

The words follow `docs/figures.md`, in the same order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from ioc.facts import EPOCH, Channel, Health, IncidentState, Severity, Status, us_of
from ioc.figures import Metric
from ioc.settings import Settings, seconds

Effects = dict[tuple[int, int, int, int], int]
"""(metric, handling unit, receiving unit, at_us) to its change; never zero."""

DAY_US = 86_400_000_000
QUARTER_US = 900_000_000  # every zone in use is a whole number of quarters of an hour from UTC


class CaseStep(NamedTuple):
    """What the definitions read of a step; sort by ``(at_us, event_id)``: code points order as their UTF-8 bytes do."""

    at_us: int
    event_id: str
    status: int
    handling: int
    receiving: int
    channel: int
    due_us: int | None


class IncidentStep(NamedTuple):
    """What the definitions read of a step of an incident."""

    at_us: int
    event_id: str
    unit: int
    severity: int
    state: int


class HealthStep(NamedTuple):
    """What the definitions read of a camera's word of itself."""

    at_us: int
    event_id: str
    unit: int
    status: int


@dataclass(frozen=True)
class Rules:
    """The choices that definitions depend on; `fingerprint` is stored with the figures made by them."""

    zone: str = "Asia/Ho_Chi_Minh"
    stopped: Literal["paused", "ended"] = "paused"
    compare: Literal["date", "timestamp"] = "date"
    due_soon_us: int = DAY_US
    silent_after_us: int = 0
    _midnights: dict[int, int] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """The rules that the settings choose."""
        return cls(
            zone=settings.province.zone,
            stopped=settings.cases.stopped,
            compare=settings.cases.compare,
            due_soon_us=round(seconds(settings.cases.due_soon) * 1_000_000),
            silent_after_us=round(seconds(settings.cameras.silent_after) * 1_000_000),
        )

    @property
    def fingerprint(self) -> str:
        """A digest of every choice; figures made by other rules need `ioc rebuild`."""
        words = (self.zone, self.stopped, self.compare, self.due_soon_us, self.silent_after_us)
        return hashlib.blake2b(repr(words).encode(), digest_size=8).hexdigest()

    def overdue_after(self, due_us: int) -> int:
        """The last moment that is not yet overdue: overdue at T means ``overdue_after(due) < T``.

        By date (the default) the local day after the due day is overdue from its midnight on.
        """
        if self.compare == "timestamp":
            return due_us
        quarter = due_us // QUARTER_US
        found = self._midnights.get(quarter)
        if found is None:
            if len(self._midnights) > 100_000:
                self._midnights.clear()
            found = self._midnights[quarter] = next_midnight_us(due_us, self.zone) - 1
        return found


def next_midnight_us(at_us: int, zone: str) -> int:
    """The first local midnight after ``at_us``."""
    local = (EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(zone))
    tomorrow = datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(zone)) + timedelta(days=1)
    return us_of(tomorrow.astimezone(UTC))


RECEIVED_BY = {
    Channel.COUNTER: int(Metric.RECEIVED_COUNTER),
    Channel.ONLINE: int(Metric.RECEIVED_ONLINE),
    Channel.POSTAL: int(Metric.RECEIVED_POSTAL),
}
BEFORE_RECEIPT = frozenset({int(Status.SUBMITTED), int(Status.NOT_ACCEPTED), int(Status.WITHDRAWN)})
ENDS = frozenset({int(Status.NOT_ACCEPTED), int(Status.WITHDRAWN)})
DONE = frozenset({int(Status.FINISHED), int(Status.RETURNED)})
SUPPLEMENT, PAYMENT, STOPPED = int(Status.SUPPLEMENT_REQUESTED), int(Status.PAYMENT_REQUESTED), int(Status.STOPPED)
WITHDRAWN, NOT_ACCEPTED = int(Status.WITHDRAWN), int(Status.NOT_ACCEPTED)

NOTHING, OPEN, PAUSED = 0, 1, 2


def case_life(steps: Iterable[CaseStep], rules: Rules) -> Effects:
    """Every effect of one case. ``steps`` are in order of (at_us, event_id).

    Between two steps the case stands still but for the clock: an open stretch carries the moments when it becomes due
    soon and overdue, cut off by the step that ends it.
    """
    effects: Effects = {}

    def add(metric: int, handling: int, receiving: int, at: int, delta: int) -> None:
        key = (metric, handling, receiving, at)
        left = effects.get(key, 0) + delta
        if left:
            effects[key] = left
        else:
            effects.pop(key, None)

    def stretch(begin: int, end: int | None) -> None:
        """The effects of standing in ``state`` from ``begin`` to ``end`` (None: for ever)."""
        for metric, start, stop in spans(begin, end):
            add(metric, handling, receiving, start, 1)
            if stop is not None:
                add(metric, handling, receiving, stop, -1)

    def spans(begin: int, end: int | None) -> list[tuple[int, int, int | None]]:
        if begin == end:
            return []
        if state == PAUSED:
            paused: list[tuple[int, int, int | None]] = [(Metric.PAUSED, begin, end)]
            if paused_late:
                paused.append((Metric.PAUSED_OVERDUE, begin, end))
            return paused
        found: list[tuple[int, int, int | None]] = [(Metric.OPEN, begin, end)]
        if due is not None:
            due_now = due + paused_us
            late_from = max(begin, rules.overdue_after(due_now))
            soon_from = max(begin, due_now - rules.due_soon_us - 1)
            soon_to = late_from if end is None else min(end, late_from)
            if soon_from < soon_to:
                found.append((Metric.DUE_SOON, soon_from, soon_to))
            if end is None or late_from < end:
                found.append((Metric.OVERDUE, late_from, end))
        return found

    state, since = NOTHING, 0
    handling = receiving = 0
    received = withdrawn = refused = False
    due: int | None = None
    paused_us = 0  # time in paused statuses since the due moment was last set
    pause_from: int | None = None  # where the running pause began, or the due moment was set within it
    paused_late = False
    for step in steps:
        at, status = step.at_us, step.status
        if state != NOTHING:
            stretch(since, at)
        late = paused_late if state == PAUSED else state == OPEN and is_late(at, due, paused_us, rules)
        if pause_from is not None:
            paused_us += at - pause_from
            pause_from = None
        if step.due_us is not None and step.due_us != due:
            if late and due is not None and step.due_us > due:
                add(Metric.EXTENDED_AFTER_DUE, step.handling, step.receiving, at, 1)
            due, paused_us = step.due_us, 0
        if not received and status not in BEFORE_RECEIPT:
            received = True
            add(RECEIVED_BY[Channel(step.channel)], step.handling, step.receiving, at, 1)
        if status in DONE:
            done = Metric.FINISHED_LATE if is_late(at, due, paused_us, rules) else Metric.FINISHED_ON_TIME
            add(done, step.handling, step.receiving, at, 1)
            return effects
        if status == WITHDRAWN and received and not withdrawn:
            withdrawn = True
            add(Metric.WITHDRAWN, step.handling, step.receiving, at, 1)
        elif status == NOT_ACCEPTED and not refused:
            refused = True
            add(Metric.NOT_ACCEPTED, step.handling, step.receiving, at, 1)
        pausing = status in (SUPPLEMENT, PAYMENT) or (status == STOPPED and rules.stopped == "paused")
        if pausing:
            pause_from = at
            if state != PAUSED:
                paused_late = is_late(at, due, paused_us, rules)
        if not received or status in ENDS or (status == STOPPED and not pausing):
            state = NOTHING
        else:
            state = PAUSED if pausing else OPEN
        since, handling, receiving = at, step.handling, step.receiving
    if state != NOTHING:
        stretch(since, None)
    return effects


def is_late(at: int, due: int | None, paused_us: int, rules: Rules) -> bool:
    """Whether ``at`` is after the due moment, lengthened by ``paused_us``; a case without one is always in time."""
    return due is not None and rules.overdue_after(due + paused_us) < at


OPEN_BY_SEVERITY = {
    int(Severity.LOW): int(Metric.OPEN_LOW),
    int(Severity.MEDIUM): int(Metric.OPEN_MEDIUM),
    int(Severity.HIGH): int(Metric.OPEN_HIGH),
    int(Severity.CRITICAL): int(Metric.OPEN_CRITICAL),
}
SETTLED = frozenset({int(IncidentState.FALSE_ALARM), int(IncidentState.RESOLVED), int(IncidentState.CLOSED)})


def incident_life(steps: Iterable[IncidentStep], rules: Rules) -> Effects:  # noqa: ARG001  one signature for all lives
    """Every effect of one incident: detected at its first step, then where it stands by unit and severity."""
    effects: Effects = {}
    standing: tuple[tuple[int, int], ...] = ()
    for first, step in enumerate(steps):
        at = step.at_us
        if first == 0:
            _change(effects, Metric.DETECTED, step.unit, at, 1)
        now: tuple[tuple[int, int], ...] = ()
        if step.state not in SETTLED:
            now = ((OPEN_BY_SEVERITY[step.severity], step.unit),)
        if step.state == IncidentState.DETECTED:
            now += ((int(Metric.UNACKNOWLEDGED), step.unit),)
        for metric, unit in standing:
            _change(effects, metric, unit, at, -1)
        for metric, unit in now:
            _change(effects, metric, unit, at, 1)
        standing = now
    return effects


BY_HEALTH = {
    int(Health.ONLINE): int(Metric.CAMERAS_ONLINE),
    int(Health.OFFLINE): int(Metric.CAMERAS_OFFLINE),
    int(Health.TAMPERED): int(Metric.CAMERAS_TAMPERED),
}


def camera_life(steps: Iterable[HealthStep], rules: Rules) -> Effects:
    """Every effect of a stretch of one camera's words; each lasts until the next, or until it is called silent.

    The life of any suffix of the steps differs from the whole only before the suffix, so late words are folded with
    their neighbours alone.
    """
    effects: Effects = {}
    ordered = list(steps)
    for here, step in enumerate(ordered):
        until = ordered[here + 1].at_us if here + 1 < len(ordered) else None
        silent = step.at_us + rules.silent_after_us if rules.silent_after_us else None
        metric = BY_HEALTH[step.status]
        _change(effects, metric, step.unit, step.at_us, 1)
        if silent is not None and (until is None or silent < until):
            _change(effects, metric, step.unit, silent, -1)
            _change(effects, Metric.CAMERAS_SILENT, step.unit, silent, 1)
            metric = Metric.CAMERAS_SILENT
        if until is not None:
            _change(effects, metric, step.unit, until, -1)
    return effects


def _change(effects: Effects, metric: int, unit: int, at: int, delta: int) -> None:
    key = (int(metric), unit, unit, at)
    left = effects.get(key, 0) + delta
    if left:
        effects[key] = left
    else:
        effects.pop(key, None)


def difference(before: Effects, after: Effects) -> Effects:
    """What must be added to ``before`` to make it ``after``."""
    changed = {key: delta for key, delta in after.items() if before.get(key) != delta}
    for key, delta in list(changed.items()):
        changed[key] = delta - before.get(key, 0)
    for key, delta in before.items():
        if key not in after:
            changed[key] = -delta
    return changed
