"""The course of a dossier from its receipt to its result, laid out in office minutes.

A case is given a span of office time from receipt to finish: a part of what its deadline allows, or more where it is
late. Its steps lie at shares of that span; a pause (a supplement asked for, a payment) pushes all that follows, and
nothing but the answer happens within it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streams.simulate.case_lives import Step
from streams.simulate.draws import Bools, Floats, Ints
from streams.simulate.lives import never
from streams.simulate.office_days import DAY_MIN, OfficeDays

NEW_DAY_AFTER_DAYS = 5
"""How many working days later the apology sets the new day."""


@dataclass(frozen=True, slots=True)
class Course:
    """What decides a course, a row a case; ``due_number`` is the working day whose end is the deadline."""

    online: Bools
    due_number: Ints
    late_share: Floats
    supplement_share: Floats
    pays_on_the_way: Bools
    provincial: Bools


def lay_out(rng: np.random.Generator, days: OfficeDays, moments: Ints, course: Course) -> Ints:
    """Fills ``moments`` [case, Step] after `Step.RECEIVED`; gives the due moment after an extension (0 = none)."""
    size = len(moments)
    luck = rng.random((size, 10))
    began = days.office_min(moments[:, Step.RECEIVED])
    allotted = np.maximum((course.due_number + 1) * float(DAY_MIN) - began, 60.0)
    late = luck[:, 0] < course.late_share
    overrun = 40 + np.minimum(rng.exponential(2.6 * DAY_MIN, size), 13 * DAY_MIN)
    span = np.clip(allotted * (0.03 + 0.93 * rng.beta(2.4, 1.5, size)), 20, None)
    span = np.where(late, allotted + overrun, span)

    supplement = luck[:, 1] < course.supplement_share
    payment = (luck[:, 2] < 0.5) & course.pays_on_the_way & ~supplement
    pause_at = np.where(supplement, rng.uniform(0.12, 0.5, size), 0.72)
    waits_days = np.where(
        supplement,
        np.clip(rng.exponential(1.6, size), 0.12, 10.0),
        np.clip(rng.exponential(0.6, size), 0.03, 4.0),
    )
    pause = np.where(supplement | payment, waits_days * DAY_MIN, 0.0)

    def put(step: Step, share: Floats | float, chosen: Bools | None = None) -> None:
        place = began + span * share + np.where(share > pause_at, pause, 0.0)
        moments[:, step] = days.moment_ms(place) if chosen is None else np.where(chosen, days.moment_ms(place), 0)

    put(Step.ASSIGNED, rng.uniform(0.01, 0.1, size), course.provincial | (luck[:, 4] < 0.35))
    put(Step.APPRAISED, rng.uniform(0.16, 0.6, size))
    put(Step.SUPPLEMENT, pause_at, supplement)
    put(Step.PAYMENT, pause_at, payment)
    answered = days.moment_ms(began + span * pause_at + pause)
    moments[:, Step.SUPPLEMENTED] = np.where(supplement, answered, 0)
    moments[:, Step.PAID] = np.where(payment, answered, 0)
    put(Step.PUT_UP, rng.uniform(0.82, 0.9, size), course.provincial | (luck[:, 4] > 0.5))
    put(Step.SIGNED, rng.uniform(0.92, 0.98, size), course.provincial & (luck[:, 5] < 0.75))
    put(Step.FINISHED, 1.0)
    by_mail = course.online & (luck[:, 6] < 0.8)
    collects = np.where(by_mail, rng.uniform(0.1, 25, size), 8 + rng.exponential(0.7 * DAY_MIN, size))
    collected = days.moment_ms(began + span + pause + np.minimum(collects, 8 * DAY_MIN))
    moments[:, Step.RETURNED] = np.where(luck[:, 7] < 0.96, collected, 0)

    extended_due_ms = _extend(days, moments, course.due_number, late & (pause == 0), luck[:, 8])
    _give_up(days, moments, began + span * 0.6, supplement & (luck[:, 3] < 0.05), luck[:, 7])
    _withdraw(days, moments, began + span * 0.6, ~late & (pause == 0) & (luck[:, 9] < 0.007))
    _refuse(moments, luck[:, 9] > np.where(course.online, 0.981, 0.993))
    return extended_due_ms


def _extend(days: OfficeDays, moments: Ints, due_number: Ints, chosen: Bools, luck: Floats) -> Ints:
    """A third of the late cases are given a new day in time, some only when they are late already."""
    before = days.moment_ms(due_number * float(DAY_MIN) - 90)
    after = days.moment_ms((due_number + 1) * float(DAY_MIN) + 35)
    in_time = chosen & (luck < 0.3) & (before > moments[:, Step.RECEIVED])
    at = np.where(in_time, before, np.where(chosen & (luck > 0.88), after, 0))
    at = np.where(at < moments[:, Step.FINISHED], at, 0)
    moments[:, Step.EXTENDED] = at
    return np.where(at > 0, days.closing_ms(due_number + NEW_DAY_AFTER_DAYS), 0)


def _give_up(days: OfficeDays, moments: Ints, place: Floats, chosen: Bools, luck: Floats) -> None:
    """Applicants who never answer: the case stays paused, or is withdrawn after some days."""
    asked = moments[:, Step.SUPPLEMENT, None]
    moments[chosen[:, None] & (moments > asked)] = 0
    leaves = days.moment_ms(place + 4 * DAY_MIN)
    moments[:, Step.WITHDRAWN] = np.where(chosen & (luck < 0.6), leaves, moments[:, Step.WITHDRAWN])


def _withdraw(days: OfficeDays, moments: Ints, place: Floats, chosen: Bools) -> None:
    """Applicants who take their case back while it is being worked on."""
    leaves = days.moment_ms(place)
    moments[chosen[:, None] & (moments > leaves[:, None])] = 0
    moments[:, Step.WITHDRAWN] = np.where(chosen, leaves, moments[:, Step.WITHDRAWN])


def _refuse(moments: Ints, chosen: Bools) -> None:
    """Cases that are not accepted: told at the moment at which they would have been received."""
    moments[chosen, Step.NOT_ACCEPTED] = moments[chosen, Step.RECEIVED]
    never(moments, chosen, (Step.RECEIVED, *range(Step.NOT_ACCEPTED + 1, len(Step))))
