"""Which screens are called frozen or gone, and when they are well again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from dashboards.watchdog import FROZEN_S, GONE_MOST, GONE_S, ScreenSeen, Watchdog

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WALL = ScreenSeen("wall-1", "wall", "74", "vi", "10.0.0.7", "b1", AT, AT, "paints", 5, 6)


@dataclass
class Client:
    screen: ScreenSeen

    def seen(self) -> ScreenSeen:
        return self.screen


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_a_screen_that_says_that_it_paints_is_well() -> None:
    (seen,) = Watchdog().call([Client(WALL)], later(FROZEN_S - 0.1))
    assert seen == WALL


def test_one_that_is_connected_and_silent_is_frozen_until_it_speaks() -> None:
    watchdog = Watchdog()
    (seen,) = watchdog.call([Client(WALL)], later(FROZEN_S + 0.1))
    assert seen.state == "frozen"
    (seen,) = watchdog.call([Client(replace(WALL, heard_at=later(8)))], later(9))
    assert seen.state == "paints"


def test_one_that_never_paints_at_all_is_frozen_too() -> None:
    (seen,) = Watchdog().call([Client(replace(WALL, state="joins"))], later(FROZEN_S + 1))
    assert seen.state == "frozen"


def test_a_broken_connection_makes_it_gone_unless_it_comes_back() -> None:
    watchdog = Watchdog()
    watchdog.left(WALL, 1006, later(0))
    assert watchdog.call([], later(GONE_S - 1)) == (), "it may be reconnecting"
    (seen,) = watchdog.call([], later(GONE_S + 1))
    assert (seen.state, seen.name, seen.heard_at) == ("gone", "wall-1", AT)
    back = replace(WALL, since=later(60), heard_at=later(60), address="10.0.0.9")
    assert [seen.state for seen in watchdog.call([Client(back)], later(61))] == ["paints"]
    assert [seen.state for seen in watchdog.call([], later(62))] == []


def test_who_says_goodbye_is_not_missed() -> None:
    watchdog = Watchdog()
    for code in (1000, 1001):
        watchdog.left(WALL, code, AT)
    assert watchdog.call([], later(100)) == ()


def test_the_gone_are_forgotten_after_a_day_and_never_too_many() -> None:
    watchdog = Watchdog()
    for number in range(GONE_MOST + 50):
        watchdog.left(replace(WALL, name=f"s{number}"), 1006, AT)
    assert len(watchdog.call([], later(100))) == GONE_MOST
    assert watchdog.call([], AT + timedelta(days=1, minutes=1)) == ()


def test_trouble_is_listed_first() -> None:
    watchdog = Watchdog()
    watchdog.left(replace(WALL, name="lost"), 1006, AT)
    frozen = replace(WALL, name="ice", heard_at=AT)
    well = replace(WALL, name="a", heard_at=later(60))
    assert [seen.name for seen in watchdog.call([Client(well), Client(frozen)], later(60))] == ["lost", "ice", "a"]
