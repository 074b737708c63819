"""The way between pages: the fields of the leaders' tablet, and the pages of a desk."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboards.pages.addresses import scope_address
from dashboards.panel import Look
from dashboards.panels.heading import icon
from ioc.snapshot import Scope

FIELDS = (
    ("/", "nav.overview", "house-door"),
    ("/cases", "nav.cases", "folder2-open"),
    ("/cameras", "nav.cameras", "camera-video"),
    ("/services", "nav.services", "globe2"),
    ("/kpi", "nav.kpi", "bullseye"),
)
"""Pages of a tablet in the order in which a swipe turns them; each keeps the unit that is looked at."""
PAGES = (
    ("/", "nav.overview", "house-door"),
    ("/wall", "nav.wall", "display"),
    ("/status", "nav.status", "speedometer2"),
)


def fields(look: Look, here: str, scope: Scope) -> Component:
    """The tabs of a tablet; that of ``here`` is marked as the present one."""
    whole = scope == Scope(look.world.root.code)
    found = [
        (path if whole else scope_address(scope, path=path), key, picture, path == here)
        for path, key, picture in FIELDS
    ]
    return _tabs(look, found, look.t("nav.fields"))


def tabs(look: Look, here: str) -> Component:
    """A link to each page; that of ``here`` is marked as the present one."""
    return _tabs(look, [(path, key, picture, path == here) for path, key, picture in PAGES], look.t("nav.pages"))


def _tabs(look: Look, links: list[tuple[str, str, str, bool]], label: str) -> Component:
    made = []
    for href, key, picture, present in links:
        said: dict[str, Any] = {"aria-current": "page"} if present else {}
        made.append(dbc.NavLink([icon(picture), html.Span(look.t(key), **said)], href=href, active=present))
    return html.Nav(dbc.Nav(made, className="tabs"), className="tabs-place", **{"aria-label": label})  # type: ignore[arg-type]


def rooms(look: Look) -> Component:
    """The pages beside the fields, at the foot of a tablet."""
    links = [html.A([icon(picture), look.t(key)], href=path) for path, key, picture in PAGES[1:]]
    return html.Nav(links, className="rooms", **{"aria-label": look.t("nav.pages")})  # type: ignore[arg-type]
