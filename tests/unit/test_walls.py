"""Walls are composed by settings alone, and a composition that cannot work says what would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pytest

from dashboards.app import Addresses
from dashboards.marks.labels import Label
from dashboards.marks.map import pins
from dashboards.marks.outlines import atlas, project
from dashboards.pages import wall
from dashboards.pages.registry import pages
from dashboards.panel import Look, slot
from dashboards.panels import ages, campaign, kinds, lifecycle, map_labels
from dashboards.panels.map import INSET_LABELS, LABELS
from dashboards.playlist import composition, turns
from dashboards.server import build_id
from dashboards.text import translate
from ioc.errors import ConfigError
from ioc.settings import Settings, from_tree, load
from ioc.snapshot import DAYS, IncidentRow, Scope, Snapshot
from ioc.walls import FIGURES, LEAST, OVERVIEW, SMALLEST, WIDTHS, Wall, check, composed, sizes
from tests import plausible

GOOD: Mapping[str, Any] = {
    "title_vi": "Một bức tường",
    "title_en": "A wall",
    "grid": {"areas": ["map departments", "map ages", "ticker ticker"], "columns": [3, 2], "rows": [14, 8, 1.2]},
    "panels": [{"panel": "map"}, {"panel": "departments"}, {"panel": "ages"}, {"panel": "ticker"}],
}


def settings(**over: Any) -> Settings:
    return from_tree({"walls": {"mine": {**GOOD, **over}}, "wall": "mine"})


def shipped() -> Settings:
    return load("config.yaml", environ={}, data_dir="/nowhere")


def test_a_composition_that_works_is_a_page() -> None:
    found = pages(lambda: None, settings=settings(unit="718", language="en"))  # type: ignore[arg-type,return-value]
    (home, own) = [page for page in found if page.path.startswith("/wall")]
    assert (home.path, own.path, own.name) == ("/wall", "/wall/mine", "wall-mine")
    assert [panel.name for panel in own.panels] == ["header", "map", "departments", "ages", "ticker"]
    assert own.asks == {"unit": "718", "by": "handling", "lang": "en", "theme": "dark"}
    assert own.titled("en", translate("en")) == "A wall"


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"panels": [{"panel": "maps"}]}, r"walls.mine: there is no panel 'maps'; there are ages, amounts, .*, week$"),
        ({"panels": [*GOOD["panels"], {"panel": "map", "area": "b"}]}, "panel map is there twice"),
        ({"panels": [*GOOD["panels"][:3], {"panel": "ticker", "area": "foot"}]}, "no panel fills the area ticker"),
        ({"panels": [*GOOD["panels"], {"panel": "uses"}]}, r"there is no area 'uses'; the grid has ages, departments,"),
        ({"panels": [*GOOD["panels"], {"panel": "text", "area": "map"}]}, "area map is given to two panels"),
        (
            {"panels": [{"panel": "figures", "figures": ["recieved"]}]},
            "there is no figure 'recieved'; there are amount",
        ),
        ({"panels": [{"panel": "figures"}]}, "panel figures: say which figures"),
        ({"panels": [{"panel": "indicator"}]}, "panel indicator: say which indicator"),
        ({"grid": {**GOOD["grid"], "areas": ["map departments", "ages map", "ticker ticker"]}}, "map is no rectangle"),
        (
            {"grid": {**GOOD["grid"], "areas": ["map departments", "map", "ticker ticker"]}},
            "as many cells as the first",
        ),
        ({"grid": {**GOOD["grid"], "rows": [1, 2]}}, "rows: 2 numbers for 3 rows"),
        (
            {"grid": {**GOOD["grid"], "columns": [9, 1]}},
            r"grid: panel departments needs 56 x 30 rem, area departments has 23.2 x .*; give it more room",
        ),
        ({"distance_m": 20}, r"panel .* needs .* rem, area .* has .* from 20 m"),
        ({"from": date(2026, 12, 2), "until": date(2026, 12, 1)}, "until 2026-12-01 is before from 2026-12-02"),
        ({"colour": "red"}, "unknown field `colour`"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_composition_that_cannot_work_says_what_would(over: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings(**over)


def test_names_that_a_world_does_not_have_are_refused_when_a_process_starts() -> None:
    world = plausible.world(plausible.settings())
    check(shipped().walls, world.by_code, world.indicators)
    with pytest.raises(ConfigError, match=r"walls\.mine\.unit: there is no unit '999'"):
        check(settings(unit="999").walls, world.by_code, world.indicators)
    one = {"panel": "indicator", "area": "ages", "indicator": "k_nothing"}
    panels = [*GOOD["panels"][:2], one, GOOD["panels"][3]]
    with pytest.raises(ConfigError, match="there is no indicator 'k_nothing'; there are cns_groups"):
        check(settings(panels=panels).walls, world.by_code, world.indicators)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"playlists": {"round": {"steps": [{"wall": "other"}]}}}, "there is no wall 'other'; there are mine"),
        ({"playlists": {"mine": {"steps": [{"wall": "mine"}]}}}, "a wall has this name already"),
        ({"playlists": {"round": {"steps": []}}}, "steps"),
        ({"playlists": {"round": {"steps": [{"wall": "mine", "seconds": 1}]}}}, "seconds"),
        ({"wall": "other"}, "wall: there is no wall or playlist 'other'; there are mine"),
        ({"walls": {"A b": GOOD}, "wall": "A b"}, "cannot be part of an address"),
    ],
    ids=str,
)
def test_playlists_and_names_are_checked(tree: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        from_tree({"walls": {"mine": GOOD}, "wall": "mine", **tree})


def test_every_panel_and_figure_that_can_be_named_can_be_made() -> None:
    assert set(wall.MADE) == set(LEAST)
    assert set(wall.FIGURES) == set(FIGURES)


def test_the_walls_that_are_shipped_use_every_panel_and_fit_both_shapes() -> None:
    walls = shipped().walls
    assert walls["overview"] == OVERVIEW == composed({})["overview"]
    used = {place.panel for one in walls.values() for place in one.panels}
    assert set(LEAST) - used == {"campaign"}
    for one in walls.values():
        for key, grid in (("grid", one.grid), ("wide", one.wide)):
            if grid is not None:
                assert len(sizes(grid, WIDTHS[key], one.scale)) <= 12, "4K costs: at most twelve panels"


@pytest.mark.parametrize(("distance_m", "scale"), [(4, 1.0), (8, 1.0), (9, 1.2), (12, 1.5), (16, 2.0)])
def test_type_grows_with_the_distance(distance_m: float, scale: float) -> None:
    own = msgspec.structs.replace(OVERVIEW, distance_m=distance_m)
    assert own.scale == scale
    capital_m = SMALLEST * 0.7 * own.scale / 135 * own.height_m
    assert capital_m >= distance_m / 360, "a capital of the smallest type is at least 1/360 of the distance"


def test_an_address_means_the_unit_and_language_of_its_wall_unless_it_says_otherwise() -> None:
    chosen = settings(unit="718", language="en")
    world = plausible.world(chosen)
    addresses = Addresses(pages(lambda: None, settings=chosen), world, chosen)  # type: ignore[arg-type,return-value]
    page = addresses.page("/wall/mine")
    assert page is not None
    for query, unit, language in (({}, "718", "en"), ({"unit": "725", "lang": "vi"}, "725", "vi")):
        asked = {**page.asks, **query}
        assert addresses.scope(asked) == Scope(unit)
        assert addresses.language(asked, {}) == language


def look(snapshot: Snapshot, language: Any = "vi") -> Look:
    return Look(language, "wall", "dark", translate(language), snapshot.world, plausible.settings())


@pytest.fixture(scope="module")
def monday() -> Snapshot:
    chosen = plausible.settings()
    return plausible.snapshot(chosen, plausible.world(chosen))


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 10, 31), "Bắt đầu ngày 01/11/2026"),
        (date(2026, 11, 1), ""),
        (date(2026, 12, 15), ""),
        (date(2026, 12, 16), "Đã kết thúc ngày 15/12/2026"),
    ],
)
def test_a_wall_that_has_its_time_is_shown_on_its_days_alone(monday: Snapshot, today: date, said: str) -> None:
    own = msgspec.structs.replace(OVERVIEW, from_=date(2026, 11, 1), until=date(2026, 12, 15))
    assert campaign.closed(own, today, look(monday)) == said


def test_a_playlist_leaves_out_what_has_its_time_and_a_new_composition_is_a_new_build() -> None:
    chosen = from_tree(
        {
            "walls": {"mine": GOOD, "over": {**GOOD, "from": date(2026, 11, 1), "until": date(2026, 11, 30)}},
            "wall": "round",
            "playlists": {"round": {"steps": [{"wall": "mine", "seconds": 20}, {"wall": "over"}]}},
        }
    )
    told = turns(chosen, chosen.playlists["round"])
    assert told["jitter_s"] == 3
    assert told["steps"][0] == {"path": "/wall/mine", "seconds": 20, "from": None, "until": None}
    assert told["steps"][1]["until"] - told["steps"][1]["from"] == 30 * 86_400_000
    assert not [page for page in pages(lambda: None, settings=chosen) if page.path == "/wall"]  # type: ignore[arg-type,return-value]
    assert build_id(composition(chosen)) != build_id(composition(settings()))


def test_a_column_of_the_board_holds_five_cards_and_counts_the_others(monday: Snapshot) -> None:
    slots = lifecycle.update(monday, Scope("74"), look(monday))
    rows = [row for row in monday.incidents_open if row.state == "in_progress"]
    assert len(rows) > lifecycle.COLUMN
    shown = [slots[slot("lifecycle", f"card-in_progress-{at}")]["className"] for at in range(lifecycle.CARDS)]
    assert all(name.startswith("card") for name in shown)
    assert slots[slot("lifecycle", "more-in_progress")]["children"] == f"+{len(rows) - lifecycle.COLUMN}"
    assert slots[slot("lifecycle", "board")]["className"] == f"board most-{lifecycle.COLUMN}"
    first = slots[slot("lifecycle", "card-detected-0")]["className"]
    assert first == "card critical alarm", "the gravest stands first, in red while nobody accepted it"


@pytest.mark.parametrize(
    ("counts", "given"),
    [
        ((3, 1, 0, 1, 7), (2, 1, 0, 1, 3)),
        ((9, 9, 9, 9, 9), (2, 2, 2, 2, 1)),
        ((0, 0, 0, 0, 99), (0, 0, 0, 0, 3)),
        ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
    ],
)
def test_steps_share_the_lines_of_an_upright_board(counts: tuple[int, ...], given: tuple[int, ...]) -> None:
    found = lifecycle.lines(dict(zip(lifecycle.STEPS, counts, strict=True)))
    assert tuple(found.values()) == given
    assert sum(found.values()) <= lifecycle.LINES


def test_a_panel_with_an_upright_form_fits_where_one_of_both_does() -> None:
    def tried(columns: list[float], rows: list[float]) -> Settings:
        areas = ["map lifecycle", "ticker ticker"]
        panels = [{"panel": "map"}, {"panel": "lifecycle"}, {"panel": "ticker"}]
        return settings(grid={"areas": areas, "columns": columns, "rows": rows}, panels=panels)

    tried([160, 70], [114, 5])
    tried([110, 120], [114, 5])
    with pytest.raises(ConfigError, match="panel lifecycle needs 104 x 40 rem, area lifecycle has 57"):
        tried([173, 57], [114, 5])


def test_an_hour_is_framed_where_it_lies_far_above_the_same_hour_of_other_days() -> None:
    table = np.full((DAYS, 24), 10)
    table[DAYS - 1, 8] = 16
    table[DAYS - 1, 9] = 15
    assert list(np.flatnonzero(kinds.outliers(table, [1, 2, 3]))) == [8]
    assert not kinds.outliers(table, [1, 2]).any(), "two days are no habit"


def test_ages_add_up_to_the_overdue_cases(monday: Snapshot) -> None:
    assert sum(monday.ages(Scope("74"))) == monday.cases(Scope("74")).open_overdue
    slots = ages.update(monday, Scope("74"), look(monday))
    assert slots[slot("ages", "name-3")]["children"] == "Trên 30 ngày"


DISTRICTS = (
    "Bàu Bàng",
    "Bắc Tân Uyên",
    "Bến Cát",
    "Dĩ An",
    "Dầu Tiếng",
    "Phú Giáo",
    "Thuận An",
    "Thủ Dầu Một",
    "Tân Uyên",
)


def test_no_label_of_a_map_stands_on_another(monday: Snapshot) -> None:
    for page in wall.pages(shipped()):
        for panel in page.panels:
            if not panel.name.startswith("map"):
                continue
            slots = panel.update(monday, Scope("74"), look(monday))
            names = [slots[slot("map", f"label-name-{at}")]["children"] for at in range(LABELS)]
            apart = [slots[slot("map", f"inset-name-{at}")]["children"] for at in range(INSET_LABELS)]
            assert sorted(name for name in (*names, *apart) if name) == sorted(DISTRICTS), panel.name
            assert {"Thuận An", "Dĩ An"} <= set(apart), "the dense south is shown apart"
    room = [Label(100, 100, 80, 40), Label(120, 110, 80, 40)]
    wanted = [map_labels.Wanted("a", 1, (0, 0), (), False), map_labels.Wanted("b", 5, (0, 0), (), False)]
    kept, _ = map_labels._apart(wanted, room)
    assert [one.name for one in kept] == ["b"]


@pytest.mark.parametrize(
    ("units", "apart"),
    [
        ({}, True),
        ({"pack": "binhduong_2025", "outlines": "binh_duong_wards_2025"}, True),
        ({"pack": "binhphuoc", "outlines": "binh_phuoc_districts"}, False),
        ({"outlines": ""}, False),
    ],
    ids=["districts", "wards", "small towns far from each other", "tiles"],
)
def test_an_inset_stands_where_small_places_lie_together_and_a_corner_is_free(
    units: dict[str, str], apart: bool
) -> None:
    chosen = plausible.settings(units=units)
    world = plausible.world(chosen)
    view = atlas(world, chosen).view(world.root.code)
    assert (view.dense is not None) is apart
    if view.dense is not None:
        wide = max(view.box[2] - view.box[0], view.box[3] - view.box[1])
        assert max(view.dense[2] - view.dense[0], view.dense[3] - view.dense[1]) <= 0.4 * wide, "it magnifies"


def test_what_an_inset_shows_is_one_pin_on_the_map_but_for_critical_ones(monday: Snapshot) -> None:
    like = monday.incidents_open[0]
    x, y = project(like.lat or 0, like.lon or 0)

    def at(name: str, east: float, severity: str = "medium") -> IncidentRow:
        there = {"lat": None, "lon": None, "unit": name}
        places[name] = (x + east, y)
        return replace(like, incident_id=name, severity=severity, **there)  # type: ignore[arg-type]

    places: dict[str, tuple[float, float]] = {}
    rows = [at("a", 1), at("b", 6), at("c", 9), at("d", 10.5), at("e", 2, "critical")]
    found = pins(rows, places, (x, y - 20, x + 20, y + 20), 3, (x, y - 10, x + 10, y + 10))
    assert sorted((pin.severity, pin.count) for pin in found) == [("critical", 1), ("medium", 1), ("medium", 3)]


def test_settings_of_walls_survive_the_way_through_bytes() -> None:
    walls = shipped().walls
    assert msgspec.json.decode(msgspec.json.encode(walls), type=dict[str, Wall]) == walls
