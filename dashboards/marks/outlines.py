"""Where units lie: outlines of a GeoJSON file, else the points of the pack, else a grid of equal tiles.

Coordinates are kilometres east and north on a flat local projection, good to a few per thousand over a province.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from math import ceil, cos, radians, sqrt
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from ioc.errors import ConfigError
from ioc.settings import Settings
from ioc.world import DATA, Unit, World

Ring = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
"""West, south, east, north in kilometres."""

KM_NORTH = 110.6
KM_EAST = 111.32 * cos(radians(11.3))
MANY = 16
"""From so many places on, a map names groups of them instead of each."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The ground of a unit: outer rings [n, 2] in kilometres and a point inside for its name.

    ``group`` is the code of a former unit around it, or empty.
    """

    code: str
    short: str
    rings: tuple[Ring, ...]
    at: tuple[float, float]
    area: float
    group: str = ""


class Line(NamedTuple):
    """Rings as one line of a chart with gaps, in kilometres: encoded once, for no tick changes an outline."""

    x: msgspec.Raw
    y: msgspec.Raw


def line_of(rings: Sequence[Ring]) -> Line:
    """The line of these rings."""
    points = [[*ring[:, :2].round(2).tolist(), (None, None)] for ring in rings]
    x, y = zip(*chain.from_iterable(points), strict=True) if points else ((), ())
    return Line(msgspec.Raw(msgspec.json.encode(x)), msgspec.Raw(msgspec.json.encode(y)))


@dataclass(frozen=True)
class Place:
    """A unit on the map. Without rings it is drawn as a dot at ``at``."""

    unit: Unit
    rings: tuple[Ring, ...]
    at: tuple[float, float]
    area: float
    group: str = ""

    @cached_property
    def line(self) -> Line:
        """Its outline."""
        return line_of(self.rings)


@dataclass(frozen=True, slots=True)
class Group:
    """Places that share one name on a crowded map: the former district around today's wards."""

    short: str
    at: tuple[float, float]
    codes: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """What a map of a scope shows: its places, the quiet ground below, the edges above, and the box of it all.

    ``how`` says what the reader must know of the positions; ``dense`` is a part too small to read, for an inset.
    """

    how: Literal["outlines", "points", "tiles", "none"]
    places: tuple[Place, ...]
    groups: tuple[Group, ...]
    ground: tuple[Ring, ...]
    edges: tuple[Ring, ...]
    box: Box
    dense: Box | None = None

    @cached_property
    def ground_line(self) -> Line:
        """The outline of the ground."""
        return line_of(self.ground)

    @cached_property
    def edge_line(self) -> Line:
        """The edges above it."""
        return line_of(self.edges)


def project(lat: float, lon: float) -> tuple[float, float]:
    """Kilometres east and north of the origin of degrees."""
    return lon * KM_EAST, lat * KM_NORTH


@cache
def read(name: str) -> Mapping[str, Outline]:
    """Outlines by unit code from a packaged file or a path; empty for an empty name. Raises ConfigError."""
    if not name:
        return {}
    path = Path(name) if name.endswith((".geojson", ".json")) else Path(str(DATA / "geo" / f"{name}.geojson"))
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"units.outlines: there is no {path}; name a GeoJSON whose features have unit codes"
        ) from error
    outlines = {}
    for feature in found["features"]:
        geometry, told = feature["geometry"], feature.get("properties") or {}
        polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        rings = tuple(np.array(polygon[0])[:, :2] * (KM_EAST, KM_NORTH) for polygon in polygons)
        biggest = max(rings, key=_area)
        centre = biggest.mean(axis=0)
        at = project(told["lat"], told["lon"]) if "lat" in told and "lon" in told else (centre[0], centre[1])
        code = str(feature.get("id") or told.get("code"))
        outlines[code] = Outline(
            code,
            told.get("short") or told.get("name") or code,
            rings,
            (float(at[0]), float(at[1])),
            sum(_area(ring) for ring in rings),
            told.get("old_district_code") or "",
        )
    return outlines


def _within(at: tuple[float, float], ring: Ring) -> bool:
    (west, south), (east, north) = ring.min(axis=0), ring.max(axis=0)
    if not (west <= at[0] <= east and south <= at[1] <= north):
        return False
    x, y = ring[:, 0], ring[:, 1]
    x2, y2 = np.roll(x, -1), np.roll(y, -1)
    crosses = (y > at[1]) != (y2 > at[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        left = at[0] < (x2 - x) * (at[1] - y) / (y2 - y) + x
    return bool(np.count_nonzero(crosses & left) % 2)


def _area(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2


def box_of(rings: Sequence[Ring], pad: float = 0.035) -> Box:
    """The box around rings, padded by a part of its size."""
    points = np.concatenate(rings)
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    by = max(east - west, north - south, 0.5) * pad
    return float(west - by), float(south - by), float(east + by), float(north + by)


def fitted(box: Box, aspect: float) -> Box:
    """The smallest box of ``aspect`` (width / height) around the middle of ``box`` that holds all of it."""
    west, south, east, north = box
    width, height = east - west, north - south
    wide, high = max(width, height * aspect), max(height, width / aspect)
    x, y = (west + east) / 2, (south + north) / 2
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def grown(box: Box, part: float) -> Box:
    """The box with ``part`` of its size more on every side."""
    x, y = (box[2] - box[0]) * part, (box[3] - box[1]) * part
    return box[0] - x, box[1] - y, box[2] + x, box[3] + y


class Atlas:
    """The views of one world over one set of outlines; each is made once."""

    def __init__(self, world: World, outlines: str) -> None:
        """``outlines`` is ``settings.units.outlines``."""
        self.world = world
        self.outlines = read(outlines)
        former = outlines.replace("_wards_2025", "_districts")
        self.former = read(former) if former != outlines and _exists(former) else {}
        self._views: dict[str, View] = {}
        self._owners: dict[tuple[str, int, int], str] = {}

    def view(self, code: str) -> View:
        """The map of a unit: the places directly below it, or itself where nothing is below."""
        found = self._views.get(code)
        if found is None:
            found = self._views[code] = self._make(code)
        return found

    def owner(self, code: str, at: tuple[float, float]) -> str:
        """The code of the place of the view of ``code`` that lies at a point, to half a kilometre; empty outside."""
        key = (code, round(at[0] * 2), round(at[1] * 2))
        if key not in self._owners:
            inside = (place.unit.code for place in self.view(code).places if any(_within(at, r) for r in place.rings))
            self._owners[key] = next(inside, "")
        return self._owners[key]

    def _make(self, code: str) -> View:
        below = [unit for unit in self.world.children(code) if unit.kind not in ("department", "branch")]
        rings = tuple(ring for unit in below if unit.code in self.outlines for ring in self.outlines[unit.code].rings)
        if rings:
            return self._areas(code, below, rings)
        if below and code in self.outlines and all(unit.lat is not None and unit.lon is not None for unit in below):
            return self._points(code, below)
        if below:
            return _tiles(below)
        return self._alone(code)

    def _areas(self, code: str, below: list[Unit], rings: tuple[Ring, ...]) -> View:
        places = tuple(
            Place(unit, own.rings, own.at, own.area, own.group)
            for unit in below
            if (own := self.outlines.get(unit.code)) is not None
        )
        groups: tuple[Group, ...] = ()
        edges = tuple(ring for unit in self.former.values() for ring in unit.rings)
        if len(places) >= MANY and self.former:
            groups = tuple(
                Group(own.short, own.at, tuple(place.unit.code for place in places if place.group == own.code))
                for own in self.former.values()
            )
        elif code != self.world.root.code:
            edges = ()
        dense = _dense(places) if len(places) >= MANY else _small(places)
        return View("outlines", places, groups, (), edges, box_of(rings), dense)

    def _points(self, code: str, below: list[Unit]) -> View:
        ground = self.outlines[code].rings
        places = tuple(Place(unit, (), project(unit.lat or 0, unit.lon or 0), 0) for unit in below)
        dots = np.array([place.at for place in places])
        return View("points", places, (), ground, (), box_of([*ground, dots], 0.04))

    def _alone(self, code: str) -> View:
        unit = self.world.by_code[code]
        around = [other for other in reversed(self.world.path(code)) if other.code in self.outlines]
        if unit.code in self.outlines:
            own = self.outlines[unit.code]
            near = tuple(ring for other in self.outlines.values() if other.code != unit.code for ring in other.rings)
            place = Place(unit, own.rings, own.at, own.area, own.group)
            return View("outlines", (place,), (), near, (), box_of(own.rings, 0.25))
        if unit.kind in ("department", "branch"):
            everything = tuple(ring for other in self.outlines.values() for ring in other.rings)
            if everything and self.world.path(code)[0].code == self.world.root.code:
                return View("none", (), (), everything, (), box_of(everything))
        if unit.lat is not None and unit.lon is not None:
            ground = around[0].code if around else ""
            rings = self.outlines[ground].rings if ground else ()
            place = Place(unit, (), project(unit.lat, unit.lon), 0)
            return View("points", (place,), (), rings, (), box_of([*rings, np.array([place.at])], 0.04))
        return View("none", (), (), (), (), (0, 0, 1, 1))


_ATLASES: dict[tuple[str, str, int], Atlas] = {}


def atlas(world: World, settings: Settings) -> Atlas:
    """The atlas of a world; the same object for the same pack, outlines and number of units."""
    key = (world.pack, settings.units.outlines, len(world.units))
    found = _ATLASES.get(key)
    if found is None or found.world.units != world.units:
        found = _ATLASES[key] = Atlas(world, settings.units.outlines)
    return found


def _exists(name: str) -> bool:
    return Path(str(DATA / "geo" / f"{name}.geojson")).exists()


def _tiles(below: list[Unit]) -> View:
    columns = max(1, ceil(sqrt(len(below) * 1.2)))
    places = []
    for at, unit in enumerate(below):
        x, y = float(at % columns), -float(at // columns)
        square = np.array([(x, y), (x + 0.94, y), (x + 0.94, y + 0.94), (x, y + 0.94), (x, y)])
        places.append(Place(unit, (square,), (x + 0.47, y + 0.47), 1))
    return View("tiles", tuple(places), (), (), (), box_of([ring for place in places for ring in place.rings]))


def _dense(places: Sequence[Place], part: float = 0.34) -> Box | None:
    """The square, ``part`` of the map wide, that holds the most places, when it holds a quarter of them all."""
    west, south, east, north = box_of([ring for place in places for ring in place.rings])
    side = max(east - west, north - south) * part
    points = np.array([place.at for place in places])
    best: tuple[int, Box] = (0, (0, 0, 0, 0))
    for x in points[:, 0]:
        for y in points[:, 1]:
            held = points[(points[:, 0] >= x) & (points[:, 0] <= x + side * 0.9)]
            held = held[(held[:, 1] >= y) & (held[:, 1] <= y + side * 0.9)]
            if len(held) > best[0]:
                cx, cy = (held.min(axis=0) + held.max(axis=0)) / 2
                best = len(held), (cx - side / 2, cy - side / 2, cx + side / 2, cy + side / 2)
    return best[1] if best[0] >= len(places) / 4 else None


CORNER = (0.3, 0.42)
"""The part of a map's width and height that an inset covers at its lower left."""


def _small(places: Sequence[Place], part: float = 0.36) -> Box | None:
    """The box of the smallest places, all less than half of the mean: as many as lie together within ``part`` of the
    map. None where those are fewer than two, or where the corner in which an inset stands is not free."""
    rings = [ring for place in places for ring in place.rings]
    west, south, east, north = box_of(rings)
    points = np.concatenate(rings)
    taken = (points[:, 0] < west + CORNER[0] * (east - west)) & (points[:, 1] < south + CORNER[1] * (north - south))
    if np.count_nonzero(taken) > len(points) * 0.02:
        return None
    mean = sum(place.area for place in places) / len(places)
    small = sorted((place for place in places if place.area < mean / 2), key=lambda place: place.area)
    for most in range(len(small), 1, -1):
        own = box_of([ring for place in small[:most] for ring in place.rings], 0.02)
        if max(own[2] - own[0], own[3] - own[1]) <= max(east - west, north - south) * part:
            return own
    return None
