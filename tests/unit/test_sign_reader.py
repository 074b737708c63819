"""A reader who knows every rule and sees a whole sign cannot work out one hidden count.

All small worlds are tried: those that give one and the same sign must leave each hidden count two values or more. The
worlds are complete: a reader of such a sign could not think of others, for the finished add up to a shown total.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pytest

from dashboards.sign.data import Figures
from dashboards.sign.suppression import HIDDEN, ShownFigures, shown_board

HIDDEN_COUNTS = {1, 2, 3, 4}
World = tuple[Figures, ...]
Sign = tuple[ShownFigures, tuple[tuple[object, ...], ...]]


def added(rows: Iterable[Figures]) -> Figures:
    return Figures(
        *(
            sum(getattr(row, key) for row in rows)
            for key in ("received", "in_progress", "finished", "overdue", "on_time", "judged")
        )
    )


def by_sign(worlds: Iterable[World]) -> dict[Sign, list[World]]:
    """The worlds by what a reader sees of them; rows show no finished cases."""
    alike: dict[Sign, list[World]] = defaultdict(list)
    for rows in worlds:
        totals, shown = shown_board(added(rows), rows)
        alike[totals, tuple((row.received, row.in_progress, row.overdue, row.on_time) for row in shown)].append(rows)
    return alike


def refuse_known(values: set[int], what: str) -> None:
    assert not values <= HIDDEN_COUNTS or len(values) >= 2, f"{what} can only be {values}"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_received_count_can_be_worked_out(count: int) -> None:
    every = [Figures(received, 20, 30, 0, 30, 30) for received in range(9)]
    for sign, worlds in by_sign(itertools.product(every, repeat=count)).items():
        for place in range(count):
            refuse_known({rows[place].received for rows in worlds}, f"received by unit {place} of {sign}")
        if sign[0].received == HIDDEN:
            refuse_known({added(rows).received for rows in worlds}, f"received by all of {sign}")


def worlds_of(count: int, most_finished: int, overdue: tuple[int, ...]) -> Iterator[World]:
    """Every sign of `count` units with up to `most_finished` finished cases in all, however many of them late."""
    finished = [
        part for part in itertools.product(range(most_finished + 1), repeat=count) if sum(part) <= most_finished
    ]
    for each in finished:
        for on_time in itertools.product(*(range(number + 1) for number in each)):
            for late in itertools.product(overdue, repeat=count):
                yield tuple(
                    Figures(20, 20, done, open_late, good, done + open_late)
                    for done, good, open_late in zip(each, on_time, late, strict=True)
                )


@pytest.mark.parametrize(("count", "most_finished", "large"), [(1, 45, 6), (2, 9, 6), (3, 4, 9)])
def test_no_overdue_or_finished_count_can_be_worked_out(count: int, most_finished: int, large: int) -> None:
    alike = by_sign(worlds_of(count, most_finished, (0, 1, 2, 3, 4, large)))
    assert count == 3 or any(row[-1] is not None for _, rows in alike for row in rows), "some rates are shown"
    for sign, worlds in alike.items():
        for place in range(count):
            refuse_known({rows[place].overdue for rows in worlds}, f"overdue at unit {place} of {sign}")
        for key in ("overdue", "finished"):
            if getattr(sign[0], key) == HIDDEN:
                refuse_known({getattr(added(rows), key) for rows in worlds}, f"{key} of all of {sign}")
