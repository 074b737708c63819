"""The Dash application: one layout that places the page of the address, and nothing from another host.

Pages come by one callback from the address (path and query); from then on the live push owns every slot. The query
holds the place (``?unit=718&by=receiving``), the language (``?lang=en``) and the theme (``?theme=light``); the last two
are remembered in cookies.
"""

from __future__ import annotations

import base64
import hashlib
import html as escape
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs

import flask
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboards.channel import Place
from dashboards.offline import BUILD_HEADER
from dashboards.panel import Device, Language, Look, Page, Theme
from dashboards.text import translate
from dashboards.theme import colours
from ioc.settings import Settings
from ioc.snapshot import Scope
from ioc.world import World

ASSETS = Path(__file__).parent / "assets"
YEAR_S = 365 * 86_400
LANGUAGES = get_args(Language)
THEMES = get_args(Theme)
NOTHING: Mapping[str, str] = {}

INDEX = """<!DOCTYPE html>
<html lang="{language}" data-bs-theme="{theme}" data-device="{device}" data-state="loading" data-zone="{zone}"
 data-build="{build}" data-words="{words}">
<head>{metas}<script>{stands}</script><title>{title}</title>{icons}{css}</head>
<body>{app_entry}{config}<script src="{early}"></script>{scripts}{renderer}</body>
</html>"""

STANDS = (ASSETS / "early" / "stands.js").read_text(encoding="utf-8")
"""What every document holds itself, so that a page whose scripts did not come is loaded again."""
STANDS_HASH = f"'sha256-{base64.b64encode(hashlib.sha256(STANDS.encode()).digest()).decode()}'"
"""By which the policy of pages knows it."""

ICONS = (
    '<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">'
    '<link rel="icon" type="image/png" href="/icons/app-192.png">'
    '<link rel="apple-touch-icon" href="/icons/touch-180.png">'
    '<meta name="theme-color" content="{colour}">'
)

WORDS = (
    "lost",
    "store_lost",
    "kept",
    "kept_again",
    "drains",
    "seconds",
    "minutes",
    "hours",
    "days",
    "age_live",
    "age_quiet",
    "age_stale",
    "age_behind",
    "age_none",
    "never",
    "weekdays",
)
"""The texts that the browser itself fills in: keys of ``live.``"""


class Addresses:
    """What an address means: which page, scope, language and theme. Shared by pages and the live push."""

    def __init__(self, pages: Sequence[Page], world: World, settings: Settings) -> None:
        self.world = world
        self.settings = settings
        self.by_name: Mapping[str, Page] = {page.name: page for page in pages}
        self._by_path: dict[str, list[Page]] = {}
        for page in sorted(pages, key=lambda page: -len(page.when)):
            self._by_path.setdefault(page.path, []).append(page)
        self._looks: dict[tuple[Device, Language, Theme], Look] = {}

    def page(self, path: str, query: Mapping[str, str] = NOTHING) -> Page | None:
        """The page of a path, and of the ``query`` where pages share it; a slash at the end does not matter."""
        found = self._by_path.get(path.rstrip("/") or "/", ())
        return next((page for page in found if page.when.items() <= query.items()), None)

    def look(self, page: Page, language: Language, theme: Theme) -> Look:
        """The same look each time."""
        key = (page.device, language, theme)
        if key not in self._looks:
            look = Look(language, page.device, theme, translate(language), self.world, self.settings)
            self._looks.setdefault(key, look)
        return self._looks[key]

    def scope(self, query: Mapping[str, str]) -> Scope | None:
        """The scope of a query; None for a unit that does not exist."""
        unit = query.get("unit") or self.world.root.code
        if unit not in self.world.by_code:
            return None
        return Scope(unit, "receiving" if query.get("by") == "receiving" else "handling")

    def language(self, query: Mapping[str, str], cookies: Mapping[str, str]) -> Language:
        """The query's, else the remembered one, else the province's."""
        for found in (query.get("lang"), cookies.get("ioc_lang")):
            if found in LANGUAGES:
                return "en" if found == "en" else "vi"
        return self.settings.province.language

    def theme(self, page: Page | None, query: Mapping[str, str], cookies: Mapping[str, str]) -> Theme:
        """The query's, else (walls are always dark unless told) the remembered one, else dark."""
        remembered = None if page and page.device == "wall" else cookies.get("ioc_theme")
        for found in (query.get("theme"), remembered):
            if found in THEMES:
                return "light" if found == "light" else "dark"
        return "dark"

    def place(self, query: Mapping[str, str]) -> Place | None:
        """The place that a screen asks the live push for; None where there is no such page or unit."""
        page, scope = self.by_name.get(query.get("page", "")), self.scope(query)
        if page is None or scope is None:
            return None
        return Place(page.name, scope, self.language(query, {}), self.theme(page, query, {}))


class Centre(Dash):
    """Dash whose first HTML already wears the language, the theme and the device of its page."""

    addresses: Addresses
    build: str

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]
        """The document around Dash."""
        cookies = flask.request.cookies
        page = self.addresses.page(flask.request.path, flask.request.args.to_dict())
        query = {**(page.asks if page else {}), **flask.request.args.to_dict()}
        language = self.addresses.language(query, cookies)
        theme = self.addresses.theme(page, query, cookies)
        t = translate(language)
        province = self.addresses.settings.province
        name = province.name_en if language == "en" else province.name_vi
        title = t("app.title", province=name)
        return INDEX.format(
            language=language,
            theme=theme,
            device=page.device if page else "desk",
            zone=escape.escape(province.zone),
            build=self.build,
            words=escape.escape(json.dumps({word: t(f"live.{word}") for word in WORDS}, ensure_ascii=False)),
            stands=STANDS,
            early=self.get_asset_url("early/offline.js"),
            app_entry='<div id="react-entry-point"></div>',
            icons=ICONS.format(colour=colours(theme)["surface"]),
            title=escape.escape(f"{page.titled(language, t)} · {title}" if page else title),
            **{name: part for name, part in parts.items() if name not in ("title", "app_entry")},
        )


def create_app(addresses: Addresses, build: str) -> Centre:
    """The application, with its one callback registered. Serves everything itself: no other host is ever asked."""
    app = Centre(
        "ioc",
        server=flask.Flask("ioc"),  # type: ignore[arg-type]
        assets_folder=str(ASSETS),
        assets_ignore=r"(^|.*/)((offline|stands)\.js|playlist\.(js|css)|plotly_template\.json|LICENSE.*)$",
        serve_locally=True,
        title="IOC",
        update_title="",
        suppress_callback_exceptions=True,
        add_log_handler=False,
    )
    app.addresses = addresses
    app.build = build
    app.enable_dev_tools(debug=False)
    app.layout = html.Div(
        [
            dcc.Location(id="place", refresh="callback-nav"),
            dcc.Store(id="watch"),
            html.Div(id="watched", hidden=True),
            html.Div(id="page"),
        ],
        id="ioc",
    )
    register(app, addresses)
    policy = content_security_policy([*app.csp_hashes(), STANDS_HASH])
    app.server.after_request(lambda answer: remember(answer, policy))
    app.server.after_request(lambda answer: named(answer, build))
    app.server.after_request(lambda response: not_found(response, addresses))
    return app


def register(app: Centre, addresses: Addresses) -> None:
    """The way from the address to the page, and from the page to its live push."""

    @app.callback(
        Output("page", "children"), Output("watch", "data"), Input("place", "pathname"), Input("place", "search")
    )
    def show(pathname: str | None, search: str | None) -> tuple[Component, dict[str, Any] | None]:
        query = {name: values[-1] for name, values in parse_qs((search or "").lstrip("?")).items()}
        cookies = flask.request.cookies
        page = addresses.page(pathname or "/", query)
        query = {**page.asks, **query} if page else query
        scope = addresses.scope(query)
        language = addresses.language(query, cookies)
        theme = addresses.theme(page, query, cookies)
        if page is None or scope is None:
            return nothing_here(language), None
        look = addresses.look(page, language, theme)
        watch = {"page": page.name, "unit": scope.unit, "by": scope.by, "lang": language, "theme": theme}
        return page.layout(look, scope), watch | {"device": page.device}

    watch = ClientsideFunction("ioc", "watch")
    app.clientside_callback(watch, Output("watched", "children"), Input("watch", "data"))  # type: ignore[no-untyped-call]


def nothing_here(language: Language) -> Component:
    """The page of an address that means nothing."""
    t = translate(language)
    return html.Main([html.H1(t("missing.title")), html.P(t("missing.text")), dcc.Link(t("missing.home"), href="/")])


def not_found(response: flask.Response, addresses: Addresses) -> flask.Response:
    """Dash answers every path with its one document; one that shows no page says so in its status too."""
    is_document = response.mimetype == "text/html" and response.status_code == 200
    if is_document and not flask.request.path.startswith("/_dash"):
        page = addresses.page(flask.request.path, flask.request.args.to_dict())
        query = {**(page.asks if page else {}), **flask.request.args.to_dict()}
        if page is None or addresses.scope(query) is None:
            response.status_code = 404
    return response


def named(response: flask.Response, build: str) -> flask.Response:
    """Says which build answered: a tablet keeps nothing of another one."""
    response.headers[BUILD_HEADER] = build
    return response


def content_security_policy(inline: Sequence[str]) -> str:
    """The policy of pages: all of this host, and the ``inline`` scripts by their hashes. Charts and panels set
    styles on elements."""
    own = " ".join(("'self'", *inline))
    return (
        f"default-src 'self'; script-src {own}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self'; frame-src 'self'; frame-ancestors 'self'; "
        "object-src 'none'; base-uri 'self'; form-action 'self'"
    )


def remember(response: flask.Response, policy: str) -> flask.Response:
    """Keeps the language and theme that a page was asked for in its query; says how pages may be used."""
    if response.mimetype == "text/html" and response.status_code == 200:
        for name, choices in (("lang", LANGUAGES), ("theme", THEMES)):
            asked = flask.request.args.get(name, "")
            if asked in choices:
                response.set_cookie(f"ioc_{name}", asked, max_age=YEAR_S, samesite="Lax")
        response.headers["Content-Security-Policy"] = policy
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
