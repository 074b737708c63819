"""Money paid through services today."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import USAGE, Look, Panel, Slots, slot
from dashboards.panels.bars import Bar, bar_rows, bar_slots
from dashboards.panels.heading import heading, spoken
from dashboards.text.formats import number, percent, short_number
from ioc.snapshot import Scope, Snapshot

NAME = "amounts"
ROWS = 5


def frame(look: Look) -> Component:
    """A row for each of the services that most was paid through."""
    return html.Div(
        [
            heading(NAME, look.t("amounts.title"), look.t("amounts.note")),
            bar_rows(NAME, ROWS),
            html.P(id=slot(NAME, "foot"), className="foot"),
            spoken(NAME),
        ],
        className="amounts",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Sums since midnight of uses that went well."""
    used = snapshot.usage(scope)
    named = {service.code: service.en if look.language == "en" else service.vi for service in snapshot.world.services}
    paid = sorted(((code, one) for code, one in used.items() if one.amount_vnd), key=lambda row: -row[1].amount_vnd)
    whole = sum(one.amount_vnd for _, one in paid)
    bars = [
        Bar(
            named[code],
            short_number(one.amount_vnd, look.language),
            percent(one.amount_vnd * 100 / whole, look.language),
            one.amount_vnd * 100 / whole,
            tone="calm" if at == 0 else "",
        )
        for at, (code, one) in enumerate(paid)
    ]
    total = short_number(whole, look.language)
    foot = look.t("amounts.total", total=total) if paid else look.t("amounts.none", n=number(len(used), look.language))
    return {
        **bar_slots(NAME, bars, ROWS),
        slot(NAME, "foot"): {"children": foot},
        slot(NAME, "spoken"): {"children": foot},
    }


PANEL = Panel(NAME, (USAGE,), frame, update)
