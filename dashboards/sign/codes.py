"""The page of results that are ready: masked codes, and where there is room a QR code to look up one's own case."""

from dashboards.sign.boards import Board
from dashboards.sign.faces import cap
from dashboards.sign.layout import WHITE, Box, Canvas, LayoutError, figure_baseline, room
from dashboards.sign.nothing import draw_sentence
from dashboards.sign.pages import Page, code_lines, warns
from dashboards.sign.qr import draw_qr
from dashboards.sign.view import View

_LOOSEST = 1.5


def draw_codes(canvas: Canvas, view: View, board: Board, page: Page, box: Box) -> None:
    """The codes of a page in columns, read across; without any, one sentence."""
    right = draw_qr(canvas, view, board, box)
    area = Box(box.left + board.margin, box.top, right - board.margin, box.bottom)
    codes = view.codes[page.start : page.stop]
    if not codes:
        draw_sentence(canvas, board, view.words("no_codes"), area)
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
