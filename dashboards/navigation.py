"""The way between pages: tabs at the head of a desk or a tablet, at the foot of an upright one."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look
from dashboards.panels.heading import icon

PAGES = (
    ("/", "nav.overview", "house-door"),
    ("/wall", "nav.wall", "display"),
    ("/status", "nav.status", "speedometer2"),
)


def tabs(look: Look, here: str) -> Component:
    """A link to each page; that of ``here`` is marked as the present one."""
    links = [
        dbc.NavLink([icon(picture), html.Span(look.t(key))], href=href, active=href == here)
        for href, key, picture in PAGES
    ]
    return html.Nav(dbc.Nav(links, className="tabs"), className="tabs-place")
