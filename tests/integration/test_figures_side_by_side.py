"""Writers at the same time: on the same cases, in transactions that end in another order than they began."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest

from ioc.settings import Settings
from ioc.store.live import Live, read_snapshot
from ioc.store.reconcile import reconcile
from tests.feeding import Feeder, by_topic
from tests.lives import CASES, DAYS, MONDAY, SCOPES, US, Event, ordinary, written

END = MONDAY + timedelta(days=DAYS)


@pytest.fixture
def writers(store: str, settings: Settings) -> Iterator[list[Feeder]]:
    found = [Feeder(store, settings, partition=no) for no in range(3)]
    yield found
    for writer in found:
        writer.close()


@pytest.fixture
def watcher(store: str, settings: Settings) -> Iterator[Feeder]:
    """Only reads, on connections of its own."""
    found = Feeder(store, settings)
    yield found
    found.close()


def assert_same_picture(live: Live, writer: Feeder) -> None:
    seen = live.advance(END)
    fresh = read_snapshot(writer.reading, writer.world, writer.settings, END)
    for name in ("pair", "single", "usage_sums", "bins", "levels_before"):
        assert np.array_equal(getattr(seen, name), getattr(fresh, name)), name


def test_three_writers_on_the_same_cases_while_a_picture_is_brought_forward(
    settings: Settings, writers: list[Feeder], watcher: Feeder
) -> None:
    """Records lie on any partition here, whatever their key: the worst that a source could do.

    No writer is ever the victim of a deadlock: everything is locked in one order.
    """
    sent = ordinary(77, 250)
    parts = [sent[no::3] for no in range(3)]

    def write(no: int) -> None:
        rest = iter(parts[no])
        while batch := list(itertools.islice(rest, 40)):
            writers[no].feed(batch)

    live = Live(watcher.reading, watcher.world, settings)
    with ThreadPoolExecutor(3) as pool:
        writing = [pool.submit(write, no) for no in range(3)]
        pictures = 0
        while not all(one.done() for one in writing):
            live.advance(END)
            pictures += 1
        for one in writing:
            one.result()
    assert pictures > 1
    assert_same_picture(live, writers[0])
    for unit, as_of in itertools.product(SCOPES, (END, MONDAY + timedelta(days=2.5))):
        wanted = watcher.recounted(by_topic(sent), unit, "handling", as_of, MONDAY, as_of)
        assert watcher.overview(unit, "handling", as_of, MONDAY, as_of) == wanted
    assert reconcile(watcher.writing, watcher.rules, deep=True).differences == 0


def case(no: int, unit: str) -> tuple[str, Event]:
    return CASES, {
        "event_id": f"e{no}",
        "occurred_at": written(MONDAY + timedelta(days=no) + US),
        "case_code": f"H-{no}",
        "status": "received",
        "procedure_code": "1.001193",
        "receiving_unit": unit,
        "handling_unit": unit,
        "channel": "postal",
    }


def test_what_is_committed_late_is_neither_missed_nor_added_twice(
    settings: Settings, writers: list[Feeder], watcher: Feeder
) -> None:
    slow, quick, _ = writers
    live = Live(watcher.reading, watcher.world, settings)
    live.advance(END)
    slow.feed([case(0, "718")])
    quick.feed([case(1, "724")])
    with slow.writing.transaction():
        slow.feed([case(2, "25747")])  # begun first, committed last
        quick.feed([case(3, "725")])
        assert live.advance(END).pair.sum() > 0
        quick.feed([case(4, "721")])
        assert_same_picture(live, watcher)
    assert_same_picture(live, watcher)
    assert_same_picture(live, watcher)
