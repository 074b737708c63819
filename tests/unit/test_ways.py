"""The way to a unit's overdue cases: worst first on every page, two touches from the top to any unit of any pack."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from dashboards.pages import leader
from dashboards.pages.addresses import unit_address
from dashboards.panel import Language, Look, slot
from dashboards.panels import ranking
from dashboards.panels.ranks import LEAST
from dashboards.text import translate
from dashboards.text.names import listed
from ioc.figures import Metric
from ioc.settings import Settings
from ioc.snapshot import Scope, Snapshot
from ioc.world import World
from tests import plausible

PACKS = ("binhduong", "binhphuoc", "binhduong_2025", "binhphuoc_2025")
TOUCHES = 2


def made(pack: str = "binhduong") -> tuple[Settings, World, Snapshot]:
    settings = plausible.settings(units={"pack": pack, "outlines": ""})
    world = plausible.world(settings)
    return settings, world, plausible.snapshot(settings, world)


def look(settings: Settings, world: World) -> Look:
    return Look("vi", "tablet", "dark", translate("vi"), world, settings)


def shown(snapshot: Snapshot, code: str, of: Look) -> list[tuple[str, str]]:
    """Address and class of each row that the list of a unit's page shows, in its order."""
    told = ranking.update(snapshot, Scope(code), of)
    rows = [
        (told[slot("ranking", f"link-{at}")]["href"], told[slot("ranking", f"row-{at}")]["className"])
        for at in range(ranking.most(snapshot.world))
    ]
    return [row for row in rows if row[1] != "hidden"]


@pytest.mark.parametrize("pack", PACKS)
def test_two_touches_lead_from_the_top_to_the_overdue_list_of_every_unit(pack: str) -> None:
    settings, world, snapshot = made(pack)
    of = look(settings, world)
    assert {unit.kind for unit in world.units} >= {"department", "commune"}
    assert any(unit.pack == "permits" for unit in world.units)
    touches = {unit.code: 0 for unit in world.units if unit.parent is None}
    todo = list(touches)
    while todo:
        code = todo.pop(0)
        links = {href for href, _ in shown(snapshot, code, of)}
        for unit in world.children(code):
            assert unit_address(unit.code) in links, f"the page of {code} has no row of {unit.code}"
            touches[unit.code] = touches[code] + 1
            todo.append(unit.code)
    assert set(touches) == set(world.by_code)
    assert max(touches.values()) <= TOUCHES
    for code in {unit.kind: unit.code for unit in world.units}.values():  # one of each kind: a layout takes its time
        layout: Any = leader.PAGE.layout(of, Scope(code))
        placed = [each.id for each in layout._traverse_ids()]
        first = placed.index(slot("overdue", "rows"))
        assert code == world.root.code or first < placed.index(slot("flow", "chart")), f"{code}: its list is not first"


def test_departments_and_places_stand_in_one_order_worst_first() -> None:
    settings, world, snapshot = made()
    rows = shown(snapshot, "74", look(settings, world))
    units = [world.by_code[href.partition("=")[2]] for href, _ in rows]
    cases = [snapshot.cases(Scope(unit.code)) for unit in units]
    assert len(units) == len(world.children("74"))
    late = [one for one in cases if one.open_overdue and one.open >= LEAST]
    assert cases[: len(late)] == late
    shares = [one.overdue_share_pct or 0 for one in late]
    assert shares == sorted(shares, reverse=True)
    kinds = [unit.kind for unit in units[: len(late)]]
    assert kinds[:5].count("district") >= 1, "the first screen names a place"
    assert "department" in kinds[kinds.index("district") :], "they are not two lists"
    assert "725" in [unit.code for unit in units[:5]], "who has most overdue cases is in sight"


def test_who_has_nothing_overdue_comes_last_and_is_counted() -> None:
    settings, world, snapshot = made()
    of = look(settings, world)
    rows = shown(snapshot, "74", of)
    clean = [name == "clean" for _, name in rows]
    assert clean == sorted(clean)
    assert 0 < sum(clean) < len(clean)
    told = ranking.update(snapshot, Scope("74"), of)
    assert told[slot("ranking", "clean")]["children"] == f"{sum(clean)} đơn vị không có quá hạn"
    assert told[slot("ranking", "line")]["className"] == "line"
    for href, name in rows:
        assert (snapshot.cases(Scope(href.partition("=")[2])).open_overdue == 0) is (name == "clean")


def test_where_nobody_is_clean_nothing_says_so_and_before_the_first_case_nothing_is_called_clean() -> None:
    settings, world, snapshot = made()
    of = look(settings, world)
    pair = snapshot.pair.copy()
    for unit in world.units:
        pair[Metric.OVERDUE, unit.at, unit.at] = pair[Metric.OPEN, unit.at, unit.at] = 40
    told = ranking.update(dataclasses.replace(snapshot, pair=pair, present={}), Scope("74"), of)
    assert told[slot("ranking", "line")]["className"] == "hidden"
    silent = plausible.snapshot(settings, world, empty=True)
    told = ranking.update(silent, Scope("74"), of)
    assert told[slot("ranking", "clean")]["children"] == "Hồ sơ chưa có số liệu"


def test_a_commune_stands_among_those_beside_it_and_is_marked() -> None:
    settings, world, snapshot = made()
    rows = shown(snapshot, "25966", look(settings, world))
    (here,) = [href for href, name in rows if "here" in name]
    assert here == "/?unit=25966"
    assert len(rows) == len(world.children("725"))


@pytest.mark.parametrize("pack", PACKS)
def test_no_two_units_of_one_scope_are_called_the_same(pack: str) -> None:
    world = made(pack)[1]
    languages: tuple[Language, ...] = ("vi", "en")
    for language in languages:
        for unit in world.units:
            below = world.children(unit.code)
            for names in ([listed(one, language) for one in below], [one.short(language) for one in below]):
                assert len(set(names)) == len(names), f"{unit.code}: {sorted(names)}"
                assert unit.name(language) not in names


@pytest.mark.parametrize("pack", PACKS)
def test_an_office_is_not_called_what_it_serves(pack: str) -> None:
    office = made(pack)[1].by_code["D-VPUB"]
    assert (listed(office, "vi"), listed(office, "en")) == ("VP UBND tỉnh", "PC Office")
