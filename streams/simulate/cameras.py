"""The cameras of the simulated province: about 420 for Bình Dương's people, at places with real names.

The plan of the province was 421 cameras at 205 points. Which junction a camera looks at is data (`camera_places.csv`,
by pack and unit); places of packs without such rows are named after their unit. The registry depends on the pack alone,
never on the seed, so that a camera keeps its id.
"""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from streams.simulate.draws import Floats, Ints, generator, pick
from streams.simulate.places import Places

CAMERAS = 420
FEWEST = 40
SPOTS = ("Ngã tư", "Ngã ba", "Chợ", "Trụ sở UBND", "Trường học", "Bến xe", "Khu dân cư", "Công viên")
SPREAD_DEG = 0.0035
"""Cameras lie within about 400 m of the point of their commune, which keeps them inside the province."""


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera; ``place`` is what a screen shows, ``busy`` how much it sees against the others."""

    camera_id: str
    unit: str
    place: str
    lat: float | None
    lon: float | None
    busy: float


def registry(places: Places) -> list[Camera]:
    """All cameras, in order of their ids; ids are road and running number: ``QL13-021``."""
    rng = generator(0, "cameras")
    named = _named(places)
    wanted = max(FEWEST, round(CAMERAS * places.scale))
    weights: Floats = places.people[places.communes] ** 0.8
    communes = places.communes[pick(rng, weights, wanted)]
    numbers: dict[str, int] = {}
    found = []
    for at in communes.tolist():
        unit = places.units[at]
        district = places.units[int(places.district_of[at])]
        spots = named.get(district.code) or named.get(unit.code)
        if spots and rng.random() < 0.62:
            road, place = spots[int(rng.integers(len(spots)))]
            busy = float(rng.lognormal(0.5, 0.9))
        else:
            road = _initials(unit.short_vi)
            place = f"{SPOTS[int(rng.integers(len(SPOTS)))]} {unit.short_vi}"
            busy = float(rng.lognormal(-0.6, 0.9))
        numbers[road] = numbers.get(road, 0) + 1
        lat, lon = (None, None) if unit.lat is None or unit.lon is None else _near(unit.lat, unit.lon, rng)
        found.append(Camera(f"{road}-{numbers[road]:03d}", unit.code, place, lat, lon, busy))
    return sorted(found, key=lambda camera: camera.camera_id)


def draw_cameras(rng: np.random.Generator, cameras: list[Camera], size: int) -> Ints:
    """Positions of cameras by how much they see."""
    return pick(rng, np.array([camera.busy for camera in cameras]), size)


def _near(lat: float, lon: float, rng: np.random.Generator) -> tuple[float, float]:
    turn, far = rng.uniform(0, 2 * np.pi), SPREAD_DEG * np.sqrt(rng.random())
    return round(float(lat + far * np.sin(turn)), 6), round(float(lon + far * np.cos(turn)), 6)


def _initials(name_vi: str) -> str:
    plain = unicodedata.normalize("NFD", name_vi.replace("Đ", "D").replace("đ", "d"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(word[:3] for word in letters.upper().split())[:8]


def _named(places: Places) -> dict[str, list[tuple[str, str]]]:
    pack = places.units[places.root].pack
    file = {"units_binhduong": "binhduong", "units_binhphuoc": "binhphuoc"}.get(pack, pack)
    rows = csv.DictReader((files("streams.simulate") / "camera_places.csv").read_text(encoding="utf-8").splitlines())
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if row["pack"] == file:
            found.setdefault(row["unit"], []).append((row["road"], row["place"]))
    return found
