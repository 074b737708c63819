"""What may be shown of small counts on a public sign, and the check that nothing shown gives a hidden count away.

The rules: a count of 1 to 4 is shown as "<5", zero and 5 or more as they are; a rate of fewer than 10 cases is not
shown. A reader who subtracts the shown rows from a shown total, or solves a rate for its counts, must still be left
with two values or more for each hidden count. Where an exact total would leave one, only its lower bound is shown,
which follows from the shown rows alone; where a rate would, it is not shown. A reader is taken to know these rules,
and not to know lateness among the finished.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dashboards.sign.data import Figures

SMALLEST_SHOWN = 5
FEWEST_JUDGED = 10
_SEARCHED = 3000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader learns of a count: it lies between `low` and `high`, both included; equal bounds mean the count
    itself.
    """

    low: int
    high: int

    @property
    def exact(self) -> bool:
        """Whether the reader learns the count itself."""
        return self.low == self.high


HIDDEN = Shown(1, SMALLEST_SHOWN - 1)


@dataclass(frozen=True, slots=True)
class ShownFigures:
    """Figures as they may be shown; `on_time_tenths` is the rate in tenths of a percent, None where it may not be
    shown.
    """

    received: Shown
    in_progress: Shown
    finished: Shown
    overdue: Shown
    on_time_tenths: int | None


def shown_count(count: int) -> Shown:
    """A count by itself: 1 to 4 is hidden."""
    return HIDDEN if 0 < count < SMALLEST_SHOWN else Shown(count, count)


def shown_total(total: int, rows: Sequence[int]) -> Shown:
    """The total of rows that are shown beside it (by `shown_count`): exact, hidden, or a lower bound that follows
    from the rows.
    """
    shown = shown_count(total)
    hidden = sum(1 for row in rows if not shown_count(row).exact)
    visible = sum(row for row in rows if shown_count(row).exact)
    if not hidden or _leaves_doubt(shown, visible, hidden):
        return shown
    return Shown(visible + hidden, visible + hidden * HIDDEN.high)


def _leaves_doubt(total: Shown, visible: int, hidden: int) -> bool:
    """Whether each of `hidden` hidden rows can still have two values, when they and `visible` add up to `total`."""
    least = max(total.low - visible, hidden * HIDDEN.low)
    most = min(total.high - visible, hidden * HIDDEN.high)
    if visible + hidden < SMALLEST_SHOWN <= total.low:
        # All ones would give "<5" here, so the bound would mean all fours; it must stand for one less, too.
        return least < HIDDEN.high * hidden - 1
    if least > most:
        return True  # totals over other cases than the rows: nothing can be subtracted
    lowest_of_one = max(HIDDEN.low, least - HIDDEN.high * (hidden - 1))
    highest_of_one = min(HIDDEN.high, most - HIDDEN.low * (hidden - 1))
    return highest_of_one > lowest_of_one


def pct_tenths(on_time: int, judged: int) -> int:
    """On time in tenths of a percent, half up; 1000 only when all were, 0 only when none was: rounding hides no late
    case.
    """
    tenths = (2000 * on_time + judged) // (2 * judged)
    if on_time < judged:
        tenths = min(tenths, 999)
    return max(tenths, 1) if on_time else tenths


def _shown_rate(figures: Figures, overdue: Shown, finished: Shown) -> int | None:
    if figures.judged < FEWEST_JUDGED:
        return None
    tenths = pct_tenths(figures.on_time, figures.judged)
    protect_finished = not finished.exact and 0 < figures.finished < SMALLEST_SHOWN
    if overdue.exact and not protect_finished:
        return tenths
    overdues, finishes = _solutions(tenths, overdue, finished)
    if not overdue.exact and overdues < 2:
        return None
    if protect_finished and finishes < 2:
        return None
    return tenths


@lru_cache(maxsize=4096)
def _solutions(tenths: int, overdue: Shown, finished: Shown) -> tuple[int, int]:
    """How many values of overdue and of finished agree with a shown rate; counting stops at two of each.

    Paused overdue cases are taken as none, which leaves the reader the fewest answers.
    """
    overdues: set[int] = set()
    finishes: set[int] = set()
    for finish in range(finished.high, max(finished.low, finished.high - _SEARCHED) - 1, -1):
        for late in range(overdue.low, overdue.high + 1):
            if late in overdues and (finish in finishes or len(finishes) > 1):
                continue
            if _rate_is_possible(tenths, finish, finish + late):
                overdues.add(late)
                finishes.add(finish)
        if len(finishes) > 1 and (len(overdues) > 1 or overdue.exact):
            break
    return len(overdues), len(finishes)


def _rate_is_possible(tenths: int, finished: int, judged: int) -> bool:
    if judged < FEWEST_JUDGED:
        return False
    nearest = tenths * judged // 1000
    candidates = range(max(0, nearest - 1), min(finished, nearest + 2) + 1)
    return any(pct_tenths(on_time, judged) == tenths for on_time in candidates)


def shown_board(totals: Figures, rows: Iterable[Figures]) -> tuple[ShownFigures, tuple[ShownFigures, ...]]:
    """Totals and rows as they may be shown together on one sign."""
    rows = tuple(rows)
    received = shown_total(totals.received, [row.received for row in rows])
    in_progress = shown_total(totals.in_progress, [row.in_progress for row in rows])
    overdue = shown_total(totals.overdue, [row.overdue for row in rows])
    finished = shown_count(totals.finished)  # rows show no finished cases, so nothing can be subtracted from it
    shown_totals = ShownFigures(received, in_progress, finished, overdue, _shown_rate(totals, overdue, finished))
    return shown_totals, tuple(_shown_row(row, finished, alone=len(rows) == 1) for row in rows)


def _shown_row(row: Figures, all_finished: Shown, *, alone: bool) -> ShownFigures:
    overdue = shown_count(row.overdue)
    finished = all_finished if alone else Shown(0, max(all_finished.high, row.finished))
    return ShownFigures(
        shown_count(row.received),
        shown_count(row.in_progress),
        shown_count(row.finished),
        overdue,
        _shown_rate(row, overdue, finished),
    )
