"""A screen's cell, freshness, latency and the bytes of slots."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from dash import html

from dashboards.cell import Cell
from dashboards.channel import Picture
from dashboards.encode import changed_slot, encode_slot, whole_slot
from dashboards.freshness import freshness
from dashboards.latency import WINDOW_S, Latency
from ioc.figures import FeedFigure
from tests.plausible import MONDAY, SUNDAY
from tests.unit.web_kit import SETTINGS


def made(seq: int) -> Picture:
    return Picture(seq, {"a--b": encode_slot({"children": str(seq)})}, 0, delta=f"delta {seq}")


def taken(cell: Cell, newest: Picture | None) -> list[str]:
    texts, _, _ = asyncio.run(asyncio.wait_for(cell.take(lambda: newest), 5))
    return texts


def test_a_new_screen_gets_the_whole_picture_then_deltas() -> None:
    cell = Cell()
    cell.put(made(4))
    assert taken(cell, made(4)) == [made(4).whole]
    cell.put(made(5))
    assert taken(cell, made(5)) == ["delta 5"]


def test_a_slow_screen_gets_the_newest_in_full_never_a_backlog() -> None:
    cell = Cell()
    cell.put(made(1))
    taken(cell, made(1))
    for seq in range(2, 1000):
        cell.put(made(seq))
        cell.put_beat(f"beat {seq}")
    assert taken(cell, made(999)) == [made(999).whole, "beat 999"]
    cell.put(made(1000))
    assert taken(cell, made(1000)) == ["delta 1000"]


def test_a_picture_that_was_taken_already_is_not_sent_twice() -> None:
    cell = Cell()
    cell.put(made(1))
    assert taken(cell, made(3)) == [made(3).whole]
    cell.put(made(2))
    cell.put(made(3))
    cell.put_beat("beat")
    assert taken(cell, made(3)) == ["beat"]


def test_a_gap_is_answered_in_full() -> None:
    cell = Cell()
    cell.put(made(1))
    taken(cell, made(1))
    cell.want_full()
    assert taken(cell, made(1)) == [made(1).whole]


def test_a_screen_that_skips_pictures_is_told_of_the_oldest_change_in_them() -> None:
    cell = Cell()
    arrived = []
    for numbers in ((1,), (2,), (3, 4, 5), (6,)):
        for number in numbers:
            cell.put(replace(made(number), arrived_ms=1000 * number))
        last = replace(made(numbers[-1]), arrived_ms=1000 * numbers[-1])
        arrived.append(asyncio.run(asyncio.wait_for(cell.take(lambda last=last: last), 5))[2])  # type: ignore[misc]
    assert arrived == [None, 2000, 3000, 6000], "the first picture is no news"


def test_before_the_first_picture_only_beats_come() -> None:
    cell = Cell()
    cell.put_beat("beat")
    assert taken(cell, None) == ["beat"]
    cell.put(made(1))
    assert taken(cell, made(1)) == [made(1).whole]


def decoded(text: bytes | None) -> Any:
    return None if text is None else json.loads(text)


def test_slots_hold_what_panels_make() -> None:
    value = {
        "children": html.Span("x", id="y"),
        "figure": go.Figure(go.Scatter(y=np.array([1.0, math.nan])), layout={"height": 10}),
        "style": {"width": np.float64(2.5), "n": np.int64(3)},
        "at": MONDAY,
    }
    found = decoded(whole_slot(encode_slot(value)))
    assert found["children"]["props"] == {"children": "x", "id": "y"}
    assert found["figure"]["layout"]["height"] == 10
    assert found["style"] == {"width": 2.5, "n": 3}
    assert found["at"] == "2026-11-23T10:24:36+07:00"


def test_numbers_that_json_lacks_become_null() -> None:
    figure = {"data": [{"y": np.array([1.0, math.nan])}], "layout": {}}
    assert decoded(whole_slot(encode_slot({"figure": figure})))["figure"]["data"] == [{"y": [1.0, None]}]


def test_a_figure_sends_only_its_changed_parts() -> None:
    outlines = list(range(1000))

    def figure(colours: list[str], title: str = "a") -> dict[str, Any]:
        return {"data": [{"x": outlines}, {"marker": colours}], "layout": {"title": title, "width": 1}}

    before = encode_slot({"figure": figure(["red"])})
    assert changed_slot(encode_slot({"figure": figure(["red"])}), before) is None
    assert decoded(changed_slot(encode_slot({"figure": figure(["blue"], "b")}), before)) == {
        "figure~": {"data": {"1": {"marker": [["blue"]]}}, "layout": {"title": ["b"]}}
    }


@pytest.mark.parametrize(
    "after",
    [
        {"data": [{"x": [1]}, {"x": [2]}], "layout": {}},
        {"data": [{"y": [1]}], "layout": {}},
        {"data": [{"x": [1]}], "layout": {"title": "new"}},
    ],
    ids=["another trace", "another key", "another layout key"],
)
def test_a_figure_of_another_shape_is_sent_whole(after: dict[str, Any]) -> None:
    before = encode_slot({"figure": {"data": [{"x": [1]}], "layout": {}}})
    assert decoded(changed_slot(encode_slot({"figure": after}), before)) == {"figure": after}


def test_unchanged_props_are_left_out() -> None:
    before = encode_slot({"children": "1", "className": "x"})
    assert decoded(changed_slot(encode_slot({"children": "2", "className": "x"}), before)) == {"children": "2"}


def feed(at: datetime | None) -> FeedFigure:
    return FeedFigure("ioc.cases.v1", 0, 1, 0, 0, at, at)


EARLY = MONDAY.replace(hour=7, minute=40)


@pytest.mark.parametrize(
    ("now", "silent", "lag_unknown_s", "state"),
    [
        (MONDAY, timedelta(seconds=5), 0, "live"),
        (MONDAY, timedelta(minutes=14), 0, "quiet"),
        (MONDAY, timedelta(minutes=16), 0, "stale"),
        (EARLY, timedelta(hours=12), 0, "quiet"),
        (EARLY + timedelta(minutes=10), timedelta(hours=12), 0, "stale"),
        (MONDAY.replace(hour=20), timedelta(hours=3), 0, "quiet"),
        (SUNDAY, timedelta(hours=3), 0, "quiet"),
        (MONDAY, timedelta(seconds=5), 1, "live"),
        (MONDAY, timedelta(seconds=5), 2, "stale"),
    ],
)
def test_silence_counts_in_working_hours_only(
    now: datetime, silent: timedelta, lag_unknown_s: float, state: str
) -> None:
    found = freshness(
        feed(now - silent), now, SETTINGS, working_day=now.date() == MONDAY.date(), lag_unknown_s=lag_unknown_s
    )
    assert found == state


def test_a_backlog_is_said_whatever_came_last() -> None:
    at = MONDAY - timedelta(seconds=1)
    for last, lag, state in ((at, 5001, "behind"), (None, 5001, "behind"), (at, 5000, "live")):
        found = freshness(
            FeedFigure("ioc.cases.v1", lag, 1, 0, 0, last, last), MONDAY, SETTINGS, working_day=True, lag_unknown_s=0
        )
        assert found == state


def test_a_feed_that_never_spoke_has_no_age() -> None:
    assert freshness(feed(None), MONDAY, SETTINGS, working_day=True, lag_unknown_s=0) == "none"


def test_latency_keeps_percentiles_and_a_cumulative_histogram() -> None:
    latency = Latency()
    assert latency.percentiles() is None
    for ms in range(1, 101):
        latency.add(ms / 1000)
    latency.add(-1)
    found = latency.percentiles()
    assert found is not None
    assert 49 <= found.p50_ms <= 51
    assert 94 <= found.p95_ms <= 96
    buckets, total = latency.histogram()
    assert buckets[-1] == ("+Inf", 101)
    assert dict(buckets)["0.05"] == 51
    assert total == pytest.approx(5.05)
    assert latency.apart == 1


def test_latency_is_of_the_present() -> None:
    now_s = [0.0]
    latency = Latency(lambda: now_s[0])
    for _ in range(100):
        latency.add(300.0)
    now_s[0] = WINDOW_S - 1
    for _ in range(100):
        latency.add(0.1)
    found = latency.percentiles()
    assert found is not None
    assert (found.samples, found.p99_ms) == (200, 300_000)
    now_s[0] = WINDOW_S + 1
    found = latency.percentiles()
    assert found is not None
    assert (found.samples, found.p99_ms) == (100, 100.0)
    now_s[0] = 3 * WINDOW_S
    assert latency.percentiles() is None
    assert latency.histogram()[0][-1] == ("+Inf", 200)
