"""Overdue cases by the days that they are late: fresh slips, or old debts?"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CASES, Look, Panel, Slots, slot
from dashboards.panels.bars import Bar, bar_rows, bar_slots
from dashboards.panels.heading import heading, spoken
from dashboards.text.formats import number, percent
from ioc.snapshot import AGES, Scope, Snapshot

NAME = "ages"


def frame(look: Look) -> Component:
    """A row for each span of days."""
    return html.Div(
        [
            heading(NAME, look.t("ages.title"), look.t("ages.note")),
            bar_rows(NAME, len(AGES) + 1),
            html.P(id=slot(NAME, "foot"), className="foot"),
            spoken(NAME),
        ],
        className="ages",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """How many cases are late for how long."""
    counts = snapshot.ages(scope)
    whole = sum(counts)
    bars = []
    for at, count in enumerate(counts):
        first = AGES[at - 1] + 1 if at else 1
        words = look.t("ages.more", days=AGES[-1]) if at == len(AGES) else look.t("ages.row", a=first, b=AGES[at])
        share = count * 100 / whole if whole else 0
        of = percent(share, look.language) if whole else ""
        bars.append(Bar(words, number(count, look.language), of, share, tone=f"late-{at}"))
    oldest = next((bars[at].name for at in range(len(counts) - 1, -1, -1) if counts[at]), "")
    return {
        **bar_slots(NAME, bars, len(AGES) + 1),
        slot(NAME, "foot"): {"children": "" if whole else look.t("ages.none")},
        slot(NAME, "spoken"): {
            "children": look.t("ages.spoken", n=number(whole, look.language), oldest=oldest)
            if whole
            else look.t("ages.none")
        },
    }


PANEL = Panel(NAME, (CASES,), frame, update)
