"""The hub: what it sends, what it does not send again, and what it outlives."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dashboards.broken import error_code
from dashboards.channel import ANEW_S, Channel, Picture, Place
from dashboards.hub import SLICE_S, Hub
from dashboards.panel import Page, Slots, slot
from ioc.errors import Transient
from ioc.snapshot import Scope
from tests.unit.web_kit import WORLD, Held, counting, look, page, panel, picture

ROOT = Scope(WORLD.root.code)
DARK = Place("test", ROOT, "vi", "dark")
Delivered = "queue.Queue[tuple[Place, Picture]]"


class Running:
    """A hub on a source in the test's hand."""

    def __init__(self, of: Page) -> None:
        self.source = Held(picture(1))
        self.delivered: queue.Queue[tuple[Place, Picture]] = queue.Queue()
        self.crashed = threading.Event()
        self.hub = Hub(
            {"test": of},
            look,
            self.source.open,
            ticks_per_s=200,
            deliver=lambda place, made: self.delivered.put((place, made)),
            crashed=self.crashed.set,
        )
        self.hub.start()

    def next(self) -> Picture:
        """The next picture that is delivered."""
        return self.delivered.get(timeout=10)[1]


@pytest.fixture
def running() -> Iterator[Callable[[Page], Running]]:
    started: list[Running] = []

    def start(of: Page) -> Running:
        started.append(Running(of))
        return started[-1]

    yield start
    for each in started:
        each.hub.stop()


def slots(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)["slots"]
    return found


def test_a_screen_gets_everything_then_only_what_changed(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    with_hub.hub.watch(DARK)
    first = with_hub.next()
    assert slots(first.whole) == {
        slot("a", "value"): {"children": "1", "className": "still"},
        slot("a", "error"): {"children": ""},
    }
    with_hub.source.show(picture(2))
    second = with_hub.next()
    assert second.seq == first.seq + 1
    assert slots(second.delta) == {slot("a", "value"): {"children": "2"}}
    assert slots(second.whole)[slot("a", "value")] == {"children": "2", "className": "still"}


def test_nothing_is_sent_while_nothing_changes(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    with_hub.hub.watch(DARK)
    with_hub.next()
    ticks = with_hub.hub.ticks
    still = threading.Event()
    while with_hub.hub.ticks < ticks + 3:
        with_hub.source.show(picture(1))
        still.wait(0.01)
    assert with_hub.delivered.empty()


def test_screens_of_one_place_share_one_update(running: Callable[[Page], Running]) -> None:
    calls: list[Scope] = []

    def update(snapshot: Any, scope: Scope, look: Any) -> Slots:
        calls.append(scope)
        return {slot("a", "value"): {"children": str(snapshot.sequence)}}

    with_hub = running(page(panel("a", update)))
    channels = {id(with_hub.hub.watch(DARK)) for _ in range(50)}
    assert len(channels) == 1
    with_hub.next()
    with_hub.source.show(picture(2))
    with_hub.next()
    assert len(calls) == 2


def test_the_store_is_asked_once_a_tick_whatever_the_places(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    places = [Place("test", Scope(unit.code), "vi", "dark") for unit in WORLD.children(WORLD.root.code)]
    for place in places:
        with_hub.hub.watch(place)
    got = {with_hub.delivered.get(timeout=10)[0] for _ in places}
    assert got == set(places)
    before = with_hub.source.advanced
    with_hub.source.show(picture(2))
    for _ in places:
        with_hub.next()
    assert with_hub.source.advanced - before <= 2


def test_a_broken_panel_says_so_and_the_others_go_on(
    running: Callable[[Page], Running], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(snapshot: Any, scope: Any, look: Any) -> Slots:
        if snapshot.sequence < 3:
            raise ZeroDivisionError("no")
        return {slot("bad", "value"): {"children": "well"}}

    with_hub = running(page(panel("bad", broken), counting("good")))
    with_hub.hub.watch(DARK)
    first = slots(with_hub.next().whole)
    assert "Mã lỗi" in json.dumps(first[slot("bad", "error")], ensure_ascii=False)
    assert first[slot("good", "value")]["children"] == "1"
    with_hub.source.show(picture(2))
    assert slots(with_hub.next().delta) == {slot("good", "value"): {"children": "2"}}
    assert sum("panel bad is broken" in record.getMessage() for record in caplog.records) == 1
    with_hub.source.show(picture(3))
    healed = slots(with_hub.next().delta)
    assert healed[slot("bad", "error")] == {"children": ""}
    assert healed[slot("bad", "value")] == {"children": "well"}


def test_a_value_that_json_cannot_say_breaks_its_panel_only(running: Callable[[Page], Running]) -> None:
    odd = panel("odd", lambda snapshot, scope, look: {slot("odd", "value"): {"children": object()}})
    with_hub = running(page(odd, counting("good")))
    with_hub.hub.watch(DARK)
    first = slots(with_hub.next().whole)
    assert first[slot("odd", "error")]["children"]
    assert first[slot("good", "value")]["children"] == "1"


def test_a_costly_panel_waits_its_time_but_not_for_its_first_picture(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("slow", every_s=3600), counting("quick")))
    with_hub.hub.watch(DARK)
    assert slots(with_hub.next().whole)[slot("slow", "value")]["children"] == "1"
    with_hub.source.show(picture(2))
    assert slots(with_hub.next().delta) == {slot("quick", "value"): {"children": "2"}}


def test_the_last_picture_outlives_the_store(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    with_hub.hub.watch(DARK)
    with_hub.next()
    with_hub.source.show(error=Transient("the server closed the connection"))
    other = Place("test", ROOT, "en", "dark")
    while with_hub.source.closed == 0:
        threading.Event().wait(0.005)
    with_hub.hub.watch(other)
    place, made = with_hub.delivered.get(timeout=10)
    assert place == other
    assert slots(made.whole)[slot("a", "value")]["children"] == "1"
    assert with_hub.hub.trouble == "the server closed the connection"
    with_hub.source.show(picture(7))
    assert slots(with_hub.next().delta)[slot("a", "value")]["children"] == "7"
    assert with_hub.hub.trouble is None


def test_a_screen_that_joins_before_there_is_any_store_costs_no_more_than_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns: list[float] = []
    serve = Hub._serve_joined

    def counted(hub: Hub) -> None:
        turns.append(time.monotonic())
        serve(hub)

    monkeypatch.setattr(Hub, "_serve_joined", counted)
    source = Held(picture(1))
    source.show(error=Transient("the server is starting up"))
    delivered: queue.Queue[Picture] = queue.Queue()
    hub = Hub(
        {"test": page(counting("a"))},
        look,
        source.open,
        ticks_per_s=200,
        deliver=lambda _, made: delivered.put(made),
        crashed=lambda: None,
    )
    hub.start()
    try:
        hub.watch(DARK)
        joined_s = time.monotonic()
        while not turns or turns[-1] < joined_s + 0.6:
            threading.Event().wait(0.02)
        found = [at for at in turns if joined_s <= at <= joined_s + 0.6]
        assert len(found) <= 0.6 / SLICE_S + 3, "the hub runs in a circle"
        source.show(picture(3))
        assert slots(delivered.get(timeout=10).whole)[slot("a", "value")]["children"] == "3"
    finally:
        hub.stop()


def test_a_store_that_hangs_keeps_no_other_thread_waiting(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    with_hub.hub.watch(DARK)
    with_hub.next()
    with_hub.source.hang()
    try:
        assert with_hub.source.hanging.wait(10)
        began_s = time.monotonic()
        assert with_hub.hub.read(lambda snapshot: snapshot.sequence, patience_s=0.05) is None
        assert time.monotonic() - began_s < 5
        assert with_hub.hub.newest is not None
    finally:
        with_hub.source.answer()
    while with_hub.hub.read(lambda snapshot: snapshot.sequence) is None:
        threading.Event().wait(0.01)


def test_a_bug_in_the_source_ends_the_process(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    hooked: list[Any] = []
    before, threading.excepthook = threading.excepthook, hooked.append
    try:
        with_hub.source.show(error=AttributeError("a bug"))
        assert with_hub.crashed.wait(10)
        with_hub.hub.stop()
    finally:
        threading.excepthook = before
    assert "a bug" in str(hooked[0].exc_value)


def test_only_news_carry_the_time_of_their_writing(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    with_hub.hub.watch(DARK)
    assert with_hub.next().arrived_ms is None, "the first picture is no news"
    later = picture(2)
    with_hub.source.show(later)
    assert later.data_at is not None
    assert with_hub.next().arrived_ms == round(later.data_at.timestamp() * 1000)
    with_hub.source.show(picture(3, news_at=None))
    assert with_hub.next().arrived_ms is None, "the clock passed a moment: nothing was written"


def test_a_picture_is_as_old_as_the_oldest_change_that_it_is_the_first_to_show() -> None:
    channel = Channel(DARK, page(counting("a")), look(page(counting("a"))))
    channel.paint(picture(1), 1.0, lambda *_: None)
    for number in (2, 3, 4):
        channel.hear(picture(number))
    made = channel.paint(picture(4), 2.0, lambda *_: None)
    assert made is not None
    first = picture(2).news_at
    assert first is not None
    assert made.arrived_ms == round(first.timestamp() * 1000)
    made = channel.paint(picture(5, news_at=None), 3.0, lambda *_: None)
    assert made is not None
    assert made.arrived_ms is None, "what was shown once is no news"


def test_other_threads_read_a_snapshot_that_stands_still(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    with_hub.hub.watch(DARK)
    with_hub.next()
    assert with_hub.hub.read(lambda snapshot: snapshot.sequence) == 1


def test_places_that_nobody_watches_are_dropped(
    running: Callable[[Page], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.hub.FORGET_S", 0.05)
    with_hub = running(page(counting("a")))
    units = [unit.code for unit in WORLD.units]
    for number in range(600):
        place = Place("test", Scope(units[number % len(units)]), "vi" if number % 2 else "en", "dark")
        with_hub.hub.unwatch(with_hub.hub.watch(place))
    wait = threading.Event()
    while with_hub.hub.places:
        with_hub.source.show(picture(2))
        wait.wait(0.01)


def test_who_comes_back_to_a_place_is_not_shown_what_nobody_kept_up_to_date(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    channel = with_hub.hub.watch(DARK)
    first = with_hub.next()
    for number, children in ((2, "2"), (2, "2")):  # something has changed, then nothing
        with_hub.hub.unwatch(channel)
        with_hub.source.show(picture(number))
        ticks = with_hub.hub.ticks
        while with_hub.hub.ticks < ticks + 2:
            threading.Event().wait(0.01)
        channel.painted_s -= 20
        assert with_hub.delivered.empty()
        assert with_hub.hub.watch(DARK) is channel
        shown = channel.shown(time.monotonic())
        assert shown is not first, "painted anew, or not yet"
        assert slots(with_hub.next().whole)[slot("a", "value")]["children"] == children
        assert channel.shown(time.monotonic()) is channel.picture


def test_an_old_picture_is_better_than_none_where_the_store_hangs(running: Callable[[Page], Running]) -> None:
    with_hub = running(page(counting("a")))
    channel = with_hub.hub.watch(DARK)
    first = with_hub.next()
    with_hub.hub.unwatch(channel)
    with_hub.source.hang()
    try:
        assert with_hub.source.hanging.wait(10)
        channel.painted_s -= 20
        with_hub.hub.watch(DARK)
        now_s = time.monotonic()
        assert channel.shown(now_s) is None
        assert channel.shown(now_s + ANEW_S) is first
    finally:
        with_hub.source.answer()


def test_more_places_than_there_is_time_for_take_turns(
    running: Callable[[Page], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.hub.PAINT_SHARE", 0.0)
    with_hub = running(page(counting("a")))
    places = [Place("test", Scope(unit.code), "vi", "dark") for unit in WORLD.units[:5]]
    for place in places:
        with_hub.hub.watch(place)
    assert {with_hub.delivered.get(timeout=10)[0] for _ in places} == set(places), "the first picture waits for nobody"
    with_hub.source.show(picture(2))
    assert [with_hub.delivered.get(timeout=10)[0] for _ in places], "each has its turn, one a tick"
    assert with_hub.hub.waited > 0


def test_the_same_error_at_the_same_line_has_the_same_code() -> None:
    def fail() -> str:
        try:
            raise ValueError("x")
        except ValueError as error:
            return error_code(error)

    assert fail() == fail()
    assert len(fail()) == 4
