"""The totals of a sign: large figures with their labels, in columns or in lines, as the board's shape asks."""

from dashboards.sign.boards import Board
from dashboards.sign.faces import Face, cap, comma_depth, reach
from dashboards.sign.layout import RULE, WHITE, Box, Canvas, LayoutError, fit, room
from dashboards.sign.pages import Page
from dashboards.sign.table import COLOURS, pair
from dashboards.sign.view import Cell, View


def draw_totals(canvas: Canvas, view: View, board: Board, page: Page, box: Box) -> None:
    """The totals named by the page."""
    if board.kind in ("small", "tiny"):
        _lines(canvas, view, board, page.keys, box)
        return
    if board.kind == "ticker":
        _columns(canvas, view, board, page.keys, box)
        return
    big = page.keys[: 3 if board.kind == "large" else 2]
    rest = page.keys[len(big) :]
    split = box.bottom - _rest_height(board) * len(rest)
    _columns(canvas, view, board, big, Box(box.left, box.top, box.right, split))
    if rest:
        inset = board.margin // 2 if board.kind == "large" else 0
        canvas.shape(Box(inset, split - board.rule, box.right - inset, split), RULE)
        _lines(canvas, view, board, rest, Box(box.left, split + board.rule, box.right, box.bottom - 3 * board.rule))


def draw_side(canvas: Canvas, view: View, board: Board, box: Box) -> None:
    """Received, finished and on time beside the table of a wide board."""
    canvas.shape(Box(box.left, box.top, box.left + board.rule, box.bottom - board.rule), RULE)
    keys = ("received_today", "finished", "on_time")
    inner = Box(box.left + board.rule, box.top, box.right, box.bottom - board.rule)
    pitch = inner.height / len(keys)
    cells = [view.totals.of(key.removesuffix("_today")) for key in keys]
    face = _one_face(cells, board.figures, [inner.width - 2 * board.gap] * len(keys), round(pitch) - 50)
    for line, (key, cell) in enumerate(zip(keys, cells, strict=True)):
        top, bottom = inner.top + round(line * pitch), inner.top + round((line + 1) * pitch)
        _stack(canvas, view, board, key, cell, face, Box(inner.left, top, inner.right, bottom))
        if line:
            canvas.shape(Box(inner.left, top, inner.right, top + board.rule), RULE)


def _rest_height(board: Board) -> int:
    return {"large": board.footer, "medium": 36}[board.kind]


def _columns(canvas: Canvas, view: View, board: Board, keys: tuple[str, ...], box: Box) -> None:
    """Figures side by side under their labels, in the largest face in which all fit; the spare width is shared
    equally.
    """
    cells = [view.totals.of(key) for key in keys]
    pad = max(board.gap, round(canvas.gap) + 1)
    space = box.width - 2 * pad * len(keys)
    for face in board.figures:
        for label in board.labels:
            widths = [
                max(room(view.words(key)[-1], label), _cell_room(cell, face, board))
                for key, cell in zip(keys, cells, strict=True)
            ]
            if sum(widths) <= space and _stack_height(face, label, board) <= box.height:
                _set_columns(canvas, view, board, keys, cells, face, widths, box, pad)
                return
    raise LayoutError(f"totals {keys} do not fit in {box}")


def _set_columns(
    canvas: Canvas,
    view: View,
    board: Board,
    keys: tuple[str, ...],
    cells: list[Cell],
    face: Face,
    widths: list[int],
    box: Box,
    pad: int,
) -> None:
    spare = box.width - 2 * pad * len(keys) - sum(widths)
    left = box.left
    for place, (key, cell, needed) in enumerate(zip(keys, cells, widths, strict=True)):
        right = box.right if place == len(keys) - 1 else left + needed + 2 * pad + spare // len(keys)
        if place:
            inset = box.height // 12
            canvas.shape(Box(left, box.top + inset, left + board.rule, box.bottom - inset), RULE)
        _stack(canvas, view, board, key, cell, face, Box(left, box.top, right, box.bottom))
        left = right


def _cell_room(cell: Cell, face: Face, board: Board) -> int:
    if len(cell.texts) > 1:
        return min(room(text, board.labels[-1]) for text in cell.texts)
    return room(cell.texts[0], face)


def _stack_height(face: Face, label: Face, board: Board) -> int:
    return sum(reach(label)) + cap(face) + comma_depth(face) + max(2, board.height // 100)


def _one_face(cells: list[Cell], faces: tuple[Face, ...], widths: list[int], height: int) -> Face:
    for face in faces:
        numbers = [(cell, room_px) for cell, room_px in zip(cells, widths, strict=True) if len(cell.texts) == 1]
        if cap(face) <= height and all(room(cell.texts[0], face) <= room_px for cell, room_px in numbers):
            return face
    raise LayoutError(f"no face for {cells}")


def _stack(canvas: Canvas, view: View, board: Board, key: str, cell: Cell, face: Face, box: Box) -> None:
    """A label above its figure, both in the middle of the box, with equal room above, between and below."""
    space = box.width - 2 * max(2, round(canvas.gap / 2) + 1)
    label, label_face = fit(view.words(key), board.labels, space)
    text, figure_face = cell.texts[0], face
    if len(cell.texts) > 1:
        text, figure_face = fit(cell.texts, board.labels, space)
    above, below = reach(label_face)
    spare = max(0, box.height - above - below - cap(figure_face) - comma_depth(figure_face))
    middle = (box.left + box.right) // 2
    baseline = box.top + spare // 3 + above
    canvas.text(label, label_face, WHITE, x=middle, baseline=baseline, align="middle", within=box)
    baseline += below + spare // 3 + cap(figure_face)
    canvas.text(text, figure_face, COLOURS[cell.tone], x=middle, baseline=baseline, align="middle", within=box)


def _lines(canvas: Canvas, view: View, board: Board, keys: tuple[str, ...], box: Box) -> None:
    """Figures one under another, label left, figure right. Lines are as high as a full page has them."""
    if board.kind == "tiny" and len(keys) == 1 and box.bottom == board.height:
        _stack(canvas, view, board, keys[0], view.totals.of(keys[0]), board.figures[0], box)
        return
    pitch = box.height / max(len(keys), 2 if board.kind == "tiny" and box.bottom == board.height else 1)
    figures = board.figures if board.kind in ("small", "tiny") else _line_figures(board)
    labels = board.labels
    if board.strip:
        labels = (_label_face(canvas, view, board, keys, figures[0]),)
    for line, key in enumerate(keys):
        top, bottom = box.top + round(line * pitch), box.top + round((line + 1) * pitch)
        words = "overdue_long" if key == "overdue" and board.kind == "large" else key
        pair(
            canvas,
            view,
            board,
            words,
            view.totals.of(key),
            Box(box.left, top, box.right, bottom),
            labels,
            figures,
        )


def _label_face(canvas: Canvas, view: View, board: Board, keys: tuple[str, ...], figure: Face) -> Face:
    """The label face in which every line keeps its figure large, so that the lines of a page look alike: the one in
    which most labels stand in full, and of these the largest.
    """
    space = board.width - 2 * board.margin - max(board.gap, round(canvas.gap) + 1)

    def fitting(label: Face, form: int) -> int:
        cells = {key: _cell_room(view.totals.of(key), figure, board) for key in keys}
        return sum(room(view.words(key)[form], label) + needed <= space for key, needed in cells.items())

    faces = [label for label in board.labels if fitting(label, -1) == len(keys)] or [board.labels[-1]]
    return max(faces, key=lambda label: fitting(label, 0))


def _line_figures(board: Board) -> tuple[Face, ...]:
    return board.title if board.kind == "large" else board.labels
