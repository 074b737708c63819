"""Lists of overdue cases are read once for all who look, as long as somebody does, and outlive a store that is gone."""

from __future__ import annotations

from datetime import datetime

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
        self.asked: list[Scope] = []

    def read(self, scope: Scope, as_of: datetime) -> OverdueList:
        self.asked.append(scope)
        self.now_s += self.took_s
        if self.gone:
            raise Transient("the database does not answer")
        return OverdueList(as_of, len(self.asked), ())


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
    assert store.asked == [PLACE]


def test_a_list_is_read_again_in_its_time_while_it_is_wanted() -> None:
    store = Store()
    lists = OverdueLists(store.read, lambda: store.now_s)
    lists.of(PLACE)
    lists.of(OTHER)
    lists.refresh()
    store.now_s += EVERY_S
    assert not lists.wanted, f"nobody asked for {WANTED_S} s"
    lists.of(PLACE)
    lists.refresh()
    assert store.asked == [PLACE, OTHER, PLACE]
    store.now_s += KEPT_S + 1
    assert lists.of(OTHER) is not None, "still known when it is asked for"
    lists.refresh()
    assert lists.of(PLACE) is None, "forgotten"


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
