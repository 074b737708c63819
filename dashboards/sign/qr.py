"""The QR code to look up one's own case."""

from functools import lru_cache

import segno
from PIL import Image

from dashboards.sign.boards import Board
from dashboards.sign.layout import AMBER, Box, Canvas, baseline_in, fit
from dashboards.sign.view import View

SMALLEST_MODULE_PX = 6
_QUIET = 4


def draw_qr(canvas: Canvas, view: View, board: Board, box: Box) -> int:
    """Draws the QR code at the right and its caption; gives the px where it begins, the right edge where the board has
    none or the address is too long.

    Modules are 6 px or more, with the 4 modules of white around them that readers need.
    """
    picture = _qr_picture(view.url) if board.qr and view.url else None
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
