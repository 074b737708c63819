"""Uses of services by unit, beside what is usual by this hour: where did use fall away, where did it rise?"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.comparison import days_told, usual_total
from dashboards.panel import USAGE, Look, Panel, Slots, slot
from dashboards.panels.bars import Bar, bar_rows, bar_slots
from dashboards.panels.heading import heading, in_parts, spoken
from dashboards.panels.ranks import LEAST, places
from dashboards.text.formats import number, percent
from ioc.snapshot import Scope, Snapshot
from ioc.usual import alike

NAME = "uses"
ROWS = 9


def frame(look: Look) -> Component:
    """A row for each of the units with most uses."""
    return html.Div(
        [
            heading(NAME, look.t("uses.title")),
            bar_rows(NAME, ROWS),
            html.P(id=slot(NAME, "foot"), className="foot"),
            spoken(NAME),
        ],
        className="uses",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Uses since midnight; units with too few are not ranked."""
    t, language = look.t, look.language
    units = places(snapshot.world.children(scope.unit)) or [snapshot.world.by_code[scope.unit]]
    found = []
    for unit in units:
        own = Scope(unit.code)
        found.append((unit, sum(one.uses for one in snapshot.usage(own).values()), usual_total(snapshot, own, "uses")))
    ranked = sorted((row for row in found if row[1] >= LEAST), key=lambda row: (-row[1], row[0].code))
    top = max((max(uses, usual or 0) for _, uses, usual in ranked), default=1) or 1
    bars = []
    for unit, uses, usual in ranked:
        change = None if usual is None or usual < LEAST else (uses - usual) * 100 / usual
        sign = "" if change is None else "+" if change > 0 else "−"
        words = t("uses.no_usual") if change is None else f"{sign}{percent(abs(change), language, 0)}"
        low = change is not None and change < -25
        bars.append(
            Bar(
                unit.short(language),
                number(uses, language),
                words,
                uses * 100 / top,
                mark=None if usual is None else usual * 100 / top,
                tone="soon" if low else "",
            )
        )
    few = len(found) - len(ranked)
    parts = [t("uses.none")] if not bars else []
    if len(bars) > ROWS:
        parts.append(t("uses.more", n=len(bars) - ROWS))
    if few and bars:
        parts.append(t("uses.few", n=few, least=LEAST))
    top_name = bars[0].name if bars else "–"
    days = alike(snapshot, "uses")
    told = days_told(days, snapshot, look)
    return {
        **bar_slots(NAME, bars, ROWS),
        slot(NAME, "note"): {"children": in_parts(t("uses.note", days=told) if days else told)},
        slot(NAME, "foot"): {"children": " · ".join(parts)},
        slot(NAME, "spoken"): {
            "children": t("uses.spoken", name=top_name, n=bars[0].value) if bars else t("uses.none")
        },
    }


PANEL = Panel(NAME, (USAGE,), frame, update)
