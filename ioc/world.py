"""The world that events are placed in: units of the pack in force, services, incident kinds, indicators, procedures.

Units are data. One pack is in force; a key is (pack, code), and the store gives each key a number for ever (`Unit.no`).
Arrays are indexed by `Unit.at`, the dense position in this world. Trees beside the pack (``units.extra``) have roots of
their own and mix with nothing.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ioc.errors import ConfigError
from ioc.settings import Indicator, Service, Settings

DATA = files("ioc") / "data"

PACKS: Mapping[str, tuple[str, str | None]] = {
    "binhduong": ("units_binhduong", None),
    "binhphuoc": ("units_binhphuoc", None),
    "binhduong_2025": ("units_2025", "74"),
    "binhphuoc_2025": ("units_2025", "70"),
}
"""Pack name to its file and, where a file holds two provinces, the old province whose wards it keeps."""

KIND_OF_LEVEL = {
    "tinh": "province",
    "thanh_pho_tw": "province",
    "thanh_pho": "district",
    "thi_xa": "district",
    "huyen": "district",
    "quan": "district",
    "phuong": "commune",
    "xa": "commune",
    "thi_tran": "commune",
    "dac_khu": "commune",
}

PREFIXES = (
    ("Thành phố ", "City"),
    ("Thị xã ", "Town"),
    ("Thị trấn ", "Township"),
    ("Huyện ", "District"),
    ("Quận ", "District"),
    ("Phường ", "Ward"),
    ("Xã ", "Commune"),
    ("Đặc khu ", "Special zone"),
    ("Tỉnh ", "Province"),
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A place or body that receives or decides. ``kind``: province, district, commune, department, branch, point."""

    code: str
    pack: str
    name_vi: str
    name_en: str
    kind: str
    level: str
    parent: str | None
    lat: float | None = None
    lon: float | None = None
    population: int | None = None
    no: int = 0
    at: int = 0

    @property
    def short_vi(self) -> str:
        """The name without the word for its level: "Thuận An"; departments keep theirs."""
        for prefix, _ in PREFIXES:
            if self.name_vi.startswith(prefix):
                return self.name_vi.removeprefix(prefix)
        return self.name_vi

    def name(self, language: str) -> str:
        """The full name in ``vi`` or ``en``."""
        return self.name_en if language == "en" else self.name_vi

    def short(self, language: str) -> str:
        """The short name in ``vi`` or ``en``."""
        return self.short_vi if language == "vi" or self.kind not in ("department", "branch") else self.name_en


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of camera incident."""

    kind: str
    domain: str
    vi: str
    en: str
    severity: str
    vi_short: str = ""
    en_short: str = ""

    def short(self, language: str) -> str:
        """The name for narrow places; the whole name where no other is given."""
        return (self.en_short or self.en) if language == "en" else (self.vi_short or self.vi)


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure of the catalogue; working_days 0 = the same day."""

    code: str
    name_vi: str
    name_en: str
    level: str
    family: str
    online_eligible: bool
    result_required: bool
    working_days: float
    fee_vnd: int
    department: str


@dataclass(frozen=True)
class World:
    """Everything an event can name. Immutable; `renumbered` gives the same world with the store's numbers."""

    pack: str
    units: tuple[Unit, ...]
    services: tuple[Service, ...]
    kinds: Mapping[str, Kind]
    indicators: Mapping[str, Indicator]
    procedures: Mapping[str, Procedure]
    service_numbers: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def by_code(self) -> Mapping[str, Unit]:
        """Units by code; codes are unique within the pack in force and its extra trees together."""
        return {unit.code: unit for unit in self.units}

    @cached_property
    def by_no(self) -> Mapping[int, Unit]:
        """Units by the store's number."""
        return {unit.no: unit for unit in self.units}

    @cached_property
    def root(self) -> Unit:
        """The province of the pack in force."""
        return next(unit for unit in self.units if unit.parent is None and unit.pack == self.pack)

    @cached_property
    def _children(self) -> Mapping[str, tuple[Unit, ...]]:
        below: dict[str, list[Unit]] = {}
        for unit in self.units:
            if unit.parent is not None:
                below.setdefault(unit.parent, []).append(unit)
        return {code: tuple(found) for code, found in below.items()}

    def children(self, code: str) -> tuple[Unit, ...]:
        """The units directly below ``code``, in pack order."""
        return self._children.get(code, ())

    @cached_property
    def _subtrees(self) -> dict[str, npt.NDArray[np.intp]]:
        return {}

    def subtree(self, code: str) -> npt.NDArray[np.intp]:
        """Positions (`Unit.at`) of the unit and all below it, ascending. KeyError for an unknown code."""
        found = self._subtrees.get(code)
        if found is None:
            todo, positions = [self.by_code[code]], []
            while todo:
                unit = todo.pop()
                positions.append(unit.at)
                todo.extend(self.children(unit.code))
            found = self._subtrees[code] = np.array(sorted(positions), dtype=np.intp)
        return found

    def path(self, code: str) -> tuple[Unit, ...]:
        """From the root down to the unit itself."""
        chain: list[Unit] = []
        at: str | None = code
        while at is not None:
            unit = self.by_code[at]
            chain.append(unit)
            at = unit.parent
        return tuple(reversed(chain))

    def named(self, source: str, language: str) -> str:
        """The name of the unit that ``source`` means by its code or its Vietnamese name; other words as they stand."""
        unit = next((unit for unit in self.units if source in (unit.code, unit.name_vi)), None)
        return unit.name(language) if unit else source

    def service_no(self, code: str) -> int:
        """The store's number of a declared service; KeyError where it is not declared."""
        return self.service_numbers[code]

    def renumbered(self, units: Mapping[tuple[str, str], int], services: Mapping[str, int]) -> World:
        """The same world with the store's numbers for units (by pack and code) and services."""
        return dataclasses.replace(
            self,
            units=tuple(dataclasses.replace(unit, no=units[unit.pack, unit.code]) for unit in self.units),
            service_numbers={service.code: services[service.code] for service in self.services},
        )


def _rows(name: str) -> list[dict[str, str]]:
    own = Path(name)
    try:
        if own.suffix == ".csv" and own.exists():
            text = own.read_text(encoding="utf-8")
        else:
            text = _packaged(name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"units: there is no pack {name!r}; name one of {', '.join(PACKS)} or the path of a CSV"
        ) from error
    return list(csv.DictReader(text.splitlines()))


def _packaged(name: str) -> Path:
    return Path(str(DATA / "units" / f"{name}.csv"))


def _number(text: str | None) -> float | None:
    return float(text) if text else None


def _english(name_vi: str) -> str:
    for prefix, word in PREFIXES:
        if name_vi.startswith(prefix):
            return f"{name_vi.removeprefix(prefix)} {word}"
    return name_vi


def read_pack(name: str) -> list[Unit]:
    """The units of a pack, parents before children. Raises ConfigError for an unknown pack or a broken tree."""
    file, old_province = PACKS.get(name, (name, None))
    rows = _rows(file)
    if old_province is not None:
        kept = [row for row in rows if row.get("old_province") == old_province]
        roots = {row["parent_code"] for row in kept}
        rows = [row for row in rows if row["code"] in roots] + kept
    pack = Path(name).stem
    units = []
    for row in rows:
        level = row.get("level") or "department"
        units.append(
            Unit(
                code=row["code"],
                pack=pack,
                name_vi=row["name_vi"],
                name_en=row.get("name_en") or _english(row["name_vi"]),
                kind=row.get("kind") or KIND_OF_LEVEL.get(level, level),
                level=level,
                parent=row["parent_code"] or None,
                lat=_number(row.get("lat")),
                lon=_number(row.get("lon")),
                population=int(float(row["population"])) if row.get("population") else None,
            )
        )
    codes = {unit.code for unit in units}
    if len(codes) != len(units):
        raise ConfigError(f"units: pack {name} names a code twice")
    for unit in units:
        if unit.parent is not None and unit.parent not in codes:
            raise ConfigError(f"units: pack {name}: {unit.code} is below {unit.parent}, which the pack does not have")
    return units


def read_departments(name: str, pack: str, root: str, on: date) -> list[Unit]:
    """The departments in force on a day; those of another province's list come below ``root``."""
    units = []
    for row in _rows(name):
        starts, ends = row.get("valid_from"), row.get("valid_to")
        if (starts and date.fromisoformat(starts) > on) or (ends and date.fromisoformat(ends) < on):
            continue
        units.append(
            Unit(
                code=row["code"],
                pack=pack,
                name_vi=row["name_vi"],
                name_en=row["name_en"],
                kind=row["kind"],
                level="department",
                parent=root,
            )
        )
    return units


def _shipped(name: str) -> list[dict[str, str]]:
    """The rows of a list that comes with the project; none where it was left out."""
    source = DATA / name
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines())) if source.is_file() else []


def read_kinds(settings: Settings) -> dict[str, Kind]:
    """Incident kinds of the packaged list and those that the configuration adds."""
    kinds = {
        row["kind"]: Kind(
            row["kind"],
            row["domain"],
            row["vi"],
            row["en"],
            row["severity_default"],
            row["vi_short"],
            row["en_short"],
        )
        for row in _shipped("incident_kinds.csv")
    }
    for added in settings.incident_kinds:
        kinds[added.kind] = Kind(
            added.kind, added.domain, added.vi, added.en, added.severity, added.vi_short, added.en_short
        )
    return kinds


def read_procedures() -> dict[str, Procedure]:
    """The packaged procedure catalogue."""
    found = {}
    for row in _shipped("procedures.csv"):
        found[row["code"]] = Procedure(
            code=row["code"],
            name_vi=row["name_vi"],
            name_en=row["name_en"],
            level=row["level"],
            family=row["family"],
            online_eligible=row["online_eligible"] in ("1", "true"),
            result_required=row["result_required"] in ("1", "true"),
            working_days=float(row["working_days"] or 0),
            fee_vnd=int(row["fee_vnd"] or 0),
            department=row.get("department") or "",
        )
    return found


def read_services(settings: Settings) -> tuple[Service, ...]:
    """The declared services: those of the configuration, else the packaged list."""
    if settings.services:
        return settings.services
    return tuple(Service(row["code"], row["vi"], row["en"]) for row in _shipped("services.csv"))


def read_indicators(settings: Settings) -> dict[str, Indicator]:
    """The declared indicators: those of the configuration, else the packaged list."""
    if settings.indicators:
        return {indicator.code: indicator for indicator in settings.indicators}
    found = {}
    for row in _shipped("indicators.csv"):
        found[row["code"]] = Indicator(
            code=row["code"],
            vi=row["vi"],
            en=row["en"],
            unit_vi=row.get("unit_vi") or "",
            unit_en=row.get("unit_en") or "",
            decimals=int(row.get("decimals") or 0),
            target=_number(row.get("target")),
            goal="lower" if row.get("goal") == "lower" else "higher",
            roll_up={"sum": "sum", "mean": "mean"}.get(row.get("roll_up") or "", "own"),  # type: ignore[arg-type]
            source=row.get("source") or "",
        )
    return found


def load_world(settings: Settings, on: date) -> World:
    """The world that the settings name, as it is in force on a day; units are numbered by position until the store
    numbers them (`renumbered`)."""
    units = read_pack(settings.units.pack)
    pack = units[0].pack
    root = next(unit.code for unit in units if unit.parent is None)
    if settings.units.departments:
        units += read_departments(settings.units.departments, pack, root, on)
    for extra in settings.units.extra:
        units += read_pack(extra)
    if len({unit.code for unit in units}) != len(units):
        raise ConfigError("units: the pack, its departments and units.extra name a code twice")
    numbered = tuple(dataclasses.replace(unit, at=at, no=at + 1) for at, unit in enumerate(units))
    services = read_services(settings)
    return World(
        pack=pack,
        units=numbered,
        services=services,
        kinds=read_kinds(settings),
        indicators=read_indicators(settings),
        procedures=read_procedures(),
        service_numbers={service.code: no for no, service in enumerate(services, 1)},
    )
