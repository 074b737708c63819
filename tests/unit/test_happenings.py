"""What a wall says first: the order of incidents, and the items of its ticker, silent feeds and unusual days too."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import msgspec
import numpy as np
import pytest

from dashboards.panel import Look, slot
from dashboards.panels import ticker
from dashboards.panels.incidents import ordered
from dashboards.text import translate
from ioc.figures import SEVERITIES
from ioc.snapshot import DAYS, SERIES_FIGURES, Scope, Snapshot
from tests import plausible

ROOT = Scope("74")


@pytest.fixture(scope="module")
def monday() -> Snapshot:
    chosen = plausible.settings()
    return plausible.snapshot(chosen, plausible.world(chosen))


def look(snapshot: Snapshot) -> Look:
    return Look("vi", "wall", "dark", translate("vi"), snapshot.world, plausible.settings())


def told(snapshot: Snapshot) -> list[ticker.Item]:
    return ticker.happenings(snapshot, ROOT, look(snapshot))


def test_incidents_stand_as_the_list_says_the_gravest_first_then_the_unaccepted_then_the_newest(
    monday: Snapshot,
) -> None:
    old, new = timedelta(hours=2), timedelta(minutes=1)
    at, like = monday.as_of, monday.incidents_open[0]
    rows = [
        dataclasses.replace(like, incident_id=name, severity=severity, state=state, since=at - ago)
        for name, severity, state, ago in (
            ("low-new", "low", "detected", new),
            ("medium-accepted", "medium", "in_progress", new),
            ("high-accepted", "high", "in_progress", new),
            ("high-waiting-old", "high", "detected", old),
            ("high-waiting-new", "high", "detected", new),
            ("critical-accepted", "critical", "dispatched", old),
            ("medium-waiting", "medium", "detected", old),
        )
    ]
    assert [row.incident_id for row in ordered(rows)] == [
        "critical-accepted",
        "high-waiting-new",
        "high-waiting-old",
        "high-accepted",
        "medium-waiting",
        "medium-accepted",
        "low-new",
    ]
    shown = [SEVERITIES.index(row.severity) for row in ordered(list(monday.incidents_open))]
    assert shown == sorted(shown, reverse=True)


def test_a_silent_feed_is_told_of_after_the_unaccepted_and_before_all_else(monday: Snapshot) -> None:
    assert [item for item in told(monday) if item.tone == "doubt"] == []
    silent = monday.as_of - timedelta(minutes=21)
    feeds = tuple(
        msgspec.structs.replace(feed, last_arrival_at=silent, last_event_at=silent)
        if feed.topic == "ioc.usage.v1"
        else feed
        for feed in monday.feeds
    )
    found = told(dataclasses.replace(monday, feeds=feeds))
    assert [item.tone for item in found][:3] == ["alarm", "doubt", "break"]
    assert found[1].words == "Nguồn Dịch vụ im lặng, dự kiến mỗi 5 phút"
    assert found[1].at == silent
    past = dataclasses.replace(monday, feeds=feeds, live=False)
    assert [item for item in told(past) if item.tone == "doubt"] == [], "of the past nobody knows"


@pytest.mark.parametrize(("times", "said"), [(2, "cao hơn"), (0, "thấp hơn"), (1, "")])
def test_a_running_total_that_leaves_its_usual_band_is_told_of(monday: Snapshot, times: int, said: str) -> None:
    bins = monday.bins.copy()
    finished = SERIES_FIGURES.index("finished")
    alike = [at for at in range(DAYS - 1) if monday.working_days[at]]
    bins[finished, :, DAYS - 1] = np.rint(bins[finished][:, alike].mean(axis=1) * times)
    bins[finished, :, DAYS - 1, monday.now_bin + 1 :] = 0
    found = [item.words for item in told(dataclasses.replace(monday, bins=bins, past={})) if item.tone == "break"]
    own = [words for words in found if words.startswith("Xử lý xong ")]
    assert len(own) == bool(said)
    assert all(words.startswith(f"Xử lý xong {said} dải thường lệ ") for words in own)


def test_items_carry_the_shape_of_their_tone(monday: Snapshot) -> None:
    slots = ticker.update(monday, ROOT, look(monday))
    assert slots[slot("ticker", "item-0")]["className"] == "alarm"
    assert slots[slot("ticker", "icon-0")]["className"] == "i i-bell-fill"
    assert slots[slot("ticker", "icon-1")]["className"] == "hidden"
    assert np.all([slots[slot("ticker", f"text-{at}")]["children"] for at in range(ticker.ITEMS)])
