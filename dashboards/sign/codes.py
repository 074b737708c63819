"""The page of results that are ready: masked codes, and where there is room a QR code to look up one's own case."""

from functools import lru_cache

import segno
from PIL import Image

from dashboards.sign.boards import Board
from dashboards.sign.faces import cap
from dashboards.sign.layout import AMBER, WHITE, Box, Canvas, LayoutError, baseline_in, figure_baseline, fit, room
from dashboards.sign.pages import Page, code_lines, warns
from dashboards.sign.view import View

SMALLEST_MODULE_PX = 6
_QUIET = 4
_LOOSEST = 1.5


def draw_codes(canvas: Canvas, view: View, board: Board, page: Page, box: Box) -> None:
    """The codes of a page in columns, read across; without any, one sentence."""
    right = _qr(canvas, view, board, box) if board.qr and view.url else box.right
    area = Box(box.left + board.margin, box.top, right - board.margin, box.bottom)
    codes = view.codes[page.start : page.stop]
    if not codes:
        text, face = fit(view.words("waiting" if view.never else "no_codes"), (*board.labels, *board.code), area.width)
        middle = (area.left + area.right) // 2
        canvas.text(text, face, WHITE, x=middle, baseline=baseline_in(face, area.top, area.bottom), align="middle")
        return
    full = max(1, board.code_rows - warns(view, board))
    rows = max(stop - start for start, stop in code_lines(view, board, full))
    pitch = min((area.height - board.gap // 2) / rows, _LOOSEST * area.height / full)
    spare_y = round(area.height - board.gap // 2 - rows * pitch) // 2
    gap = max(board.gap, round(canvas.gap) + 1)
    for face in board.code:
        widest = max(room(code, face) for code in view.codes)
        wide = widest * board.code_columns + gap * (board.code_columns - 1)
        if wide <= area.width and cap(face) + 2 <= pitch:
            break
    else:
        raise LayoutError(f"codes {codes} do not fit in {area}")
    spare = (area.width - wide) // (board.code_columns + 1) if board.code_columns > 1 else 0
    for place, code in enumerate(codes):
        line, column = divmod(place, board.code_columns)
        top = area.top + board.gap // 4 + spare_y + round(line * pitch)
        baseline = figure_baseline(face, top, top + round(pitch))
        if board.code_columns == 1:
            canvas.text(code, face, WHITE, x=(box.left + right) // 2, baseline=baseline, align="middle", within=box)
            continue
        left = area.left + column * (widest + gap + spare) + spare // 2
        canvas.text(code, face, WHITE, x=left, baseline=baseline, within=box)


def _qr(canvas: Canvas, view: View, board: Board, box: Box) -> int:
    """Draws the QR code at the right and its caption; gives the px where it begins, the right edge when the address
    is too long.

    Modules are 6 px or more, with the 4 modules of white around them that readers need.
    """
    picture = _qr_picture(view.url)
    if picture is None:
        return box.right
    modules = picture.width
    pad = max(4, board.gap // 2)
    caption_px = board.labels[-2].size * 3 // 2 if board.kind == "large" else 0
    for below in (caption_px, 0):
        scale = min((box.height - 2 * pad - below - board.rule) // modules, box.width * 2 // 5 // modules)
        if scale >= SMALLEST_MODULE_PX:
            break
    else:
        return box.right
    side = modules * scale
    left = box.right - pad - side
    top = box.top + (box.height - below - side) // 2
    canvas.picture(picture, Box(left, top, left + side, top + side))
    if below:
        text, face = fit(view.words("scan"), board.labels, side)
        bottom = box.bottom - board.rule
        middle = left + side // 2
        canvas.text(text, face, AMBER, x=middle, baseline=baseline_in(face, top + side, bottom), align="middle")
    return left


@lru_cache(maxsize=64)
def _qr_picture(url: str) -> Image.Image | None:
    """One px a module with its white margin; None for an address that no QR code holds."""
    try:
        code = segno.make(url, error="l", micro=False, boost_error=True)
    except segno.DataOverflowError:
        return None
    modules = int(code.symbol_size(border=_QUIET)[0])
    picture = Image.new("1", (modules, modules), 1)
    picture.putdata([0 if dark else 255 for row in code.matrix_iter(border=_QUIET) for dark in row])
    return picture
