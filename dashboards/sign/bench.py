"""`ioc bench signs`: how long a frame takes to draw and to become a PNG, by size, in processor time of one thread,
and how large it is.

Figures change from frame to frame, as on a real sign; names stay, so their ink is known, as on a real sign.
"""

import random
import statistics
import time
from datetime import datetime
from typing import Any, Final

from dashboards.sign.boards import SIZES, board_for
from dashboards.sign.data import Figures, SignData, SignRow
from dashboards.sign.lane import draw_item, items
from dashboards.sign.pages import plan
from dashboards.sign.render import compose, encode
from dashboards.sign.view import view

_SEED: Final = 20261123
_WARM: Final = 2


def measure(rows: tuple[SignRow, ...], as_of: datetime, *, rounds: int = 12) -> dict[str, dict[str, Any]]:
    """By size: pages, median and p95 of drawing and of the PNG in ms, the largest PNG in KB, from `rounds` signs with
    the names of `rows` and invented figures. The lane of the flat board is the last: one item of it.
    """
    dice = random.Random(_SEED)
    signs = [_sign(rows, as_of, dice) for _ in range(rounds + _WARM)]
    found: dict[str, dict[str, Any]] = {}
    for size in SIZES:
        draws, pngs, sizes, pages = [], [], [], 0
        for number, sign in enumerate(signs):
            seen = view(sign)
            pages = len(plan(seen, board_for(*size)))
            for page in range(pages):
                began_s = time.thread_time()
                image = compose(seen, *size, page)[0].image(*size)
                drawn_s = time.thread_time()
                png = encode(image)
                done_s = time.thread_time()
                if number >= _WARM:
                    draws.append(1000 * (drawn_s - began_s))
                    pngs.append(1000 * (done_s - drawn_s))
                    sizes.append(len(png))
        found[f"{size[0]}x{size[1]}"] = _row(pages, draws, pngs, sizes)
    found["lane"] = _lane(signs)
    return found


def _lane(signs: list[SignData]) -> dict[str, Any]:
    board, draws, sizes, count = board_for(1280, 128), [], [], 0
    for number, sign in enumerate(signs):
        seen = view(sign)
        count = len(items(seen))
        for item in range(count):
            began_s = time.thread_time()
            png = draw_item(seen, board, item)
            if number >= _WARM:
                draws.append(1000 * (time.thread_time() - began_s))
                sizes.append(len(png))
    return _row(count, draws, [0.0] * len(draws), sizes)


def _row(pages: int, draws: list[float], pngs: list[float], sizes: list[int]) -> dict[str, Any]:
    return {
        "pages": pages,
        "draw_p50_ms": round(statistics.median(draws), 2),
        "draw_p95_ms": round(statistics.quantiles(draws, n=20)[-1], 2),
        "png_p50_ms": round(statistics.median(pngs), 2),
        "png_p95_ms": round(statistics.quantiles(pngs, n=20)[-1], 2),
        "kb": round(max(sizes) / 1000, 1),
    }


def _sign(rows: tuple[SignRow, ...], as_of: datetime, dice: random.Random) -> SignData:
    made = tuple(SignRow(row.full, row.short, row.initials, _figures(dice)) for row in rows)
    totals = Figures(
        *(
            sum(getattr(row.figures, key) for row in made)
            for key in ("received", "in_progress", "finished", "overdue", "on_time", "judged")
        )
    )
    codes = tuple(f"2611{dice.randrange(10, 30)}-{dice.randrange(10_000):04d}" for _ in range(24))
    place = "Trung tâm Phục vụ hành chính công"
    age_s = dice.uniform(1, 60)
    return SignData(place, place, as_of, age_s, False, totals, made, codes, "https://dichvucong.gov.vn", "1022")


def _figures(dice: random.Random) -> Figures:
    finished, overdue = dice.randrange(400), dice.randrange(12)
    return Figures(
        dice.randrange(500), dice.randrange(3000), finished, overdue, finished - finished // 90, finished + overdue
    )


def printed(found: dict[str, dict[str, Any]]) -> str:
    """The table for people."""
    names = ("pages", "draw_p50_ms", "draw_p95_ms", "png_p50_ms", "png_p95_ms", "kb")
    lines = [f"{'size':<10}" + "".join(f"{name:>13}" for name in names)]
    lines += [f"{size:<10}" + "".join(f"{row[name]:>13}" for name in names) for size, row in found.items()]
    return "\n".join(lines)
