"""``/wall``: the province on one wall, 3840 by 2160 and everything of that shape."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Page, tile
from dashboards.panels import departments, flow, header, headline, incidents, services, targets, ticker
from dashboards.panels import map as map_panel
from ioc.snapshot import Scope

PANELS = (
    header.PANEL,
    *headline.PANELS,
    flow.PANEL,
    departments.PANEL,
    map_panel.PANEL,
    incidents.PANEL,
    services.PANEL,
    targets.PANEL,
    ticker.PANEL,
)


def layout(look: Look, scope: Scope) -> Component:
    """Header, headline strip, three columns around the map, targets, ticker."""
    del scope
    return html.Main(
        [
            tile(header.PANEL, look, "bare"),
            html.Div([tile(panel, look, "bare") for panel in headline.PANELS], className="headline-strip"),
            html.Div(
                [
                    html.Div([tile(flow.PANEL, look), tile(departments.PANEL, look)], className="column left"),
                    tile(map_panel.PANEL, look, "bare hero"),
                    html.Div([tile(incidents.PANEL, look), tile(services.PANEL, look)], className="column right"),
                ],
                className="wall-body",
            ),
            tile(targets.PANEL, look, "bare"),
            tile(ticker.PANEL, look, "bare"),
        ],
        className="wall",
    )


PAGE = Page("wall", "/wall", "page.wall", "wall", PANELS, layout)
