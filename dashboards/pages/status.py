"""``/status``: does the machine itself do its work? What is wrong, feeds, screens, push, refused records, proof."""

from __future__ import annotations

from collections.abc import Callable

from dash import html
from dash.development.base_component import Component

from dashboards.navigation import tabs
from dashboards.panel import Look, Page, Panel, clock_tag, tile
from dashboards.panels import status_alarms, status_feeds, status_push, status_screens, status_store
from dashboards.panels.header import badges
from dashboards.vitals import Vitals
from ioc.snapshot import Scope


def page(vitals: Callable[[], Vitals]) -> Page:
    """The page of one web process, which knows its own ``vitals``."""
    alarms = status_alarms.panel(vitals)
    feeds = status_feeds.PANEL
    screens = status_screens.panel(vitals)
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
                tile(alarms, look, "bare"),
                html.Div(
                    [
                        html.Div(
                            [_scrolling(feeds, look), tile(screens, look, "card"), _scrolling(store, look)],
                            className="status-column",
                        ),
                        html.Div(
                            [_scrolling(push, look), _scrolling(rejects, look), _scrolling(versions, look)],
                            className="status-column",
                        ),
                    ],
                    className="status-body",
                ),
            ],
            className="status",
        )

    panels = (alarms, feeds, screens, store, rejects, push, versions)
    return Page("status", "/status", "page.status", "desk", panels, layout)


def _scrolling(panel: Panel, look: Look) -> Component:
    """A tile whose table may be wider than itself: the keyboard can reach and scroll it."""
    found = tile(panel, look, "card")
    setattr(found, "tabIndex", 0)  # noqa: B010  a component's properties are unknown to types
    return found
