"""No count of one to four can be worked out from what a sign shows."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.sign.data import Figures
from dashboards.sign.suppression import HIDDEN, Rate, Shown, pct_tenths, shown_board, shown_count, shown_total

SMALL = st.integers(1, 4)
COUNTS = st.one_of(st.just(0), SMALL, st.integers(5, 60))


@given(st.integers(0, 10_000))
def test_counts_of_one_to_four_are_hidden_and_no_others(count: int) -> None:
    assert shown_count(count) == (HIDDEN if 1 <= count <= 4 else Shown(count, count))


@given(st.lists(st.one_of(st.just(0), st.integers(5, 500)), max_size=6), st.lists(SMALL, max_size=4))
def test_no_total_gives_a_hidden_row_away(visible: list[int], hidden: list[int]) -> None:
    """The reader knows the rules: tries all hidden rows that would have led to the same sign."""
    shown = shown_total(sum(visible) + sum(hidden), visible + hidden)
    worlds = [
        world
        for world in itertools.product(range(1, 5), repeat=len(hidden))
        if shown_total(sum(visible) + sum(world), visible + list(world)) == shown
    ]
    assert tuple(hidden) in worlds
    for place in range(len(hidden)):
        assert len({world[place] for world in worlds}) >= 2


@given(st.lists(COUNTS, max_size=12))
def test_a_shown_total_is_true(rows: list[int]) -> None:
    shown = shown_total(sum(rows), rows)
    assert shown.low <= sum(rows) <= shown.high


@given(st.lists(st.one_of(st.just(0), st.integers(5, 500)), max_size=12))
def test_totals_without_hidden_rows_are_exact(rows: list[int]) -> None:
    assert shown_total(sum(rows), rows) == Shown(sum(rows), sum(rows))


@given(st.integers(1, 5000), st.data())
def test_rates_are_rounded_to_tenths_but_never_to_all_or_none(judged: int, data: st.DataObject) -> None:
    on_time = data.draw(st.integers(0, judged))
    tenths = pct_tenths(on_time, judged)
    assert (tenths == 1000) == (on_time == judged)
    assert (tenths == 0) == (on_time == 0)
    if 1 < tenths < 999:
        assert abs(tenths - 1000 * on_time / judged) <= 0.5


def test_rates_round_half_up() -> None:
    assert pct_tenths(1, 16) == 63  # 6.25 %
    assert pct_tenths(937, 1000) == 937


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    finished = draw(st.integers(0, 60))
    overdue = draw(COUNTS)
    on_time = draw(st.integers(max(0, finished - 5), finished))
    return Figures(draw(COUNTS), overdue + draw(COUNTS), finished, overdue, on_time, finished + overdue)


def total(rows: list[Figures]) -> Figures:
    return Figures(
        *(
            sum(getattr(row, key) for row in rows)
            for key in ("received", "in_progress", "finished", "overdue", "on_time", "judged")
        )
    )


@settings(max_examples=300)
@given(st.lists(figures(), min_size=1, max_size=5), st.data())
def test_no_rate_depends_on_a_hidden_count(rows: list[Figures], data: st.DataObject) -> None:
    """Whatever else a reader knows: with any other number behind "<5" the rates would read the same."""
    others = [
        Figures(row.received, row.in_progress, row.finished, late, row.on_time, row.finished + late)
        for row in rows
        for late in [data.draw(SMALL) if 0 < row.overdue < 5 else row.overdue]
    ]
    totals, shown = shown_board(total(rows), rows)
    other_totals, other_shown = shown_board(total(others), others)
    assert [row.on_time for row in shown] == [row.on_time for row in other_shown]
    if totals.overdue == other_totals.overdue:
        assert totals.on_time == other_totals.on_time


@given(st.lists(figures(), min_size=1, max_size=8))
def test_a_shown_rate_is_true(rows: list[Figures]) -> None:
    totals, shown = shown_board(total(rows), rows)
    for row, seen in [(total(rows), totals), *zip(rows, shown, strict=True)]:
        if seen.on_time is None:
            continue
        real = 1000 * row.on_time / row.judged
        if seen.on_time.form == "above":
            assert seen.on_time.tenths < real or row.on_time == 0
            assert seen.overdue.low < seen.overdue.high
        else:
            assert abs(seen.on_time.tenths - real) <= (5 if seen.on_time.form == "whole" else 1)


@given(st.lists(figures(), min_size=1, max_size=8))
def test_rates_of_fewer_than_ten_cases_are_not_shown(rows: list[Figures]) -> None:
    _, shown = shown_board(total(rows), rows)
    for row, seen in zip(rows, shown, strict=True):
        if row.judged < 10:
            assert seen.on_time is None


def test_a_rate_beside_a_hidden_count_is_as_precise_as_it_may_be() -> None:
    def rate(finished: int, overdue: int) -> Rate | None:
        row = Figures(20, 20, finished, overdue, finished, finished + overdue)
        return shown_board(row, [row])[1][0].on_time

    assert rate(12, 1) == Rate(740, "above"), "12 finished and 92.3 % would say that one is overdue"
    assert rate(470, 2) == Rate(990, "above")
    late = Figures(20, 20, 1000, 2, 950, 1002)
    assert shown_board(late, [late])[1][0].on_time == Rate(950, "whole")
    assert rate(9_000, 3) == Rate(999)
    assert rate(8, 4) is None, "8 finished and a rate would say that two or more are overdue"
    assert rate(2, 30) is None, "a rate of 6.3 % would say that two are finished"
    assert rate(0, 30) == Rate(0)


def test_large_counts_and_their_rates_are_shown_as_they_are() -> None:
    row = Figures(received=318, in_progress=2140, finished=341, overdue=21, on_time=341, judged=362)
    totals, rows = shown_board(row, [row])
    assert totals == rows[0]
    assert totals.received == Shown(318, 318)
    assert totals.on_time == Rate(942)
