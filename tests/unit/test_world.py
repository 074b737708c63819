"""Units are data: packs, departments, trees beside them, and what goes wrong in each."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ioc.errors import ConfigError
from ioc.settings import Settings, from_tree
from ioc.world import DATA, PACKS, World, load_world, read_departments, read_pack

TODAY = date(2026, 11, 23)
COUNTS = {
    "binhduong": {"province": 1, "district": 9, "commune": 91},
    "binhphuoc": {"province": 1, "district": 11, "commune": 111},
    "binhduong_2025": {"province": 1, "commune": 36},
    "binhphuoc_2025": {"province": 1, "commune": 40},
}
OUTLINES = {
    "binhduong": "binh_duong_districts",
    "binhphuoc": "binh_phuoc_districts",
    "binhduong_2025": "binh_duong_wards_2025",
    "binhphuoc_2025": "binh_phuoc_wards_2025",
}


def world(**units: Any) -> World:
    return load_world(from_tree({"units": units}), TODAY)


@pytest.fixture(scope="module")
def here() -> World:
    return load_world(Settings(), TODAY)


@pytest.mark.parametrize("pack", PACKS)
def test_each_pack_is_one_whole_tree(pack: str) -> None:
    units = read_pack(pack)
    assert Counter(unit.kind for unit in units) == COUNTS[pack]
    seen: set[str] = set()
    for unit in units:
        assert unit.pack == pack
        assert unit.parent is None or unit.parent in seen, "parents stand before their children"
        seen.add(unit.code)
    assert sum(unit.parent is None for unit in units) == 1


@pytest.mark.parametrize("pack", PACKS)
def test_each_pack_has_outlines_whose_ids_are_its_units(pack: str) -> None:
    found = json.loads((DATA / "geo" / f"{OUTLINES[pack]}.geojson").read_text(encoding="utf-8"))
    ids = {str(feature["id"]) for feature in found["features"]}
    kind = "district" if "district" in COUNTS[pack] else "commune"
    assert ids == {unit.code for unit in read_pack(pack) if unit.kind == kind}


def test_a_code_means_something_only_within_its_pack() -> None:
    old = {unit.code: unit.name_vi for unit in read_pack("binhduong")}
    new = {unit.code: unit.name_vi for unit in read_pack("binhduong_2025")}
    assert [code for code in old.keys() & new.keys() if old[code].split()[-1] != new[code].split()[-1]]


def test_a_subtree_is_the_unit_and_all_below_it(here: World) -> None:
    for unit in here.units:
        below = {at for child in here.children(unit.code) for at in here.subtree(child.code)}
        assert set(here.subtree(unit.code)) == {unit.at} | below
        assert list(here.subtree(unit.code)) == sorted(here.subtree(unit.code))


def test_a_path_leads_from_the_root_to_the_unit(here: World) -> None:
    for unit in here.units:
        path = here.path(unit.code)
        assert path[-1] is unit
        assert path[0].parent is None
        assert all(lower.parent == upper.code for upper, lower in pairwise(path))


def test_positions_are_dense_and_numbers_unique(here: World) -> None:
    assert [unit.at for unit in here.units] == list(range(len(here.units)))
    assert len({unit.no for unit in here.units}) == len(here.units)


def test_the_root_is_the_province_and_not_a_tree_beside_it(here: World) -> None:
    assert (here.root.code, here.root.kind) == ("74", "province")
    beside = set(here.subtree("permits"))
    assert beside
    assert not beside & set(here.subtree("74"))
    assert len(beside) + len(here.subtree("74")) == len(here.units)


def test_an_unknown_unit_is_an_error(here: World) -> None:
    for ask in (here.subtree, here.path):
        with pytest.raises(KeyError):
            ask("99999")


def test_departments_have_days_of_validity() -> None:
    before, after = (
        {unit.code for unit in read_departments("departments_binhduong", "binhduong", "74", day)}
        for day in (date(2025, 2, 28), date(2025, 3, 1))
    )
    assert "D-SKHDT" in before
    assert "D-SKHDT" not in after, "merged into Finance in March 2025"
    assert after - before


def test_departments_come_below_the_root_of_any_pack() -> None:
    found = world(pack="binhphuoc", extra=[], outlines="binh_phuoc_districts")
    departments = [unit for unit in found.units if unit.kind == "department"]
    assert departments
    assert {unit.parent for unit in departments} == {"70"}
    assert {unit.pack for unit in departments} == {"binhphuoc"}


def test_departments_and_trees_can_be_left_out() -> None:
    found = world(departments="", extra=[])
    assert len(found.units) == sum(COUNTS["binhduong"].values())


def test_numbers_of_the_store_replace_those_of_the_file(here: World) -> None:
    units = {(unit.pack, unit.code): 1000 + unit.at for unit in here.units}
    found = here.renumbered(units, {service.code: 7 for service in here.services})
    assert [unit.no for unit in found.units] == [1000 + unit.at for unit in here.units]
    assert found.by_no[1000] == found.units[0]
    assert found.service_no("payment") == 7
    assert [unit.code for unit in found.units] == [unit.code for unit in here.units]


@pytest.mark.parametrize(
    ("code", "short_vi", "name_en"),
    [
        ("74", "Bình Dương", "Bình Dương Province"),
        ("718", "Thủ Dầu Một", "Thủ Dầu Một City"),
        ("719", "Bàu Bàng", "Bàu Bàng District"),
    ],
)
def test_names_are_short_on_maps_and_whole_elsewhere(here: World, code: str, short_vi: str, name_en: str) -> None:
    unit = here.by_code[code]
    assert (unit.short("vi"), unit.name("en")) == (short_vi, name_en)
    assert unit.short("en") == short_vi


def test_every_unit_has_both_names(here: World) -> None:
    assert [unit.code for unit in here.units if not (unit.name_vi.strip() and unit.name_en.strip())] == []


def test_kinds_of_incident_can_be_added_and_changed() -> None:
    added = [
        {"kind": "drone", "vi": "Thiết bị bay", "en": "Drone", "severity": "high", "vi_short": "Drone"},
        {"kind": "red_light", "vi": "Vượt đèn đỏ", "en": "Red light", "domain": "traffic", "severity": "low"},
    ]
    kinds = load_world(from_tree({"incident_kinds": added}), TODAY).kinds
    assert kinds["drone"].severity == "high"
    assert (kinds["drone"].short("vi"), kinds["drone"].short("en")) == ("Drone", "Drone")
    assert kinds["red_light"].short("vi") == "Vượt đèn đỏ", "a kind without a short name has its whole one"
    assert kinds["red_light"].severity == "low"
    assert len(kinds) == len(load_world(Settings(), TODAY).kinds) + 1


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_kind_of_incident_has_a_name_for_a_narrow_card(here: World, language: str) -> None:
    assert [kind.short(language) for kind in here.kinds.values() if not 0 < len(kind.short(language)) <= 18] == []


def test_procedures_are_whole(here: World) -> None:
    assert here.procedures
    departments = {unit.code for unit in here.units if unit.kind in ("department", "branch")}
    for procedure in here.procedures.values():
        assert procedure.name_vi
        assert procedure.name_en
        assert procedure.working_days >= 0
        assert procedure.fee_vnd >= 0
        assert not procedure.department or procedure.department in departments, procedure.code


def own_pack(place: Path, *rows: str) -> str:
    file = place / "mine.csv"
    file.write_text("\n".join(("code,name_vi,level,parent_code", *rows)), encoding="utf-8")
    return str(file)


def test_a_pack_of_ones_own_is_named_by_its_path(tmp_path: Path) -> None:
    pack = own_pack(tmp_path, "1,Tỉnh Mới,tinh,", "2,Xã Một,xa,1", "3,Phường Hai,phuong,1")
    found = world(pack=pack, departments="", extra=[])
    assert found.pack == "mine"
    assert [unit.short_vi for unit in found.children("1")] == ["Một", "Hai"]
    assert {unit.kind for unit in found.children("1")} == {"commune"}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["1,A,tinh,", "1,B,xa,1"], "names a code twice"),
        (["1,A,tinh,", "2,B,xa,9"], "2 is below 9"),
    ],
)
def test_a_broken_pack_says_what_is_wrong(tmp_path: Path, rows: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        world(pack=own_pack(tmp_path, *rows), departments="", extra=[])


def test_an_unknown_pack_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="binhphuoc_2025"):
        world(pack="hanoi")


def test_trees_that_share_a_code_are_refused(tmp_path: Path) -> None:
    pack = own_pack(tmp_path, "74,Tỉnh Khác,tinh,")
    with pytest.raises(ConfigError, match="name a code twice"):
        world(extra=[pack])
