"""Certified copies and signatures: the bulk of a commune's counter, done the same day.

3,500 a usual working day for Bình Dương's people (73.5 % of one ward's cases in July 2025 were certifications).
"""

from __future__ import annotations

import numpy as np

from ioc.world import Procedure
from streams.simulate.case_lives import COUNTER, ONLINE, CaseColumns, CasePlan, Step
from streams.simulate.draws import by_rank, drawn, generator
from streams.simulate.lives import never
from streams.simulate.office_days import MINUTE_MS, OfficeDays
from streams.simulate.places import Places
from streams.simulate.rhythm import COUNTER as COUNTER_HOURS
from streams.simulate.rhythm import ONLINE as ONLINE_HOURS
from streams.simulate.rhythm import SATURDAY_COUNTER, day_volume

CASES_A_DAY = 3500.0
AFTER_THIS_TOMORROW_MIN = 900
"""Papers that come in after 15:00 may be certified the next working day (decree 23/2015, as practice goes)."""
BUSIEST = 1.5


class Certificates:
    """The stream of same-day cases."""

    name = "certificates"
    first_number = 3001
    horizon_days = 21

    def __init__(self, places: Places, procedures: list[Procedure], days: OfficeDays, seed: int) -> None:
        self.places, self.days, self.seed = places, days, seed
        self.procedures = [p for p in procedures if p.family == "certification"]
        self._demand = by_rank(CASES_A_DAY * places.scale, len(self.procedures), 1.6)
        self._online = np.array([0.42 if p.online_eligible else 0.0 for p in self.procedures])
        self._diligence = places.diligence()

    def plan(self, day: int) -> CasePlan:
        """The papers brought or sent in on a day."""
        rng, days = generator(self.seed, self.name, day), self.days
        volume = day_volume(days, day, generator(self.seed, "volume", day))
        procedure = drawn(rng, self._demand, BUSIEST)
        size = len(procedure)
        channel = np.where(rng.random(size) < self._online[procedure], ONLINE, COUNTER).astype(np.int64)
        keep = rng.random(size) * BUSIEST < np.where(channel == ONLINE, volume.online, volume.counter)
        procedure, channel = procedure[keep], channel[keep]
        size, online = len(procedure), channel == ONLINE

        commune = self.places.draw_communes(rng, size)
        hours = COUNTER_HOURS if days.works[day] else SATURDAY_COUNTER
        came_ms = days.midnight_ms[day] + np.where(online, ONLINE_HOURS.draw_ms(rng, size), hours.draw_ms(rng, size))
        taken_up_ms = days.moment_ms(days.office_min(came_ms) + 2 + rng.exponential(18, size))
        received_ms = np.where(online, taken_up_ms, came_ms)
        minute = (received_ms - days.midnight_ms[days.day_of(received_ms)]) // MINUTE_MS
        working = days.works[days.day_of(received_ms)]
        due_ms = days.due(received_ms, np.where((minute >= AFTER_THIS_TOMORROW_MIN) | ~working, 1, 0))[1]

        moments = np.zeros((size, len(Step)), dtype=np.int64)
        moments[online, Step.SUBMITTED] = came_ms[online]
        moments[:, Step.RECEIVED] = received_ms
        work = 6 + rng.gamma(2.0, 14.0, size)
        late = rng.random(size) < 0.0006 * self._diligence[commune]
        work = np.where(late, 480 + rng.uniform(0, 700, size), work)
        in_office = days.moment_ms(days.office_min(received_ms) + work)
        on_saturday = received_ms + (work * MINUTE_MS).astype(np.int64)
        finished = np.where(working | late, in_office, on_saturday)
        moments[:, Step.APPRAISED] = np.where(rng.random(size) < 0.35, (received_ms + finished) // 2, 0)
        lunch = moments[:, Step.APPRAISED] > finished
        moments[lunch, Step.APPRAISED] = 0
        moments[:, Step.FINISHED] = finished
        moments[:, Step.RETURNED] = finished + (rng.uniform(0.5, 9, size) * MINUTE_MS).astype(np.int64)
        refused = rng.random(size) < 0.006
        moments[refused, Step.NOT_ACCEPTED] = received_ms[refused]
        never(moments, refused, (Step.RECEIVED, Step.APPRAISED, Step.FINISHED, Step.RETURNED))
        return CasePlan(
            stream=self.name,
            seed=self.seed,
            day=day,
            stamp=days.stamp(day),
            first_number=self.first_number,
            zone=days.zone,
            places=self.places,
            procedures=self.procedures,
            columns=CaseColumns(
                moments, procedure, commune, commune, commune, channel, due_ms, np.zeros(size, dtype=np.int64)
            ),
        )
