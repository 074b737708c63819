"""One page of a sign as PNG bytes: a pure function of data, size and page number, with every text that is on it."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image

from dashboards.sign.boards import Board, board_for
from dashboards.sign.codes import draw_codes
from dashboards.sign.data import SignData
from dashboards.sign.layout import Box, Canvas
from dashboards.sign.nothing import draw_nothing
from dashboards.sign.pages import Page, draw_frame, plan
from dashboards.sign.table import draw_table
from dashboards.sign.ticker import draw_ticker_block
from dashboards.sign.totals import draw_side, draw_totals
from dashboards.sign.view import View, view

SECONDS_A_PAGE: Final = 12


@dataclass(frozen=True, slots=True)
class Drawn:
    """A frame: its PNG, every text on it in the order drawn, its page and the count of pages.

    `warning` is where in the frame a warning that the server is away may stand without cutting a text: over the age of
    the figures, which is then no longer true, and over whole lines only.
    """

    png: bytes
    texts: tuple[str, ...]
    page: int
    pages: int
    warning: Box


def frame(data: SignData, width: int, height: int, page: int) -> bytes:
    """The PNG of a page, exactly `width` x `height` px; pages are counted from 0 and begin again after the last.

    Raises ValueError for a size below the smallest layout, LayoutError when the data cannot be set legibly.
    """
    return draw(view(data), width, height, page).png


def page_count(data: SignData, width: int, height: int) -> int:
    """How many pages the sign has at this size: one or more."""
    return len(plan(view(data), board_for(width, height)))


def draw(seen: View, width: int, height: int, page: int, *, layout: tuple[int, int] | None = None) -> Drawn:
    """The page of a view, in the layout that suits the size or the one of size `layout`; equal arguments give equal
    bytes.
    """
    canvas, board, number, count = compose(seen, width, height, page, layout=layout)
    texts = tuple(placed.text for placed in canvas.texts)
    return Drawn(encode(canvas.image(width, height)), texts, number, count, _warning(canvas, board, width, height))


def compose(
    seen: View, width: int, height: int, page: int, *, layout: tuple[int, int] | None = None
) -> tuple[Canvas, Board, int, int]:
    """The page on its canvas, before it is enlarged and made a PNG, with its board, its number and the count of
    pages.
    """
    board = board_for(*(layout or (width, height)))
    pages = plan(seen, board)
    number = page % len(pages)
    canvas = Canvas(board.width, board.height)
    _draw(canvas, seen, board, pages[number], number, len(pages))
    return canvas, board, number, len(pages)


def encode(image: Image.Image) -> bytes:
    """The PNG of a palette image."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _draw(canvas: Canvas, seen: View, board: Board, page: Page, number: int, count: int) -> None:
    if board.kind == "ticker":
        box = draw_ticker_block(canvas, seen, board, page)
    else:
        box = draw_frame(canvas, seen, board, page, number, count)
    if page.kind == "codes":
        draw_codes(canvas, seen, board, page, box)
    elif seen.never:
        draw_nothing(canvas, seen, board, box)
    elif page.kind == "totals":
        draw_totals(canvas, seen, board, page, box)
    else:
        if board.side:
            draw_side(canvas, seen, board, Box(box.right - board.side, box.top, box.right, box.bottom))
            box = Box(box.left, box.top, box.right - board.side, box.bottom)
        if page.kind == "nothing":
            draw_nothing(canvas, seen, board, box)
        else:
            draw_table(canvas, seen, board, page, box)


def _warning(canvas: Canvas, board: Board, width: int, height: int) -> Box:
    factor = min(width // board.width, height // board.height)
    left, top = (width - board.width * factor) // 2, (height - board.height * factor) // 2
    if board.kind == "ticker":
        return Box(left, top, left + board.side * factor, top + board.height * factor)
    edge = board.height - board.warning_px
    for placed in sorted(canvas.texts, key=lambda placed: -placed.box.bottom):
        if placed.box.bottom > edge:
            edge = min(edge, placed.box.top - 1)
    return Box(0, top + edge * factor, width, height)
