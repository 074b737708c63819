"""``/cases``, ``/cameras``, ``/services``, ``/kpi``: a field each, of the unit that is looked at: ``/cases?unit=718``.

A swipe or a tab leads from one to the next; each shows the unit that the one before showed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.pages.addresses import scope_address
from dashboards.panel import Look, Page, Panel, tile
from dashboards.panels import camera_health, flow, footing, headline, incidents, kpi, paid, services, uses, ways
from dashboards.panels import map as map_panel
from dashboards.tablet import screen
from ioc.facts import Topic
from ioc.snapshot import Scope

CHOICES: tuple[tuple[str, dict[str, str]], ...] = (("overdue.choice", {}), ("soon.choice", {"late": "soon"}))
"""The lists of the field of cases, and what an address says of each."""
FIGURES = (headline.RECEIVED, headline.FINISHED, headline.OVERDUE, headline.ON_TIME)


def cases(late: Panel) -> Page:
    """Cases: what comes in, what goes out, and each case that is late. ``late`` is the panel of the overdue list."""
    return _cases("cases", "page.cases", late)


def due_soon(soon: Panel) -> Page:
    """The same with the cases that fall due next: what can still be saved. ``soon`` is the panel of their list."""
    return _cases("cases-soon", "page.cases_soon", soon, late="soon")


def _cases(name: str, title: str, listed: Panel, **when: str) -> Page:
    def layout(look: Look, scope: Scope) -> Component:
        parts = [
            html.Div([tile(panel, look, "card") for panel in FIGURES], className="figure-row"),
            html.Div(
                [
                    html.Div(
                        [
                            _choices(look, scope, when),
                            tile(listed, look, "card area-list"),
                        ],
                        className="switched",
                    ),
                    html.Div([tile(flow.PANEL, look, "card tall"), tile(ways.PANEL, look, "card")], className="aside"),
                ],
                className="beside-row",
            ),
        ]
        return screen(look, scope, "/cases", parts, when=when)

    panels = (*FIGURES, listed, flow.PANEL, ways.PANEL, footing.PANEL)
    return Page(name, "/cases", title, "tablet", panels, layout, when=when)


def _choices(look: Look, scope: Scope, when: Mapping[str, str]) -> Component:
    """A link to each list; the one that is shown is marked."""
    links = []
    for key, own in CHOICES:
        here: dict[str, Any] = {"aria-current": "page"} if own == when else {}
        href = scope_address(scope, path="/cases", **own)
        links.append(dcc.Link(html.Span(look.t(key), **here), href=href, className="active" if here else ""))
    return html.Nav(links, className="switch", **{"aria-label": look.t("overdue.which")})  # type: ignore[arg-type]


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
        html.Div(
            [
                tile(services.PANEL, look, "card area-services"),
                tile(map_panel.USAGE, look, "card area-map"),
                tile(uses.PANEL, look, "card area-uses"),
                tile(flow.USAGE, look, "card area-flow"),
            ],
            className="used",
        ),
    ]
    return screen(look, scope, "/services", parts, feed=Topic.USAGE.title)


SERVICES = Page(
    "services",
    "/services",
    "page.services",
    "tablet",
    (headline.USAGE_TOTAL, paid.PANEL, services.PANEL, map_panel.USAGE, uses.PANEL, flow.USAGE, footing.PANEL),
    _services,
)


def _kpi(look: Look, scope: Scope) -> Component:
    return screen(look, scope, "/kpi", [tile(kpi.PANEL, look, "bare")], feed=Topic.INDICATORS.title)


KPI = Page("kpi", "/kpi", "page.kpi", "tablet", (kpi.PANEL, footing.PANEL), _kpi)
