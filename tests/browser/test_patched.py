"""A screen that was told only what changed has the same picture as one that was told everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Screen
from tests.browser.day import morning
from tests.feeding import Feeder

PIECES = 6
SPARK = "headline-overdue--spark"
SIXTY_PICTURES = f"""async () => {{
  const seen = new Set();
  for (let n = 0; n < 60; n += 1) {{
    const picture = `<svg viewBox="0 0 560 96"><path d="M0 ${{n}}H560"/></svg>`;
    dash_clientside.set_props("{SPARK}", {{ "data-spark": picture }});
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    seen.add(document.querySelector("#{SPARK}>svg>path").getAttribute("d"));
  }}
  return seen.size;
}}"""
FIGURES = "[...document.querySelectorAll('[data-figure]')].map(one => `${one.id}: ${one.textContent}`)"
STAND = f"[iocLive.seq, iocLive.painted, JSON.stringify([iocLive.slots, {FIGURES}])]"


def same_moment(first: Screen, second: Screen) -> tuple[Any, Any]:
    """The slots of both and the figures that they show, at one sequence number that both have painted."""
    while True:
        (seq, painted, told), (other, others_painted, others) = first.value(STAND), second.value(STAND)
        if seq == painted == other == others_painted:
            return json.loads(told), json.loads(others)


@pytest.mark.parametrize("path", ["/wall", "/"])
def test_changes_lead_to_the_whole_picture(screens: Callable[..., Screen], feeder: Feeder, path: str) -> None:
    told_changes = screens().open(path)
    events = morning(feeder.settings)
    for at in range(PIECES):
        before = told_changes.value("iocLive.deltas")
        feeder.feed(events[at::PIECES])
        told_changes.wait(f"iocLive.deltas > {before}")
    told_whole = screens().open(path)
    (by_changes, shown), (whole, others) = same_moment(told_changes, told_whole)
    assert told_changes.value("[iocLive.fulls, iocLive.gaps]") == [1, 0]
    assert shown == others != []
    assert by_changes.keys() == whole.keys()
    assert {slot for slot in whole if by_changes[slot] != whole[slot]} == set()


def test_the_browser_keeps_no_old_pictures_of_figures(screens: Callable[..., Screen], feeder: Feeder) -> None:
    feeder.feed(morning(feeder.settings))
    screen = screens().open("/wall")
    screen.wait("[...document.querySelectorAll('.spark')].every(one => one.querySelectorAll('svg').length === 1)")
    counters = screen.tab.context.new_cdp_session(screen.tab)
    counters.send("HeapProfiler.collectGarbage")
    before = counters.send("Memory.getDOMCounters")["documents"]
    assert screen.tab.evaluate(SIXTY_PICTURES) >= 55
    counters.send("HeapProfiler.collectGarbage")
    assert counters.send("Memory.getDOMCounters")["documents"] == before
