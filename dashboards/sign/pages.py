"""The pages of a sign: which there are for a view on a board, and the frame around each: title band, footer,
warnings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from dashboards.sign.boards import Board
from dashboards.sign.faces import Face, cap, run
from dashboards.sign.layout import (
    AMBER,
    BAND,
    BAND_READY,
    BLACK,
    RULE,
    VIOLET,
    WHITE,
    Box,
    Canvas,
    Colour,
    LayoutError,
    baseline_for,
    baseline_in,
    fit,
    fit_or_none,
    room,
)
from dashboards.sign.view import View

_DOTS: Final = 8
_TALL: Final = 8


@dataclass(frozen=True, slots=True)
class Page:
    """One page: rows or codes `start` to `stop`, the totals named by `keys`, or one sentence that there is nothing."""

    kind: Literal["table", "totals", "codes", "nothing"]
    start: int = 0
    stop: int = 0
    keys: tuple[str, ...] = ()


_TOTALS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "large": (("received", "finished", "on_time", "in_progress", "overdue"),),
    "medium": (("received", "finished", "in_progress"), ("on_time", "overdue")),
    "small": (("received", "in_progress", "finished"), ("on_time", "overdue")),
    "tall": (("received", "in_progress", "finished", "on_time", "overdue"),),
    "tiny": (("received", "in_progress"), ("on_time", "overdue"), ("finished",)),
    "ticker": (("received", "finished", "on_time"), ("in_progress", "overdue")),
}


def warns(view: View, board: Board) -> bool:
    """Whether a strip takes the place of the last row."""
    return board.strip and board.kind != "ticker" and (view.stale or view.demo)


def plan(view: View, board: Board) -> tuple[Page, ...]:
    """The pages in their order: table, totals, codes. At least one; before the first figure only one, without dashes to
    leaf through.
    """
    if view.never:
        return (Page("nothing"),)
    return (*_tables(view, board), *_totals(view, board), *_codes(view, board))


def _tables(view: View, board: Board) -> Iterator[Page]:
    if not board.rows:
        return
    a_page = max(1, board.rows - warns(view, board))
    if not view.rows and board.kind != "tiny":
        yield Page("nothing")
    for start, stop in shares(len(view.rows), a_page):
        yield Page("table", start, stop)


def _totals(view: View, board: Board) -> Iterator[Page]:
    if board.side and board.kind != "ticker":
        return
    cut = warns(view, board)
    tall = board.kind == "small" and board.rows >= _TALL
    for keys in _TOTALS["tall" if tall else "tiny" if board.kind == "small" and cut else board.kind]:
        if board.kind == "tiny" and cut:
            yield from (Page("totals", keys=(key,)) for key in keys)
        else:
            yield Page("totals", keys=keys)


def _codes(view: View, board: Board) -> Iterator[Page]:
    if not view.codes and board.qr and view.url:
        yield Page("codes")
    for start, stop in code_lines(view, board, max(1, board.code_rows - warns(view, board))):
        yield Page("codes", start * board.code_columns, min(stop * board.code_columns, len(view.codes)))


def code_lines(view: View, board: Board, a_page: int) -> Iterator[tuple[int, int]]:
    """Which lines of codes stand on each page, when a full one holds `a_page` lines."""
    return shares(-(-len(view.codes) // board.code_columns), a_page)


def shares(count: int, a_page: int) -> Iterator[tuple[int, int]]:
    """Where each page begins and ends: as few pages as needed, all about equally full, since one lonely row on the
    last page is hard to read as part of a table.
    """
    pages = -(-count // a_page)
    for page in range(pages):
        yield -(-page * count // pages), -(-(page + 1) * count // pages)


def draw_frame(canvas: Canvas, view: View, board: Board, page: Page, number: int, count: int) -> Box:
    """Title band and footer, or the warning strip; gives the box that is left for the page's matter."""
    bottom = board.height
    if board.footer:
        bottom -= board.footer
        _footer(canvas, view, board, number, count)
    elif warns(view, board):
        bottom = _strip(canvas, view, board)
    _band(canvas, view, board, page)
    return Box(0, board.band, board.width, bottom)


def _band(canvas: Canvas, view: View, board: Board, page: Page) -> None:
    warning = view.stale and not board.strip
    band = Box(0, 0, board.width, board.band)
    canvas.fill(band, AMBER if warning else BAND_READY if page.kind == "codes" else BAND)
    if page.kind == "table" and board.strip:
        return  # the small boards' tables have their column titles or the unit's name there
    ink = BLACK if warning else WHITE
    badge, badge_face, pad = _badge(view, board)
    gap = max(board.gap, round(canvas.gap) + 1)
    right = board.width - board.margin
    space = right - board.margin - gap - (room(badge, badge_face) + 2 * pad + gap if badge else 0)
    asides = [(text, face) for text in _asides(view, board, page, warning=warning) for face in board.title]
    for aside, aside_face in asides:
        left = space - (room(aside, aside_face) + gap if aside else 0)
        fitted = fit_or_none(_titles(view, board, page), board.title, left)
        if fitted:
            break
    else:
        raise LayoutError(f"no title beside {asides}")
    title, face = fitted
    baseline = baseline_for([(title, face)] + ([(aside, aside_face)] if aside else []), 0, board.band)
    if aside:
        colour = ink if warning else AMBER
        right = (
            canvas.text(aside, aside_face, colour, x=right, baseline=baseline, align="right", within=band).left - gap
        )
    if badge:
        _draw_badge(canvas, board, badge, badge_face, right, baseline - (cap(face) - cap(badge_face)) // 2, pad)
    middle = page.kind == "codes" and board.strip
    x = board.width // 2 if middle else board.margin
    canvas.text(title, face, ink, x=x, baseline=baseline, align="middle" if middle else "left", within=band)


def _asides(view: View, board: Board, page: Page, *, warning: bool) -> tuple[str, ...]:
    """What may stand at the right of the band: the clock, or since when the figures are old; the longest first."""
    if warning and view.since:
        return view.since
    if board.strip:
        return ("",) if page.kind == "codes" else view.asides
    return (view.clock,)


def _badge(view: View, board: Board) -> tuple[str, Face, int]:
    if not view.demo or board.strip:
        return "", board.foot[0], 0
    faces = (board.foot[-1],) if board.kind == "large" else board.labels[:1]
    return (*fit(view.capitals("demo"), faces, board.width // 5), max(3, board.gap // 2))


def _draw_badge(canvas: Canvas, board: Board, text: str, face: Face, right: int, baseline: int, pad: int) -> None:
    ink = run(text, face)
    over = max(1, board.band // 16)
    top, bottom = max(1, baseline + ink.top - over), min(board.band - 1, baseline + ink.top + ink.height + over)
    box = Box(right - room(text, face) - 2 * pad, top, right, bottom)
    canvas.fill(box, VIOLET)
    canvas.text(text, face, BLACK, x=(box.left + box.right) // 2, baseline=baseline, align="middle", within=box)


def _titles(view: View, board: Board, page: Page) -> tuple[str, ...]:
    if view.stale and not board.strip:
        return view.capitals("stale" if view.since else "never")
    if page.kind == "codes":
        return view.capitals("ready")
    return view.places if page.kind == "totals" else view.titles


def _footer(canvas: Canvas, view: View, board: Board, number: int, count: int) -> None:
    top = board.height - board.footer
    line = Box(0, top, board.width, board.height)
    canvas.shape(Box(0, top - board.rule, board.width, top), RULE)
    left_room = board.width * 9 // 20 - board.margin
    text, face = fit(view.ages, board.foot, left_room)
    left = canvas.text(
        text, face, AMBER if view.stale else WHITE, x=board.margin, baseline=_foot(face, line), within=line
    )
    right = board.width
    hotline = fit_or_none(view.hotlines, board.foot, left_room)
    if hotline:
        text, face = hotline
        x = board.width - board.margin
        right = canvas.text(text, face, AMBER, x=x, baseline=_foot(face, line), align="right", within=line).left
    _pager(canvas, board, line, (left.right + right) // 2, right - left.right, number, count)


def _foot(face: Face, line: Box) -> int:
    return baseline_in(face, line.top, line.bottom)


def _pager(canvas: Canvas, board: Board, line: Box, middle: int, space: int, number: int, count: int) -> None:
    """A square a page, the present one lit; more than eight pages, or little room, are counted in figures."""
    if count < 2:
        return
    side = max(4, board.footer // 5 // 2 * 2)
    wide = (2 * count - 1) * side
    if count <= _DOTS and wide + 4 * canvas.gap <= space:
        top = (line.top + line.bottom - side) // 2
        for dot in range(count):
            left = middle - wide // 2 + 2 * dot * side
            canvas.shape(Box(left, top, left + side, top + side), AMBER if dot == number else RULE)
        return
    text = f"{number + 1}/{count}"
    for face in board.foot:
        if room(text, face) + 2 * canvas.gap + 4 <= space:
            canvas.text(text, face, AMBER, x=middle, baseline=_foot(face, line), align="middle", within=line)
            return


def _strip(canvas: Canvas, view: View, board: Board) -> int:
    """The warning in place of the last row: violet for a trial, amber for old figures, side by side when both hold."""
    face = board.foot[0]
    top = board.height - board.warning_px
    left = 0
    if view.demo:
        pad = 5 if board.kind == "small" else 3
        texts = view.capitals("demo")[-1:] if view.stale else view.capitals("demo")
        text, small = fit(texts, board.foot, board.width - 2 * pad)
        right = room(text, small) + 2 * pad if view.stale else board.width
        _strip_part(canvas, Box(0, top, right, board.height), VIOLET, text, small)
        left = right
    if view.stale:
        warnings = [f"{word} {since}".strip() for since in (*view.behind, "") for word in view.capitals("stale_short")]
        warnings = [*warnings] if view.behind else [text.upper() for text in view.words("never")]
        text, face = fit(warnings, board.foot, board.width - left - 8)
        _strip_part(canvas, Box(left, top, board.width, board.height), AMBER, text, face)
    return top


def _strip_part(canvas: Canvas, box: Box, colour: Colour, text: str, face: Face) -> None:
    canvas.fill(box, colour)
    middle = (box.left + box.right) // 2
    canvas.text(
        text, face, BLACK, x=middle, baseline=baseline_in(face, box.top, box.bottom), align="middle", within=box
    )
