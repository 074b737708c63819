"""A plausible province at any moment, made from a seed: for tests of panels and for pictures of pages.

Everything in it is invented. `snapshot` keeps the promises of `ioc.snapshot.Snapshot`: today's ten-minute bins add up
to today's happenings, and levels end at the states.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ioc.figures import SEVERITIES, FeedFigure, IndicatorFigure, Metric
from ioc.settings import Settings, from_tree
from ioc.snapshot import BINS_A_DAY, DAYS, SERIES_FIGURES, WEEKS_BACK, Figure, IncidentRow, ReadyResult, Snapshot, Weeks
from ioc.workdays import is_working_day
from ioc.world import World, load_world

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = datetime(2026, 11, 23, 10, 24, 36, tzinfo=ZONE)
SUNDAY = datetime(2026, 11, 22, 9, 3, 0, tzinfo=ZONE)
EVENING = datetime(2026, 11, 23, 22, 47, 0, tzinfo=ZONE)

PEAKS = ((9.2, 1.0, 1.7), (14.8, 0.9, 1.7), (20.3, 0.12, 1.4))
VALUES = {
    "k_online_eligible": 96.4,
    "k_eid": 98.1,
    "k_remote": 57.3,
    "k_e_result": 93.2,
    "k_cashless": 81.6,
    "k_hosp_cashless": 56,
    "k_school_dx": 91,
    "dti_rank": 19,
}
KINDS = (
    ("fire_smoke", "critical", "detected", 2),
    ("red_light", "medium", "detected", 5),
    ("wrong_way", "high", "detected", 9),
    ("illegal_parking", "low", "acknowledged", 16),
    ("crowd", "high", "in_progress", 31),
    ("congestion", "medium", "dispatched", 52),
    ("sidewalk", "low", "in_progress", 66),
    ("speeding", "medium", "in_progress", 81),
    ("camera_offline", "medium", "in_progress", 93),
    ("littering", "low", "in_progress", 110),
    ("no_helmet", "low", "in_progress", 124),
    ("illegal_parking", "low", "in_progress", 150),
)


COURSES: tuple[tuple[Figure, float, int, int], ...] = (
    ("received", 1.0, 0, 1),
    ("finished", 0.93, 4, 1),
    ("uses", 14, 0, 7),
    ("errors", 0.2, 0, 7),
)
"""How figures go through a day: how many for each case received, how many ten minutes later, and how many at a time."""


def settings(**tree: object) -> Settings:
    """Settings of the default pack, demonstration off, with ``tree`` over them."""
    return from_tree(dict(tree))


def world(chosen: Settings) -> World:
    """The world of the settings as it is on 23 November 2026."""
    return load_world(chosen, MONDAY.date())


def _profile(working: bool) -> npt.NDArray[np.float64]:
    hours = (np.arange(BINS_A_DAY) + 0.5) / 6
    shape = np.zeros(BINS_A_DAY)
    for at, weight, wide in PEAKS:
        shape += weight * np.exp(-(((hours - at) / wide) ** 2))
    open_now = ((hours > 7.4) & (hours < 11.6)) | ((hours > 13) & (hours < 17.1))
    found: npt.NDArray[np.float64] = np.where(open_now, shape, shape * 0.06) if working else shape * 0.05
    return found


def snapshot(chosen: Settings, of: World, as_of: datetime = MONDAY, *, empty: bool = False, seed: int = 7) -> Snapshot:
    """The province at ``as_of``; ``empty`` is the first minute of a new installation, nothing but zeros."""
    rng = np.random.default_rng(seed)
    units = len(of.units)
    own = np.array([unit.pack == of.pack for unit in of.units])
    leaf = np.array(
        [unit.kind in ("commune", "department", "branch") or not of.children(unit.code) for unit in of.units]
    )
    weight = rng.gamma(2.0, 1.0, units) * own * leaf
    weight *= np.array([1.6 if unit.kind in ("department", "branch") else 1.0 for unit in of.units])
    weight /= max(weight.sum(), 1e-9)
    if empty:
        weight = weight * 0
    days = [as_of.date() - timedelta(days=DAYS - 1 - at) for at in range(DAYS)]
    working = tuple(is_working_day(on) for on in days)
    now_bin = (as_of.hour * 60 + as_of.minute) // 10
    pair = np.zeros((14, units, units), dtype=np.int64)
    single = np.zeros((40, units), dtype=np.int64)
    usage = np.zeros((len(of.services), 3, units), dtype=np.int64)
    bins = np.zeros((len(SERIES_FIGURES), units, DAYS, BINS_A_DAY), dtype=np.int64)
    levels = np.zeros((len(SERIES_FIGURES), units), dtype=np.int64)
    for at, on in enumerate(days):
        busy = {0: 1.15, 4: 0.9}.get(on.weekday(), 1.0) * rng.normal(1, 0.1) * 118
        shape = _profile(working[at])
        for figure, factor, late, times in COURSES:
            wave = np.roll(shape, late) * busy * factor * np.repeat(rng.normal(1, 0.1, 24), 6)
            row = rng.poisson(np.outer(weight, wave)) * times
            if at == DAYS - 1:
                if figure == "received" and working[at]:
                    row[:, 54:57] = rng.poisson(np.outer(weight, wave[54:57] * 1.7))
                row[:, now_bin + 1 :] = 0
                row[:, now_bin] = row[:, now_bin] * (as_of.minute % 10 * 60 + as_of.second) // 600
            bins[SERIES_FIGURES.index(figure), :, at] = row
    _cases(of, pair, bins, levels, weight, now_bin, rng, empty)
    rows = () if empty else _incidents(of, as_of)
    _cameras(of, single, bins, levels, rows, now_bin, rng)
    for at in range(len(of.services)):
        part = (at + 1) ** -1.2 / sum((one + 1) ** -1.2 for one in range(len(of.services)))
        usage[at, 0] = bins[6, :, -1].sum(axis=1) * part
        usage[at, 1] = usage[at, 0] * (0.006, 0.008, 0.013, 0.04, 0.028, 0.003, 0, 0.01, 0, 0.002)[at % 10]
        usage[at, 2] = usage[at, 0] * (31_000, 0, 214_000, 0, 0, 0, 0, 88_000, 0, 0)[at % 10]
    watched = rng.poisson(weight * 420) * np.array([unit.kind == "commune" for unit in of.units])
    single[Metric.CAMERAS_OFFLINE] = rng.binomial(watched, 0.03)
    single[Metric.CAMERAS_TAMPERED] = rng.binomial(watched - single[Metric.CAMERAS_OFFLINE], 0.01)
    single[Metric.CAMERAS_ONLINE] = watched - single[Metric.CAMERAS_OFFLINE] - single[Metric.CAMERAS_TAMPERED]
    kinds = {} if empty else _kinds(weight, as_of, rng)
    for table in kinds.values():
        spread = np.zeros((units, DAYS, BINS_A_DAY), dtype=np.int64)
        for hour in range(24):
            left = table[-DAYS:, hour].T.astype(np.int64)
            now = as_of.minute // 10 + 1
            for part in range(6):
                gone = rng.binomial(left, 1 / (6 - part))
                if hour == as_of.hour:
                    gone[:, -1] = rng.binomial(left[:, -1], 1 / max(1, now - part)) if part < now else 0
                spread[:, :, hour * 6 + part] = gone
                left = left - gone
        bins[SERIES_FIGURES.index("detected")] += spread
        single[Metric.DETECTED] += table[-1].sum(axis=0)
    weeks = _weeks(weight, working[-1], bins, levels, kinds)
    late = pair[Metric.OVERDUE].sum(axis=1)
    ages = np.zeros((4, units), dtype=np.int64)
    for at, part in enumerate((0.46, 0.31, 0.17)):
        ages[at] = late * part
    ages[3] = late - ages[:3].sum(axis=0)
    root = of.root.code
    below = [unit.code for unit in of.children(root) if unit.kind == "district"]
    values = {code: {root: IndicatorFigure(value, as_of - timedelta(days=3))} for code, value in VALUES.items()}
    for at, code in enumerate(below):
        for name, base in (("k_remote", 46.5), ("k_cashless", 70.0), ("satisfaction", 88.2)):
            values.setdefault(name, {})[code] = IndicatorFigure(
                round(min(base + 23 * ((at * 5 + len(name)) % 9) / 9, 99.1 - at / 3), 1), as_of - timedelta(days=3)
            )
    finished = sorted((as_of - timedelta(seconds=37 * at, hours=0), f"H09.12-261123-{1470 - at:04}") for at in range(6))
    places = [unit.code for unit in of.units if unit.pack == of.pack and leaf[unit.at]]
    return Snapshot(
        as_of=as_of,
        zone=ZONE,
        world=of,
        sequence=1,
        data_at=None if empty else as_of,
        pair=pair,
        single=single,
        usage_sums=usage,
        bins=bins,
        levels_before=levels,
        working_days=working,
        incidents_open=tuple(sorted(rows, key=lambda row: (-SEVERITIES.index(row.severity), row.since))),
        incidents_latest=tuple(sorted(rows, key=lambda row: row.since, reverse=True)),
        results=()
        if empty
        else tuple(
            ReadyResult(code, at, places[7 * n % len(places)], places[5 * n % len(places)])
            for n, (at, code) in enumerate(reversed(finished))
        ),
        indicator_values={} if empty else values,
        feeds=tuple(
            FeedFigure(f"ioc.{name}.v1", 0, 1000, 2, 1, None if empty else as_of, None if empty else as_of)
            for name in ("cases", "cameras", "usage", "indicators")
        ),
        kind_hours=kinds,
        weeks=weeks,
        overdue_ages=ages,
    )


def _kinds(
    weight: npt.NDArray[np.float64], as_of: datetime, rng: np.random.Generator
) -> dict[str, npt.NDArray[np.int32]]:
    """Detections by kind: [days, 24, U]; this morning one kind is far above its usual."""
    hours = np.arange(24)
    rush = 0.25 + np.exp(-(((hours - 7) / 2) ** 2)) + 0.8 * np.exp(-(((hours - 17) / 2) ** 2))
    found = {}
    for at, kind in enumerate(
        (
            "no_helmet",
            "red_light",
            "wrong_lane",
            "illegal_parking",
            "speeding",
            "sidewalk",
            "congestion",
            "wrong_way",
            "littering",
            "crowd",
            "camera_offline",
        )
    ):
        mean = np.outer(rush * 62 / (at + 1) ** 1.15, weight)
        table = rng.poisson(np.broadcast_to(mean, (DAYS, *mean.shape)))
        if kind == "red_light":
            table[-1, 8] = rng.poisson(mean[8] * 2.6)
        table[-1, as_of.hour + 1 :] = 0
        older = np.random.default_rng(at).poisson(np.broadcast_to(mean, (len(WEEKS_BACK), *mean.shape)))
        found[kind] = np.concatenate([older, table]).astype(np.int32)
    return found


def _weeks(
    weight: npt.NDArray[np.float64],
    working: bool,
    bins: npt.NDArray[np.int64],
    levels: npt.NDArray[np.int64],
    kinds: Mapping[str, npt.NDArray[np.int32]],
) -> Weeks:
    """The days of the same name before: like the ones that are remembered, levels somewhat lower."""
    rng = np.random.default_rng(56)
    days = len(WEEKS_BACK)
    found = np.zeros((len(SERIES_FIGURES), len(weight), days, BINS_A_DAY), dtype=np.int64)
    for figure, factor, late, times in COURSES:
        for day in range(days):
            wave = np.roll(_profile(working), late) * 130 * factor * np.repeat(rng.normal(1, 0.1, 24), 6)
            found[SERIES_FIGURES.index(figure), :, day] = rng.poisson(np.outer(weight, wave)) * times
    for table in kinds.values():
        found[SERIES_FIGURES.index("detected")] += rng.poisson(
            np.repeat(table[:days].transpose(2, 0, 1) / 6, 6, axis=2)
        )
    before = np.repeat(levels[:, :, None], days, axis=2)
    for figure in ("open", "overdue", "incidents_open"):
        at = SERIES_FIGURES.index(figure)
        found[at] = rng.permuted(bins[at, :, :1].repeat(days, axis=1), axis=2)
        before[at] = before[at] * rng.uniform(0.9, 1.1, days)
    return Weeks(found, before)


def _cases(
    of: World,
    pair: npt.NDArray[np.int64],
    bins: npt.NDArray[np.int64],
    levels: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float64],
    now_bin: int,
    rng: np.random.Generator,
    empty: bool,
) -> None:
    today = bins[0, :, -1].sum(axis=1)
    done = bins[1, :, -1].sum(axis=1)
    late = (done * 0.011).astype(np.int64)
    is_open = (weight * 13_500).astype(np.int64)
    share = rng.gamma(0.7, 0.013, len(of.units))
    for unit in of.units:
        if unit.code in ("D-SXD", "D-VPDKDD"):
            share[unit.at] = 0.045
        if unit.code == "725" or unit.parent == "725":
            share[unit.at] *= 3
    overdue = (is_open * share).astype(np.int64)
    for at in range(len(of.units)):
        pair[Metric.RECEIVED_ONLINE, at, at] = today[at] * 6 // 10
        pair[Metric.RECEIVED_COUNTER, at, at] = today[at] - today[at] * 6 // 10
        pair[Metric.FINISHED_LATE, at, at] = late[at]
        pair[Metric.FINISHED_ON_TIME, at, at] = done[at] - late[at]
        pair[Metric.OPEN, at, at] = is_open[at]
        pair[Metric.OVERDUE, at, at] = overdue[at]
        pair[Metric.DUE_SOON, at, at] = is_open[at] // 19
    if not empty:
        for figure, final in ((2, is_open), (3, overdue)):
            moves = rng.binomial(2, 0.5, (len(of.units), DAYS, BINS_A_DAY)) - 1
            moves = moves * (rng.random(moves.shape) < np.minimum(final / 900, 0.05)[:, None, None])
            moves[:, -1, now_bin + 1 :] = 0
            bins[figure] = moves
            levels[figure] = final - moves.sum(axis=(1, 2))


def _cameras(
    of: World,
    single: npt.NDArray[np.int64],
    bins: npt.NDArray[np.int64],
    levels: npt.NDArray[np.int64],
    rows: tuple[IncidentRow, ...],
    now_bin: int,
    rng: np.random.Generator,
) -> None:
    for row in rows:
        at = of.by_code[row.unit].at
        single[Metric.OPEN_LOW + SEVERITIES.index(row.severity), at] += 1
        single[Metric.UNACKNOWLEDGED, at] += row.state == "detected"
        levels[5, at] += 1
    if rows:
        at = of.by_code[rows[0].unit].at
        level = len(rows) + np.round(
            3 * np.sin(np.arange(DAYS * BINS_A_DAY) / 29) + rng.normal(0, 0.9, DAYS * BINS_A_DAY)
        )
        level[(DAYS - 1) * BINS_A_DAY + now_bin :] = len(rows)
        moves = np.diff(level, prepend=level[0]).reshape(DAYS, BINS_A_DAY).astype(np.int64)
        bins[5, at] = moves
        levels[5, at] -= moves.sum()


def _incidents(of: World, as_of: datetime) -> tuple[IncidentRow, ...]:
    places = [unit for unit in of.units if unit.kind == "commune" and unit.lat is not None and unit.pack == of.pack]
    south = sorted(places, key=lambda unit: unit.lat or 0)
    chosen = [*south[:24:4], *places[::9]]
    found = []
    for at, (kind, severity, state, minutes) in enumerate(KINDS):
        unit = chosen[at % len(chosen)]
        since = as_of - timedelta(minutes=minutes, seconds=7 * at)
        where = ("KCN Sóng Thần 2", "Ngã tư Chợ Đình", "QL13, ngã tư Hòa Lân", None)[at % 4]
        found.append(
            IncidentRow(
                f"i{at}", f"CAM-{100 + at}", unit.code, kind, severity, state, since, since, unit.lat, unit.lon, where
            )
        )
    return tuple(found)


def day(on: date, hour: int, minute: int = 0) -> datetime:
    """A moment of a day in the province's zone."""
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=ZONE)
