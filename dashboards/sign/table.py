"""The table of a sign: a row a handling unit. Columns are as wide as the whole table needs, so that they stand still
from page to page.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from dashboards.sign.boards import Board
from dashboards.sign.faces import Face, cap, reach
from dashboards.sign.layout import (
    AMBER,
    CYAN,
    GREEN,
    RED,
    RULE,
    WHITE,
    Box,
    Canvas,
    Colour,
    baseline_in,
    fit,
    fit_or_none,
    room,
)
from dashboards.sign.pages import Page, shares, warns
from dashboards.sign.view import Cell, RowView, Tone, View

_LOOSEST: Final = 1.5
COLOURS: Final[dict[Tone, Colour]] = {"plain": WHITE, "good": GREEN, "warning": AMBER, "bad": RED, "received": AMBER}


def colour_in_table(key: str, cell: Cell) -> Colour:
    """In tables counts are white, so that only what is late has a colour."""
    return WHITE if key == "received" else COLOURS[cell.tone]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures: its title, and the px where its right-aligned texts end."""

    key: str
    title: str
    right: int
    width: int


@dataclass(frozen=True, slots=True)
class Columns:
    """How a table is set: its columns, the face of their titles, the face of all rows, the px where names must end,
    and whether all names go without the "Sở" that most have, and all places with "TP." for "Thành phố", because one
    must.
    """

    columns: tuple[Column, ...]
    heading: Face
    row: Face
    names_end: int
    bare: bool = False
    short: bool = False


@lru_cache(maxsize=64)
def _columns(view: View, board: Board, right: int) -> Columns:
    """Columns from the right edge inwards: the largest faces that leave every unit its short name, under long titles
    if need be for only two units of three; else short titles. Where nothing leaves them room, the smallest; some
    names are then initials. Words that stand for a figure are as long as leaves every unit its name.
    """
    trials = [(0, True, 1.0), (0, False, 1.0), (0, False, 2 / 3), (1, True, 1.0), (1, False, 2 / 3), (1, False, 0.0)]
    if board.strip:
        trials.remove((0, False, 2 / 3))
    for form, headed, wanted in trials:
        for heading in board.headings:
            for row in (*board.row, *(board.last_row if wanted == 1 and not headed else ())):
                table = _set_columns(view, board, right, row, heading, form, 1)
                space = table.names_end - board.margin
                short = sum(_fits(_good(unit, headed), row, space) for unit in view.rows)
                if short >= wanted * len(view.rows) and space >= room(view.words("unit")[-1], heading):
                    return _loosened(view, board, _worded(view, board, right, table, form))
    return table


def _worded(view: View, board: Board, right: int, table: Columns, form: int) -> Columns:
    """The columns with room for longer words that stand for a figure, where that costs no unit its name."""
    for words in (2, 3):
        wider = _set_columns(view, board, right, table.row, table.heading, form, words)
        spaces = [found.names_end - board.margin for found in (wider, table)]
        for unit in view.rows:
            one, other = ([room(name, table.row) <= space for name in unit.names.every] for space in spaces)
            if one != other:
                return table
        if spaces[0] < room(view.words("unit")[-1], table.heading):
            return table
        table = wider
    return table


def _loosened(view: View, board: Board, table: Columns) -> Columns:
    """The columns moved apart by what the names leave, up to three times the gap."""
    space = table.names_end - board.margin
    title = room(fit(view.words("unit"), (table.heading,), space)[0], table.heading)
    bare = any(
        not _fits(unit.names.headed, table.row, space) and _fits(unit.names.bare, table.row, space)
        for unit in view.rows
    )
    short = any(unit.names.place and not _fits(unit.names.headed[:1], table.row, space) for unit in view.rows)
    table = replace(table, bare=bare, short=short)
    widest = max([title, *(room(_name(unit, table, space), table.row) for unit in view.rows)])
    count = len(table.columns)
    more = max(0, min((space - widest) // count, 2 * board.gap))
    moved = [
        replace(column, right=column.right - more * (count - 1 - place)) for place, column in enumerate(table.columns)
    ]
    return replace(table, columns=tuple(moved), names_end=table.names_end - more * (count - 1))


def _good(unit: RowView, headed: bool) -> tuple[str, ...]:
    """Names that need no guessing."""
    return unit.names.headed if headed else (*unit.names.headed, *unit.names.bare)


def _fits(names: tuple[str, ...], face: Face, space: int) -> bool:
    return any(room(name, face) <= space for name in names)


def _name(unit: RowView, table: Columns, space: int) -> str:
    names = unit.names
    candidates = (*names.bare, *names.headed, *names.last) if table.bare and names.bare else names.every
    if table.short and names.place:
        candidates = tuple(name for name in candidates if name != names.headed[0])
    return fit(candidates, (table.row,), space)[0]


def _set_columns(view: View, board: Board, right: int, row: Face, heading: Face, form: int, words: int) -> Columns:
    gap = max(board.gap, round(board.width / 100) + 1)
    columns: list[Column] = []
    edge = right
    for key in reversed(board.columns):
        titles = view.words(key)
        title = titles[min(form, len(titles) - 1)]
        figures = (view.totals.of(key), *(names.cells.of(key) for names in view.rows))
        column_width = max(
            room(title, heading), *(room(cell.texts[-min(words, len(cell.texts))], row) for cell in figures)
        )
        columns.append(Column(key, title, edge, column_width))
        edge -= column_width + gap
    return Columns(tuple(reversed(columns)), heading, row, edge)


def draw_table(canvas: Canvas, view: View, board: Board, page: Page, box: Box) -> None:
    """The rows of a page, in the box between title band and footer."""
    if board.kind == "tiny":
        _unit(canvas, view, board, view.rows[page.start], box)
        return
    table = _columns(view, board, box.right - board.margin)
    top = _headings(canvas, view, board, table, box)
    count = page.stop - page.start
    largest = max(stop - start for start, stop in shares(len(view.rows), max(1, board.rows - warns(view, board))))
    pitch = max(board.pitch, min(_LOOSEST * board.pitch, (box.bottom - top) / largest))
    for line, row in enumerate(view.rows[page.start : page.stop]):
        above, below = top + round(line * pitch), top + round((line + 1) * pitch)
        _row(canvas, board, row, table, Box(box.left, above, box.right, below - board.rule))
        if line < count - 1 or below + board.rule < box.bottom - pitch / 2:
            canvas.shape(_rule(board, box, below), RULE)


def _rule(board: Board, box: Box, bottom: int) -> Box:
    inset = board.margin // 2 if board.kind == "large" else 0
    return Box(box.left + inset, bottom - board.rule, box.right - inset, bottom)


def _headings(canvas: Canvas, view: View, board: Board, table: Columns, box: Box) -> int:
    """Column titles, in the title band where a board has no line for them; gives the px where rows begin."""
    line = (
        Box(box.left, box.top, box.right, box.top + board.heading) if board.heading else Box(0, 0, box.right, box.top)
    )
    colour, face = CYAN if board.heading else WHITE, table.heading
    baseline = baseline_in(face, line.top, line.bottom - board.rule)
    if board.kind != "medium":
        title, _ = fit(view.words("unit"), (face,), table.names_end - board.margin)
        canvas.text(title, face, colour, x=board.margin, baseline=baseline, within=line)
    for column in table.columns:
        canvas.text(column.title, face, colour, x=column.right, baseline=baseline, align="right", within=line)
    if board.heading:
        canvas.shape(_rule(board, box, line.bottom), RULE)
    return line.bottom


def _row(canvas: Canvas, board: Board, row: RowView, table: Columns, line: Box) -> None:
    """Name and figures on one baseline in one face; words that stand for a figure may be smaller."""
    face = table.row
    baseline = baseline_in(face, line.top, line.bottom)
    name = _name(row, table, table.names_end - board.margin)
    canvas.text(name, face, WHITE, x=board.margin, baseline=baseline, within=line)
    for column in table.columns:
        cell = row.cells.of(column.key)
        faces = (face,) if len(cell.texts) == 1 else (face, table.heading, *board.headings)
        words = cell.texts[:-1] or cell.texts
        fitting = (fit_or_none(words, (one,), column.width) for one in faces)
        text, own = next(filter(None, fitting), None) or fit(cell.texts, (face,), column.width)
        colour = colour_in_table(column.key, cell)
        canvas.text(text, own, colour, x=column.right, baseline=baseline, align="right", within=line)


def _unit(canvas: Canvas, view: View, board: Board, row: RowView, box: Box) -> None:
    """One unit on the smallest board: its name in the band, its rate large, its overdue cases below unless a strip
    stands there.
    """
    name, face = fit(row.names.every, board.title, board.width - 2 * board.margin)
    band = Box(0, 0, board.width, board.band)
    canvas.text(
        name, face, WHITE, x=board.width // 2, baseline=baseline_in(face, 0, board.band), align="middle", within=band
    )
    middle = box.top + 28
    pair(canvas, view, board, "on_time", row.cells.on_time, Box(0, box.top, box.right, middle), board.headings)
    if box.bottom == board.height:
        canvas.shape(Box(0, middle, box.right, middle + board.rule), RULE)
        below = Box(0, middle + board.rule, box.right, box.bottom)
        pair(canvas, view, board, "overdue", row.cells.overdue, below, board.headings, (board.row[0],))


def pair(
    canvas: Canvas,
    view: View,
    board: Board,
    key: str,
    cell: Cell,
    line: Box,
    labels: tuple[Face, ...],
    figures: tuple[Face, ...] = (),
) -> None:
    """A label at the left and its figure at the right, on one baseline; the label gets what the figure leaves."""
    faces = figures or board.figures
    if len(cell.texts) > 1:
        faces = labels
    words = view.words(key)
    space = line.width - 2 * board.margin - max(board.gap, round(canvas.gap) + 1)
    text, face = fit(
        cell.texts,
        [face for face in faces if cap(face) + 2 <= line.height],
        space - min(room(words[-1], label) for label in labels),
    )
    label, label_face = fit(words, labels, space - room(text, face))
    above, below = reach(label_face)
    centred = line.top + (line.height + max(cap(face), cap(label_face))) // 2
    baseline = min(max(centred, line.top + above), line.bottom - below)
    ink = CYAN if labels == board.headings else WHITE
    canvas.text(label, label_face, ink, x=line.left + board.margin, baseline=baseline, within=line)
    ink = COLOURS[cell.tone]
    canvas.text(text, face, ink, x=line.right - board.margin, baseline=baseline, align="right", within=line)
