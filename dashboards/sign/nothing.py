"""A page with nothing to show: one sentence says so, as large as fits."""

from collections.abc import Sequence

from dashboards.sign.boards import Board
from dashboards.sign.faces import cap
from dashboards.sign.layout import WHITE, Box, Canvas, baseline_in, fit
from dashboards.sign.qr import draw_qr
from dashboards.sign.view import View


def draw_nothing(canvas: Canvas, view: View, board: Board, box: Box) -> None:
    """Before the first figure, when one's own case can still be looked up; or where no case was received."""
    right = draw_qr(canvas, view, board, box) if view.never else box.right
    sentence = view.words("waiting" if view.never else "no_rows")
    draw_sentence(canvas, board, sentence, Box(box.left + board.margin, box.top, right - board.margin, box.bottom))


def draw_sentence(canvas: Canvas, board: Board, texts: Sequence[str], box: Box) -> None:
    """The longest of the texts that fits, in the middle of the box, in the largest face in which it does."""
    faces = sorted((*board.code, *board.labels, *board.row), key=cap, reverse=True)
    text, face = fit(texts, faces, box.width)
    middle = (box.left + box.right) // 2
    canvas.text(text, face, WHITE, x=middle, baseline=baseline_in(face, box.top, box.bottom), align="middle")
