"""Walls and playlists as `config.yaml` composes them: a grid of named areas, and a panel for each.

Sizes are in rem: a screen is 135 rem high, one of 16:9 is 240 wide, one of 64:27 is 320. A wall that is read from far
(`Wall.scale`) has fewer of them. Everything that can be wrong is found when the settings are loaded; what needs the
units and indicators of a world, when a web process starts (`check`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from math import ceil
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ioc.errors import ConfigError
from ioc.section import Section

NAME = re.compile(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$")

LEAST: Mapping[str, tuple[float, float]] = {
    "ages": (40, 20),
    "amounts": (48, 24),
    "campaign": (60, 14),
    "cameras": (44, 30),
    "channels": (40, 16),
    "departments": (56, 30),
    "detections": (48, 26),
    "figures": (30, 16.5),
    "flow": (48, 26),
    "incidents": (56, 32),
    "indicator": (36, 36),
    "kinds": (84, 36),
    "lifecycle": (104, 40),
    "map": (80, 64),
    "ontime": (48, 16),
    "services": (56, 30),
    "stages": (80, 13),
    "targets": (150, 13),
    "text": (24, 7),
    "ticker": (110, 4.5),
    "units": (56, 30),
    "usage": (48, 26),
    "uses": (48, 30),
    "week": (48, 22),
}
"""Every panel of walls, with the least width and height in rem that it is made for; `figures` needs the width for each
of its figures."""

UPRIGHT: Mapping[str, tuple[float, float]] = {"lifecycle": (60, 62)}
"""Panels that also have an upright form, with the least width and height of that."""

FIGURES = (
    "received",
    "finished",
    "overdue",
    "on_time",
    "open",
    "soon",
    "incidents",
    "detected",
    "unaccepted",
    "cameras",
    "usage",
    "errors",
    "amount",
)
"""What a strip of `figures` can show."""

OFTEN = frozenset({"text", "indicator"})
"""Panels that a wall may hold several times: they say what their entry says."""

HEIGHT, HEADER, MARGIN, GAP = 135.0, 10.5, 3.0, 1.5
WIDTHS = {"grid": 240.0, "wide": 320.0}
FAR = 360.0
"""Capitals are readable up to so many times their height (the rule of sign makers: an inch for thirty feet)."""
SMALLEST, CAPITAL = 1.75, 0.7
"""The smallest type in rem, and the part of a type's size that a capital is high."""


class Place(Section, frozen=True):
    """A panel of a wall and the area of the grid that it fills."""

    panel: str
    area: str = ""
    layer: Literal["overdue", "incidents", "usage", "cameras"] = "overdue"
    figures: tuple[str, ...] = ()
    indicator: str = ""
    title_vi: str = ""
    title_en: str = ""
    text_vi: str = ""
    text_en: str = ""

    @property
    def where(self) -> str:
        """The area; a panel without one fills that of its own name."""
        return self.area or self.panel


class Grid(Section, frozen=True):
    """Areas by name, row by row as in CSS; columns and rows say how the room is shared."""

    areas: tuple[str, ...]
    columns: tuple[Annotated[float, Meta(gt=0)], ...] = ()
    rows: tuple[Annotated[float, Meta(gt=0)], ...] = ()


class Wall(Section, frozen=True):
    """A wall page: ``/wall/NAME``."""

    title_vi: str
    title_en: str
    grid: Grid
    panels: tuple[Place, ...]
    wide: Grid | None = None
    unit: str = ""
    by: Literal["handling", "receiving"] = "handling"
    language: Literal["", "vi", "en"] = ""
    theme: Literal["dark", "light"] = "dark"
    distance_m: Annotated[float, Meta(gt=0, le=60)] = 8
    height_m: Annotated[float, Meta(gt=0, le=20)] = 2.5
    from_: date | None = msgspec.field(default=None, name="from")
    until: date | None = None

    @property
    def scale(self) -> float:
        """How much larger than usual everything is drawn, in tenths, so that the smallest type can be read from
        ``distance_m`` on a wall that is ``height_m`` high: a capital of it is at least 1/360 of the distance."""
        capital_m = SMALLEST * CAPITAL / HEIGHT * self.height_m
        return max(10, ceil(round(self.distance_m / FAR / capital_m * 10, 3))) / 10

    def title(self, language: str) -> str:
        """The title in a language."""
        return self.title_en if language == "en" else self.title_vi


class Step(Section, frozen=True):
    """A page of a playlist: a wall, and for how long it stands."""

    wall: str
    seconds: Annotated[float, Meta(ge=5, le=3600)] = 30


class Playlist(Section, frozen=True):
    """Walls in turn: ``/wall/NAME``. Each page stands up to ``jitter_s`` longer, by chance, so that the walls of a
    room do not turn in the same moment."""

    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    jitter_s: Annotated[float, Meta(ge=0, le=60)] = 3


def areas(grid: Grid) -> dict[str, tuple[int, int, int, int]]:
    """Each area's first column, first row, columns and rows. Raises ConfigError where one is no rectangle or the rows
    differ in length."""
    cells = [row.split() for row in grid.areas]
    if not cells or not cells[0] or any(len(row) != len(cells[0]) for row in cells):
        raise ConfigError("areas: every row names as many cells as the first, parted by spaces")
    found = {}
    for name in {name for row in cells for name in row} - {"."}:
        at = [(x, y) for y, row in enumerate(cells) for x, cell in enumerate(row) if cell == name]
        left, top = min(x for x, _ in at), min(y for _, y in at)
        wide, high = max(x for x, _ in at) - left + 1, max(y for _, y in at) - top + 1
        if wide * high != len(at):
            raise ConfigError(f"areas: {name} is no rectangle")
        found[name] = (left, top, wide, high)
    for key, weights, count in (("columns", grid.columns, len(cells[0])), ("rows", grid.rows, len(cells))):
        if weights and len(weights) != count:
            raise ConfigError(f"{key}: {len(weights)} numbers for {count} {key} of areas")
    return found


def sizes(grid: Grid, width: float, scale: float) -> dict[str, tuple[float, float]]:
    """Each area's width and height in rem on a screen that is ``width`` rem wide at scale 1."""
    found = areas(grid)
    columns = grid.columns or (1.0,) * len(grid.areas[0].split())
    rows = grid.rows or (1.0,) * len(grid.areas)
    across = width / scale - 2 * MARGIN - GAP * (len(columns) - 1)
    down = HEIGHT / scale - HEADER - GAP * len(rows)

    def part(weights: tuple[float, ...], first: int, count: int, room: float) -> float:
        return sum(weights[first : first + count]) / sum(weights) * room + GAP * (count - 1)

    return {
        name: (part(columns, x, wide, across), part(rows, y, high, down)) for name, (x, y, wide, high) in found.items()
    }


def checked(walls: Mapping[str, Wall], playlists: Mapping[str, Playlist], home: str) -> None:
    """Raises ConfigError for the first thing that is wrong with walls and playlists by themselves."""
    for name in (*walls, *playlists):
        if not NAME.match(name):
            raise ConfigError(f"walls: {name!r} cannot be part of an address; use a-z, 0-9 and hyphens")
    for name, wall in walls.items():
        for words in _faults(wall):
            raise ConfigError(f"walls.{name}: {words}")
    for name, playlist in playlists.items():
        if name in walls:
            raise ConfigError(f"playlists.{name}: a wall has this name already")
        for step in playlist.steps:
            if step.wall not in walls:
                raise ConfigError(f"playlists.{name}: there is no wall {step.wall!r}; there are {_list(walls)}")
    if home not in walls and home not in playlists and (walls or home != "overview"):
        raise ConfigError(f"wall: there is no wall or playlist {home!r}; there are {_list((*walls, *playlists))}")


def check(walls: Mapping[str, Wall], units: Mapping[str, object], indicators: Mapping[str, object]) -> None:
    """Raises ConfigError where a wall names a unit or an indicator that this world does not have."""
    for name, wall in walls.items():
        if wall.unit and wall.unit not in units:
            raise ConfigError(
                f"walls.{name}.unit: there is no unit {wall.unit!r}; 'ioc doctor' names the pack in force"
            )
        for place in wall.panels:
            if place.indicator and place.indicator not in indicators:
                raise ConfigError(
                    f"walls.{name}: there is no indicator {place.indicator!r}; there are {_list(indicators)}"
                )


def _faults(wall: Wall) -> Iterator[str]:
    seen: set[str] = set()
    given: set[str] = set()
    for place in wall.panels:
        yield from _place_faults(place)
        if place.panel in seen and place.panel not in OFTEN:
            yield f"panel {place.panel} is there twice"
        if place.where in given:
            yield f"area {place.where} is given to two panels"
        seen.add(place.panel)
        given.add(place.where)
    if wall.from_ and wall.until and wall.until < wall.from_:
        yield f"until {wall.until} is before from {wall.from_}"
    for key, grid in (("grid", wall.grid), ("wide", wall.wide)):
        if grid is not None:
            yield from _grid_faults(wall, key, grid, given)
    named = set().union(*(areas(grid) for grid in (wall.grid, wall.wide) if grid is not None))
    for place in wall.panels:
        if place.where not in named:
            yield f"panel {place.panel}: there is no area {place.where!r}; the grid has {_list(named)}"


def _place_faults(place: Place) -> Iterator[str]:
    if place.panel not in LEAST:
        yield f"there is no panel {place.panel!r}; there are {_list(LEAST)}"
    for figure in place.figures:
        if figure not in FIGURES:
            yield f"there is no figure {figure!r}; there are {_list(FIGURES)}"
    if place.panel == "figures" and not place.figures:
        yield f"panel figures: say which figures; there are {_list(FIGURES)}"
    if place.panel == "indicator" and not place.indicator:
        yield "panel indicator: say which indicator"


def _grid_faults(wall: Wall, key: str, grid: Grid, given: set[str]) -> Iterator[str]:
    try:
        found = sizes(grid, WIDTHS[key], wall.scale)
    except ConfigError as error:
        yield f"{key}.{error}"
        return
    for name in sorted(found.keys() - given):
        yield f"{key}: no panel fills the area {name}; write . for a cell that stays empty"
    for place in wall.panels:
        if place.where not in found:
            continue
        width, height = found[place.where]
        least, high = LEAST[place.panel]
        least *= len(place.figures) if place.panel == "figures" else 1
        upright = UPRIGHT.get(place.panel, (least, high))
        if all(width < x - 0.05 or height < y - 0.05 for x, y in ((least, high), upright)):
            far = f" from {wall.distance_m:g} m" if wall.scale > 1 else ""
            yield (
                f"{key}: panel {place.panel} needs {least:g} x {high:g} rem, area {place.where} has"
                f" {width:.1f} x {height:.1f}{far}; give it more room or use fewer panels"
            )


def _list(names: object) -> str:
    return ", ".join(sorted(names)) if names else "none"  # type: ignore[call-overload]


OVERVIEW = Wall(
    "Toàn cảnh",
    "Overview",
    Grid(
        (
            "figures figures figures",
            "flow map incidents",
            "departments map incidents",
            "departments map services",
            "targets targets targets",
            "ticker ticker ticker",
        ),
        (69, 92, 71),
        (18, 36, 8, 35.5, 13.5, 5),
    ),
    (
        Place("figures", figures=("received", "finished", "overdue", "on_time", "incidents", "usage")),
        Place("flow"),
        Place("departments"),
        Place("map"),
        Place("incidents"),
        Place("services"),
        Place("lifecycle"),
        Place("targets"),
        Place("ticker"),
    ),
    Grid(
        (
            "figures figures figures figures",
            "flow map incidents lifecycle",
            "departments map incidents lifecycle",
            "departments map services lifecycle",
            "targets targets targets targets",
            "ticker ticker ticker ticker",
        ),
        (66, 112, 66, 66),
        (18, 36, 8, 35.5, 13.5, 5),
    ),
)
"""The wall there is where the settings compose none."""


def composed(walls: Mapping[str, Wall]) -> Mapping[str, Wall]:
    """The walls of the settings, or the one that comes with the program."""
    return walls or {"overview": OVERVIEW}
