"""``/cases``, ``/cameras``, ``/services``, ``/kpi``: a field each, of the unit that is looked at: ``/cases?unit=718``.

A swipe or a tab leads from one to the next; each shows the unit that the one before showed.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Page, Panel, tile
from dashboards.panels import camera_health, flow, footing, headline, incidents, kpi, paid, services, ways
from dashboards.panels import map as map_panel
from dashboards.tablet import screen
from ioc.facts import Topic
from ioc.snapshot import Scope

FIGURES = (headline.RECEIVED, headline.FINISHED, headline.OVERDUE, headline.ON_TIME)


def cases(late: Panel) -> Page:
    """Cases: what comes in, what goes out, and each case that is late. ``late`` is the panel of the overdue list."""

    def layout(look: Look, scope: Scope) -> Component:
        parts = [
            html.Div([tile(panel, look, "card") for panel in FIGURES], className="figure-row"),
            html.Div(
                [
                    tile(late, look, "card area-list"),
                    html.Div([tile(flow.PANEL, look, "card tall"), tile(ways.PANEL, look, "card")], className="aside"),
                ],
                className="beside-row",
            ),
        ]
        return screen(look, scope, "/cases", parts)

    panels = (*FIGURES, late, flow.PANEL, ways.PANEL, footing.PANEL)
    return Page("cases", "/cases", "page.cases", "tablet", panels, layout)


def _cameras(look: Look, scope: Scope) -> Component:
    parts = [
        html.Div(
            [tile(headline.INCIDENTS, look, "card"), tile(camera_health.PANEL, look, "card wide-3")],
            className="figure-row",
        ),
        html.Div(
            [
                html.Div(tile(map_panel.INCIDENTS, look, "card tall"), className="aside first"),
                tile(incidents.PANEL, look, "card area-list"),
            ],
            className="beside-row",
        ),
    ]
    return screen(look, scope, "/cameras", parts, feed=Topic.CAMERAS.title)


CAMERAS = Page(
    "cameras",
    "/cameras",
    "page.cameras",
    "tablet",
    (headline.INCIDENTS, camera_health.PANEL, map_panel.INCIDENTS, incidents.PANEL, footing.PANEL),
    _cameras,
)


def _services(look: Look, scope: Scope) -> Component:
    parts = [
        html.Div(
            [tile(headline.USAGE_TOTAL, look, "card wide-2"), tile(paid.PANEL, look, "card wide-2")],
            className="figure-row",
        ),
        tile(services.PANEL, look, "card"),
    ]
    return screen(look, scope, "/services", parts, feed=Topic.USAGE.title)


SERVICES = Page(
    "services",
    "/services",
    "page.services",
    "tablet",
    (headline.USAGE_TOTAL, paid.PANEL, services.PANEL, footing.PANEL),
    _services,
)


def _kpi(look: Look, scope: Scope) -> Component:
    return screen(look, scope, "/kpi", [tile(kpi.PANEL, look, "bare")], feed=Topic.INDICATORS.title)


KPI = Page("kpi", "/kpi", "page.kpi", "tablet", (kpi.PANEL, footing.PANEL), _kpi)
