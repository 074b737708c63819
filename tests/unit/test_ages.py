"""Every panel of every page shows how old the figures are that it rests on."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.pages.registry import pages
from dashboards.panel import Look, Page, Panel
from dashboards.text import translate
from ioc.facts import TOPICS
from ioc.snapshot import Scope
from tests.unit.test_status import vitals
from tests.unit.web_kit import SETTINGS, WORLD

PAGES = pages(vitals, settings=SETTINGS)
WITHOUT_FIGURES = {
    "header": "the ages of all feeds, the clock and the badges",
    "footing": "what the screen is, and where the figures come from",
    "attention-incident": "a button to what lies below it",
    "status-feeds": "one row a feed with its age",
    "status-alarms": "what is wrong with the machine now",
    "status-screens": "what the server itself sees",
    "status-push": "what the server itself counts",
    "status-store": "says when it was checked",
    "status-rejects": "says when it was checked",
    "status-versions": "what runs",
}
"""Panels that rest on no feed of their own, and what they show."""


def look(page: Page) -> Look:
    return Look("vi", page.device, "dark", translate("vi"), WORLD, SETTINGS)


def attributes(component: Any) -> list[dict[str, Any]]:
    own = component.to_plotly_json()["props"] if hasattr(component, "to_plotly_json") else {}
    return [own] + [each.to_plotly_json()["props"] for each in component._traverse() if hasattr(each, "to_plotly_json")]


@pytest.mark.parametrize(
    ("page", "panel"), [(page, panel) for page in PAGES for panel in page.panels], ids=lambda one: one.name
)
def test_every_panel_names_its_feeds_and_shows_their_age(page: Page, panel: Panel) -> None:
    assert set(panel.feeds) <= set(TOPICS)
    if not panel.feeds:
        assert panel.name in WITHOUT_FIGURES, f"{panel.name} shows figures of no known age: name its feeds"
        return
    assert any("data-age" in props for props in attributes(panel.frame(look(page)))), f"{panel.name} shows no age"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_runs_a_clock_and_carries_its_tiles(page: Page) -> None:
    layout = attributes(page.layout(look(page), Scope(WORLD.root.code)))
    assert any("data-clock" in props for props in layout)
    assert {props["data-panel"] for props in layout if "data-panel" in props} == {panel.name for panel in page.panels}
