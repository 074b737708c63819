"""The units of whatever pack is in force, as the simulator needs them: who receives, who decides, how many people.

Works for packs with districts and for those of 2025 without: what districts did, communes do. Population comes from
the pack; where it is silent, from the district's share or from usual sizes of wards and communes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ioc.world import Unit, World
from streams.simulate.draws import Floats, Ints, generator, pick

REFERENCE_POPULATION = 2_722_527
"""Bình Dương with its temporary residents; the volumes of `dossiers.py` and its neighbours are for so many."""

USUAL_PEOPLE = {"phuong": 20_000, "thi_tran": 12_000, "xa": 8_000, "dac_khu": 30_000}
MERGED_PEOPLE = {"phuong": 78_000, "thi_tran": 40_000, "xa": 38_000, "dac_khu": 60_000}
"""Communes of packs without districts: those of July 2025 are three or four old ones together."""

PEOPLE_OF_PACK = {"binhphuoc": 1_024_300, "binhduong_2025": REFERENCE_POPULATION, "binhphuoc_2025": 1_024_300}
"""Totals of packs whose file has none (Bình Phước 2021; Bình Dương's wards of 2025 hold the same people as before)."""

PROVINCE_MARKS = {"74": "H09", "70": "H10", "79": "H29", "75": "H19"}
"""National marks of provinces in case codes, by the root's code; alphabetical order, hence inferred."""


@dataclass(frozen=True)
class Places:
    """The world seen from its counters; positions index ``units``."""

    units: tuple[Unit, ...]
    root: int
    communes: Ints
    districts: Ints
    departments: dict[str, int]
    people: Floats
    """Population of each unit: communes by themselves, districts as the sum of their communes."""

    @cached_property
    def scale(self) -> float:
        """The province's population against the reference."""
        return float(self.people[self.communes].sum()) / REFERENCE_POPULATION

    @cached_property
    def district_of(self) -> Ints:
        """For each unit the position of its district, or of itself where there is none above it."""
        index = {unit.code: at for at, unit in enumerate(self.units)}
        districts = set(self.districts.tolist())
        own = [index.get(unit.parent or "", at) for at, unit in enumerate(self.units)]
        return np.array([up if up in districts else at for at, up in enumerate(own)], dtype=np.int64)

    @cached_property
    def codes(self) -> list[str]:
        """The code of each unit."""
        return [unit.code for unit in self.units]

    @cached_property
    def agency(self) -> list[str]:
        """The middle of a case code for each unit (circular 01/2018, article 19): ``025.00.31.H09``."""
        mark = PROVINCE_MARKS.get(self.units[self.root].code, "H00")
        found = [f"000.00.00.{mark}"] * len(self.units)
        for number, at in enumerate(sorted(self.departments.values()), 1):
            found[at] = f"000.00.{number:02d}.{mark}"
        agencies = {int(at): 40 + number for number, at in enumerate(self.districts)}
        for at, agency in agencies.items():
            found[at] = f"000.00.{agency:02d}.{mark}"
        for number, at in enumerate(self.communes, 1):
            found[int(at)] = f"{number:03d}.00.{agencies.get(int(self.district_of[at]), 39):02d}.{mark}"
        return found

    def draw_communes(self, rng: np.random.Generator, size: int) -> Ints:
        """Communes by population."""
        return self.communes[pick(rng, self.people[self.communes], size)]

    def department(self, code: str) -> int:
        """The department of that code; another one, always the same, where this province lacks it."""
        if code in self.departments:
            return self.departments[code]
        if not self.departments:
            return self.root
        known = sorted(self.departments.values())
        return known[int(generator(0, f"department {code}").integers(len(known)))]

    def diligence(self, spread: float = 0.7) -> Floats:
        """How often each unit is late against the usual: a lasting habit around 1, few units far above it."""
        rng = generator(0, "diligence")
        return np.clip(np.exp(rng.normal(-0.2, spread, len(self.units))), 0.15, 3.5)


def places_of(world: World) -> Places:
    """The places of the pack in force; trees beside it (``units.extra``) are left out."""
    units = tuple(unit for unit in world.units if unit.pack == world.pack)
    index = {unit.code: at for at, unit in enumerate(units)}
    root = index[world.root.code]
    communes = [at for at, unit in enumerate(units) if unit.kind == "commune"]
    districts = [at for at, unit in enumerate(units) if unit.kind == "district"]
    usual = USUAL_PEOPLE if districts else MERGED_PEOPLE
    people = np.zeros(len(units))
    for at in communes:
        people[at] = units[at].population or usual.get(units[at].level, 8_000)
    for at in districts:
        below = [c for c in communes if units[c].parent == units[at].code]
        known = units[at].population
        if known and below:
            people[below] *= known / people[below].sum()
        people[at] = people[below].sum()
    total = world.root.population or PEOPLE_OF_PACK.get(world.pack)
    if total and communes:
        people[communes + districts] *= total / people[communes].sum()
    people[root] = people[communes].sum()
    return Places(
        units=units,
        root=root,
        communes=np.array(communes or [root], dtype=np.int64),
        districts=np.array(districts, dtype=np.int64),
        departments={unit.code: at for at, unit in enumerate(units) if unit.kind in ("department", "branch")},
        people=people if communes else np.where(np.arange(len(units)) == root, total or 100_000, people),
    )
