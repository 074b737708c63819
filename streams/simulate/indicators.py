"""Measured figures of other fields: `ioc.indicators.v1`, told every morning for the day before.

Figures named in the founding documents of Bình Dương (286,947 digital addresses) start from their value; the others
are plausible inventions around the province's targets. They drift slowly and are functions of the date alone, so that
a restart tells the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from ioc.settings import Indicator
from streams.sent import INDICATORS, Sent
from streams.simulate.draws import Floats, Ints, generator
from streams.simulate.lives import Plan
from streams.simulate.office_days import MINUTE_MS, OfficeDays
from streams.simulate.places import Places

ANCHOR = date(2026, 1, 1).toordinal()
YEAR = 365.0
TOLD_FROM_MIN = 365


@dataclass(frozen=True, slots=True)
class Course:
    """How an indicator moves: its value on 1 January 2026, its change a year, its bounds, its trembling.

    ``monthly``: it only changes on the first of a month. ``parts``: it is told by the units below the province, which
    sum to the value (``shared``) or scatter around it.
    """

    start: float
    a_year: float
    low: float = 0.0
    high: float = 1e12
    trembles: float = 0.0
    monthly: bool = False
    parts: bool = False
    shared: bool = False


COURSES: dict[str, Course] = {
    "digital_addresses": Course(286_947, 5_400, parts=True, shared=True),
    "k_online_eligible": Course(91.2, 4.6, 60, 100, 0.5, parts=True),
    "k_eid": Course(92.4, 3.0, 60, 100, 0.4, parts=True),
    "k_remote": Course(50.4, 4.2, 20, 100, 0.8, parts=True),
    "k_e_result": Course(86.3, 7.2, 50, 100, 0.6, parts=True),
    "k_cashless": Course(53.0, 9.5, 20, 100, 0.7, parts=True),
    "k_hosp_cashless": Course(58, 9, 0, 100, monthly=True),
    "k_school_dx": Course(88, 7, 0, 100, monthly=True),
    "dti_rank": Course(7, 0),
    "index_766": Course(83.47, 2.6, 60, 99, 0.25),
    "cns_groups": Course(592, 14, monthly=True, parts=True, shared=True),
    "cns_members": Course(5_130, 260, monthly=True, parts=True, shared=True),
    "mooc_accounts": Course(7_940, 1_900, parts=True, shared=True),
    "ocop_products": Course(312, 58, monthly=True, parts=True, shared=True),
    "e_invoice": Course(98.6, 1.1, 0, 100, monthly=True),
    "satisfaction": Course(95.6, 0.4, 80, 100, 0.4, parts=True),
}


class Indicators:
    """The stream of measured figures."""

    name = "indicators"
    horizon_days = 3

    def __init__(self, places: Places, declared: Mapping[str, Indicator], days: OfficeDays, seed: int) -> None:
        self.places, self.days, self.seed = places, days, seed
        self.declared = {code: indicator for code, indicator in declared.items() if code in COURSES}
        self.below: Ints = places.districts if len(places.districts) else places.communes

    def plan(self, day: int) -> IndicatorPlan:
        """What is told on a day about the end of the day before."""
        rng = generator(self.seed, self.name, day)
        rows: list[tuple[str, str, float]] = []
        for code, indicator in self.declared.items():
            for unit, value in self._values(code, indicator, day, rng):
                rows.append((code, unit, value))
        midnight = int(self.days.midnight_ms[day])
        told = midnight + TOLD_FROM_MIN * MINUTE_MS + rng.integers(0, 40 * MINUTE_MS, len(rows))
        return IndicatorPlan(self.days.zone, self.days.stamp(day), told, midnight - 1000, rows)

    def _values(self, code: str, indicator: Indicator, day: int, rng: np.random.Generator) -> list[tuple[str, float]]:
        course = COURSES[code]
        on = self.days.date(day)
        since = (on.replace(day=1) if course.monthly else on).toordinal() - ANCHOR
        scale = self.places.scale if course.shared else 1.0
        value = (course.start + course.a_year * since / YEAR) * scale
        codes, below = self.places.codes, self.below
        shares: Floats = self.places.people[below] / self.places.people[below].sum()
        lasting = generator(0, f"indicator {code}").normal(0.0, 1.0, len(below))
        trembling = rng.normal(0.0, 1.0, len(below) + 1) * course.trembles

        def told(raw: float) -> float:
            return round(float(np.clip(raw, course.low, course.high)), indicator.decimals)

        if not course.parts:
            return [(codes[self.places.root], told(value + float(trembling[-1])))]
        if course.shared:
            parts = np.round(value * shares * np.exp(0.08 * lasting))
            values = [(codes[int(at)], told(float(part))) for at, part in zip(below, parts, strict=True)]
            total = round(value) if indicator.roll_up == "own" else None
            return values if total is None else [(codes[self.places.root], told(float(total))), *values]
        spread = 2.4 * lasting + trembling[:-1]
        values = [(codes[int(at)], told(value + float(off))) for at, off in zip(below, spread, strict=True)]
        if indicator.roll_up != "own":
            return values
        return [(codes[self.places.root], told(value + float(trembling[-1]))), *values]


class IndicatorPlan(Plan):
    """The figures told on one day; ``rows`` are (indicator, unit, value) in the order of their telling times' draw."""

    def __init__(
        self, zone: ZoneInfo, stamp: str, told_ms: Ints, about_ms: int, rows: list[tuple[str, str, float]]
    ) -> None:
        size = len(rows)
        about = np.full(size, about_ms, dtype=np.int64)
        super().__init__(zone, (about, np.arange(size), np.zeros(size, np.int64)), told_ms - about_ms, size)
        self.stamp, self.rows = stamp, rows

    def build(self, rows: Ints) -> list[Sent]:
        """The records of some rows; keyed by indicator."""
        built = []
        for row in rows.tolist():
            code, unit, figure = self.rows[int(self.life[row])]
            value: dict[str, object] = {
                "event_id": f"s-n-{self.stamp}-{code}-{unit}",
                "occurred_at": self.text(int(self.occurred_ms[row])),
                "indicator": code,
                "unit": unit,
                "value": figure,
            }
            built.append(Sent(self.moment(int(self.at_ms[row])), INDICATORS, code, value))
        return built
