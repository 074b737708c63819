"""Panels: every slot of an update is in the frame, in every situation; figures are those of the snapshot."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from dash.development.base_component import Component

from dashboards.encode import encode_slot, slots_object, whole_slot
from dashboards.marks.map import Pin, class_of, pins
from dashboards.marks.outlines import atlas, fitted, project
from dashboards.marks.spark import BLANK
from dashboards.pages import leader, wall
from dashboards.panel import Language, Look, Page, Panel, Slots, Theme, slot
from dashboards.panels import (
    attention,
    departments,
    flow,
    headline,
    incidents,
    map_labels,
    overdue,
    ranking,
    targets,
    ticker,
)
from dashboards.panels import map as map_panel
from dashboards.text import translate
from ioc.figures import CaseFigures, Metric
from ioc.settings import Settings
from ioc.snapshot import Scope, Snapshot
from ioc.store.overdue import OverdueList
from ioc.world import World
from tests import plausible

PAGES = (wall.PAGE, leader.PAGE)
PACKS: dict[str, dict[str, str]] = {
    "districts": {},
    "binhphuoc": {"pack": "binhphuoc", "outlines": "binh_phuoc_districts"},
    "wards": {"pack": "binhduong_2025", "outlines": "binh_duong_wards_2025"},
    "tiles": {"outlines": ""},
}
MOMENTS = {"monday": plausible.MONDAY, "sunday": plausible.SUNDAY, "evening": plausible.EVENING}


def made(pack: str = "districts", **more: Any) -> tuple[Settings, World, Snapshot]:
    settings = plausible.settings(units=PACKS[pack])
    world = plausible.world(settings)
    return settings, world, plausible.snapshot(settings, world, **more)


@pytest.fixture(scope="module")
def monday() -> Snapshot:
    return made()[2]


def look(
    snapshot: Snapshot, page: Page = wall.PAGE, language: Language = "vi", theme: Theme = "dark", **units: str
) -> Look:
    settings = plausible.settings(units=units)
    return Look(language, page.device, theme, translate(language), snapshot.world, settings)


def ids(component: Component) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in component._traverse_ids():  # type: ignore[no-untyped-call]
        assert each.id not in found, f"{each.id} is there twice"
        found[each.id] = each
    return found


def words(slots: Slots) -> str:
    return slots_object({name: whole_slot(encode_slot(props)) for name, props in slots.items()}).decode()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("moment", [*MOMENTS, "empty"])
def test_every_slot_of_every_update_is_in_the_layout(page: Page, pack: str, moment: str) -> None:
    settings, world, snapshot = made(pack, as_of=MOMENTS.get(moment, plausible.MONDAY), empty=moment == "empty")
    chosen = Look("vi", page.device, "dark", translate("vi"), world, settings)
    codes = [
        world.root.code,
        world.children(world.root.code)[0].code,
        "D-SXD",
        "PERMITS" if "PERMITS" in world.by_code else "",
    ]
    for code in filter(None, codes):
        placed = ids(page.layout(chosen, Scope(code)))
        for panel in page.panels:
            for name, props in panel.update(snapshot, Scope(code), chosen).items():
                assert name in placed, f"{panel.name} updates {name}, which no frame has"
                allowed = set(placed[name].available_properties)
                wild = tuple(placed[name].available_wildcard_properties)
                assert all(prop in allowed or prop.startswith(wild) for prop in props), (name, set(props))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_an_update_returns_the_same_slots_and_props_whatever_happens(page: Page) -> None:
    calm, busy = made(empty=True)[2], made()[2]
    chosen = look(busy, page)
    for panel in page.panels:
        shapes = [
            {name: set(props) for name, props in panel.update(snapshot, Scope(code), chosen).items()}
            for snapshot in (calm, busy)
            for code in (busy.world.root.code, "725", "25966")
        ]
        assert all(shape == shapes[0] for shape in shapes), panel.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_updates_are_pure_and_can_be_sent(page: Page, language: Language, monday: Snapshot) -> None:
    chosen = look(monday, page, language)
    for panel in page.panels:
        first = words(panel.update(monday, Scope("74"), chosen))
        assert first == words(panel.update(monday, Scope("74"), chosen)), panel.name
        assert "NaN" not in first, panel.name


def test_panels_of_all_pages_have_different_names() -> None:
    known: dict[str, Panel] = {}
    for page in PAGES:
        for panel in page.panels:
            assert known.setdefault(panel.name, panel) is panel
            assert re.fullmatch(r"[a-z-]+", panel.name)


def test_headline_says_the_figures_and_compares_with_the_same_time_last_week(monday: Snapshot) -> None:
    cases = monday.cases(Scope("74"))
    slots = headline.RECEIVED.update(monday, Scope("74"), look(monday))
    assert slots[slot("headline-received", "value")]["children"] == f"{cases.received:,}".replace(",", ".")
    then = round(monday.same_time(Scope("74"), "received"))
    assert f"{then:,}".replace(",", ".") in slots[slot("headline-received", "before")]["children"]
    assert slots[slot("headline-received", "before")]["children"].startswith("T2 trước")


def test_headline_after_a_holiday_compares_with_the_last_day_of_its_kind() -> None:
    wednesday = plausible.day(plausible.MONDAY.date() + timedelta(days=9), 10)  # 2/12; a week before is a working day
    tuesday = wednesday - timedelta(days=1)  # 1/12; a week before, 24/11, was a holiday
    for moment, expected in ((wednesday, "T4 trước"), (tuesday, "T2 30/11:")):
        snapshot = made(as_of=moment)[2]
        slots = headline.RECEIVED.update(snapshot, Scope("74"), look(snapshot))
        assert slots[slot("headline-received", "before")]["children"].startswith(expected)


def test_both_on_time_figures_are_named(monday: Snapshot) -> None:
    slots = headline.ON_TIME.update(monday, Scope("74"), look(monday))
    cases = monday.cases(Scope("74"))
    assert cases.on_time_pct is not None
    assert slots[slot("headline-on-time", "value")]["children"] == f"{cases.on_time_pct:.1f}".replace(".", ",")
    assert slots[slot("headline-on-time", "before")]["children"].startswith("đã xong: ")
    bar = slots[slot("headline-on-time", "bar")]["style"]
    whole = cases.finished + cases.open_overdue + cases.paused_overdue
    assert bar["--a"] == f"{cases.finished_on_time * 100 / whole:.1f}%"


def test_an_on_time_share_of_a_few_finished_cases_is_a_dash_and_their_count() -> None:
    snapshot = made()[2]
    snapshot.pair[Metric.FINISHED_ON_TIME : Metric.FINISHED_LATE + 1] = 0
    snapshot.pair[Metric.FINISHED_ON_TIME, 5, 5] = 3
    slots = headline.ON_TIME.update(snapshot, Scope("74"), look(snapshot))
    assert slots[slot("headline-on-time", "value")]["children"] == "–"
    assert slots[slot("headline-on-time", "before")]["children"] == "mới xong 3, dưới 10"


def test_nothing_is_a_dash_and_a_word_and_never_a_perfect_figure() -> None:
    snapshot = made(empty=True)[2]
    slots = headline.ON_TIME.update(snapshot, Scope("74"), look(snapshot))
    assert slots[slot("headline-on-time", "value")]["children"] == "–"
    assert slots[slot("headline-on-time", "sign")]["children"] == ""
    assert headline.RECEIVED.update(snapshot, Scope("74"), look(snapshot))[slot("headline-received", "spark")] == {
        "data-spark": BLANK
    }


def test_departments_rank_by_share_and_leave_out_those_with_few_cases() -> None:
    _, world, snapshot = made()
    at = world.by_code["D-TTT"].at
    snapshot.pair[:, at, :] = 0
    snapshot.pair[Metric.OPEN, at, at], snapshot.pair[Metric.OVERDUE, at, at] = 4, 2
    slots = departments.update(snapshot, Scope("74"), look(snapshot))
    shares = [slots[slot("departments", f"share-{row}")]["children"] for row in range(departments.ROWS)]
    known = [float(share.removesuffix("\u202f%").replace(",", ".").replace("< ", "")) for share in shares if share]
    assert known == sorted(known, reverse=True)
    names = [slots[slot("departments", f"name-{row}")]["children"] for row in range(departments.ROWS)]
    assert "Thanh tra tỉnh" not in names
    assert "chưa xếp hạng vì dưới 30 hồ sơ: 1" in slots[slot("departments", "foot")]["children"]


@pytest.mark.parametrize(
    ("is_open", "overdue", "expected"),
    [
        (9, 3, "few"),
        (1000, 0, "map-0"),
        (1000, 9, "map-1"),
        (1000, 10, "map-2"),
        (1000, 20, "map-3"),
        (100, 3, "map-4"),
    ],
)
def test_classes_of_the_map_are_fixed(is_open: int, overdue: int, expected: str) -> None:
    assert class_of(CaseFigures(open=is_open, open_overdue=overdue)) == expected


def test_a_critical_incident_is_never_part_of_a_cluster(monday: Snapshot) -> None:
    row = monday.incidents_open[0]
    assert row.severity == "critical"
    same = [row, *(dataclasses.replace(other, lat=row.lat, lon=row.lon) for other in monday.incidents_open[1:])]
    x, y = project(row.lat or 0, row.lon or 0)
    found = pins(same, {}, (x - 9, y - 9, x + 9, y + 9), 2)
    assert sorted(pin.count for pin in found) == [1, len(same) - 1]
    assert next(pin for pin in found if pin.count == 1).severity == "critical"


def test_an_incident_without_a_position_stands_at_its_unit(monday: Snapshot) -> None:
    row = dataclasses.replace(monday.incidents_open[0], lat=None, lon=None)
    assert len(pins([row], {row.unit: (1.0, 1.0)}, (0, 0, 2, 2), 1)) == 1
    assert pins([row], {}, (0, 0, 2, 2), 1) == []


def test_only_an_unaccepted_critical_incident_is_filled_with_red(monday: Snapshot) -> None:
    slots = incidents.update(monday, Scope("74"), look(monday))
    filled = [row for row in range(incidents.ROWS) if "alarm" in slots[slot("incidents", f"row-{row}")]["className"]]
    assert filled == [0]
    assert slots[slot("incidents", "state-0")]["children"] == "chờ xác minh"
    accepted = dataclasses.replace(
        monday,
        incidents_open=tuple(dataclasses.replace(row, state="acknowledged") for row in monday.incidents_open),
    )
    assert "alarm" not in words(incidents.update(accepted, Scope("74"), look(monday)))


def test_an_undeclared_kind_and_an_unknown_unit_do_not_break_the_list(monday: Snapshot) -> None:
    row = dataclasses.replace(monday.incidents_open[1], kind="no_such_kind", place=None)
    snapshot = dataclasses.replace(monday, incidents_open=(row,))
    slots = incidents.update(snapshot, Scope("74"), look(monday))
    assert slots[slot("incidents", "kind-0")]["children"] == "no such kind"


def test_walls_show_no_whole_case_code(monday: Snapshot) -> None:
    told = words(ticker.update(monday, Scope("74"), look(monday)))
    assert "…-" in told
    assert not any(result.case_code in told for result in monday.results)


def test_flow_marks_the_ten_minutes_under_way_as_unfinished(monday: Snapshot) -> None:
    figure = flow.update(monday, Scope("74"), look(monday))[slot("flow", "chart")]["figure"]
    dots = [trace for trace in figure["data"] if trace["mode"] == "markers" and len(trace["x"]) == 2]
    assert len(dots) == 2
    for trace in dots:
        full, hollow = trace["marker"]["color"]
        assert full != hollow
    lines = [trace for trace in figure["data"] if trace["mode"] == "lines" and trace.get("cliponaxis") is False]
    assert [len(trace["y"]) for trace in lines] == [monday.now_bin - 36] * 2


def test_targets_are_met_in_the_direction_that_they_aim(monday: Snapshot) -> None:
    slots = targets.update(monday, Scope("74"), look(monday))
    shown = {one.code: at for at, one in enumerate(targets.chosen(monday.world))}
    assert slots[slot("targets", f"gap-{shown['k_remote']}")]["className"] == "gap met"
    assert slots[slot("targets", f"gap-{shown['dti_rank']}")]["className"] == "gap open"


def test_leaders_rows_are_links_into_the_unit(monday: Snapshot) -> None:
    slots = ranking.update(monday, Scope("74"), look(monday, leader.PAGE))
    links = [slots[slot("ranking", f"link-{row}")]["href"] for row in range(ranking.most(monday.world))]
    below = monday.world.children("74")
    assert sorted(links[: len(below)]) == sorted(f"/?unit={unit.code}" for unit in below)
    inside = ranking.update(monday, Scope("25966"), look(monday, leader.PAGE))
    assert inside[slot("ranking", "title")]["children"] == "Đơn vị cùng cấp"


def test_each_place_of_the_map_can_be_touched(monday: Snapshot) -> None:
    slots = map_panel.update(monday, Scope("74"), look(monday, leader.PAGE))
    shown = [slots[slot("map", f"area-{at}")] for at in range(map_panel.AREAS)]
    assert sum(area["className"] == "map-area" for area in shown) == 9
    assert all(area["style"]["clipPath"].startswith("polygon(") for area in shown[:9])


@pytest.mark.parametrize("pack", PACKS)
def test_names_on_the_map_hardly_cover_each_other(pack: str) -> None:
    settings, world, snapshot = made(pack)
    chosen = Look("vi", "wall", "dark", translate("vi"), world, settings)
    known = atlas(world, settings)
    view = known.view(world.root.code)
    counts = {row.unit.code: row.cases.open_overdue for row in snapshot.rows(place.unit for place in view.places)}
    stage = map_labels.Stage(world.root.code, fitted(view.box, 1000 / 1040), (1000, 1040))
    wanted = map_labels.wanted_labels(view, counts, chosen)
    labels = map_labels._room(wanted, stage, chosen, known, [])
    covered = 0.0
    for at, one in enumerate(labels):
        for other in labels[:at]:
            wide = (one.width + other.width) / 2 - abs(one.x - other.x)
            high = (one.height + other.height) / 2 - abs(one.y - other.y)
            covered = max(covered, max(wide, 0) * max(high, 0) / (one.width * one.height))
    assert covered < 0.25
    assert all(label.width / 2 <= label.x <= 1000 - label.width / 2 + 1e-6 for label in labels)


def test_no_name_stands_in_the_ring_of_a_critical_incident() -> None:
    settings, world, _ = made()
    chosen = Look("vi", "wall", "dark", translate("vi"), world, settings)
    known = atlas(world, settings)
    view = known.view(world.root.code)
    stage = map_labels.Stage(world.root.code, fitted(view.box, 1000 / 1040), (1000, 1040))
    wanted = map_labels.wanted_labels(view, {place.unit.code: 9 for place in view.places}, chosen)
    for at, one in enumerate(map_labels._room(wanted, stage, chosen, known, [])):
        x, y = one.x, one.y + one.height / 2  # on its lower line
        moved = map_labels._room(wanted, stage, chosen, known, [Pin(*stage.point(x, y), "critical")])[at]
        wide = (moved.width + 84) / 2 - abs(moved.x - x)
        high = (moved.height + 84) / 2 - abs(moved.y - y)
        assert wide <= 0 or high <= 0 or wide * high < 0.15 * moved.width * moved.height, wanted[at].name


@pytest.mark.parametrize("spoke", [True, False])
def test_that_nothing_is_open_is_good_news_only_from_cameras_that_speak(monday: Snapshot, spoke: bool) -> None:
    silent = msgspec.structs.replace(next(feed for feed in monday.feeds if "cameras" in feed.topic), last_event_at=None)
    feeds = tuple(feed if spoke or feed.topic != silent.topic else silent for feed in monday.feeds)
    quiet = dataclasses.replace(monday, feeds=feeds)
    scope = Scope("D-SXD")  # a department: nothing is open there
    chosen = look(quiet)
    shown = incidents.PANEL.update(quiet, scope, chosen)
    words = "Không có sự cố đang mở" if spoke else "Camera chưa có số liệu"
    assert shown[slot("incidents", "none-words")]["children"] == words
    assert ("check" in shown[slot("incidents", "none-icon")]["className"]) is spoke
    card = attention.PANELS[0].update(quiet, scope, look(quiet, leader.PAGE))
    assert ("check" in card[slot("attention-incident", "icon")]["className"]) is spoke
    said = headline.INCIDENTS.update(quiet, scope, chosen)[slot("headline-incidents", "delta")]["children"]
    assert said == ("không có sự cố" if spoke else "chưa có số liệu")


@pytest.mark.parametrize("spoke", [True, False])
def test_that_nothing_is_overdue_is_good_news_only_from_cases_that_are_told(spoke: bool) -> None:
    snapshot = made(empty=True)[2]
    cases = next(feed for feed in snapshot.feeds if "cases" in feed.topic)
    told = msgspec.structs.replace(cases, last_event_at=snapshot.as_of if spoke else None)
    quiet = dataclasses.replace(snapshot, feeds=tuple(told if feed is cases else feed for feed in snapshot.feeds))
    scope, glass, tablet = Scope("74"), look(quiet), look(quiet, leader.PAGE)
    unknown, never = "Hồ sơ chưa có số liệu", "chưa có số liệu"
    ranking = departments.update(quiet, scope, glass)
    assert ranking[slot("departments", "none-words")]["children"] == ("Chưa có hồ sơ đang mở" if spoke else unknown)
    assert ("check" in ranking[slot("departments", "none-icon")]["className"]) is spoke
    cards = [panel.update(quiet, scope, tablet) for panel in attention.PANELS[1:]]
    assert cards[0][slot("attention-overdue", "title")]["children"] == ("Không có hồ sơ quá hạn" if spoke else unknown)
    assert cards[1][slot("attention-soon", "title")]["children"] == ("Không có hồ sơ sắp đến hạn" if spoke else unknown)
    late = overdue.slots(quiet, scope, tablet, OverdueList(quiet.as_of, 0, ()))
    assert late[slot("overdue", "none-words")]["children"] == ("Không có hồ sơ quá hạn" if spoke else unknown)
    places = map_panel.PANEL.update(quiet, scope, tablet)[slot("map", "worst")]["children"]
    assert places == ("Không địa bàn nào quá hạn" if spoke else never)
