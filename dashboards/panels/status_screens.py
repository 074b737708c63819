"""Every screen that this process serves: what it paints, since when, and whether it still does."""

from __future__ import annotations

from collections.abc import Callable

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Panel, Slots, data, slot
from dashboards.panels.heading import heading, icon
from dashboards.text.formats import number
from dashboards.text.names import listed
from dashboards.vitals import PushVitals, Vitals
from dashboards.watchdog import ScreenSeen
from ioc.snapshot import Scope, Snapshot

NAME = "status-screens"
COLUMNS = ("screen", "paints", "shows", "seq", "since", "address", "build")
MOST = 30
"""Rows; those in trouble come first, the rest is counted."""


def frame(look: Look) -> Component:
    """A verdict, then a row a screen."""
    t = look.t
    head = html.Thead(html.Tr([html.Th(t(f"status.col_{name}"), scope="col") for name in COLUMNS]))
    return html.Div(
        [
            heading(NAME, t("status.screens_title"), t("status.screens_note")),
            html.P(id=slot(NAME, "verdict"), className="verdict"),
            # what scrolls can be reached by the keyboard
            html.Div(
                html.Table([head, html.Tbody(id=slot(NAME, "rows"))], className="list"), className="scrolls", tabIndex=0
            ),
            html.P(id=slot(NAME, "more"), className="foot"),
        ]
    )


def verdict(push: PushVitals, look: Look) -> tuple[str, str]:
    """How many paint and how many do not, and the class of the line."""
    t, language = look.t, look.language
    here = [screen for screen in push.roll if screen.state != "gone"]
    bad = [screen for screen in push.roll if screen.state in ("frozen", "gone")]
    if bad:
        return t("status.screens_bad", n=number(len(bad), language), of=number(len(here), language)), "verdict over"
    if not here:
        return t("status.screens_none"), "verdict"
    return t("status.screens_ok", n=number(len(here), language)), "verdict met"


def row(screen: ScreenSeen, build: str, look: Look) -> Component:
    """One screen; the age of its last word runs in the browser while something is wrong."""
    t, language = look.t, look.language
    wrong = screen.state in ("frozen", "gone")
    state: list[Component | str] = [icon(ICONS[screen.state]), " ", t(f"status.screen_{screen.state}")]
    if wrong:
        state += [" ", html.Span(**data(since=screen.heard_at.isoformat()))]
    unit = look.world.by_code.get(screen.unit)
    place = "" if unit is None or unit.code == look.world.root.code else f" · {listed(unit, language)}"
    local = screen.since.astimezone(look.settings.zone)
    other = bool(screen.build) and screen.build != build
    return html.Tr(
        [
            html.Th(screen.name or "–", scope="row"),
            html.Td(state, className={"frozen": "over", "gone": "over", "paints": "met"}.get(screen.state, "quiet")),
            html.Td(f"/{'' if screen.page == 'leader' else screen.page}{place} · {screen.language}"),
            html.Td(f"{number(screen.seq, language)} / {number(screen.newest, language)}", className="number"),
            html.Td(f"{local:%d/%m %H:%M:%S}", className="number"),
            html.Td(screen.address),
            html.Td(
                [html.Code(screen.build[:8] or "–"), f" {t('status.build_other')}" if other else ""],
                className="doubt" if other else "",
            ),
        ]
    )


ICONS = {
    "paints": "check-circle",
    "joins": "clock-history",
    "hidden": "clock-history",
    "frozen": "sev-high",
    "gone": "wifi-off",
}


def panel(vitals: Callable[[], Vitals]) -> Panel:
    """The panel of this process's screens."""

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        del snapshot, scope
        push = vitals().push
        text, class_name = verdict(push, look)
        more = len(push.roll) - MOST
        return {
            slot(NAME, "verdict"): {"children": text, "className": class_name},
            slot(NAME, "rows"): {"children": [row(screen, push.build, look) for screen in push.roll[:MOST]]},
            slot(NAME, "more"): {
                "children": look.t("status.screens_more", n=number(more, look.language)) if more > 0 else ""
            },
        }

    return Panel(NAME, (), frame, update, every_s=1)
