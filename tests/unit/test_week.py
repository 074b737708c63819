"""Received and finished by day, and how many units an indicator has room for."""

from __future__ import annotations

import numpy as np
import pytest

from dashboards.panel import Look, slot
from dashboards.panels import week
from dashboards.panels.indicator import MOST, rows_of
from dashboards.text import translate
from dashboards.text.formats import number
from ioc.settings import load
from ioc.snapshot import Scope, Snapshot
from ioc.walls import Grid, Place, Wall
from tests import plausible
from tests.web import ROOT


@pytest.fixture(scope="module")
def monday() -> Snapshot:
    chosen = plausible.settings()
    return plausible.snapshot(chosen, plausible.world(chosen))


def test_the_days_are_working_days_and_today_agrees_with_the_headline(monday: Snapshot) -> None:
    look = Look("vi", "wall", "dark", translate("vi"), monday.world, plausible.settings())
    slots = week.update(monday, Scope("74"), look)
    names = [slots[slot("week", f"name-{at}")]["children"] for at in range(week.ROWS)]
    assert names == ["hôm nay", "T6 20/11", "T5 19/11", "T4 18/11", "T3 17/11"]
    cases = monday.cases(Scope("74"))
    assert slots[slot("week", "value-0")]["children"] == number(cases.finished, "vi")
    assert slots[slot("week", "of-0")]["children"] == f"nhận {number(cases.received, 'vi')}"
    heap = sum(
        monday.series(Scope("74"), "received", back).sum() - monday.series(Scope("74"), "finished", back).sum()
        for back in (3, 4, 5, 6)
    )
    words = "tăng" if heap > 0 else "giảm"
    assert slots[slot("week", "foot")]["children"] == f"4 ngày làm việc trước: tồn {words} {number(abs(heap), 'vi')}"
    assert not np.isnan(heap)


@pytest.mark.parametrize(("rows", "room"), [((38, 77), 9), ((94, 20), MOST), ((34, 80), 7)])
def test_an_indicator_lists_as_many_units_as_its_area_holds(rows: tuple[float, float], room: int) -> None:
    place = Place("indicator", indicator="k_remote")
    wall = Wall("a", "a", Grid(("indicator", "ticker"), (1,), rows), (place, Place("ticker")))
    assert rows_of(place, wall) == room


def test_no_wall_that_is_shipped_leaves_units_out_of_an_indicator_for_want_of_room_in_both_shapes() -> None:
    walls = load(ROOT / "config.yaml", environ={}, data_dir="/nowhere").walls
    found = {
        (name, place.where): rows_of(place, wall)
        for name, wall in walls.items()
        for place in wall.panels
        if place.panel == "indicator"
    }
    assert min(found.values()) >= 9, found
