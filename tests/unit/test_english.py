"""An English screen is in English: nothing Vietnamese stands on it but the names of places."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from dash.development.base_component import Component

from dashboards.encode import encode_slot, whole_slot
from dashboards.pages.registry import pages
from dashboards.panel import Language, Look, Page
from dashboards.text import translate
from ioc.settings import Indicator
from ioc.snapshot import Scope, Snapshot
from tests import plausible, plausible_lists

SHIPPED = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8"))
PARTS = ("walls", "playlists", "indicators", "services", "signs")
SETTINGS = plausible.settings(**{part: SHIPPED[part] for part in PARTS})
WORLD = plausible.world(SETTINGS)
MORNING = plausible.snapshot(SETTINGS, WORLD)
LATE, SOON = (partial(plausible_lists.cases, MORNING, kind) for kind in plausible_lists.METRICS)
PAGES = [
    page
    for page in pages(lambda: None, LATE, SETTINGS, soon=SOON)  # type: ignore[arg-type,return-value]
    if page.device != "desk"
]
UNREAD = ("id", "className", "href", "style")


def texts(value: Any) -> Iterator[str]:
    """Every text of a component, of props or of a figure, but what says that it is in another language."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Component):
        props: dict[str, Any] = value.to_plotly_json()["props"]  # type: ignore[no-untyped-call]
        if props.get("lang") != "vi":
            yield from texts({name: prop for name, prop in props.items() if name not in UNREAD})
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts(inner)


def foreign(text: str) -> set[str]:
    """The words of a text that have letters or tones of Vietnamese."""
    return {
        word
        for word in re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", text))
        if re.search(r"[đĐ]", word) or unicodedata.normalize("NFD", word) != word
    }


def names(snapshot: Snapshot) -> set[str]:
    """The words of names of places, and of nothing else."""
    world = snapshot.world
    places = [
        unit.short_vi for unit in world.units if unit.kind not in ("department", "branch") and unit.code != "permits"
    ]
    spots = [row.place or "" for row in snapshot.incidents_open]
    return {word for name in [*places, *spots, SETTINGS.province.name_en] for word in foreign(name)}


def said(page: Page, language: Language, unit: str) -> set[str]:
    """The Vietnamese words of a page with its figures, but for the name of the other language."""
    t = translate(language)
    look = Look(language, page.device, "light", t, WORLD, SETTINGS)
    scope = Scope(unit)
    layout = page.layout(look, scope)
    found = {word for text in texts(layout) if text != t("nav.language") for word in foreign(text)}
    for panel in page.panels:
        for props in panel.update(MORNING, scope, look).values():
            whole = whole_slot(encode_slot(props)).decode()
            found |= foreign(whole.encode().decode("unicode_escape") if "\\u" in whole else whole)
    return found


@pytest.mark.parametrize("unit", ["74", "725", "D-SXD"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_vietnamese_stands_on_an_english_page(page: Page, unit: str) -> None:
    assert said(page, "en", unit) - names(MORNING) == set()


def test_the_test_sees_vietnamese() -> None:
    kpi = next(page for page in PAGES if page.name == "kpi")
    assert {"trách", "nhiệm"} <= said(kpi, "vi", "74") - names(MORNING)


def test_who_answers_is_named_in_the_language_of_the_screen() -> None:
    for source in ("Văn phòng UBND tỉnh", "D-VPUB"):
        assert WORLD.named(source, "en") == "Office of the People's Committee"
        assert WORLD.named(source, "vi") == "Văn phòng UBND tỉnh"
    assert WORLD.named("VNPT", "en") == WORLD.named("VNPT", "vi") == "VNPT"
    assert WORLD.named("", "en") == ""


def test_each_source_that_ships_is_a_unit() -> None:
    known = {unit.name_vi for unit in WORLD.units}
    assert {one.source for one in WORLD.indicators.values()} <= known


def row(**more: Any) -> list[str]:
    """What the row of one indicator says of owner, work and day."""
    one = {"code": "x", "vi": "Chỉ tiêu", "en": "Target", "target": 5, **more}
    settings = plausible.settings(indicators=[one])
    world = plausible.world(settings)
    page = next(page for page in pages(lambda: None) if page.name == "kpi")  # type: ignore[arg-type,return-value]
    look = Look("en", "tablet", "dark", translate("en"), world, settings)
    layout: Any = page.layout(look, Scope(world.root.code))
    (found,) = [each for each in layout._traverse() if getattr(each, "className", "") == "kpi-row"]
    return [" ".join(text for text in texts(cell) if text) for cell in found.children[2:]]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, ["not written: who answers, what is done, by when"]),
        ({"source": "D-SYT"}, ["Who answers Health", "not written: what is done, by when"]),
        (
            {"source": "D-SYT", "work": "Nối cổng thanh toán", "work_en": "Connect the gateway"},
            ["Who answers Health", "What is done Connect the gateway", "not written: by when"],
        ),
        (
            {"work": "A", "due": date(2026, 12, 31)},
            ["not written: who answers", "What is done A", "By when 31/12/2026"],
        ),
    ],
)
def test_what_nobody_wrote_down_is_named_once_in_a_row(more: dict[str, Any], told: list[str]) -> None:
    assert row(**more) == told


def test_a_work_without_english_words_is_shown_as_it_is_written() -> None:
    assert Indicator("x", "a", "b", work="A").work_en == ""
    assert any("What is done A" in text for text in row(work="A"))
