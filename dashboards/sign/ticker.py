"""The flat board, 1280 x 128: a fixed block with title, clock and age at the left, and a lane of still pages beside it.

These frames stand still, for players that take pictures; the page runs the items of `lane` through the same lane.
"""

from typing import Final

from dashboards.sign.boards import Board
from dashboards.sign.layout import (
    AMBER,
    BAND,
    BAND_READY,
    BLACK,
    VIOLET,
    WHITE,
    Box,
    Canvas,
    baseline_in,
    figure_baseline,
    fit,
)
from dashboards.sign.pages import Page
from dashboards.sign.view import View

_BADGE_PX: Final = 110


def draw_ticker_block(canvas: Canvas, view: View, board: Board, page: Page) -> Box:
    """The block; gives the lane that is left for figures or codes."""
    ready = page.kind == "codes"
    ground = AMBER if view.stale else BAND_READY if ready else BAND
    ink = BLACK if view.stale else WHITE
    block = Box(0, 0, board.side, board.height)
    canvas.fill(block, ground)
    middle, space = board.side // 2, board.side - 2 * board.margin
    titles = view.capitals("ready") if ready else view.places
    if view.stale:
        titles = view.capitals("never" if view.never else "stale")
    heights = (45, 100)
    text, face = fit(titles, board.title, space)
    canvas.text(text, face, ink, x=middle, baseline=baseline_in(face, 0, heights[0]), align="middle", within=block)
    large = board.code[1]
    figure = (view.stale and view.behind) or (view.clock,)
    text, face = fit(figure, (large, *board.title), space)
    baseline = figure_baseline(face, *heights)
    ink_of_figure = ink if view.stale else AMBER
    canvas.text(text, face, ink_of_figure, x=middle, baseline=baseline, align="middle", within=block)
    small = view.since if view.stale and view.behind else view.ages
    if not view.never:
        text, face = fit(small, board.foot, space)
        baseline = baseline_in(face, heights[1], board.height - 2)
        canvas.text(text, face, ink, x=middle, baseline=baseline, align="middle", within=block)
    if view.demo:
        _demo(canvas, view, board)
    return lane_box(view, board)


def lane_box(view: View, board: Board) -> Box:
    """The lane, in px of the layout: right of the block, left of the badge of a trial."""
    return Box(board.side, 0, board.width - (_BADGE_PX if view.demo else 0), board.height)


def _demo(canvas: Canvas, view: View, board: Board) -> None:
    """The badge of a trial at the right end of the board."""
    text, face = fit(view.capitals("demo")[-1:], board.title, _BADGE_PX + board.margin)
    box = Box(board.width - _BADGE_PX, 0, board.width, board.height)
    canvas.fill(box, VIOLET)
    canvas.text(text, face, BLACK, x=(box.left + box.right) // 2, baseline=baseline_in(face, box.top, box.bottom),
                align="middle", within=box)  # fmt: skip
