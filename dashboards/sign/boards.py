"""The sizes that signs come in, and for each where things stand: seven layouts, in px of the layout itself."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from dashboards.sign.faces import LED16, LED16B, LED20, LED24, Face, bvp, zoomed

Kind = Literal["large", "medium", "small", "tiny", "ticker"]


@dataclass(frozen=True, slots=True)
class Board:
    """One layout. Faces are in order of preference, the largest first.

    `band` is the height of the title band, `heading` of the line of column titles, `pitch` of a table row (`rows` of
    them a page), `footer` of the last line (0: none; then a strip takes the place of the last row when the sign must
    warn). `side` is the width of the panel of totals beside the table (0: totals have pages of their own). Codes
    stand in `code_columns` x `code_rows`. `last_row` are faces for rows that are better than names in mere letters.
    """

    kind: Kind
    width: int
    height: int
    margin: int
    band: int
    title: tuple[Face, ...]
    heading: int
    headings: tuple[Face, ...]
    columns: tuple[str, ...]
    rows: int
    pitch: float
    row: tuple[Face, ...]
    footer: int
    foot: tuple[Face, ...]
    figures: tuple[Face, ...]
    labels: tuple[Face, ...]
    code: tuple[Face, ...]
    code_columns: int
    code_rows: int
    gap: int
    side: int = 0
    qr: bool = False
    rule: int = 1
    last_row: tuple[Face, ...] = ()

    @property
    def strip(self) -> bool:
        """Whether warnings take the place of the last row, because there is no footer."""
        return not self.footer

    @property
    def warning_px(self) -> int:
        """Height of the line at the bottom where a warning may stand: the footer's, or that of the strip."""
        return self.footer or self.band + (self.kind == "small")


def _bvps(*sizes: int, weight: int = 600) -> tuple[Face, ...]:
    return tuple(bvp(size, weight) for size in sizes)


ALL_COLUMNS: Final = ("received", "in_progress", "on_time", "overdue")

BOARDS: Final = (
    Board(
        kind="large", width=1280, height=640, margin=28, band=85, title=_bvps(46, 42, 38, 34),
        heading=56, headings=_bvps(25, 23), columns=ALL_COLUMNS, rows=7, pitch=61, row=_bvps(34, 32),
        footer=70, foot=_bvps(34, 30, 26), figures=_bvps(86, 74, 62, 50, weight=700), labels=_bvps(34, 30, 26, 23),
        code=_bvps(52, 48, 44, 40), code_columns=2, code_rows=6, gap=20, side=344, qr=True, rule=2,
    ),
    Board(
        kind="large", width=1024, height=576, margin=28, band=75, title=_bvps(44, 40, 36, 32),
        heading=50, headings=_bvps(27, 25, 23), columns=ALL_COLUMNS, rows=7, pitch=55, row=_bvps(34, 32),
        footer=62, foot=_bvps(32, 28, 24), figures=_bvps(98, 86, 74, 62, 50, weight=700), labels=_bvps(40, 36, 32, 26),
        code=_bvps(46, 42, 38, 34), code_columns=2, code_rows=6, gap=20, qr=True, rule=2,
    ),
    Board(
        kind="large", width=640, height=320, margin=12, band=42, title=_bvps(28, 26, 23),
        heading=32, headings=(LED20, LED16), columns=ALL_COLUMNS, rows=5, pitch=41, row=_bvps(26, 25, 24),
        footer=40, foot=_bvps(24, 23), figures=_bvps(66, 56, 46, 36, weight=700), labels=(*_bvps(28, 25, 23), LED16),
        code=(*_bvps(32, 30, 26, 23), LED20), code_columns=2, code_rows=5, gap=12, qr=True,
    ),
    Board(
        kind="medium", width=320, height=160, margin=6, band=28, title=(LED24, LED20),
        heading=20, headings=(LED16,), columns=("received", "on_time", "overdue"), rows=4, pitch=24, row=(LED20,),
        footer=16, foot=(LED16,), figures=(zoomed(LED24, 2), LED24), labels=(LED20, LED16B, LED16),
        code=(LED24, LED20), code_columns=2, code_rows=4, gap=8, last_row=(LED16B,),
    ),
    Board(
        kind="small", width=192, height=96, margin=3, band=19, title=(LED16B,),
        heading=0, headings=(LED16B,), columns=("on_time", "overdue"), rows=4, pitch=19, row=(LED16B,),
        footer=0, foot=(LED16B,), figures=(LED24, LED20), labels=(LED20, LED16B, LED16),
        code=(LED24, LED20), code_columns=1, code_rows=3, gap=6,
    ),
    Board(
        kind="tiny", width=128, height=64, margin=2, band=18, title=(LED16B, LED16),
        heading=0, headings=(LED16,), columns=("on_time", "overdue"), rows=1, pitch=46, row=(LED16B,),
        footer=0, foot=(LED16B, LED16), figures=(LED24, LED20, LED16B), labels=(LED20, LED16B, LED16),
        code=(LED20, LED16B), code_columns=1, code_rows=2, gap=4,
    ),
    Board(
        kind="ticker", width=1280, height=128, margin=12, band=0, title=_bvps(30, 27, 24),
        heading=0, headings=(LED16,), columns=(), rows=0, pitch=0, row=(LED20,),
        footer=0, foot=(LED20, LED16), figures=_bvps(76, 66, 56, 46, weight=700), labels=_bvps(30, 27, 24),
        code=_bvps(56, 50, 44, 38, 34, 30), code_columns=3, code_rows=1, gap=16, side=272,
    ),
)  # fmt: skip


SIZES: Final = tuple(sorted(((board.width, board.height) for board in BOARDS), reverse=True))
"""The sizes that have a layout of their own, the widest first, px."""
_ENOUGH: Final = 0.5


def board_for(width: int, height: int) -> Board:
    """The layout for a board of width x height px, enlarged by a whole factor and extended by rows and columns where
    there is room for more.

    It is the largest layout that covers at least half of the board; where none does, the one that covers most.
    Raises ValueError, which names the sizes there are, when the smallest layout does not fit.
    """

    def covered(board: Board) -> float:
        factor = min(width // board.width, height // board.height)
        return board.width * board.height * factor * factor / (width * height)

    def worth(board: Board) -> tuple[float, int]:
        return (min(covered(board), _ENOUGH), board.width * board.height)

    best = max(BOARDS, key=worth)
    if not covered(best):
        known = ", ".join(f"{one} x {other}" for one, other in SIZES)
        raise ValueError(
            f"there is no layout for a sign of {width} x {height} px: the sizes are {known}, their whole multiples, "
            "and boards somewhat larger than these"
        )
    factor = min(width // best.width, height // best.height)
    return _extended(best, width // factor, height // factor)


def _extended(board: Board, width: int, height: int) -> Board:
    """The layout with more rows where one more fits, and wider where an eighth more is there."""
    if width - board.width < board.width // 8 or board.kind == "tiny":
        width = board.width
    if board.kind in ("tiny", "ticker") or height - board.height < board.pitch:
        height = board.height
    above = board.band + board.footer
    return replace(
        board,
        width=width,
        height=height,
        rows=board.rows + int((height - board.height) / board.pitch) if board.pitch else 0,
        code_rows=board.code_rows * (height - above) // (board.height - above),
        code_columns=board.code_columns * width // board.width,
    )
