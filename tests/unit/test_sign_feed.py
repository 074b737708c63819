"""What a sign is given: its place, its rows, and only signs whose units exist."""

from __future__ import annotations

import msgspec

from dashboards import sign_feed
from ioc.settings import Sign
from tests import plausible

SETTINGS = plausible.settings()
WORLD = plausible.world(SETTINGS)
SNAPSHOT = plausible.snapshot(SETTINGS, WORLD)


def test_rows_are_departments_and_the_places_right_below_and_add_up_to_the_totals() -> None:
    for code, kinds in (("74", {"department", "branch", "district", "province"}), ("718", None)):
        data = sign_feed.sign_data(SNAPSHOT, Sign(unit=code), SETTINGS, SNAPSHOT.as_of, 0.0)
        grouped = sign_feed.grouped(SNAPSHOT, code)
        assert len(data.rows) == len(grouped)
        assert kinds is None or {unit.kind for unit in grouped} <= kinds
        for name in ("received", "in_progress", "finished", "overdue", "on_time", "judged"):
            assert sum(getattr(row.figures, name) for row in data.rows) == getattr(data.totals, name)


def test_a_sign_of_a_unit_that_is_not_in_force_is_left_out() -> None:
    signs = {"here": Sign(unit="718"), "gone": Sign(unit="99999"), "all": Sign()}
    assert set(sign_feed.in_force(msgspec.structs.replace(SETTINGS, signs=signs), WORLD)) == {"here", "all"}
    assert set(sign_feed.in_force(msgspec.structs.replace(SETTINGS, signs={}), WORLD)) == {sign_feed.DEFAULT}
