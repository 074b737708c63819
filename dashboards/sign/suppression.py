"""What may be shown of small counts on a public sign, so that nothing shown gives a hidden count away.

The rules: a count of 1 to 4 is shown as "<5", zero and 5 or more as they are; a rate of fewer than 10 cases is not
shown. A reader who subtracts the shown rows from a shown total must still be left with two values or more for each
hidden count; where an exact total would leave one, only its lower bound is shown, which follows from the shown rows
alone. A rate never depends on a hidden count: where overdue cases are hidden, it is shown as precisely as it is the
same for every count that they may have, else as the bound that holds for all of them. So a reader may know all rules
and everything else of a unit, and put all rows together, without learning more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dashboards.sign.data import Figures

SMALLEST_SHOWN = 5
FEWEST_JUDGED = 10


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
class Rate:
    """A rate as it may be shown: in tenths of a percent, in whole percent, or as a bound that it is above."""

    tenths: int
    form: Literal["tenths", "whole", "above"] = "tenths"


@dataclass(frozen=True, slots=True)
class ShownFigures:
    """Figures as they may be shown; `on_time` is the rate, None where it may not be shown."""

    received: Shown
    in_progress: Shown
    finished: Shown
    overdue: Shown
    on_time: Rate | None


def shown_count(count: int) -> Shown:
    """A count by itself: 1 to 4 is hidden."""
    return HIDDEN if 0 < count < SMALLEST_SHOWN else Shown(count, count)


def shown_total(total: int, rows: Sequence[int]) -> Shown:
    """The total of rows that are shown beside it (by `shown_count`): exact, hidden, or a lower bound that follows
    from the rows.
    """
    return _shown_sum(total, *_parts(rows))


def _parts(rows: Sequence[int]) -> tuple[int, int]:
    """The sum of the rows that are shown, and how many are hidden."""
    exact = [row for row in rows if shown_count(row).exact]
    return sum(exact), len(rows) - len(exact)


def _shown_sum(total: int, visible: int, hidden: int) -> Shown:
    shown = shown_count(total)
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


def _shown_rate(figures: Figures, overdue: Shown) -> Rate | None:
    """The rate, the same whatever the overdue cases are between the bounds of `overdue`."""
    others = figures.judged - figures.overdue
    if others + overdue.low < FEWEST_JUDGED or 0 < figures.finished < SMALLEST_SHOWN:
        return None
    judged = range(others + overdue.low, others + overdue.high + 1)
    tenths = {pct_tenths(figures.on_time, count) for count in judged}
    if len(tenths) == 1:
        return Rate(tenths.pop())
    whole = {(200 * figures.on_time + count) // (2 * count) for count in judged}  # not rounded a second time
    if len(whole) == 1 and whole != {100}:
        return Rate(10 * whole.pop(), "whole")
    return Rate(max(0, (100 * figures.on_time - 1) // judged[-1]) * 10, "above")


def shown_board(totals: Figures, rows: Iterable[Figures]) -> tuple[ShownFigures, tuple[ShownFigures, ...]]:
    """Totals and rows as they may be shown together on one sign."""
    rows = tuple(rows)
    received = shown_total(totals.received, [row.received for row in rows])
    in_progress = shown_total(totals.in_progress, [row.in_progress for row in rows])
    overdue = shown_total(totals.overdue, [row.overdue for row in rows])
    finished = shown_count(totals.finished)  # rows show no finished cases, so nothing can be subtracted from it
    shown = tuple(_shown_row(row) for row in rows)
    rate = _shown_rate(totals, overdue)
    if not finished.exact:  # every rate would be one of so few cases that it says how many
        return ShownFigures(received, in_progress, finished, overdue, None), tuple(
            replace(row, on_time=None) for row in shown
        )
    return ShownFigures(received, in_progress, finished, overdue, rate), shown


def _shown_row(row: Figures) -> ShownFigures:
    overdue = shown_count(row.overdue)
    return ShownFigures(
        shown_count(row.received),
        shown_count(row.in_progress),
        shown_count(row.finished),
        overdue,
        _shown_rate(row, overdue),
    )
