"""``/``: the leaders' overview on a tablet; the place looked at is in the URL: ``/?unit=718``."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.overdue_lists import unread
from dashboards.panel import Look, Page, Panel, data, tile
from dashboards.panels import (
    attention,
    flow,
    footing,
    headline,
    incidents,
    mine,
    overdue,
    ranking,
    services,
    summary,
    targets,
)
from dashboards.panels import map as map_panel
from dashboards.tablet import is_leaf, screen
from ioc.snapshot import Scope

FIGURES = (headline.RECEIVED, headline.FINISHED, headline.OVERDUE, headline.ON_TIME)


def _units(look: Look) -> Component:
    """The units below and the pinned ones in one place; `assets/mine.js` shows one of the two."""
    t = look.t
    choices = [
        html.Button(t(key), type="button", **data(mine=choice), **{"aria-pressed": "false"})  # type: ignore[arg-type]
        for choice, key in (("on", "mine.own"), ("off", "mine.all"))
    ]
    return html.Div(
        [
            html.Div(choices, className="switch", role="group", **{"aria-label": t("mine.switch")}),  # type: ignore[arg-type]
            tile(mine.PANEL, look, "card"),
            tile(ranking.PANEL, look, "card"),
        ],
        className="area-ranking",
    )


def page(late: Panel) -> Page:
    """The page; ``late`` is the panel of the overdue list."""

    def layout(look: Look, scope: Scope) -> Component:
        """What needs you, four figures, where and who, then everything else further down."""
        tiles = [
            tile(map_panel.PANEL, look, "card area-map"),
            _units(look),
            tile(flow.PANEL, look, "card area-flow"),
            tile(summary.PANEL, look, "card area-summary"),
        ]
        listed = tile(late, look, "card area-late")
        if scope.unit == look.world.root.code:
            cards = [html.Div(tiles, className="cards"), listed]
        else:  # who opened a unit wants its list: it stands among the first
            kind = "cards of-unit leaf" if is_leaf(look, scope) else "cards of-unit"
            cards = [html.Div([*tiles[:2], listed, *tiles[2:]], className=kind)]
        parts = [
            html.Div([tile(panel, look, "bare") for panel in attention.PANELS], className="attention-row"),
            html.Div([tile(panel, look, "card") for panel in FIGURES], className="figure-row"),
            *cards,
            html.Div(
                [
                    tile(incidents.PANEL, look, "card"),
                    tile(services.PANEL, look, "card"),
                    tile(targets.PANEL, look, "card wide"),
                ],
                className="more",
            ),
        ]
        return screen(look, scope, "/", parts)

    panels = (
        *attention.PANELS,
        *FIGURES,
        map_panel.PANEL,
        mine.PANEL,
        ranking.PANEL,
        flow.PANEL,
        summary.PANEL,
        late,
        incidents.PANEL,
        services.PANEL,
        targets.PANEL,
        footing.PANEL,
    )
    return Page("leader", "/", "page.leader", "tablet", panels, layout)


PAGE = page(overdue.panel(unread))
"""The page without a store behind it: its list of overdue cases is never read."""
