"""What every page of the leaders' tablet has around its panels: whose it is, the fields, the star, the notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.navigation import fields, rooms
from dashboards.pages.addresses import scope_address
from dashboards.panel import CASES, Look, age_tag, clock_tag, data, tile
from dashboards.panels import footing
from dashboards.panels.header import notices
from dashboards.panels.heading import icon
from dashboards.text.names import listed
from ioc.snapshot import Scope
from ioc.world import Unit

WHOLE: Mapping[str, str] = {}


def screen(
    look: Look,
    scope: Scope,
    here: str,
    parts: Sequence[Component],
    *,
    feed: str = CASES,
    when: Mapping[str, str] = WHOLE,
) -> Component:
    """A page at path ``here``; ``feed`` is the one whose age stands in its head, ``when`` is the page's own."""
    told = notices(look)
    notice = [html.Aside([html.Span(text) for text in told], className="notice")] if told else []
    name = here.strip("/") or "overview"
    return html.Div(
        [
            html.A(look.t("nav.skip"), href="#main", className="skip"),
            _header(look, scope, here, feed, when),
            *notice,
            html.Main(list(parts), id="main", className=f"field field-{name}", tabIndex=-1),
            html.Footer([tile(footing.PANEL, look, "bare"), rooms(look)], className="leader-foot"),
        ],
        className="leader",
    )


def is_leaf(look: Look, scope: Scope) -> bool:
    """Whether nothing lies below the unit."""
    return not look.world.children(scope.unit)


def _whose(look: Look, scope: Scope, here: str, when: Mapping[str, str]) -> Component:
    def address(unit: Unit) -> str:
        return scope_address(Scope(unit.code, scope.by), path=here, **when)

    path = look.world.path(scope.unit)
    if len(path) == 1 and path[0].code == look.world.root.code:
        province = look.settings.province
        name = province.name_en if look.language == "en" else province.name_vi
        return html.Div(html.H1(look.t("app.title", province=name)), className="whose")
    above = path[:-1] or (look.world.root,)
    crumbs: list[Component | str] = []
    for unit in above:
        crumbs += [dcc.Link(listed(unit, look.language), href=address(unit)), " › "]
    return html.Div(
        [
            dcc.Link(
                [icon("arrow-left"), html.Span(look.t("nav.back"), className="visually-hidden")],
                href=address(above[-1]),
                className="button",
                title=look.t("nav.back"),
            ),
            html.Div(
                [
                    html.Nav(crumbs[:-1], className="crumbs", **{"aria-label": look.t("nav.breadcrumb")}),  # type: ignore[arg-type]
                    html.H1(path[-1].name(look.language)),
                ]
            ),
            html.Button(
                [icon("star off"), icon("star-fill on"), html.Span(look.t("mine.pin"), className="visually-hidden")],
                className="button star",
                title=look.t("mine.pin"),
                type="button",
                **data(pin=scope.unit),
                **{"aria-pressed": "false"},  # type: ignore[arg-type]
            ),
        ],
        className="whose",
    )


def _header(look: Look, scope: Scope, here: str, feed: str, when: Mapping[str, str]) -> Component:
    t = look.t
    other_theme = "light" if look.theme == "dark" else "dark"
    other_language = "en" if look.language == "vi" else "vi"
    buttons = [
        html.A(
            [html.Span(t("nav.language_short"), **{"aria-hidden": "true"}), _hidden(t("nav.language"), other_language)],  # type: ignore[arg-type]
            href=scope_address(scope, path=here, lang=other_language, **when),
            className="button",
            title=t("nav.language"),
        ),
        html.A(
            [icon("sun" if look.theme == "dark" else "moon-stars"), _hidden(t("nav.theme"))],
            href=scope_address(scope, path=here, theme=other_theme, **when),
            className="button",
            title=t("nav.theme"),
        ),
    ]
    age = html.Div(html.Span(age_tag(feed), className="feed"), className="feeds")
    return html.Header(
        [_whose(look, scope, here, when), fields(look, here, scope), age, clock_tag("seconds"), *buttons],
        className="leader-header",
    )


def _hidden(text: str, language: str | None = None) -> Component:
    said: dict[str, Any] = {"lang": language} if language else {}
    return html.Span(text, className="visually-hidden", **said)
