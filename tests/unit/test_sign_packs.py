"""Every unit of every pack is legible on every board, in both languages."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from dashboards.sign.boards import SIZES, board_for
from dashboards.sign.data import SignRow
from dashboards.sign.lane import draw_item, items
from dashboards.sign.render import draw, page_count
from dashboards.sign.view import view
from dashboards.sign_feed import sign_row
from ioc.world import PACKS, World, load_world
from tests import plausible
from tests.unit.sign_kit import figures, sign

DAY = date(2026, 11, 23)


def worlds() -> dict[str, World]:
    return {pack: load_world(plausible.settings(units={"pack": pack}), DAY) for pack in PACKS}


WORLDS = worlds()
SPOKEN = [*((pack, "vi") for pack in WORLDS), ("binhduong", "en"), ("binhphuoc_2025", "en")]


def rows_of(world: World, language: str) -> tuple[SignRow, ...]:
    """A row for every unit, with large and small figures in turn."""
    counts = itertools.cycle([(318, 12_140, 341, 21), (1_234_567, 99_999, 8_888, 5_555), (3, 4, 2, 1), (0, 0, 0, 0)])
    names = {unit.name("vi"): unit for unit in world.units}
    return tuple(sign_row(unit, figures(*next(counts)), "en" if language == "en" else "vi") for unit in names.values())


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(("pack", "language"), SPOKEN)
def test_every_unit_of_a_pack_fits_on_every_board(pack: str, size: tuple[int, int], language: str) -> None:
    rows = rows_of(WORLDS[pack], language)
    world = WORLDS[pack]
    for start in range(0, len(rows), 24):  # as many as a long table has; columns are set for all of them together
        place = max((unit.name("vi") for unit in world.units), key=len)
        seen = view(
            sign(title=f"Một cửa {place}", place=place, rows=rows[start : start + 24], codes=(), language=language)
        )
        texts: set[str] = set()
        for page in range(page_count(sign(rows=rows[start : start + 24], codes=()), *size)):
            texts |= set(draw(seen, *size, page).texts)
        if board_for(*size).rows:
            for row in seen.rows:
                assert any(name in texts for name in row.names.every), row.names
        assert not any("…" in text or "?" in text for text in texts)


@pytest.mark.parametrize("pack", WORLDS)
def test_departments_keep_a_name_that_says_who_they_are(pack: str) -> None:
    """On the two boards that hang most often, no department is reduced to its initials."""
    departments = [unit for unit in WORLDS[pack].units if unit.kind == "department"]
    assert departments
    rows = tuple(sign_row(unit, figures(318, 2140, 341, 21), "vi") for unit in departments)
    seen = view(sign(rows=rows, codes=()))
    for size in ((1280, 640), (1024, 576)):
        texts = {
            text
            for page in range(page_count(sign(rows=rows, codes=()), *size))
            for text in draw(seen, *size, page).texts
        }
        for row in seen.rows:
            assert any(name in texts for name in (*row.names.headed, *row.names.bare)), row.names


@pytest.mark.parametrize(("pack", "language"), SPOKEN)
def test_every_unit_runs_through_the_lane(pack: str, language: str) -> None:
    seen = view(sign(rows=rows_of(WORLDS[pack], language), language=language))
    board = board_for(1280, 128)
    for number in range(len(items(seen))):
        assert draw_item(seen, board, number).startswith(b"\x89PNG")
