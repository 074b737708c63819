"""Marks and words of figures: sparks, the chart through the day at every hour, changes, dates."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from dashboards.comparison import change_pct
from dashboards.marks.flow import ASIDE, DOMAINS, side
from dashboards.marks.spark import BLANK, HEIGHT, WIDTH
from dashboards.pages import leader, wall
from dashboards.panel import Look, Page, Theme, slot
from dashboards.panels import flow, headline, targets
from dashboards.text import translate
from dashboards.text.formats import number, percent
from dashboards.theme import colours
from ioc.figures import IndicatorFigure
from ioc.settings import Indicator
from ioc.snapshot import DAYS, SERIES_FIGURES, Scope, Snapshot
from tests import plausible
from tests.unit.web_kit import SETTINGS, WORLD

PROVINCE = Scope("74")
CLOCKS = ((0, 5), (6, 2), (8, 0), (12, 0), (16, 30), (20, 50), (23, 55))


def look(page: Page = wall.PAGE) -> Look:
    return Look("vi", page.device, "dark", translate("vi"), WORLD, SETTINGS)


@cache
def at(hour: int, minute: int = 24) -> Snapshot:
    return plausible.snapshot(SETTINGS, WORLD, plausible.MONDAY.replace(hour=hour, minute=minute))


@pytest.mark.parametrize("page", [wall.PAGE, leader.PAGE], ids=["wall", "tablet"])
def test_a_running_total_without_a_usual_shows_its_own_growth_on_every_screen(page: Page) -> None:
    monday = at(10)
    bins = monday.bins.copy()
    bins[:, :, : DAYS - 1] = 0
    first = dataclasses.replace(monday, bins=bins, weeks=None, past={})
    picture = headline.FINISHED.update(first, PROVINCE, look(page))[slot("headline-finished", "spark")]["data-spark"]
    assert picture != BLANK
    line = re.search(r"class='line' d='M([^']+)'", picture)
    assert line is not None
    heights = [int(point.split(" ")[1]) for point in line[1].split("L")]
    assert heights == sorted(heights, reverse=True), "a total only grows"
    assert "as-usual" not in picture
    usual = headline.FINISHED.update(monday, PROVINCE, look(page))[slot("headline-finished", "spark")]["data-spark"]
    assert "as-usual" in usual


@pytest.mark.parametrize("page", [wall.PAGE, leader.PAGE], ids=["wall", "tablet"])
def test_sparks_fill_their_tiles_and_stay_within_them(page: Page) -> None:
    for panel in headline.PANELS:
        for hour, minute in CLOCKS:
            slots = panel.update(at(hour, minute), PROVINCE, look(page))
            picture = slots.get(slot(panel.name, "spark"), {"data-spark": BLANK})["data-spark"]
            if picture == BLANK:
                continue
            assert "preserveAspectRatio='none'" in picture
            for x, y in re.findall(r"(\d+) (\d+)", "".join(re.findall(r" d='([^']+)'", picture))):
                assert 0 <= int(x) <= WIDTH
                assert 0 <= int(y) <= HEIGHT


def chart(snapshot: Snapshot, page: Page = wall.PAGE) -> tuple[dict[str, Any], dict[str, str]]:
    slots = flow.update(snapshot, PROVINCE, look(page))
    classes = {where: slots[slot("flow", f"name-{where}")]["className"] for where in ("upper", "lower")}
    return slots[slot("flow", "chart")]["figure"], classes


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: f"{clock[0]:02}{clock[1]:02}")
@pytest.mark.parametrize("page", [wall.PAGE, leader.PAGE], ids=["wall", "tablet"])
def test_the_line_of_now_leaves_out_the_strips_of_the_names(page: Page, clock: tuple[int, int]) -> None:
    figure, _ = chart(at(*clock), page)
    spans = [(shape["y0"], shape["y1"]) for shape in figure["layout"]["shapes"]]
    assert spans == list(DOMAINS)
    first, last = figure["layout"]["xaxis"]["range"]
    ticks = figure["layout"]["xaxis"]["tickvals"]
    assert first < min(ticks) - 1, "the first hour keeps off the 0 of the axis"
    assert max(ticks) < last - 0.5, "the last hour is not cut"
    for trace in figure["data"]:
        assert all(first < x < last for x in trace["x"])


@pytest.mark.parametrize("out", range(36, 108))
def test_the_label_of_a_peak_and_the_name_of_its_line_stand_on_different_sides(out: int) -> None:
    base = at(17, 59)
    bins = base.bins.copy()
    received = SERIES_FIGURES.index("received")
    bins[:, :, DAYS - 1] = 0
    bins[received, WORLD.by_code["25966"].at, DAYS - 1, out] = 900
    when = base.as_of.replace(hour=(out + 1) // 6, minute=(out + 1) % 6 * 10)
    figure, classes = chart(dataclasses.replace(base, bins=bins, as_of=when))
    notes = figure["layout"]["annotations"]
    assert [note["text"] for note in notes] == ["900, trên dải"]
    assert notes[0]["y"] == DOMAINS[0][1], "above the chart, where no line goes"
    first, last = (6, 18) if (out + 1) // 6 < 18 else (6, 24)
    part = (notes[0]["x"] - first) / (last - first)
    begin, end = (part - ASIDE, part) if notes[0]["xanchor"] == "right" else (part, part + ASIDE)
    assert begin >= -0.01
    assert end <= 1.01
    assert end <= 0.51 if classes["upper"].endswith("right") else begin >= 0.49
    assert classes["lower"].endswith("right")


def test_a_name_stands_right_where_there_is_no_peak() -> None:
    assert side(None, (6, 18)) == "right"
    assert side(40, (6, 18)) == "right"
    assert side(100, (6, 18)) == "left"


def test_a_change_follows_from_the_two_numbers_that_are_printed() -> None:
    assert percent(change_pct(2204, 2088.4), "vi") == "5,6\u202f%"
    assert change_pct(20, 9.4) is None
    assert change_pct(20, 9.6) == 100
    for hour in range(7, 18):
        for panel, figure in ((headline.RECEIVED, "received"), (headline.FINISHED, "finished")):
            slots = panel.update(at(hour), PROVINCE, look())
            now = int(slots[slot(panel.name, "value")]["children"].replace(".", ""))
            then = int(slots[slot(panel.name, "before")]["children"].rsplit(" ", 1)[1].replace(".", ""))
            shown = slots[slot(panel.name, "delta")]["children"]
            assert shown == ("" if then < 10 else percent(abs(now - then) * 100 / then, "vi")), (figure, hour)
    used = headline.USAGE_TOTAL.update(at(10), PROVINCE, look())
    uses = sum(one.uses for one in at(10).usage(PROVINCE).values())
    before = round(at(10).same_time(PROVINCE, "uses"))
    assert used[slot("headline-usage", "value")]["children"] == number(uses, "vi")
    assert used[slot("headline-usage", "delta")]["children"] == percent(abs(uses - before) * 100 / before, "vi")


def test_the_day_of_a_value_is_that_of_the_province() -> None:
    early = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)  # 00:30 on the 23rd
    free = Indicator(code="n", vi="n", en="n")
    told = targets.target_gap(free, IndicatorFigure(7.0, early), look(), plausible.ZONE)
    assert told == "số ngày 23/11/2026"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_edge_of_a_band_is_seen_on_every_ground(theme: Theme) -> None:
    ink = colours(theme)
    for ground in ("bg", "surface"):
        light, dark = sorted((_light(ink["band-edge"]), _light(ink[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 2.7, ground


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
