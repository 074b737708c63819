"""``/wall`` and ``/wall/NAME``: walls as the settings compose them, 16:9 and 64:27."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Page, Panel, tile
from dashboards.panels import (
    ages,
    amounts,
    cameras,
    channels,
    departments,
    flow,
    header,
    headline,
    headline_more,
    incidents,
    kinds,
    lifecycle,
    ontime,
    services,
    stages,
    targets,
    ticker,
    uses,
    week,
)
from dashboards.panels import map as map_panel
from dashboards.panels.campaign import campaign, curtain
from dashboards.panels.indicator import indicator
from dashboards.panels.text import text
from ioc.settings import Settings
from ioc.snapshot import Scope
from ioc.walls import OVERVIEW, Place, Wall, areas, composed

FIGURES: Mapping[str, Panel] = {
    "received": headline.RECEIVED,
    "finished": headline.FINISHED,
    "overdue": headline.OVERDUE,
    "on_time": headline.ON_TIME,
    "incidents": headline.INCIDENTS,
    "usage": headline.USAGE_TOTAL,
    "open": headline_more.OPEN,
    "soon": headline_more.SOON,
    "detected": headline_more.DETECTED,
    "unaccepted": headline_more.UNACCEPTED,
    "cameras": headline_more.CAMERAS_ONLINE,
    "errors": headline_more.ERRORS,
    "amount": headline_more.AMOUNT,
}
"""The figures of a strip by name."""

MAPS: Mapping[str, Panel] = {
    "overdue": map_panel.PANEL,
    "incidents": map_panel.INCIDENTS,
    "usage": map_panel.USAGE,
    "cameras": map_panel.CAMERAS,
}

MADE: Mapping[str, Callable[[Place, Wall], tuple[Panel, ...]]] = {
    "ages": lambda _place, _wall: (ages.PANEL,),
    "amounts": lambda _place, _wall: (amounts.PANEL,),
    "campaign": lambda place, wall: (campaign(place, wall),),
    "cameras": lambda _place, _wall: (cameras.PANEL,),
    "channels": lambda _place, _wall: (channels.PANEL,),
    "departments": lambda _place, _wall: (departments.PANEL,),
    "detections": lambda _place, _wall: (flow.DETECTIONS,),
    "figures": lambda place, _wall: tuple(FIGURES[name] for name in dict.fromkeys(place.figures)),
    "flow": lambda _place, _wall: (flow.PANEL,),
    "incidents": lambda _place, _wall: (incidents.PANEL,),
    "indicator": lambda place, wall: (indicator(place, wall),),
    "kinds": lambda _place, _wall: (kinds.PANEL,),
    "lifecycle": lambda _place, _wall: (lifecycle.PANEL,),
    "map": lambda place, _wall: (MAPS[place.layer],),
    "ontime": lambda _place, _wall: (ontime.PANEL,),
    "services": lambda _place, _wall: (services.PANEL,),
    "stages": lambda _place, _wall: (stages.PANEL,),
    "targets": lambda _place, _wall: (targets.PANEL,),
    "text": lambda place, _wall: (text(place),),
    "ticker": lambda _place, _wall: (ticker.PANEL,),
    "units": lambda _place, _wall: (departments.UNITS,),
    "usage": lambda _place, _wall: (flow.USAGE,),
    "uses": lambda _place, _wall: (uses.PANEL,),
    "week": lambda _place, _wall: (week.PANEL,),
}
"""How each panel of `ioc.walls.LEAST` is made from its entry."""

BARE = frozenset({"figures", "map", "targets", "ticker", "text", "campaign", "stages"})
"""Panels that stand on the ground of the wall, without a box."""


def page(name: str, wall: Wall, path: str, page_name: str) -> Page:
    """The page of one wall."""
    head = header.on_wall(name)
    drawn = (curtain(wall),) if wall.from_ or wall.until else ()
    made = [(place, MADE[place.panel](place, wall)) for place in wall.panels]

    def layout(look: Look, scope: Scope) -> Component:
        """The head, then a grid of cells; a curtain over them where the wall has its time."""
        del scope
        cells = [_cell(place, panels, wall, look) for place, panels in made]
        return html.Main(
            [
                tile(head, look, "bare"),
                *(tile(panel, look, "bare curtain-place") for panel in drawn),
                html.Div(cells, className="wall-grid", style=_styled(wall)),
            ],
            className=f"wall far-{round(wall.scale * 10)}",
        )

    own = tuple(panel for _, panels in made for panel in panels)
    asks = {"unit": wall.unit, "by": wall.by, "lang": wall.language, "theme": wall.theme}
    return Page(
        page_name,
        path,
        "page.wall",
        "wall",
        (head, *drawn, *own),
        layout,
        {key: value for key, value in asks.items() if value},
        {"vi": wall.title_vi, "en": wall.title_en},
    )


def pages(settings: Settings) -> tuple[Page, ...]:
    """``/wall``, the one that the settings name as home (unless that is a playlist), and ``/wall/NAME`` for each."""
    walls = composed(settings.walls)
    found = [page(name, wall, f"/wall/{name}", f"wall-{name}") for name, wall in walls.items()]
    if settings.wall in walls:
        found.insert(0, page(settings.wall, walls[settings.wall], "/wall", "wall"))
    return tuple(found)


def _cell(place: Place, panels: Iterable[Panel], wall: Wall, look: Look) -> Component:
    narrow, wide = areas(wall.grid), areas(wall.wide or wall.grid)
    only = (
        "" if place.where in narrow and place.where in wide else "narrow-only" if place.where in narrow else "wide-only"
    )
    bare = "bare " if place.panel in BARE else ""
    hero = " hero" if place.panel == "map" else ""
    if place.panel == "figures":
        tiles = [tile(panel, look, "bare") for panel in panels]
        return html.Div(tiles, className=f"headline-strip {only}".strip(), style={"gridArea": place.where})
    (panel,) = panels
    one = tile(panel, look, f"{bare}cell cell-{place.panel}{hero} {only}".strip())
    setattr(one, "style", {"gridArea": place.where})  # noqa: B010
    return one


def _styled(wall: Wall) -> dict[str, str]:
    style = {}
    for prefix, grid in (("", wall.grid), ("wide-", wall.wide or wall.grid)):
        columns = grid.columns or (1.0,) * len(grid.areas[0].split())
        rows = grid.rows or (1.0,) * len(grid.areas)
        style[f"--{prefix}areas"] = " ".join(f'"{" ".join(row.split())}"' for row in grid.areas)
        style[f"--{prefix}columns"] = _tracks(columns)
        style[f"--{prefix}rows"] = _tracks(rows)
    return style


def _tracks(weights: Iterable[float]) -> str:
    return " ".join(f"minmax(0,{weight:g}fr)" for weight in weights)


PAGE = page("overview", OVERVIEW, "/wall", "wall")
"""The wall there is where the settings compose none."""
