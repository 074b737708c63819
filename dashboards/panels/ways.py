"""By which way cases came in today: do citizens use the way that costs them least?"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CASES, Look, Panel, Slots, slot
from dashboards.panels.heading import figure_text, heading, spoken
from dashboards.text.formats import DASH, number, percent
from ioc.snapshot import Scope, Snapshot

NAME = "ways"
WAYS = ("online", "counter", "postal")


def frame(look: Look) -> Component:
    """A bar for each way; bars begin at zero and end at all cases received."""
    rows = [
        html.Li(
            [
                html.Span(look.t(f"channel.{way}"), className="name"),
                html.Span(id=slot(NAME, f"bar-{way}"), className="way-bar"),
                figure_text(NAME, f"n-{way}", "n"),
                html.Span(id=slot(NAME, f"share-{way}"), className="of"),
            ]
        )
        for way in WAYS
    ]
    return html.Div(
        [
            heading(NAME, look.t("ways.title"), look.t("ways.note")),
            html.Ol(rows, className="way-rows"),
            spoken(NAME),
        ],
        className="ways",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Cases received since midnight by way."""
    language = look.language
    cases = snapshot.cases(scope)
    of = cases.received_by_channel
    counts = {"online": of.online, "counter": of.counter, "postal": of.postal}
    slots: Slots = {}
    for way, n in counts.items():
        share = n * 100 / cases.received if cases.received else None
        slots[slot(NAME, f"n-{way}")] = {"children": number(n, language)}
        slots[slot(NAME, f"share-{way}")] = {"children": DASH if share is None else percent(share, language)}
        slots[slot(NAME, f"bar-{way}")] = {"style": {"--a": f"{share or 0:.1f}%"}}
    slots[slot(NAME, "spoken")] = {
        "children": look.t("ways.spoken", **{way: number(n, language) for way, n in counts.items()})
    }
    return slots


PANEL = Panel(NAME, (CASES,), frame, update)
