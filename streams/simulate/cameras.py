"""The cameras of the simulated province: about 420 for Bình Dương's people, at places with real names.

The plan of the province was 421 cameras at 205 points. Which junction a camera looks at is data (`camera_places.csv`,
by pack and commune); the other places are named after their commune. The registry depends on the pack alone,
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
AT_NAMED_PLACES = 0.58
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
    spots = _named(places)
    wanted = max(FEWEST, round(CAMERAS * places.scale))
    weights: Floats = places.people[places.communes] ** 0.8
    numbers: dict[str, int] = {}
    found = []
    for commune in places.communes[pick(rng, weights, wanted)].tolist():
        at, luck, which = commune, float(rng.random()), float(rng.random())
        if spots and luck < AT_NAMED_PLACES:
            at, road, place = spots[int(which * len(spots))]
            busy = float(rng.lognormal(0.5, 0.9))
        else:
            name = places.units[at].short_vi
            road, place = _initials(name), f"{SPOTS[int(which * len(SPOTS))]} {name}"
            busy = float(rng.lognormal(-0.6, 0.9))
        unit = places.units[at]
        numbers[road] = numbers.get(road, 0) + 1
        lat, lon = (None, None) if unit.lat is None or unit.lon is None else _near(unit.lat, unit.lon, place)
        found.append(Camera(f"{road}-{numbers[road]:03d}", unit.code, place, lat, lon, busy))
    return sorted(found, key=lambda camera: camera.camera_id)


def draw_cameras(rng: np.random.Generator, cameras: list[Camera], size: int) -> Ints:
    """Positions of cameras by how much they see."""
    return pick(rng, np.array([camera.busy for camera in cameras]), size)


def _near(lat: float, lon: float, place: str) -> tuple[float, float]:
    """The point of a place: always the same, so that the cameras of a junction stand together."""
    rng = generator(0, f"place {place}")
    turn, far = rng.uniform(0, 2 * np.pi), SPREAD_DEG * np.sqrt(rng.random())
    return round(float(lat + far * np.sin(turn)), 6), round(float(lon + far * np.cos(turn)), 6)


def _initials(name_vi: str) -> str:
    plain = unicodedata.normalize("NFD", name_vi.replace("Đ", "D").replace("đ", "d"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(word[:3] for word in letters.upper().split())[:8]


def _named(places: Places) -> list[tuple[int, str, str]]:
    """(position of the commune, road, place) of the pack in force."""
    index = {unit.code: at for at, unit in enumerate(places.units)}
    rows = csv.DictReader((files("streams.simulate") / "camera_places.csv").read_text(encoding="utf-8").splitlines())
    pack = places.units[places.root].pack
    return [(index[row["unit"]], row["road"], row["place"]) for row in rows if row["pack"] == pack]
