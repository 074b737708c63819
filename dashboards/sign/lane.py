"""What runs through the lane of the flat board, 1280 x 128: one picture an item, as wide as its words.

The page asks for an item shortly before it comes in at the right, so what comes in is never older than a screen's
width of running. `ticker` draws the still pages of the same board.
"""

import io
from typing import Final

from dashboards.sign.boards import Board
from dashboards.sign.faces import bvp, run, speakable
from dashboards.sign.layout import AMBER, GREEN, WHITE, Box, Canvas, Colour, figure_baseline
from dashboards.sign.table import COLOURS
from dashboards.sign.view import Cell, Cells, View

STEP_PX: Final = 2
"""How far the lane moves with each picture of the screen, in px of the layout: 120 px/s at 60 Hz."""
MOST_CODES: Final = 8

_FACE: Final = bvp(64)
_BLANK_PX: Final = 22
_SQUARE_PX: Final = 14
_APART_PX: Final = 44
_DOT: Final = "·"

Words = tuple[tuple[str, Colour], ...]


def items(view: View) -> tuple[Words, ...]:
    """The items in their order, each as words with their colours: the totals, every unit, codes, the hotline."""
    if view.never:
        return (((view.words("waiting")[0], WHITE),),)
    found = [_figures(f"{view.words('today')[0]}:", view, view.totals, ("received", "finished", "on_time", "overdue"))]
    for row in view.rows:
        found.append(_figures(f"{row.names.headed[0]}:", view, row.cells, ("received", "on_time", "overdue")))
    if view.codes:
        codes = [(code, WHITE) for code in view.codes[:MOST_CODES]]
        parted = [part for code in codes for part in (code, (_DOT, WHITE))][:-1]
        found.append(((f"{view.words('ready')[0]}:", GREEN), *parted))
    if view.hotlines:
        found.append(((view.hotlines[0], AMBER),))
    return tuple(found)


def _figures(name: str, view: View, cells: Cells, keys: tuple[str, ...]) -> Words:
    words: list[tuple[str, Colour]] = [(name, WHITE)]
    for key in keys:
        cell = cells.of(key)
        words += [(view.words(key)[0].lower(), WHITE), _coloured(cell), (_DOT, WHITE)]
    return tuple(words[:-1])


def _coloured(cell: Cell) -> tuple[str, Colour]:
    return cell.texts[0], COLOURS[cell.tone]


def said(words: Words) -> str:
    """An item as one sentence, for screen readers."""
    return " ".join(text for text, _ in words)


def draw_item(view: View, board: Board, number: int, factor: int = 1) -> bytes:
    """The PNG of item `number` (they begin again after the last), as high as the board, with the square that parts it
    from the next; enlarged by a whole factor.
    """
    every = items(view)
    words = [(speakable(text, _FACE), colour) for text, colour in every[number % len(every)]]
    widths = [run(text, _FACE).width for text, _ in words]
    width = sum(widths) + _BLANK_PX * (len(words) - 1) + 2 * _APART_PX + _SQUARE_PX
    canvas = Canvas(width, board.height)
    canvas.gap = 3.0  # a sentence, not a table: words are a blank apart
    baseline = figure_baseline(_FACE, 0, board.height)
    pen = 0
    for (text, colour), ink in zip(words, widths, strict=True):
        canvas.text(text, _FACE, colour, x=pen, baseline=baseline)
        pen += ink + _BLANK_PX
    left, top = width - _APART_PX - _SQUARE_PX, baseline - 24
    canvas.shape(Box(left, top - _SQUARE_PX // 2, left + _SQUARE_PX, top + _SQUARE_PX // 2), GREEN)
    out = io.BytesIO()
    canvas.image(width * factor, board.height * factor).save(out, "PNG", compress_level=6)
    return out.getvalue()
