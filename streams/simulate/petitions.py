"""Petitions (phản ánh, kiến nghị): about 300 a day through 1022 and the app, as cases of a procedure family.

Handled within 15 working days, refused or passed on within 2, a supplement asked within 5 (rules of Decision 766).
The centre of 1022 takes them in at any hour and hands them to a commune or a department: each is one transfer.
"""

from __future__ import annotations

import numpy as np

from ioc.world import Procedure
from streams.simulate.case_lives import COUNTER, ONLINE, CaseColumns, CasePlan, Step
from streams.simulate.draws import Ints, by_rank, drawn, generator
from streams.simulate.lives import never
from streams.simulate.office_days import DAY_MIN, MINUTE_MS, OfficeDays
from streams.simulate.places import Places
from streams.simulate.rhythm import CITIZENS, day_volume

PETITIONS_A_DAY = 300.0
ANSWERED_WITHIN_DAYS = 15


class Petitions:
    """The stream of petitions."""

    name = "petitions"
    first_number = 7001
    horizon_days = 70

    def __init__(self, places: Places, procedures: list[Procedure], days: OfficeDays, seed: int) -> None:
        self.places, self.days, self.seed = places, days, seed
        self.procedures = [p for p in procedures if p.family == "petition"]
        self._demand = by_rank(PETITIONS_A_DAY * places.scale, len(self.procedures), 0.7)
        self._department: Ints = np.array(
            [places.department(p.department) if p.department else -1 for p in self.procedures], dtype=np.int64
        )
        self._diligence = places.diligence()

    def plan(self, day: int) -> CasePlan:
        """The petitions of a day."""
        rng, days, places = generator(self.seed, self.name, day), self.days, self.places
        volume = day_volume(days, day, generator(self.seed, "volume", day))
        procedure = drawn(rng, self._demand, volume.petitions)
        size = len(procedure)
        department = self._department[procedure]
        commune = places.draw_communes(rng, size)
        handling = np.where(department >= 0, department, commune)
        centre = np.full(size, places.department("D-SKHCN"), dtype=np.int64)
        channel = np.where(rng.random(size) < 0.82, ONLINE, COUNTER).astype(np.int64)

        came_ms = days.midnight_ms[day] + CITIZENS.draw_ms(rng, size)
        received_ms = came_ms + ((4 + rng.exponential(35, size)) * MINUTE_MS).astype(np.int64)
        _, due_ms = days.due(received_ms, np.full(size, ANSWERED_WITHIN_DAYS, dtype=np.int64))
        began = days.office_min(received_ms)
        passed = began + 10 + np.minimum(rng.exponential(150, size), 800)
        allotted = days.office_min(due_ms - MINUTE_MS) - passed
        span = allotted * (0.02 + 0.93 * rng.beta(1.6, 2.2, size))
        late = rng.random(size) < np.minimum(0.012 * self._diligence[handling], 0.08)
        span = np.where(late, allotted + 30 + np.minimum(rng.exponential(2.5 * DAY_MIN, size), 12 * DAY_MIN), span)
        asked = rng.random(size) < 0.035
        ask = np.minimum(span * 0.3, 4.5 * DAY_MIN)
        pause = np.where(asked, np.clip(rng.exponential(DAY_MIN, size), 30, 6 * DAY_MIN), 0.0)

        moments = np.zeros((size, len(Step)), dtype=np.int64)
        moments[:, Step.SUBMITTED] = np.where(channel == ONLINE, came_ms, 0)
        moments[:, Step.RECEIVED] = received_ms
        moments[:, Step.TRANSFERRED] = days.moment_ms(passed)
        moments[:, Step.SUPPLEMENT] = np.where(asked, days.moment_ms(passed + ask), 0)
        moments[:, Step.SUPPLEMENTED] = np.where(asked, days.moment_ms(passed + ask + pause), 0)
        moments[:, Step.APPRAISED] = days.moment_ms(passed + span * 0.55 + pause)
        finished = days.moment_ms(passed + span + pause)
        moments[:, Step.FINISHED] = finished
        published = days.moment_ms(passed + span + pause + rng.uniform(20, 1.6 * DAY_MIN, size))
        moments[:, Step.RETURNED] = published
        refused = rng.random(size) < 0.03
        moments[refused, Step.NOT_ACCEPTED] = moments[refused, Step.TRANSFERRED]
        gone = [Step.RECEIVED, *range(Step.NOT_ACCEPTED + 1, len(Step))]
        never(moments, refused, gone)
        return CasePlan(
            stream=self.name,
            seed=self.seed,
            day=day,
            stamp=days.stamp(day),
            first_number=self.first_number,
            zone=days.zone,
            places=places,
            procedures=self.procedures,
            columns=CaseColumns(
                moments,
                procedure,
                centre,
                handling,
                centre,
                channel,
                due_ms,
                np.zeros(size, dtype=np.int64),
            ),
        )
