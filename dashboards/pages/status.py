"""``/status``: does the machine itself do its work? Feeds, proof, processes, push, versions."""

from __future__ import annotations

from collections.abc import Callable

from dash import html
from dash.development.base_component import Component

from dashboards.navigation import tabs
from dashboards.panel import Look, Page, clock_tag, tile
from dashboards.panels import status_feeds, status_push, status_store
from dashboards.panels.header import badges
from dashboards.vitals import Vitals
from ioc.snapshot import Scope


def page(vitals: Callable[[], Vitals]) -> Page:
    """The page of one web process, which knows its own ``vitals``."""
    feeds = status_feeds.PANEL
    store = status_store.panel(vitals)
    rejects = status_store.rejects_panel(vitals)
    push = status_push.panel(vitals)
    versions = status_push.versions_panel(vitals)

    def layout(look: Look, scope: Scope) -> Component:
        del scope
        t = look.t
        other = "en" if look.language == "vi" else "vi"
        province = look.settings.province
        name = province.name_en if look.language == "en" else province.name_vi
        return html.Main(
            [
                html.Header(
                    [
                        html.H1(f"{t('app.title', province=name)} · {t('page.status')}"),
                        html.Div(badges(look), className="badges"),
                        tabs(look, "/status"),
                        clock_tag("seconds"),
                        html.A(
                            t("nav.language_short"),
                            href=f"/status?lang={other}",
                            className="button",
                            title=t("nav.language"),
                        ),
                    ],
                    className="status-header",
                ),
                tile(feeds, look, "card"),
                html.Div(
                    [tile(rejects, look, "card"), tile(push, look, "card"), tile(versions, look, "card")],
                    className="status-row",
                ),
                tile(store, look, "card"),
            ],
            className="status",
        )

    return Page("status", "/status", "page.status", "desk", (feeds, store, rejects, push, versions), layout)
