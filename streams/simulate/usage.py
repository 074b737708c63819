"""Use of the digital services: `ioc.usage.v1`, in counts of a few dozen, with errors and outages.

Daily uses are for Bình Dương's people; the app had two million visits in its first years, 1022 takes about 300 calls
a day. An outage of 10 to 40 minutes hits some service about once a day: most attempts fail or time out.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from streams.sent import USAGE, Sent
from streams.simulate.draws import Bools, Ints, delays_ms, generator
from streams.simulate.lives import Plan
from streams.simulate.office_days import MINUTE_MS, OfficeDays
from streams.simulate.places import Places
from streams.simulate.rhythm import CITIZENS, COUNTER, MACHINES, ONLINE, Hours, day_volume

MOST = 37
OUTAGES_A_DAY = 0.11
"""Outages a day of each service."""


@dataclass(frozen=True, slots=True)
class Habit:
    """One service: uses a day, how many one event counts on average, hours, actions, errors, time and money a use."""

    service: str
    a_day: float
    batch: float
    hours: Hours
    actions: tuple[str, ...]
    error_share: float
    duration_ms: float
    central: float
    """The part that belongs to no commune: counted at the province itself."""
    weekend: float = 1.0
    amount_vnd: float = 0.0
    asked: bool = False
    """Whether people are asked if they are satisfied."""


HABITS = (
    Habit("portal", 62_000, 14, ONLINE, ("visit", "visit", "lookup", "submit"), 0.008, 640, 0.15, 0.45),
    Habit("app", 28_000, 9, CITIZENS, ("visit", "login", "lookup", "feedback"), 0.012, 420, 0.1, 0.9),
    Habit("payment", 6_200, 2.2, ONLINE, ("pay",), 0.016, 1150, 0.05, 0.35, amount_vnd=148_000),
    Habit("eid", 21_000, 9, ONLINE, ("login", "verify"), 0.022, 880, 0.1, 0.5),
    Habit("hotline_1022", 900, 1, CITIZENS, ("call",), 0.02, 165_000, 0.0, 0.8, asked=True),
    Habit("lgsp", 96_000, 31, MACHINES, ("query",), 0.006, 210, 1.0, 0.5),
    Habit("mooc", 2_400, 2.5, CITIZENS, ("lesson", "lesson", "enrol"), 0.004, 900, 0.0, 0.6),
    Habit("ecommerce", 1_500, 2, CITIZENS, ("order",), 0.01, 760, 0.0, 1.1, amount_vnd=236_000),
    Habit("community_team", 700, 1.6, COUNTER, ("assist",), 0.003, 420_000, 0.0, 0.3, asked=True),
    Habit("digital_address", 620, 2, COUNTER, ("assign", "lookup"), 0.006, 330, 0.0, 0.2),
)
OUTCOMES = ("ok", "error", "timeout")


class Usage:
    """The stream of service use."""

    name = "usage"
    horizon_days = 3

    def __init__(self, places: Places, services: list[str], days: OfficeDays, seed: int) -> None:
        self.places, self.days, self.seed = places, days, seed
        self.habits = [habit for habit in HABITS if habit.service in services]

    def plan(self, day: int) -> UsagePlan:
        """The uses of a day."""
        rng, days, places = generator(self.seed, self.name, day), self.days, self.places
        volume = day_volume(days, day, generator(self.seed, "volume", day))
        columns: list[tuple[Ints, Ints, Ints, Ints, Ints, Ints]] = []
        for at, habit in enumerate(self.habits):
            factor = habit.weekend if not days.works[day] else volume.online
            size = int(rng.poisson(habit.a_day * places.scale * factor / habit.batch))
            moments = habit.hours.draw_ms(rng, size)
            count = np.minimum(1 + rng.poisson(habit.batch - 1, size), MOST)
            unit = np.where(rng.random(size) < habit.central, places.root, places.draw_communes(rng, size))
            outcome, slow = _outcomes(rng, habit, moments)
            count = np.where((outcome > 0) & ~slow, np.maximum(count // 8, 1), count)
            duration = habit.duration_ms * np.exp(rng.normal(0, 0.35, size)) * np.where(slow, 9, 1)
            lasted: Ints = np.where(outcome == 2, 30_000, np.minimum(duration, 3_000_000)).astype(np.int64)
            columns.append((np.full(size, at, dtype=np.int64), moments, unit, count, outcome, lasted))
        habit_at, moments, unit, count, outcome, lasted = (
            np.concatenate([column[which] for column in columns]).astype(np.int64) if columns else np.zeros(0, np.int64)
            for which in range(6)
        )
        return UsagePlan(
            self.habits,
            self.places,
            days.zone,
            days.stamp(day),
            occurred_ms=days.midnight_ms[day] + moments,
            habit=habit_at,
            unit=unit,
            count=count,
            outcome=outcome,
            duration=lasted,
            rng=rng,
        )


class UsagePlan(Plan):
    """The uses of one day; each is a life of one event."""

    def __init__(
        self,
        habits: list[Habit],
        places: Places,
        zone: ZoneInfo,
        stamp: str,
        *,
        occurred_ms: Ints,
        habit: Ints,
        unit: Ints,
        count: Ints,
        outcome: Ints,
        duration: Ints,
        rng: np.random.Generator,
    ) -> None:
        size = len(occurred_ms)
        super().__init__(zone, (occurred_ms, np.arange(size), np.zeros(size, np.int64)), delays_ms(rng, size), size)
        self.habits, self.places, self.stamp = habits, places, stamp
        self.habit, self.unit, self.count, self.outcome, self.duration = habit, unit, count, outcome, duration
        self.money = np.exp(rng.normal(-0.18, 0.6, size))
        self.luck = rng.random(size)

    def build(self, rows: Ints) -> list[Sent]:
        """The records of some rows; keyed by unit."""
        built = []
        codes = self.places.codes
        for row in rows.tolist():
            use = int(self.life[row])
            habit = self.habits[int(self.habit[use])]
            unit, count, outcome = codes[int(self.unit[use])], int(self.count[use]), OUTCOMES[int(self.outcome[use])]
            luck = float(self.luck[use])
            value: dict[str, object] = {
                "event_id": f"s-u-{self.stamp}-{use:06d}",
                "occurred_at": self.text(int(self.occurred_ms[row])),
                "service": habit.service,
                "action": habit.actions[int(luck * len(habit.actions))],
                "unit": unit,
                "outcome": outcome,
                "count": count,
                "duration_ms": int(self.duration[use]),
            }
            if habit.amount_vnd and outcome == "ok":
                value["amount_vnd"] = int(habit.amount_vnd * float(self.money[use])) // 1000 * 1000 * count
            if habit.asked and outcome == "ok" and luck < 0.4:
                value["satisfied"] = luck < 0.37
            built.append(Sent(self.moment(int(self.at_ms[row])), USAGE, unit, value))
        return built


def _outcomes(rng: np.random.Generator, habit: Habit, moments: Ints) -> tuple[Ints, Bools]:
    """(outcome, within an outage) of each use; an outage is drawn for the service and the day."""
    size = len(moments)
    failed = rng.random(size) < habit.error_share * habit.batch / max(habit.batch / 8, 1)
    timed_out = rng.random(size) < 0.25
    down = np.zeros(size, dtype=np.bool_)
    for _ in range(int(rng.poisson(OUTAGES_A_DAY))):
        began = rng.uniform(6 * 60, 22 * 60) * MINUTE_MS
        ended = began + rng.uniform(10, 40) * MINUTE_MS
        down |= (moments >= began) & (moments < ended)
    failed |= down & (rng.random(size) < 0.72)
    timed_out |= down & (rng.random(size) < 0.5)
    return np.where(failed, np.where(timed_out, 2, 1), 0).astype(np.int64), down & failed
