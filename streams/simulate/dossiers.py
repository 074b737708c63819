"""Cases with days of processing: received at a one-stop counter or online, decided by a department or a commune.

Volumes for Bình Dương's people: 1,000 a working day for provincial procedures and 1,500 for those of districts and
communes. On time 98 to 99.5 % of what is finished; lateness gathers in land and construction and in a few units that
always have it. Each life is laid out in office minutes from its receipt to its finish; pauses push what follows.
"""

from __future__ import annotations

import math

import numpy as np

from ioc.world import Procedure
from streams.simulate.case_lives import COUNTER, ONLINE, POSTAL, CaseColumns, CasePlan, Step
from streams.simulate.course import Course, lay_out
from streams.simulate.draws import Floats, Ints, by_rank, drawn, generator
from streams.simulate.office_days import OfficeDays
from streams.simulate.places import Places
from streams.simulate.rhythm import COUNTER as COUNTER_HOURS
from streams.simulate.rhythm import ONLINE as ONLINE_HOURS
from streams.simulate.rhythm import SATURDAY_COUNTER, day_volume

CASES_A_DAY: dict[tuple[str, str], float] = {
    ("tinh", "land"): 330,
    ("tinh", "transport"): 175,
    ("tinh", "justice"): 130,
    ("tinh", "business"): 95,
    ("tinh", "labour"): 80,
    ("tinh", "industry"): 45,
    ("tinh", "construction"): 35,
    ("tinh", "health"): 35,
    ("tinh", "education"): 25,
    ("tinh", "culture"): 15,
    ("tinh", "environment"): 15,
    ("tinh", "investment"): 12,
    ("tinh", "science"): 6,
    ("tinh", "complaint"): 2,
    ("huyen", "business"): 120,
    ("huyen", "construction"): 95,
    ("huyen", "land"): 60,
    ("xa", "civil_status"): 690,
    ("xa", "residence"): 420,
    ("xa", "social"): 115,
}
"""Cases a usual working day by level and family, for `REFERENCE_POPULATION`; other families are very rare."""

LATE = {"land": 0.034, "construction": 0.05, "complaint": 0.04, "environment": 0.02, "social": 0.012}
USUALLY_LATE = 0.007
SUPPLEMENT = {"land": 0.065, "construction": 0.085, "civil_status": 0.03, "residence": 0.04}
USUAL_SUPPLEMENT = 0.05
BUSIEST = 1.5


class Dossiers:
    """The stream of cases that take days."""

    name = "dossiers"
    first_number = 1

    def __init__(self, places: Places, procedures: list[Procedure], days: OfficeDays, seed: int) -> None:
        self.places, self.days, self.seed = places, days, seed
        self.procedures = [p for p in procedures if p.family not in ("certification", "petition", "permits")]
        self.demand = _demand(self.procedures) * places.scale
        self.longest_days = max((math.ceil(p.working_days) for p in self.procedures), default=1)
        self.horizon_days = int((self.longest_days + 35) * 1.4) + 14
        self._working_days: Ints = np.array([max(1, math.ceil(p.working_days)) for p in self.procedures])
        self._eligible = np.array([p.online_eligible for p in self.procedures])
        self._fee = np.array([p.fee_vnd > 0 for p in self.procedures])
        self._land = np.array([p.family == "land" for p in self.procedures])
        self._provincial = np.array([p.level == "tinh" for p in self.procedures])
        self._district = np.array([p.level == "huyen" for p in self.procedures])
        self._late: Floats = np.array([LATE.get(p.family, USUALLY_LATE) for p in self.procedures])
        self._supplement: Floats = np.array([SUPPLEMENT.get(p.family, USUAL_SUPPLEMENT) for p in self.procedures])
        self._department: Ints = np.array([places.department(p.department) for p in self.procedures], dtype=np.int64)
        self._diligence = places.diligence()

    def plan(self, day: int) -> CasePlan:
        """The cases that come in on a day."""
        rng = generator(self.seed, self.name, day)
        procedure, channel = self._arrivals(rng, day)
        size = len(procedure)
        receiving, handling = self._units(rng, procedure)
        moments = np.zeros((size, len(Step)), dtype=np.int64)
        came_ms = self._came_ms(rng, day, channel)
        online = channel == ONLINE
        moments[online, Step.SUBMITTED] = came_ms[online]
        queue = self.days.office_min(came_ms) + 3 + rng.exponential(35, size)
        received_ms = np.where(online, self.days.moment_ms(queue), came_ms)
        moments[:, Step.RECEIVED] = received_ms
        number, due_ms = self.days.due(received_ms, self._working_days[procedure])
        course = Course(
            online=online,
            due_number=number,
            late_share=np.minimum(self._late[procedure] * self._diligence[handling], 0.16),
            supplement_share=self._supplement[procedure],
            pays_on_the_way=self._land[procedure] & self._fee[procedure],
            provincial=self._provincial[procedure],
        )
        extended_due_ms = lay_out(rng, self.days, moments, course)
        return CasePlan(
            stream=self.name,
            seed=self.seed,
            day=day,
            stamp=self.days.stamp(day),
            first_number=self.first_number,
            zone=self.days.zone,
            places=self.places,
            procedures=self.procedures,
            columns=CaseColumns(moments, procedure, receiving, handling, handling, channel, due_ms, extended_due_ms),
        )

    def _arrivals(self, rng: np.random.Generator, day: int) -> tuple[Ints, Ints]:
        volume = day_volume(self.days, day, generator(self.seed, "volume", day))
        procedure = drawn(rng, self.demand, BUSIEST)
        size = len(procedure)
        share = np.where(self._eligible[procedure], 0.72, 0.0)
        luck = rng.random(size)
        channel = np.where(luck < share, ONLINE, np.where(luck > 0.975, POSTAL, COUNTER))
        keep = rng.random(size) * BUSIEST < np.where(channel == ONLINE, volume.online, volume.counter)
        return procedure[keep], channel[keep].astype(np.int64)

    def _came_ms(self, rng: np.random.Generator, day: int, channel: Ints) -> Ints:
        hours = COUNTER_HOURS if self.days.works[day] else SATURDAY_COUNTER
        at_counter = hours.draw_ms(rng, len(channel))
        of_day: Ints = np.where(channel == ONLINE, ONLINE_HOURS.draw_ms(rng, len(channel)), at_counter)
        came_ms: Ints = of_day + self.days.midnight_ms[day]
        return came_ms

    def _units(self, rng: np.random.Generator, procedure: Ints) -> tuple[Ints, Ints]:
        """(receiving, handling): provincial cases come in at any one-stop centre and go to their department."""
        places, size = self.places, len(procedure)
        commune = places.draw_communes(rng, size)
        elsewhere = np.where(rng.random(size) < 0.06, places.draw_communes(rng, size), commune)
        district = places.district_of[commune]
        provincial, of_district = self._provincial[procedure], self._district[procedure]
        luck = rng.random(size)
        desk = np.where(luck < 0.45, district, np.where(luck < 0.7, commune, places.root))
        handling = np.where(provincial, self._department[procedure], np.where(of_district, district, commune))
        receiving = np.where(provincial, desk, np.where(of_district, district, elsewhere))
        return receiving, handling


def _demand(procedures: list[Procedure]) -> Floats:
    """Cases a day of each procedure; the first of a family in the catalogue is the most common."""
    demand = np.zeros(len(procedures))
    seen: dict[tuple[str, str], list[int]] = {}
    for at, procedure in enumerate(procedures):
        seen.setdefault((procedure.level, procedure.family), []).append(at)
    for group, members in seen.items():
        demand[members] = by_rank(CASES_A_DAY.get(group, 0.5), len(members))
    return demand
