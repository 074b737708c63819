"""The picture that every screen is a slice of.

A `Snapshot` holds what is true at ``as_of``: arrays by metric and unit, small lists of incidents, results and feeds.
One is computed for all screens; panels are pure functions of it and a `Scope`. How it is read and patched live is in
`ioc.store.live`; a past moment gives the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ioc.days import BINS_A_DAY, DAYS, WEEKS_BACK, day_at, day_starts, local_midnight, local_midnight_us, week_starts
from ioc.figures import (
    FINISHED,
    OPEN_INCIDENTS,
    RECEIVED,
    SERVICE_BASE,
    STATES,
    CameraFigures,
    CaseFigures,
    FeedFigure,
    IncidentFigures,
    IndicatorFigure,
    Metric,
    UsageFigures,
    camera_figures,
    case_figures,
    incident_figures,
)
from ioc.workdays import is_working_day
from ioc.world import Unit, World

AGES = (2, 7, 30)
"""Overdue cases are told apart by the days that they are late: up to 2, up to 7, up to 30, and more."""

Figure = Literal["received", "finished", "open", "overdue", "detected", "incidents_open", "uses", "errors"]

SERIES: Mapping[Figure, tuple[Metric, ...]] = {
    "received": RECEIVED,
    "finished": FINISHED,
    "open": (Metric.OPEN,),
    "overdue": (Metric.OVERDUE,),
    "detected": (Metric.DETECTED,),
    "incidents_open": OPEN_INCIDENTS,
}
LEVELS: frozenset[Figure] = frozenset({"open", "overdue", "incidents_open"})
"""Figures whose series are levels at the end of each bin; the others are sums within it."""

SERIES_FIGURES: tuple[Figure, ...] = (
    "received",
    "finished",
    "open",
    "overdue",
    "detected",
    "incidents_open",
    "uses",
    "errors",
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
T = TypeVar("T")

REMEMBERED = 20_000
"""What a snapshot remembers of the days before at most: about 25 MB."""
CASE_METRICS = tuple(Metric(row) for row in range(1, int(Metric.PAUSED_OVERDUE) + 1))


@dataclass(frozen=True, slots=True)
class Scope:
    """A unit and all below it; cases by the unit that must decide, or by the one-stop centre that took them in."""

    unit: str
    by: Literal["handling", "receiving"] = "handling"


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident as screens list it. ``since`` is its first event, ``state_at`` its latest."""

    incident_id: str
    camera_id: str
    unit: str
    kind: str
    severity: str
    state: str
    since: datetime
    state_at: datetime
    lat: float | None
    lon: float | None
    place: str | None


@dataclass(frozen=True, slots=True)
class ReadyResult:
    """A case that was finished lately, with the places it belongs to (unit codes)."""

    case_code: str
    finished_at: datetime
    handling: str
    receiving: str


@dataclass(frozen=True, slots=True)
class Weeks:
    """The ten-minute series of the days `WEEKS_BACK`: ``bins`` [figures, U, 7, 144] as those of `Snapshot`, and
    ``before`` [figures, U, 7], the levels at the beginning of each day."""

    bins: Ints
    before: Ints


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit with its case figures, as rankings list it."""

    unit: Unit
    cases: CaseFigures


@dataclass(frozen=True)
class Snapshot:
    """What is true at ``as_of``.

    Shapes: U units by `Unit.at`. ``pair`` int64 [14, U handling, U receiving], rows by `Metric` up to PAUSED_OVERDUE:
    states at ``as_of``, happenings since local midnight. ``single`` int64 [40, U] likewise for incidents and cameras
    (rows by `Metric`). ``usage`` int64 [services, 3, U]: uses, errors, VND since midnight. ``bins`` int64
    [figures of SERIES_FIGURES, U, DAYS, 144]: sums (for levels: changes) of ten minutes, by handling unit, the last day
    is today. ``levels_before`` int64 [figures, U]: levels before the first bin.
    ``data_at`` is when the newest change reached us, ``news_at`` when the oldest of those did that the snapshot before
    lacks; ``sequence`` counts changes.
    """

    as_of: datetime
    zone: ZoneInfo
    world: World
    sequence: int
    data_at: datetime | None
    pair: Ints
    single: Ints
    usage_sums: Ints
    bins: Ints
    levels_before: Ints
    working_days: tuple[bool, ...]
    """For each of DAYS whether offices were open; the last is today."""
    incidents_open: tuple[IncidentRow, ...]
    """All open ones: gravest first, then newest."""
    incidents_latest: tuple[IncidentRow, ...]
    """The newest detections whatever their state, newest first."""
    results: tuple[ReadyResult, ...]
    """Finished lately, newest first; at most some hundreds, enough for each receiving unit."""
    indicator_values: Mapping[str, Mapping[str, IndicatorFigure]]
    """By indicator, then unit code: own values."""
    feeds: tuple[FeedFigure, ...]
    live: bool = True
    news_at: datetime | None = None
    """None where the store said nothing new."""
    past: dict[Hashable, object] = field(default_factory=dict, compare=False, repr=False)
    """What was made of the days before today: see `remembered`. Whoever changes those days empties it."""
    kind_hours: Mapping[str, npt.NDArray[np.int32]] = field(default_factory=dict)
    """Detections by kind: [days, 24 local hours, U]; `day_at` says which day stands where."""
    weeks: Weeks | None = None
    """None where only the remembered days are known."""
    overdue_ages: Ints | None = None
    """Open overdue cases by days late [len(AGES) + 1, U], by handling unit; read less often than the others."""

    def remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` gives, made once as long as the days before today do not change.

        It may rest on nothing but those days; nobody may change what it gives.
        """
        if key not in self.past:
            if len(self.past) >= REMEMBERED:
                self.past.clear()
            self.past[key] = make()
        return self.past[key]  # type: ignore[return-value]

    present: dict[str, Ints] = field(default_factory=dict, compare=False, repr=False)
    """Sums over one side of ``pair`` [14, U], made when first asked for: many scopes ask the same."""

    @property
    def now_bin(self) -> int:
        """The ten-minute bin of today that ``as_of`` lies in, 0 to 143."""
        local = self.as_of.astimezone(self.zone)
        return (local.hour * 60 + local.minute) // 10

    def _sums(self, scope: Scope) -> dict[Metric, int]:
        if scope.by not in self.present:
            self.present[scope.by] = self.pair.sum(axis=2 if scope.by == "handling" else 1)
        rows = self.present[scope.by][:, self.world.subtree(scope.unit)].sum(axis=1).tolist()
        return {metric: rows[metric] for metric in CASE_METRICS}

    def cases(self, scope: Scope) -> CaseFigures:
        """Case figures: happenings since local midnight, states now."""
        return case_figures(self._sums(scope))

    def incidents(self, scope: Scope) -> IncidentFigures:
        """Incident figures: detected since local midnight, states now."""
        sums = self.single[:, self.world.subtree(scope.unit)].sum(axis=1)
        return incident_figures(
            {metric: int(sums[metric]) for metric in (Metric.DETECTED, *OPEN_INCIDENTS, Metric.UNACKNOWLEDGED)}
        )

    def cameras(self, scope: Scope) -> CameraFigures:
        """Cameras by their latest health."""
        sums = self.single[:, self.world.subtree(scope.unit)].sum(axis=1)
        return camera_figures({metric: int(sums[metric]) for metric in Metric if metric >= Metric.CAMERAS_ONLINE})

    def usage(self, scope: Scope) -> dict[str, UsageFigures]:
        """Every declared service, since local midnight."""
        parts = self.usage_sums[:, :, self.world.subtree(scope.unit)]
        if parts.max(initial=0) > np.iinfo(np.int64).max // max(1, parts.shape[2]):
            parts = parts.astype(object)  # amounts that do not add up within 64 bits: slowly, and right
        sums = parts.sum(axis=2)
        return {
            service.code: UsageFigures(*(int(n) for n in sums[at])) for at, service in enumerate(self.world.services)
        }

    def indicators(self, scope: Scope) -> dict[str, IndicatorFigure]:
        """The indicators that have a value for the scope, each rolled up as declared."""
        codes = {self.world.units[at].code for at in self.world.subtree(scope.unit)}
        found = {}
        for code, declared in self.world.indicators.items():
            figure = roll_up(declared.roll_up, scope.unit, codes, self.indicator_values.get(code, {}))
            if figure is not None:
                found[code] = figure
        return found

    def detections(self, scope: Scope) -> dict[str, npt.NDArray[np.int64]]:
        """Detections of the scope by kind: [days, 24 local hours]; `day_at` says which day stands where."""
        places = self.world.subtree(scope.unit)
        return {kind: table[:, :, places].sum(axis=2, dtype=np.int64) for kind, table in self.kind_hours.items()}

    def ages(self, scope: Scope) -> tuple[int, ...]:
        """Open overdue cases of the scope by days late: up to each of `AGES`, and more; by handling unit."""
        if self.overdue_ages is None:
            return (0,) * (len(AGES) + 1)
        return tuple(int(n) for n in self.overdue_ages[:, self.world.subtree(scope.unit)].sum(axis=1))

    def feed(self, topic: str) -> FeedFigure | None:
        """The feed of a topic such as ``ioc.cases.v1``."""
        return next((feed for feed in self.feeds if feed.topic == topic), None)

    def spoke(self, topic: str) -> bool:
        """Whether a feed has ever said anything: until then that it counts nothing is not known."""
        feed = self.feed(topic)
        return feed is not None and feed.last_event_at is not None

    def rows(self, units: Iterable[Unit], by: Literal["handling", "receiving"] = "handling") -> list[UnitRow]:
        """Case figures of each unit with all below it."""
        return [UnitRow(unit, self.cases(Scope(unit.code, by))) for unit in units]

    def handled_for(self, receiving: str) -> list[UnitRow]:
        """What was received at a unit and below, by the unit that must decide; units without cases are left out."""
        sums = self.pair[:, :, self.world.subtree(receiving)].sum(axis=2)
        busy = np.flatnonzero(np.abs(sums).sum(axis=0))
        return [
            UnitRow(self.world.units[at], case_figures({Metric(row): int(sums[row, at]) for row in range(1, 14)}))
            for at in busy
        ]

    def own_incidents(self, scope: Scope) -> list[IncidentRow]:
        """Open incidents of the scope: gravest first, then newest."""
        codes = {self.world.units[at].code for at in self.world.subtree(scope.unit)}
        return [row for row in self.incidents_open if row.unit in codes]

    def latest_incidents(self, scope: Scope) -> list[IncidentRow]:
        """The newest detections of the scope, newest first."""
        codes = {self.world.units[at].code for at in self.world.subtree(scope.unit)}
        return [row for row in self.incidents_latest if row.unit in codes]

    def results_ready(self, scope: Scope, most: int = 12) -> list[ReadyResult]:
        """Cases of the scope that were finished lately, newest first."""
        codes = {self.world.units[at].code for at in self.world.subtree(scope.unit)}
        found = [row for row in self.results if (row.receiving if scope.by == "receiving" else row.handling) in codes]
        return found[:most]

    def series(self, scope: Scope, figure: Figure, days_back: int = 0) -> Floats:
        """Ten-minute values of a local day [144]: sums, or levels at the end of each bin; NaN after ``as_of``.

        By handling unit whatever ``scope.by``. ``days_back`` 0 is today, at most DAYS - 1, or one of `WEEKS_BACK`.
        """
        if days_back:
            key = ("series", scope.unit, figure, days_back)
            return self.remembered(key, lambda: self.whole_day(scope, figure, days_back))
        own = self.whole_day(scope, figure, 0)
        own[self.now_bin + 1 :] = np.nan
        return own

    def whole_day(self, scope: Scope, figure: Figure, days_back: int) -> Floats:
        """The same without the NaN after ``as_of``, not remembered. The last ten minutes of a past day's overdue
        cases are taken to be like the ten before: what becomes overdue at midnight belongs to the morning."""
        at = SERIES_FIGURES.index(figure)
        places = self.world.subtree(scope.unit)
        if days_back < DAYS:
            bins, day = self.bins, DAYS - 1 - days_back
        elif self.weeks is not None:
            bins, day = self.weeks.bins, WEEKS_BACK.index(days_back)
        else:
            raise KeyError(days_back)
        own: Floats = bins[at, places, day, :].sum(axis=0, dtype=np.int64).astype(np.float64)
        if figure in LEVELS:
            own = self._level_before(at, places, days_back) + np.cumsum(own)
        if figure == "overdue" and days_back:
            own[-1] = own[-2]
        own.flags.writeable = days_back == 0
        return own

    def _level_before(self, at: int, places: npt.NDArray[np.int64], days_back: int) -> int:
        if days_back >= DAYS and self.weeks is not None:
            return int(self.weeks.before[at, places, WEEKS_BACK.index(days_back)].sum())
        before = self.bins[at, places, : DAYS - 1 - days_back, :]
        return int(self.levels_before[at, places].sum()) + int(before.sum(dtype=np.int64))

    def was_working_day(self, days_back: int) -> bool:
        """Whether offices were open on a remembered day, or on one of `WEEKS_BACK`."""
        if days_back < DAYS:
            return self.working_days[DAYS - 1 - days_back]
        return is_working_day(self.as_of.astimezone(self.zone).date() - timedelta(days=days_back))

    def same_time(self, scope: Scope, figure: Figure, days_back: int = 7) -> float:
        """The figure as it was at this time of day ``days_back`` days ago: since midnight, or the level."""
        values = self.series(scope, figure, days_back)
        at = self.now_bin
        if figure in LEVELS:
            return float(values[at])
        local = self.as_of.astimezone(self.zone)
        part = ((local.hour * 60 + local.minute) % 10 * 60 + local.second) / 600
        return float(values[:at].sum() + values[at] * part)


def roll_up(
    how: Literal["own", "sum", "mean"], unit: str, codes: set[str], values: Mapping[str, IndicatorFigure]
) -> IndicatorFigure | None:
    """An indicator over a subtree; None where it has no value there. The time is the newest that went in."""
    if how == "own":
        return values.get(unit)
    parts: Sequence[IndicatorFigure] = [values[code] for code in sorted(codes) if code in values]
    if not parts:
        return None
    total = sum(part.value for part in parts)
    return IndicatorFigure(total if how == "sum" else total / len(parts), max(part.occurred_at for part in parts))


__all__ = [
    "AGES",
    "BINS_A_DAY",
    "DAYS",
    "LEVELS",
    "SERIES",
    "SERIES_FIGURES",
    "SERVICE_BASE",
    "STATES",
    "WEEKS_BACK",
    "Figure",
    "IncidentRow",
    "ReadyResult",
    "Scope",
    "Snapshot",
    "UnitRow",
    "Weeks",
    "day_at",
    "day_starts",
    "local_midnight",
    "local_midnight_us",
    "roll_up",
    "week_starts",
]
