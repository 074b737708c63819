"""Camera health by unit: where are we blind?"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CAMERAS, Look, Panel, Slots, slot
from dashboards.panels.bars import Bar, bar_rows, bar_slots
from dashboards.panels.heading import heading, spoken
from dashboards.panels.ranks import places
from dashboards.text.formats import collation_key, number
from dashboards.text.names import listed
from ioc.figures import CameraFigures
from ioc.snapshot import Scope, Snapshot

NAME = "cameras"
ROWS = 10


def frame(look: Look) -> Component:
    """A row for each unit with cameras."""
    return html.Div(
        [
            heading(NAME, look.t("cameras.title"), look.t("cameras.note")),
            bar_rows(NAME, ROWS),
            html.P(id=slot(NAME, "foot"), className="foot"),
            spoken(NAME),
        ],
        className="cameras",
    )


def blind(of: CameraFigures) -> int:
    """Cameras that show nothing, or not what they should."""
    return of.offline + of.silent + of.tampered


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Units with most blind cameras first; the bar is the share that works."""
    t, language = look.t, look.language
    units = places(snapshot.world.children(scope.unit)) or [snapshot.world.by_code[scope.unit]]
    found = [(unit, snapshot.cameras(Scope(unit.code))) for unit in units]
    known = [(unit, one) for unit, one in found if one.online + blind(one)]
    known.sort(key=lambda row: (-blind(row[1]), collation_key(listed(row[0], language))))
    bars = []
    for unit, one in known:
        whole = one.online + blind(one)
        lost = blind(one)
        bars.append(
            Bar(
                unit.short(language),
                f"{number(one.online, language)}/{number(whole, language)}",
                t("cameras.blind", n=number(lost, language)) if lost else t("cameras.all"),
                one.online * 100 / whole,
                tone="warm" if lost else "",
            )
        )
    more = len(bars) - ROWS
    total = snapshot.cameras(scope)
    foot = t("cameras.none") if not bars else t("cameras.more", n=more) if more > 0 else t("cameras.meaning")
    return {
        **bar_slots(NAME, bars, ROWS),
        slot(NAME, "foot"): {"children": foot},
        slot(NAME, "spoken"): {
            "children": t("cameras.spoken", online=number(total.online, language), lost=number(blind(total), language))
        },
    }


PANEL = Panel(NAME, (CAMERAS,), frame, update)
