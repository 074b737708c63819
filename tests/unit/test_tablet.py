"""What is a tablet's own: a map of each field's matter, sparks in the shape of their cards."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from dash.development.base_component import Component

from dashboards.app import Addresses
from dashboards.marks.spark import BLANK
from dashboards.pages import fields, leader, wall
from dashboards.pages.registry import pages
from dashboards.panel import Look, Page, slot
from dashboards.panels import attention, headline, overdue, summary
from dashboards.panels import map as map_panel
from dashboards.text import translate
from dashboards.theme import ASSETS
from ioc.days import DAYS
from ioc.snapshot import Scope, Snapshot
from ioc.store.overdue import OverdueList
from tests import plausible, plausible_lists

SETTINGS = plausible.settings()
WORLD = plausible.world(SETTINGS)
MORNING = plausible.snapshot(SETTINGS, WORLD)
EMPTY = plausible.snapshot(SETTINGS, WORLD, empty=True)
PROVINCE = Scope(WORLD.root.code)
NO_LIST = overdue.panel(lambda _scope: None), overdue.panel(lambda _scope: None, overdue.SOON)
FIELDS = (fields.cases(NO_LIST[0]), fields.due_soon(NO_LIST[1]), fields.CAMERAS, fields.SERVICES, fields.KPI)


def look(page: Page = leader.PAGE) -> Look:
    return Look("vi", page.device, "dark", translate("vi"), WORLD, SETTINGS)


def words(component: Any) -> str:
    if isinstance(component, (list, tuple)):
        return "".join(words(each) for each in component)
    return words(getattr(component, "children", "")) if isinstance(component, Component) else str(component or "")


@pytest.mark.parametrize("page", FIELDS, ids=lambda page: page.name)
@pytest.mark.parametrize("snapshot", [MORNING, EMPTY], ids=["morning", "empty"])
def test_every_slot_of_a_field_is_in_its_layout(page: Page, snapshot: Snapshot) -> None:
    for code in (WORLD.root.code, "725", "D-SXD"):
        placed = {each.id for each in page.layout(look(), Scope(code))._traverse_ids()}  # type: ignore[no-untyped-call]
        for panel in page.panels:
            assert set(panel.update(snapshot, Scope(code), look())) <= placed, panel.name


def test_the_map_of_cameras_tells_of_incidents_not_of_cases() -> None:
    frame = map_panel.INCIDENTS.frame(look())
    assert "Sự cố theo địa bàn" in words(frame)
    assert "Khẩn cấpCaoTrung bìnhThấp" in words(frame)
    assert map_panel.INCIDENTS in fields.CAMERAS.panels
    told = map_panel.INCIDENTS.update(MORNING, PROVINCE, look())[slot("map", "worst")]["children"]
    gravest = [row for row in MORNING.incidents_open if row.severity == "critical"]
    district = WORLD.by_code[WORLD.by_code[gravest[0].unit].parent or ""]
    assert district.name_vi.split()[-1] in words(told)
    assert "chưa tiếp nhận" in words(told)
    spoken = map_panel.INCIDENTS.update(MORNING, PROVINCE, look())[slot("map", "spoken")]["children"]
    assert district.name_vi.split()[-1] in spoken
    none = map_panel.INCIDENTS.update(EMPTY, PROVINCE, look())[slot("map", "worst")]["children"]
    assert words(none) == "chưa có số liệu"


def test_a_small_map_of_overdue_cases_leaves_lesser_incidents_to_the_field_of_cameras() -> None:
    def drawn(panel: Any) -> set[str]:
        figure = panel.update(MORNING, PROVINCE, look())[slot("map", "chart")]["figure"]
        return {trace["marker"].get("symbol") for trace in figure["data"] if trace["mode"] == "markers" and trace["x"]}

    assert {"triangle-up", "diamond"} <= drawn(map_panel.PANEL)
    assert not {"circle", "square"} & drawn(map_panel.PANEL)
    assert {"circle", "square", "diamond"} <= drawn(map_panel.INCIDENTS)


def test_a_spark_takes_the_shape_of_its_card_and_shows_growth_where_nothing_is_usual() -> None:
    bins = MORNING.bins.copy()
    bins[:, :, : DAYS - 1] = 0
    first_day = dataclasses.replace(MORNING, bins=bins, weeks=None, past={})

    def picture(page: Page, snapshot: Snapshot) -> str:
        found = headline.RECEIVED.update(snapshot, PROVINCE, look(page))
        return str(found[slot("headline-received", "spark")]["data-spark"])

    for page in (leader.PAGE, wall.PAGE):
        assert "preserveAspectRatio='none'" in picture(page, MORNING)
        assert picture(page, first_day) != BLANK, "without days to compare with: how the total grew"
        assert picture(page, EMPTY) == BLANK, "nothing came yet"
    rules = (ASSETS / "panels.css").read_text(encoding="utf-8")
    assert ".spark path{vector-effect:non-scaling-stroke" in rules


def test_each_line_of_the_summary_leads_to_its_field_of_the_same_unit() -> None:
    told = summary.PANEL.update(MORNING, Scope("725"), look())
    ways = [told[slot("summary", f"to-{what}")]["href"] for what in ("incidents", "targets", "services")]
    assert ways == ["/cameras?unit=725", "/kpi?unit=725", "/services?unit=725"]


def test_a_list_of_cases_is_a_page_of_its_own_under_the_same_path() -> None:
    own = {page.name: page for page in pages(lambda: None) if page.path == "/cases"}  # type: ignore[arg-type,return-value]
    assert {page.address for page in own.values()} == {"/cases", "/cases?late=soon"}
    addresses = Addresses(list(own.values()), WORLD, SETTINGS)
    assert addresses.page("/cases") is addresses.page("/cases/", {"late": "all"}) is own["cases"]
    assert addresses.page("/cases", {"unit": "725", "late": "soon"}) is own["cases-soon"]
    scope = Scope("725", "receiving")
    layout: Any = own["cases-soon"].layout(look(), scope)
    ways = {each.href for each in layout._traverse() if getattr(each, "href", "")}
    here = "/cases?unit=725&by=receiving"
    assert {here, f"{here}&late=soon", f"{here}&lang=en&late=soon", f"{here}&theme=light&late=soon"} <= ways
    assert "/cases?unit=74&by=receiving&late=soon" in ways, "one level up"


@pytest.mark.parametrize("kind", [overdue.OVERDUE, overdue.SOON], ids=lambda kind: kind.name)
def test_a_list_of_cases_says_when_in_its_own_words(kind: overdue.Listing) -> None:
    found = plausible_lists.cases(MORNING, kind.name, PROVINCE)  # type: ignore[arg-type]
    told = overdue.slots(MORNING, PROVINCE, look(), found, kind)
    n = kind.figure(MORNING.cases(PROVINCE))
    assert found.total == n > overdue.SHOWN
    assert words(told[slot(kind.name, "title")]["children"]).startswith(f"{n} hồ sơ ")
    assert str(n) in told[slot(kind.name, "foot")]["children"]
    rows = [words(row) for row in told[slot(kind.name, "rows")]["children"]]
    assert len(rows) == overdue.SHOWN
    first = found.cases[0]
    assert rows[0].startswith(f"{first.days_late} ngày" if kind is overdue.OVERDUE else "39 phút")


@pytest.mark.parametrize(
    ("left_s", "shown"),
    [(7300, "2 giờ"), (3600, "1 giờ"), (3599, "59 phút"), (60, "1 phút"), (59, "hôm nay"), (-9, "hôm nay")],
)
def test_what_is_left_of_the_time_is_never_rounded_up(left_s: int, shown: str) -> None:
    (case, *_) = plausible_lists.cases(MORNING, "soon", PROVINCE).cases
    own = dataclasses.replace(case, due_at=MORNING.as_of + timedelta(seconds=left_s))
    told = overdue.slots(MORNING, PROVINCE, look(), OverdueList(MORNING.as_of, 1, (own,)), overdue.SOON)
    assert words(told[slot("soon", "rows")]["children"]).startswith(f"{shown}hẹn ")


def test_the_cards_of_the_overview_lead_somewhere() -> None:
    scope = Scope("725", "receiving")
    told = [panel.update(MORNING, scope, look())[slot(panel.name, "card")]["href"] for panel in attention.PANELS]
    same = "unit=725&by=receiving"
    assert told == [f"/cameras?{same}", f"/cases?{same}", f"/cases?{same}&late=soon"]
