"""The simulator is a pure function of seed, world and interval, whoever asks and in whatever pieces."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.settings import Settings, Units
from ioc.world import load_world
from streams.sent import Sent
from streams.simulate.pace import backfill, history_start, paced
from streams.simulate.run import simulate
from streams.simulate.simulation import Simulation
from tests.unit.simulate_kit import FakeClock, Kept

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
WORLD = load_world(Settings(units=Units(pack="binhphuoc")), date(2026, 11, 23))
"""The smaller province: the same code in a third of the time."""
WEDNESDAY = datetime(2026, 11, 18, tzinfo=ZONE)
ONE_HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(WORLD, 7, ZONE)


@pytest.fixture(scope="module")
def morning(simulation: Simulation) -> list[Sent]:
    return list(simulation.events_between(WEDNESDAY + 7 * ONE_HOUR, WEDNESDAY + 11 * ONE_HOUR))


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 4 * 3_600_000 - 1), max_size=6))
def test_any_cut_of_an_interval_gives_the_same_events(cuts: list[int]) -> None:
    simulation, whole = CUT
    edges = [WEDNESDAY + 7 * ONE_HOUR + timedelta(milliseconds=ms) for ms in [0, *sorted(cuts), 4 * 3_600_000]]
    pieces = [event for low, high in pairwise(edges) for event in simulation.piece(low, high)]
    assert pieces == whole


CUT_SIMULATION = Simulation(WORLD, 7, ZONE)
CUT = (CUT_SIMULATION, CUT_SIMULATION.piece(WEDNESDAY + 7 * ONE_HOUR, WEDNESDAY + 11 * ONE_HOUR))


def test_a_fresh_simulation_asked_backwards_agrees(morning: list[Sent]) -> None:
    fresh = Simulation(WORLD, 7, ZONE)
    hours = [fresh.piece(WEDNESDAY + n * ONE_HOUR, WEDNESDAY + (n + 1) * ONE_HOUR) for n in (12, 10, 9, 8, 7)]
    assert [event for hour in reversed(hours[1:]) for event in hour] == morning
    assert json.dumps([e.value for e in hours[1]]) == json.dumps([e.value for e in morning[-len(hours[1]) :]])


def test_another_seed_is_another_province(morning: list[Sent]) -> None:
    other = list(Simulation(WORLD, 8, ZONE).events_between(WEDNESDAY + 7 * ONE_HOUR, WEDNESDAY + 11 * ONE_HOUR))
    assert 0.9 < len(other) / len(morning) < 1.1
    assert other != morning


def test_events_come_in_order_and_within_their_interval(morning: list[Sent]) -> None:
    moments = [event.at for event in morning]
    assert moments == sorted(moments)
    assert WEDNESDAY + 7 * ONE_HOUR <= moments[0] <= moments[-1] < WEDNESDAY + 11 * ONE_HOUR


@pytest.mark.parametrize("on", [date(2026, 11, 18), date(2027, 1, 28), date(2027, 2, 3), date(2026, 4, 24)], ids=str)
def test_no_life_outlasts_its_horizon(simulation: Simulation, on: date) -> None:
    at = simulation.days.at(on)
    for stream in simulation.streams:
        assert stream.plan(at).ends_ms < simulation.days.midnight_ms[at + stream.horizon_days], stream.name


def test_history_tells_whole_lives_newest_day_first(simulation: Simulation) -> None:
    now = WEDNESDAY + timedelta(hours=10, minutes=15)
    days: list[date] = []
    found: list[Sent] = []
    for on, events in backfill(simulation, now, 2):
        days.append(on)
        found += events
    assert days[0] == now.date()
    assert days == sorted(days, reverse=True)
    begins = history_start(simulation, now, 2)
    assert begins == datetime(2026, 11, 16, tzinfo=ZONE)
    ids = {(event.topic, event.value["event_id"]) for event in found}
    assert len(ids) == len(found)
    assert all(event.at < now for event in found)

    begun = date(2026, 11, 13)
    told = {event.key for event in found if "case_code" in event.value}
    carried = 0
    for event in simulation.day(begun):
        if "case_code" in event.value:
            if event.key in told:
                carried += 1
                assert event.at >= now or (event.topic, event.value["event_id"]) in ids
            else:
                assert not begins <= event.at < now
    assert carried > 400


def test_after_a_pause_only_what_was_missed_is_told(simulation: Simulation, morning: list[Sent]) -> None:
    resume_at = WEDNESDAY + 7 * ONE_HOUR
    parts = [events for _, events in backfill(simulation, WEDNESDAY + 11 * ONE_HOUR, 7, resume_at=resume_at)]
    assert [event for events in reversed(parts) for event in events] == morning


def event_at(second: float) -> Sent:
    at = WEDNESDAY + timedelta(seconds=second)
    return Sent(at, "ioc.usage.v1", "74", {"event_id": str(second)})


def test_pace_keeps_absolute_deadlines() -> None:
    clock, stop = FakeClock(datetime(2026, 1, 1, tzinfo=UTC)), Event()
    start = clock.time
    left = []
    for group in paced([event_at(n * 0.7) for n in range(100)], clock, 2.0, stop):
        clock.time += timedelta(seconds=0.05)
        left += [(clock.time - start).total_seconds() for _ in group]
    assert len(left) == 100
    for n, second in enumerate(left):
        assert n * 0.35 <= second <= n * 0.35 + 0.2


def test_pace_sends_what_is_overdue_at_once_and_never_early() -> None:
    clock, stop = FakeClock(WEDNESDAY + timedelta(seconds=10)), Event()
    groups = list(paced([event_at(n) for n in range(13)], clock, 1.0, stop, origin=clock.time))
    assert [len(group) for group in groups] == [11, 1, 1]
    assert sum(clock.waits) == pytest.approx(2.0)


def test_without_pace_nothing_waits_and_lists_stay_small() -> None:
    clock = FakeClock(WEDNESDAY)
    groups = list(paced([event_at(n) for n in range(1_200)], clock, None, Event()))
    assert [len(group) for group in groups] == [500, 500, 200]
    assert clock.waits == []


def test_pace_ends_when_it_is_stopped() -> None:
    clock, stop = FakeClock(WEDNESDAY, stop_at=WEDNESDAY + timedelta(seconds=5)), Event()
    sent = [event for group in paced([event_at(n) for n in range(100)], clock, 1.0, stop) for event in group]
    assert len(sent) == 5


def test_live_goes_on_where_history_ended_and_tells_how_far_it_is() -> None:
    start = WEDNESDAY + 9 * ONE_HOUR
    clock, stop, kept = FakeClock(start, stop_at=start + timedelta(seconds=90)), Event(), Kept()
    told: list[datetime] = []
    simulate(
        Settings(), WORLD, kept, seed=7, speed=None, backfill_days=0, stop=stop, clock=clock, sent_until=told.append
    )
    ids = [json.loads(value)["event_id"] for _, _, value in kept.records]
    assert len(set(ids)) == len(ids)
    assert kept.flushed == len(kept.records)
    assert told[0] == start
    assert told == sorted(told)
    assert timedelta(seconds=60) < told[-1] - start <= timedelta(seconds=92)
    expected = Simulation(WORLD, 7, ZONE).piece(WEDNESDAY, start + timedelta(seconds=80))
    assert {str(event.value["event_id"]) for event in expected} <= set(ids)

    again, stop_again = Kept(), Event()
    later = FakeClock(start + timedelta(minutes=5), stop_at=start + timedelta(minutes=6))
    simulate(
        Settings(),
        WORLD,
        again,
        seed=7,
        speed=1.0,
        backfill_days=7,
        stop=stop_again,
        clock=later,
        resume_at=told[-1],
    )
    missed = [json.loads(value)["event_id"] for _, _, value in again.records]
    between = Simulation(WORLD, 7, ZONE).piece(WEDNESDAY, start + timedelta(minutes=5, seconds=50))
    assert {str(event.value["event_id"]) for event in between} <= set(ids) | set(missed)
    twice = set(ids) & set(missed)
    assert all(event.at >= told[-1] for event in between if event.value["event_id"] in twice)


def test_at_speed_the_past_is_replayed_in_order_until_the_present() -> None:
    start = WEDNESDAY + timedelta(hours=7, minutes=30)
    clock, stop, kept = FakeClock(start, stop_at=start + timedelta(seconds=60)), Event(), Kept()
    simulate(Settings(), WORLD, kept, seed=7, speed=3600.0, backfill_days=0, stop=stop, clock=clock)
    moments = [json.loads(value)["occurred_at"] for topic, _, value in kept.records if topic == "ioc.usage.v1"]
    today = [moment for moment in moments if moment >= "2026-11-18"]
    assert today[0] < "2026-11-18T00:30"
    assert today[-1] >= "2026-11-18T07:30:20"
    ids = [json.loads(value)["event_id"] for _, _, value in kept.records]
    assert len(set(ids)) == len(ids)
    expected = Simulation(WORLD, 7, ZONE).piece(WEDNESDAY, start + timedelta(seconds=50))
    assert {str(event.value["event_id"]) for event in expected} <= set(ids)
