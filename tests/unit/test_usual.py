"""What is usual: of which days, and by what spread; counted again by numpy from the days themselves."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dashboards.comparison import days_told, usual_total
from dashboards.pages import wall
from dashboards.panel import Language, Look, slot
from dashboards.panels import kinds
from dashboards.panels.flow import PANEL as FLOW
from dashboards.text import translate
from ioc.days import BINS_A_DAY, DAYS, WEEKS_BACK, day_at
from ioc.snapshot import LEVELS, SERIES_FIGURES, Figure, Scope, Snapshot, Weeks
from ioc.usual import NAMESAKES, Alike, alike, usual, usual_totals
from tests import plausible
from tests.unit.web_kit import SETTINGS, WORLD

PROVINCE = Scope("74")
RECEIVED = SERIES_FIGURES.index("received")
MONDAY, HOLIDAY, SATURDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 28)


@cache
def at(on: date, hour: int = 10) -> Snapshot:
    return plausible.snapshot(SETTINGS, WORLD, plausible.day(on, hour))


def told_of(snapshot: Snapshot, days_back: set[int]) -> Snapshot:
    """The same where only these days hold anything."""
    bins = snapshot.bins.copy()
    for back in set(range(1, DAYS)) - days_back:
        bins[:, :, DAYS - 1 - back] = 0
    weeks = None
    if snapshot.weeks is not None:
        kept = np.array([back in days_back for back in WEEKS_BACK])
        weeks = Weeks(snapshot.weeks.bins * kept[:, None], snapshot.weeks.before * kept)
    levels = np.zeros_like(snapshot.levels_before)
    return dataclasses.replace(snapshot, bins=bins, weeks=weeks, levels_before=levels, past={}, present={})


def look(snapshot: Snapshot, language: Language = "vi") -> Look:
    return Look(language, wall.PAGE.device, "dark", translate(language), snapshot.world, SETTINGS)


@pytest.mark.parametrize(
    ("on", "known", "expected"),
    [
        (MONDAY, {*range(1, 9), *WEEKS_BACK}, Alike(NAMESAKES, "weekday")),
        (MONDAY, {7, 14, 21}, Alike((7, 14, 21), "weekday")),
        (MONDAY, {14, 28, 56}, Alike((14, 28, 56), "weekday")),
        (MONDAY, {*range(1, 9), 14}, Alike((3, 4, 5, 6, 7), "working")),
        (MONDAY, {7, 14, 3}, None),
        (MONDAY, set(), None),
        (HOLIDAY, {*range(1, 9), *WEEKS_BACK}, None),  # no other Tuesday was a day off, and only one weekend lies near
        (SATURDAY, {*range(1, 9), *WEEKS_BACK}, Alike(NAMESAKES, "weekday")),
        (SATURDAY, {*range(1, 9)}, Alike((4, 6, 7), "off")),  # the holiday, the last weekend
    ],
)
def test_days_of_the_same_name_are_usual_and_else_those_of_the_same_kind(
    on: date, known: set[int], expected: Alike | None
) -> None:
    snapshot = told_of(at(on), known)
    assert alike(snapshot, "received") == expected
    if expected is None:
        assert usual(snapshot, PROVINCE, "received") is None
        assert usual_total(snapshot, PROVINCE, "received") is None


def test_a_day_of_the_same_name_that_was_off_is_not_like_a_working_one() -> None:
    tuesday = at(date(2026, 12, 1))  # 24/11 was a holiday
    assert alike(tuesday, "received") == Alike(tuple(back for back in NAMESAKES if back != 7), "weekday")


def test_remnants_of_a_first_filling_are_no_habit_and_one_busy_day_shuts_nothing_out() -> None:
    base = at(MONDAY)
    assert base.weeks is not None
    weeks = base.weeks.bins.copy()
    for back, part in ((14, 30), (21, 9), (28, 6), (35, 3), (42, 2), (49, 1), (56, 1)):
        weeks[:, :, WEEKS_BACK.index(back)] = weeks[:, :, WEEKS_BACK.index(back)] * part // 100
    bins = base.bins.copy()
    bins[:, :, 0] = bins[:, :, 0] * 3 // 10  # a week and a day ago: a Sunday, like none of the working days
    filled = dataclasses.replace(base, weeks=Weeks(weeks, base.weeks.before), bins=bins, past={})
    assert alike(filled, "received") == Alike((3, 4, 5, 6, 7), "working")
    assert alike(filled, "overdue") == Alike((3, 4, 5, 6, 7), "working")
    weeks = base.weeks.bins.copy()
    weeks[RECEIVED, :, WEEKS_BACK.index(21)] *= 5
    busy = dataclasses.replace(base, weeks=Weeks(weeks, base.weeks.before), past={})
    assert alike(busy, "received") == Alike(NAMESAKES, "weekday")


@pytest.mark.parametrize("figure", SERIES_FIGURES)
@pytest.mark.parametrize("unit", ["74", "725", "25966", "D-SXD"])
def test_the_band_is_the_quartiles_of_the_days_of_the_same_name(figure: Figure, unit: str) -> None:
    snapshot = at(MONDAY)
    places = WORLD.subtree(unit)
    row = SERIES_FIGURES.index(figure)
    assert snapshot.weeks is not None
    days = [snapshot.weeks.bins[row, places, day].sum(axis=0) for day in range(len(WEEKS_BACK))]
    days.append(snapshot.bins[row, places, DAYS - 1 - 7].sum(axis=0))
    if figure in LEVELS:
        before = [snapshot.weeks.before[row, places, day].sum() for day in range(len(WEEKS_BACK))]
        before.append(snapshot.levels_before[row, places].sum() + snapshot.bins[row, places, 0].sum())
        days = [start + np.cumsum(day) for start, day in zip(before, days, strict=True)]
    values = np.array(days, dtype=float)
    if figure == "overdue":
        values[:, -1] = values[:, -2]
    band = usual(snapshot, Scope(unit), figure)
    if not values.any():
        assert band is None
        return
    assert band is not None
    for found, part in ((band.low, 25), (band.mid, 50), (band.high, 75)):
        np.testing.assert_allclose(found, np.percentile(values, part, axis=0))


@given(
    days=arrays.arrays(np.int64, (len(NAMESAKES), BINS_A_DAY), elements=st.integers(0, 400)),
    minute=st.integers(0, 1439),
)
def test_the_usual_total_lies_between_those_of_the_ten_minutes_around(days: Any, minute: int) -> None:
    base = at(MONDAY)
    days[:, 0] += BINS_A_DAY * 400  # of every day enough was told
    bins, weeks = base.bins.copy(), np.zeros_like(base.weeks.bins if base.weeks else base.bins)
    place = WORLD.by_code["25966"].at
    bins[RECEIVED] = 0
    for back, values in zip(NAMESAKES, days, strict=True):
        if back == 7:
            bins[RECEIVED, place, DAYS - 1 - 7] = values
        else:
            weeks[RECEIVED, place, WEEKS_BACK.index(back)] = values
    as_of = datetime(2026, 11, 23, tzinfo=base.zone) + timedelta(minutes=minute)
    none = np.zeros((len(SERIES_FIGURES), len(WORLD.units), len(WEEKS_BACK)), dtype=np.int64)
    snapshot = dataclasses.replace(base, bins=bins, weeks=Weeks(weeks, none), as_of=as_of, past={})
    assert alike(snapshot, "received") == Alike(NAMESAKES, "weekday")
    medians = np.concatenate([[0], np.median(np.cumsum(days, axis=1), axis=0)])
    found = usual_total(snapshot, Scope("25966"), "received")
    assert found is not None
    assert medians[minute // 10] - 1e-6 <= found <= medians[minute // 10 + 1] + 1e-6
    band = usual_totals(snapshot, PROVINCE, "received")
    assert band is not None
    np.testing.assert_allclose(band.mid, medians[1:])
    assert (np.diff(band.low) >= 0).all()
    assert (np.diff(band.high) >= 0).all()


def test_overdue_cases_of_a_past_day_do_not_leap_in_its_last_ten_minutes() -> None:
    base = at(MONDAY)
    overdue = SERIES_FIGURES.index("overdue")
    bins = base.bins.copy()
    bins[overdue, WORLD.by_code["25966"].at, DAYS - 1 - 7, -1] += 5_000  # what becomes overdue at midnight
    snapshot = dataclasses.replace(base, bins=bins, past={})
    lastly, morning = snapshot.series(PROVINCE, "overdue", 7)[-1], snapshot.series(PROVINCE, "overdue", 6)[0]
    assert lastly == snapshot.series(PROVINCE, "overdue", 7)[-2]
    assert morning - lastly > 4_000


@pytest.mark.parametrize(
    ("language", "weeks", "days"),
    [("vi", "8 thứ Hai", "5 ngày làm việc"), ("en", "8 Mondays", "5 working days")],
)
def test_panels_say_which_days_are_usual(language: Language, weeks: str, days: str) -> None:
    monday = at(MONDAY)
    short = dataclasses.replace(monday, weeks=None, past={})
    empty = plausible.snapshot(SETTINGS, WORLD, plausible.MONDAY, empty=True)
    for snapshot, expected in ((monday, weeks), (short, days), (empty, translate(language)("usual.few"))):
        chosen = look(snapshot, language)
        assert days_told(alike(snapshot, "received"), snapshot, chosen) == expected
        note = FLOW.update(snapshot, PROVINCE, chosen)[slot("flow", "note")]["children"]
        assert expected in note.replace("\u00a0", " ")


def test_nothing_is_framed_and_that_is_said_while_there_are_too_few_days() -> None:
    monday = at(MONDAY)
    chosen = look(monday)
    framed = kinds.update(monday, PROVINCE, chosen)
    assert any("over" in props.get("className", "") for props in framed.values())
    few = told_of(monday, {6, 7})
    slots = kinds.update(few, PROVINCE, chosen)
    assert not any("over" in props.get("className", "") for props in slots.values())
    assert slots[slot("kinds", "note")]["children"].replace("\u00a0", " ") == "chưa đủ ngày để so"
    assert slots[slot("kinds", "spoken")]["children"] == "Chưa đủ ngày để so với thường lệ."


def test_an_hour_that_often_varies_is_framed_only_far_outside_its_spread() -> None:
    table = np.full((len(WEEKS_BACK) + DAYS, 24), 20)
    for back, n in zip(NAMESAKES, (10, 15, 20, 25, 30, 35, 40, 45), strict=True):
        table[day_at(back), 8] = n
    table[-1, 8:10] = 60
    assert list(np.flatnonzero(kinds.outliers(table, NAMESAKES))) == [9]
    table[-1, 8] = 63  # above 36,25 + 1,5 · (36,25 - 18,75)
    assert list(np.flatnonzero(kinds.outliers(table, NAMESAKES))) == [8, 9]
