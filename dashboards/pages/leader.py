"""``/``: the leaders' overview on a tablet; the place looked at is in the URL: ``/?unit=718``."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.navigation import tabs
from dashboards.pages.addresses import unit_address
from dashboards.panel import Look, Page, age_tag, clock_tag, tile
from dashboards.panels import attention, flow, footing, headline, incidents, ranking, services, summary, targets
from dashboards.panels import map as map_panel
from dashboards.panels.header import notices
from dashboards.panels.heading import icon
from dashboards.text.names import listed
from ioc.snapshot import Scope

FIGURES = (headline.RECEIVED, headline.FINISHED, headline.OVERDUE, headline.ON_TIME)

PANELS = (
    *attention.PANELS,
    *FIGURES,
    map_panel.PANEL,
    ranking.PANEL,
    flow.PANEL,
    summary.PANEL,
    incidents.PANEL,
    services.PANEL,
    targets.PANEL,
    footing.PANEL,
)


def _whose(look: Look, scope: Scope) -> Component:
    path = look.world.path(scope.unit)
    if len(path) == 1 and path[0].code == look.world.root.code:
        province = look.settings.province
        name = province.name_en if look.language == "en" else province.name_vi
        return html.Div(html.H1(look.t("app.title", province=name)), className="whose")
    above = path[:-1] or (look.world.root,)
    crumbs: list[Component | str] = []
    for unit in above:
        crumbs += [dcc.Link(listed(unit, look.language), href=unit_address(unit.code)), " › "]
    return html.Div(
        [
            dcc.Link(
                icon("arrow-left"), href=unit_address(above[-1].code), className="button", title=look.t("nav.back")
            ),
            html.Div(
                [
                    html.Nav(crumbs[:-1], className="crumbs", **{"aria-label": look.t("nav.breadcrumb")}),  # type: ignore[arg-type]
                    html.H1(path[-1].name(look.language)),
                ]
            ),
        ],
        className="whose",
    )


def _header(look: Look, scope: Scope) -> Component:
    t = look.t
    other_theme = "light" if look.theme == "dark" else "dark"
    other_language = "en" if look.language == "vi" else "vi"
    buttons = [
        html.A(
            t("nav.language_short"),
            href=unit_address(scope.unit, lang=other_language),
            className="button",
            title=t("nav.language"),
        ),
        html.A(
            icon("sun" if look.theme == "dark" else "moon-stars"),
            href=unit_address(scope.unit, theme=other_theme),
            className="button",
            title=t("nav.theme"),
        ),
    ]
    feed = html.Div(html.Span(age_tag("ioc.cases.v1"), className="feed"), className="feeds")
    return html.Header(
        [_whose(look, scope), tabs(look, "/"), feed, clock_tag("seconds"), *buttons],
        className="leader-header",
    )


def _notice(look: Look) -> list[Component]:
    told = notices(look)
    return [html.Div([html.Span(text) for text in told], className="notice")] if told else []


def layout(look: Look, scope: Scope) -> Component:
    """What needs you, four figures, where and who, then everything else further down."""
    return html.Main(
        [
            _header(look, scope),
            *_notice(look),
            html.Div([tile(panel, look, "bare") for panel in attention.PANELS], className="attention-row"),
            html.Div([tile(panel, look, "card") for panel in FIGURES], className="figure-row"),
            html.Div(
                [
                    tile(map_panel.PANEL, look, "card area-map"),
                    tile(ranking.PANEL, look, "card area-ranking"),
                    tile(flow.PANEL, look, "card area-flow"),
                    tile(summary.PANEL, look, "card area-summary"),
                ],
                className="cards",
            ),
            html.Div(
                [
                    tile(incidents.PANEL, look, "card"),
                    tile(services.PANEL, look, "card"),
                    tile(targets.PANEL, look, "card wide"),
                ],
                className="more",
            ),
            tile(footing.PANEL, look, "bare"),
        ],
        className="leader",
    )


PAGE = Page("leader", "/", "page.leader", "tablet", PANELS, layout)
