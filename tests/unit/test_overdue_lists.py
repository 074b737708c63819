"""Lists of overdue cases are read once for all who look, as long as somebody does, and outlive a store that is gone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pytest

from dashboards.overdue_lists import EVERY_S, KEPT_S, PATIENCE, WANTED_S, OverdueLists, unread
from ioc.errors import Transient
from ioc.snapshot import Scope
from ioc.store.overdue import OverdueList

PLACE, OTHER = Scope("725"), Scope("718", "receiving")


class Store:
    """Answers with the number of questions so far; takes ``took_s`` for each on a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.took_s = 0.0
        self.gone = False
        self.asked: list[set[Scope]] = []

    def read(self, scopes: Collection[Scope], as_of: datetime) -> dict[Scope, OverdueList]:
        self.asked.append(set(scopes))
        self.now_s += self.took_s
        if self.gone:
            raise Transient("the database does not answer")
        return {scope: OverdueList(as_of, len(self.asked), ()) for scope in scopes}


def test_nothing_is_read_before_somebody_asks_and_one_reading_serves_all() -> None:
    store = Store()
    lists = OverdueLists(store.read, lambda: store.now_s)
    assert not lists.wanted
    assert [lists.of(PLACE), lists.of(PLACE), unread(PLACE)] == [None, None, None]
    assert lists.wanted
    lists.refresh()
    lists.refresh()
    found = lists.of(PLACE)
    assert found is not None
    assert found.total == 1
    assert store.asked == [{PLACE}]


def test_a_list_is_read_again_in_its_time_while_it_is_wanted() -> None:
    store = Store()
    lists = OverdueLists(store.read, lambda: store.now_s)
    lists.of(PLACE)
    lists.of(OTHER)
    lists.refresh()
    store.now_s += max(EVERY_S, WANTED_S + 1)
    assert not lists.wanted, f"nobody asked for {WANTED_S} s"
    lists.of(PLACE)
    lists.refresh()
    assert store.asked == [{PLACE, OTHER}, {PLACE}]
    store.now_s += KEPT_S + 1
    assert lists.of(OTHER) is not None, "still known when it is asked for"
    lists.refresh()
    assert lists.of(PLACE) is None, "forgotten"


@pytest.mark.parametrize("turn", [1, 66, 250], ids=lambda tenths: f"each {tenths / 10} s")
def test_the_store_is_asked_as_often_for_a_hundred_scopes_as_for_one(turn: int) -> None:
    """Also where so many places are painted that each one's turn comes seldom."""
    questions = {}
    for scopes in (1, 100):
        store = Store()
        lists = OverdueLists(store.read, lambda store=store: store.now_s)  # type: ignore[misc]
        for tenth in range(1200):
            for number in range(scopes):
                late = number % 7  # they do not come together
                if tenth >= late and (tenth - late) % turn == 0:
                    lists.of(Scope(str(number)))
            lists.refresh()
            store.now_s += 0.1
        questions[scopes] = len(store.asked)
        assert len(store.asked[-1]) == scopes
    assert 12 <= questions[1] <= 13
    assert questions[100] - questions[1] <= 6, "one more for each moment at which somebody joined, none after that"


def test_a_scope_that_is_new_is_read_at_once_and_alone() -> None:
    store = Store()
    lists = OverdueLists(store.read, lambda: store.now_s)
    lists.of(PLACE)
    lists.refresh()
    store.now_s += EVERY_S / 2
    lists.of(PLACE)
    assert lists.of(OTHER) is None
    lists.refresh()
    assert lists.of(OTHER) is not None
    store.now_s += EVERY_S / 2
    lists.of(PLACE)
    lists.of(OTHER)
    lists.refresh()
    assert store.asked == [{PLACE}, {OTHER}, {PLACE, OTHER}]


def test_a_slow_store_is_asked_less_often_and_one_that_is_gone_leaves_the_last_list() -> None:
    store = Store()
    lists = OverdueLists(store.read, lambda: store.now_s)
    store.took_s = 2.0
    lists.of(PLACE)
    lists.refresh()
    last = lists.of(PLACE)
    store.now_s += PATIENCE * store.took_s - 1
    lists.of(PLACE)
    assert not lists.wanted
    store.now_s += 1
    store.gone = True
    lists.of(PLACE)
    lists.refresh()
    assert len(store.asked) == 2
    assert lists.of(PLACE) is last
