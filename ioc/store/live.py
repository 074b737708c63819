"""The live picture: read once, then patched with what each batch changed; a past moment is read by the same code.

A batch leaves its changes packed in `change`. Which of them a picture lacks is decided by the writers' transactions
against the snapshot that the picture was last brought up to (`pg_visible_in_snapshot`), so rows that commit out of order
are neither missed nor added twice. Changes that lie in the future wait until the clock has passed them: an open case
becomes overdue on the screen at its moment, with no statement sent.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import numpy as np
import numpy.typing as npt

from ioc.days import BIN_US, BINS_A_DAY, DAYS, day_starts, local_midnight_us
from ioc.facts import Topic, moment, us_of
from ioc.figures import SERVICE_BASE, STATES, FeedFigure, IndicatorFigure, Metric
from ioc.settings import Settings
from ioc.snapshot import (
    LEVELS,
    SERIES,
    SERIES_FIGURES,
    IncidentRow,
    ReadyResult,
    Snapshot,
)
from ioc.store import balances, indicators, lists, series
from ioc.store.arrays import fetch
from ioc.store.connect import Connection, translated
from ioc.store.feeds import feeds
from ioc.store.overview import by_code
from ioc.store.packed_days import Cells
from ioc.store.patterns import Patterns
from ioc.store.rollup import CHANGE, MINUTE_US
from ioc.store.uses import changes_of
from ioc.store.weeks import PastWeeks
from ioc.workdays import is_working_day
from ioc.world import World

CASE_ROWS = int(Metric.PAUSED_OVERDUE) + 1
SINGLE_ROWS = 40
FORGET_S = 300.0
"""A picture that was not patched for so long is read again: the changes are kept for ten minutes only."""
LISTS_S = 5.0
"""Lists are read at least this often: an event of a clock that runs ahead appears without any new change."""
FEEDS_S = 0.5

DETECTED = SERIES_FIGURES.index("detected")
IS_LEVEL = np.array([figure in LEVELS for figure in SERIES_FIGURES])
REBUILT = -1
"""The topics of a change that says: read everything again."""

STATE_METRICS = sorted(int(metric) for metric in STATES)

NEW_CHANGES = """
    select now.snap::text, c.topics, coalesce(c.arrived_at, c.written_at), c.deltas
      from (select pg_current_snapshot() as snap) as now
      left join change c
        on c.tx >= pg_snapshot_xmin(%(snap)s::pg_snapshot) and not pg_visible_in_snapshot(c.tx, %(snap)s::pg_snapshot)
     order by c.no
"""
SNAPSHOT: LiteralString = (
    "select pg_current_snapshot()::text, (select max(coalesce(arrived_at, written_at)) from change)"
)
TODAY: LiteralString = """
    select array_agg(metric), array_agg(handling), array_agg(receiving), array_agg(value)
      from (
        select metric, handling, receiving, sum(value)::bigint as value
          from rollup_minute
         where bucket >= %(begin)s and bucket < %(end)s
         group by metric, handling, receiving
      ) as today
"""
EFFECTS = """
    select metric, handling, receiving, (extract(epoch from at) * 1000000)::bigint, delta
      from effect
     where at >= %(begin)s and at < %(end)s
"""
USES = """
    select service, unit, (extract(epoch from at) * 1000000)::bigint, uses, outcome, coalesce(amount_vnd, 0)
      from usage_event
     where at >= %(begin)s and at < %(end)s
"""


class Live:
    """A picture that is brought forward; not for use by two threads."""

    def __init__(self, conn: Connection, world: World, settings: Settings) -> None:
        self.conn = conn
        self.world = world
        self.settings = settings
        self.zone = settings.zone
        self.sequence = 0
        self.reads = 0
        self.at_us: int | None = None
        self.position = np.full(max(unit.no for unit in world.units) + 1, -1, dtype=np.int64)
        for unit in world.units:
            self.position[unit.no] = unit.at
        self.service_at = {world.service_numbers[s.code]: at for at, s in enumerate(world.services)}
        self.figure_of: dict[int, int] = {
            int(metric): SERIES_FIGURES.index(figure) for figure, metrics in SERIES.items() for metric in metrics
        }
        self.figure_at = np.full(series.ERRORS + 1, -1, dtype=np.int64)
        for metric, figure_no in self.figure_of.items():
            self.figure_at[metric] = figure_no
        self.figure_at[series.USES] = SERIES_FIGURES.index("uses")
        self.figure_at[series.ERRORS] = SERIES_FIGURES.index("errors")
        self.snap = ""
        self.data_at: datetime | None = None
        self.news_at: datetime | None = None
        self.patched_s = 0.0
        self.lists_s = self.feeds_s = float("-inf")
        self.incidents: tuple[IncidentRow, ...] = ()
        self.newest: tuple[IncidentRow, ...] = ()
        self.results: tuple[ReadyResult, ...] = ()
        self.measured: dict[str, dict[str, IndicatorFigure]] = {}
        self.pipeline: tuple[FeedFigure, ...] = ()
        self.past: dict[Hashable, object] = {}
        self.patterns = Patterns(world)
        self._empty(0)

    def _empty(self, at_us: int) -> None:
        self.past = {}
        units, services = len(self.world.units), len(self.world.services)
        self.pair = np.zeros((CASE_ROWS, units, units), dtype=np.int64)
        self.single = np.zeros((SINGLE_ROWS, units), dtype=np.int64)
        self.usage = np.zeros((services, 3, units), dtype=np.int64)
        self.bins = np.zeros((len(SERIES_FIGURES), units, DAYS, BINS_A_DAY), dtype=np.int64)
        self.levels_before = np.zeros((len(SERIES_FIGURES), units), dtype=np.int64)
        self.weeks = PastWeeks(units, self.figure_at, self._places)
        self.pending = np.empty(0, dtype=CHANGE)
        self.starts = day_starts(moment(at_us), self.zone)
        self.starts_us = np.array([us_of(start) for start in self.starts], dtype=np.int64)
        self.midnight_us = int(self.starts_us[-1])

    def advance(self, as_of: datetime) -> Snapshot:
        """The picture at ``as_of``. Raises Transient where the server failed; the next call starts afresh then.

        The first call, one after local midnight, one after a pause of minutes and one that goes back read everything.
        """
        at_us = us_of(as_of)
        self.news_at = None
        try:
            with translated(), self.conn.transaction():
                self.conn.execute("set transaction isolation level repeatable read, read only")
                if self._must_read(at_us):
                    self._read(at_us, live=True)
                    topics = ~0
                else:
                    topics = self._patch(at_us)
                self._lists(as_of, topics)
        except BaseException:
            self.at_us = None
            raise
        self.at_us = at_us
        self.patched_s = time.monotonic()
        return self._snapshot(as_of, live=True)

    def _must_read(self, at_us: int) -> bool:
        return (
            self.at_us is None
            or at_us < self.at_us
            or local_midnight_us(at_us, self.zone.key) != self.midnight_us
            or time.monotonic() - self.patched_s > FORGET_S
        )

    def _read(self, at_us: int, *, live: bool) -> None:
        """Everything, from the rollups, and the effects of the part-minute and of the rest of the day."""
        self._empty(at_us)
        self.reads += 1
        self.sequence += 1
        row = self.conn.execute(SNAPSHOT).fetchone()
        if row is not None:
            self.snap, self.data_at = row
        midnight, minute = moment(self.midnight_us), moment(at_us // MINUTE_US * MINUTE_US)
        standing = balances.at_midnight(self.conn, midnight)
        columns = [standing[name] for name in ("metric", "handling", "receiving", "value")]
        self._add(changes(columns, at_us=self.midnight_us - 1), binned=False)
        levels = self._levels()
        for day, cells in enumerate(series.read(self.conn, self.starts, minute)):
            self._bin_cells(day, cells)
        self.levels_before = levels - self.bins[:, :, : DAYS - 1, :].sum(axis=(2, 3), dtype=np.int64)
        self.levels_before[~IS_LEVEL] = 0
        self.weeks.read(self.conn, self.starts[-1])
        today = fetch(self.conn, TODAY, {"begin": midnight, "end": minute})
        self._add(changes(today, at_us=self.midnight_us), binned=False)
        end = moment(self.midnight_us) + timedelta(days=1, hours=2) if live else moment(at_us)
        self.pending = np.concatenate([self._edge_effects(minute, end), self._edge_uses(minute, end)])
        self._release(at_us)

    def _levels(self) -> npt.NDArray[np.int64]:
        """Levels of the series' figures by unit as the arrays hold them now."""
        levels = np.zeros((len(SERIES_FIGURES), len(self.world.units)), dtype=np.int64)
        for metric, figure in self.figure_of.items():
            if SERIES_FIGURES[figure] in LEVELS:
                levels[figure] += self.pair[metric].sum(axis=1) if metric < CASE_ROWS else self.single[metric]
        return levels

    def _edge_effects(self, begin: datetime, end: datetime) -> npt.NDArray[np.void]:
        rows = self.conn.execute(EFFECTS, {"begin": begin, "end": end}, binary=True).fetchall()
        return np.array(rows, dtype=CHANGE)

    def _edge_uses(self, begin: datetime, end: datetime) -> npt.NDArray[np.void]:
        found = self.conn.execute(USES, {"begin": begin, "end": end}, binary=True)
        return np.array(list(changes_of(found)), dtype=CHANGE)

    def _patch(self, at_us: int) -> int:
        """What was committed since, then what the clock has passed; returns the touched topics as bits."""
        topics = 0
        new = []
        for snap, touched, arrived_at, deltas in self.conn.execute(NEW_CHANGES, {"snap": self.snap}, binary=True):
            self.snap = snap
            if touched is None:
                continue
            if touched == REBUILT:
                self._read(at_us, live=True)
                return ~0
            topics |= touched
            self.data_at = arrived_at if self.data_at is None else max(self.data_at, arrived_at)
            self.news_at = arrived_at if self.news_at is None else min(self.news_at, arrived_at)
            new.append(np.frombuffer(deltas, dtype=CHANGE))
        if new:
            self.sequence += 1
            self.pending = np.concatenate([self.pending, *new])
        if self._release(at_us) and not new:
            self.sequence += 1
        return topics

    def _release(self, at_us: int) -> bool:
        """Adds every waiting change before ``at_us`` to the arrays."""
        due = self.pending["at_us"] < at_us
        if not due.any():
            return False
        passed = self.pending[due]
        self.pending = self.pending[~due]
        self._add(passed, binned=True)
        return True

    def _add(self, rows: npt.NDArray[np.void], *, binned: bool) -> None:
        """Adds changes that have happened: states always, happenings where they lie in today."""
        handling, receiving = self._places(rows["handling"]), self._places(rows["receiving"])
        ours = (handling >= 0) & (receiving >= 0)
        if not ours.all():
            rows, handling, receiving = rows[ours], handling[ours], receiving[ours]
        if binned:
            self._bin(rows)
        metric, delta = rows["metric"], rows["delta"]
        counts = np.isin(metric, STATE_METRICS) | (rows["at_us"] >= self.midnight_us)
        cases = counts & (metric < CASE_ROWS)
        np.add.at(self.pair, (metric[cases], handling[cases], receiving[cases]), delta[cases])
        singles = counts & (metric >= CASE_ROWS) & (metric < SINGLE_ROWS)
        np.add.at(self.single, (metric[singles], handling[singles]), delta[singles])
        uses = np.flatnonzero(counts & (metric >= SERVICE_BASE))
        if len(uses):
            service = np.array([self.service_at.get(int(no), -1) for no in (metric[uses] - SERVICE_BASE) // 3])
            known = uses[service >= 0]
            part = (metric[known] - SERVICE_BASE) % 3
            np.add.at(self.usage, (service[service >= 0], part, handling[known]), delta[known])

    def _places(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        known = numbers < len(self.position)
        places: npt.NDArray[np.int64] = np.where(known, self.position[np.where(known, numbers, 0)], -1)
        return places

    def _bin(self, rows: npt.NDArray[np.void]) -> None:
        """Adds changes to the ten-minute series of their local day; older ones move the level before the first."""
        metric = rows["metric"]
        figure = np.array([self.figure_of.get(int(one), -1) for one in metric], dtype=np.int64)
        usage = metric >= SERVICE_BASE
        part = (metric - SERVICE_BASE) % 3
        figure[usage & (part == 0)] = SERIES_FIGURES.index("uses")
        figure[usage & (part == 1)] = SERIES_FIGURES.index("errors")
        places = self._places(rows["handling"])
        kept = (figure >= 0) & (places >= 0)
        figure, places, at, delta = figure[kept], places[kept], rows["at_us"][kept], rows["delta"][kept]
        day = np.searchsorted(self.starts_us, at, side="right") - 1
        old = (day < 0) & IS_LEVEL[figure]
        if (day < DAYS - 1).any():
            self.past = {}
            self.patterns.forget(at[(day < DAYS - 1) & (figure == DETECTED)])
        if (day < 0).any():
            self.weeks.add(figure[day < 0], places[day < 0], at[day < 0], delta[day < 0])
        np.add.at(self.levels_before, (figure[old], places[old]), delta[old])
        now = day >= 0
        bin_of_day = np.minimum((at[now] - self.starts_us[day[now]]) // BIN_US, BINS_A_DAY - 1)
        np.add.at(self.bins, (figure[now], places[now], day[now], bin_of_day), delta[now])

    def _bin_cells(self, day: int, cells: Cells) -> None:
        """Puts the ten-minute sums of one remembered day where they belong."""
        figure, places = self.figure_at[cells["metric"]], self._places(cells["unit"])
        kept = (figure >= 0) & (places >= 0)
        np.add.at(self.bins[:, :, day], (figure[kept], places[kept], cells["bin"][kept]), cells["value"][kept])

    def _lists(self, as_of: datetime, topics: int) -> None:
        now_s = time.monotonic()
        old = now_s - self.lists_s > LISTS_S
        if old or topics & 1 << Topic.CAMERAS:
            self.incidents = lists.open_incidents(self.conn, self.world, as_of)
            self.newest = lists.newest_incidents(self.conn, self.world, as_of)
        if old or topics == ~0:
            self.results = lists.ready_results(self.conn, self.world, as_of)
        if old or topics & 1 << Topic.INDICATORS:
            values = indicators.values(self.conn, as_of)
            self.measured = {code: by_code(self.world, own) for code, own in values.items()}
        self.patterns.refresh(self.conn, as_of, self.starts, now=topics == ~0)
        if old:
            self.lists_s = now_s
        if now_s - self.feeds_s > FEEDS_S:
            self.pipeline = feeds(self.conn)
            self.feeds_s = now_s

    def _snapshot(self, as_of: datetime, *, live: bool) -> Snapshot:
        return Snapshot(
            as_of=as_of,
            zone=self.zone,
            world=self.world,
            sequence=self.sequence,
            data_at=self.data_at,
            pair=self.pair,
            single=self.single,
            usage_sums=self.usage,
            bins=self.bins,
            levels_before=self.levels_before,
            working_days=tuple(is_working_day(start.date()) for start in self.starts),
            incidents_open=self.incidents,
            incidents_latest=self.newest,
            results=self.results,
            indicator_values=self.measured,
            feeds=self.pipeline,
            live=live,
            news_at=self.news_at,
            past=self.past,
            kind_hours=self.patterns.kinds,
            weeks=self.weeks.now,
            overdue_ages=self.patterns.ages,
        )

    def at(self, as_of: datetime) -> Snapshot:
        """The picture of a past moment: read once, not to be advanced."""
        with translated(), self.conn.transaction():
            self.conn.execute("set transaction isolation level repeatable read, read only")
            self._read(us_of(as_of), live=False)
            self._lists(as_of, ~0)
        return self._snapshot(as_of, live=False)


def changes(columns: Sequence[npt.NDArray[Any]], *, at_us: int) -> npt.NDArray[np.void]:
    """Columns of metric, handling, receiving and value as changes at one moment."""
    found = np.empty(len(columns[0]), dtype=CHANGE)
    found["metric"], found["handling"], found["receiving"], found["delta"] = columns
    found["at_us"] = at_us
    return found


def read_snapshot(conn: Connection, world: World, settings: Settings, as_of: datetime) -> Snapshot:
    """The picture of any moment, past ones included."""
    return Live(conn, world, settings).at(as_of.astimezone(UTC))
