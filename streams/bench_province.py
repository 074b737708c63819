"""A province's history as facts, made quickly and the same for the same seed: for `ioc bench history`.

Per 1,000 events: 700 uses of services (ten services over all places, by the hours of a day), 200 steps of cases (lives
of days with supplements, some late, some never finished), 30 steps of incidents, 69 words of 400 cameras, one measured
figure. Nobody's real data is in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ioc.facts import (
    CaseEvent,
    Fact,
    HealthEvent,
    IncidentEvent,
    IncidentState,
    IndicatorEvent,
    Status,
    Topic,
    UsageEvent,
)
from ioc.world import World

DAY_US = 86_400_000_000
HOUR_US = DAY_US // 24
STEPS_A_CASE = 5
STEPS_AN_INCIDENT = 4
CAMERAS = 400
OUTCOMES = np.array([1] * 97 + [2] * 2 + [3])
HOURS = np.array([1, 1, 1, 1, 1, 2, 4, 8, 14, 16, 15, 11, 7, 12, 15, 14, 11, 7, 5, 5, 4, 3, 2, 1], dtype=float)
"""How busy each local hour is."""

Made = tuple[Topic, Fact]


@dataclass
class Province:
    """Makes one day after another; steps of cases that lie beyond their first day wait for theirs."""

    world: World
    events_a_day: int
    seed: int = 20261125
    later: dict[int, list[CaseEvent]] = field(default_factory=lambda: defaultdict(list))
    cases: int = 0
    incidents: int = 0
    uses: int = 0

    def __post_init__(self) -> None:
        """Numbers of places, services and kinds as arrays; days before the first have begun cases already."""
        self.dice = np.random.default_rng(self.seed)
        own = [unit for unit in self.world.units if unit.pack == self.world.pack]
        self.places = np.array([unit.no for unit in own if unit.kind in ("commune", "district")])
        self.offices = np.array([unit.no for unit in own])
        self.departments = np.array([unit.no for unit in own if unit.kind not in ("commune", "district")])
        numbers = {unit.code: unit.no for unit in own}
        self.above = np.zeros(max(self.offices) + 1, dtype=np.int64)
        for unit in own:
            self.above[unit.no] = numbers.get(unit.parent or "", unit.no)
        self.services = np.array(list(self.world.service_numbers.values()))
        self.kinds = list(self.world.kinds)
        self.measured = list(self.world.indicators)

    def day(self, day: int, begins_us: int) -> Iterator[Made]:
        """The facts of day number ``day`` that begins at ``begins_us``, in the order of their moments."""
        made: list[Made] = [
            *self._uses(begins_us, self.events_a_day * 700 // 1000),
            *self._cases(day, begins_us, self.events_a_day * 200 // 1000),
            *self._incidents(begins_us, self.events_a_day * 30 // 1000),
            *self._words(begins_us, day, self.events_a_day * 69 // 1000),
            *self._figures(begins_us, day, self.events_a_day // 1000),
        ]
        made.sort(key=lambda one: one[1].at_us)
        return iter(made)

    def _moments(self, begins_us: int, how_many: int) -> npt.NDArray[np.int64]:
        """Sorted moments of a day that begins at any hour: busy when people are (UTC+7)."""
        first = (begins_us // HOUR_US + 7) % 24
        shares = np.roll(HOURS, -first) / HOURS.sum()
        hours = self.dice.choice(24, how_many, p=shares)
        return np.sort(begins_us + hours * HOUR_US + self.dice.integers(0, HOUR_US, how_many))

    def _uses(self, begins_us: int, how_many: int) -> Iterator[Made]:
        at = self._moments(begins_us, how_many).tolist()
        service = self.dice.choice(self.services, how_many).tolist()
        unit = self.dice.choice(self.places, how_many).tolist()
        outcome = self.dice.choice(OUTCOMES, how_many).tolist()
        count = self.dice.integers(1, 20, how_many).tolist()
        amount = (self.dice.integers(0, 400, how_many) * 1000).tolist()
        paid = self.dice.random(how_many) < 0.15
        first = self.uses
        self.uses += how_many
        for n in range(how_many):
            yield (
                Topic.USAGE,
                UsageEvent(
                    f"u-{first + n:012d}", at[n], service[n], "visit", unit[n], outcome[n], count[n], 180,
                    amount[n] if paid[n] else None,
                ),
            )  # fmt: skip

    def _cases(self, day: int, begins_us: int, how_many: int) -> Iterator[Made]:
        for began in range(day - 9, day + 1) if day == 0 else (day,):
            self._begin_cases(began, begins_us + (began - day) * DAY_US, how_many // STEPS_A_CASE)
        for early in [one for one in self.later if one < day]:
            del self.later[early]
        return ((Topic.CASES, step) for step in self.later.pop(day, ()))

    def _begin_cases(self, day: int, begins_us: int, how_many: int) -> None:
        """Lives of the cases that are received on a day: three steps for most, six for those that need a supplement."""
        received = self._moments(begins_us, how_many).tolist()
        hours = self.dice.gamma(2.0, 7.0, (how_many, 6)).cumsum(axis=1)
        due_days = self.dice.integers(3, 20, how_many).tolist()
        served = self.dice.choice(self.places, how_many)
        far = self.dice.random(how_many)
        elsewhere = np.where(far < 0.9, self.above[served], self.dice.choice(self.departments, how_many))
        place = np.where(far < 0.6, served, elsewhere).tolist()
        counter = served.tolist()
        channel = self.dice.choice([1, 2, 2, 2, 3], how_many).tolist()
        kind = self.dice.random(how_many).tolist()
        for n in range(how_many):
            no = self.cases + n
            walk = [Status.RECEIVED, Status.PROCESSING, Status.PROCESSING]
            if kind[n] < 0.3:
                walk += [Status.SUPPLEMENT_REQUESTED, Status.PROCESSING]
            if kind[n] < 0.97:
                walk.append(Status.FINISHED)
            due_us = received[n] + due_days[n] * DAY_US
            for turn, status in enumerate(walk):
                at_us = received[n] + (int(hours[n, turn - 1] * HOUR_US) if turn else 0)
                event = CaseEvent(
                    f"c-{no:09d}-{turn}", at_us, f"000.00.12.H09-{no:09d}", status, place[n], counter[n], channel[n],
                    due_us, "1.001193",
                )  # fmt: skip
                self.later[day + (at_us - begins_us) // DAY_US].append(event)
        self.cases += how_many

    def _incidents(self, begins_us: int, how_many: int) -> Iterator[Made]:
        number = how_many // STEPS_AN_INCIDENT
        at = self._moments(begins_us, number).tolist()
        place = self.dice.choice(self.places, number).tolist()
        minutes = self.dice.integers(2, 12, (number, STEPS_AN_INCIDENT)).cumsum(axis=1).tolist()
        grave = self.dice.choice([1, 1, 2, 2, 2, 3, 4], number).tolist()
        walk = (IncidentState.DETECTED, IncidentState.ACKNOWLEDGED, IncidentState.VERIFIED, IncidentState.RESOLVED)
        first = self.incidents
        self.incidents += number
        for n in range(number):
            no, slow = (
                first + n,
                at[n] % 200 == 0,
            )  # a slow one is settled on the next day: what is open does not pile up
            for turn, state in enumerate(walk):
                after_minutes = minutes[n][turn] + (1200 if slow and turn > 1 else 0)
                yield (
                    Topic.CAMERAS,
                    IncidentEvent(
                        f"i-{no:09d}-{turn}", at[n] + after_minutes * 60_000_000, f"i-{no:09d}",
                        f"cam-{no % CAMERAS}", place[n], self.kinds[no % len(self.kinds)], grave[n], state,
                    ),
                )  # fmt: skip

    def _words(self, begins_us: int, day: int, how_many: int) -> Iterator[Made]:
        at = np.sort(begins_us + self.dice.integers(0, DAY_US, how_many)).tolist()
        status = self.dice.choice([1] * 96 + [2] * 3 + [3], how_many).tolist()
        for n in range(how_many):
            camera = n % CAMERAS
            place = int(self.places[camera % len(self.places)])
            yield Topic.CAMERAS, HealthEvent(f"h-{day}-{n}", at[n], f"cam-{camera}", place, status[n])

    def _figures(self, begins_us: int, day: int, how_many: int) -> Iterator[Made]:
        for n, at in enumerate(self._moments(begins_us, how_many).tolist()):
            code, place = self.measured[n % len(self.measured)], int(self.offices[n % len(self.offices)])
            yield Topic.INDICATORS, IndicatorEvent(f"m-{day}-{n}", at, code, place, float(n % 100), n % 3 != 0)
