"""Changes are added up by what they are of, a few in plain Python, many by numpy: with the same outcome."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from ioc.store.columns import FEW
from ioc.store.rollup import CHANGE, summed

NUMBERS = some.integers(0, 2)
ROWS = some.lists(some.tuples(NUMBERS, NUMBERS, NUMBERS, some.integers(-1, 1), some.integers(-2, 2)), max_size=FEW)


@given(ROWS)
def test_few_and_many_come_to_the_same(rows: list[tuple[int, ...]]) -> None:
    few = summed(np.array(rows, dtype=CHANGE))
    nothing = [(9, 9, 9, 9, 0)] * (FEW + 1)
    many = summed(np.array([*rows, *nothing], dtype=CHANGE))
    assert few.tolist() == many.tolist()
    assert few.dtype == many.dtype


def test_equal_keys_are_added_up_sorted_and_left_out_at_zero() -> None:
    rows = [(2, 1, 1, 50, 3), (1, 1, 1, 60, 1), (2, 1, 1, 50, -1), (1, 1, 1, 40, 5), (7, 7, 7, 7, 1), (7, 7, 7, 7, -1)]
    assert summed(np.array(rows, dtype=CHANGE)).tolist() == [(1, 1, 1, 40, 5), (2, 1, 1, 50, 2), (1, 1, 1, 60, 1)]
