"""Cases received today by the way they came in: do citizens still have to come?"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CASES, Look, Panel, Slots, slot
from dashboards.panels.bars import Bar, bar_rows, bar_slots
from dashboards.panels.heading import heading, spoken
from dashboards.text.formats import number, percent
from ioc.snapshot import Scope, Snapshot

NAME = "channels"
CHANNELS = ("online", "counter", "postal")


def frame(look: Look) -> Component:
    """A row for each channel."""
    return html.Div(
        [heading(NAME, look.t("channels.title"), look.t("channels.note")), bar_rows(NAME, len(CHANNELS)), spoken(NAME)],
        className="channels",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Counts and shares since midnight."""
    by = snapshot.cases(scope).received_by_channel
    counts = {name: int(getattr(by, name)) for name in CHANNELS}
    whole = sum(counts.values())
    bars = [
        Bar(
            look.t(f"channel.{name}"),
            number(count, look.language),
            percent(count * 100 / whole, look.language) if whole else "",
            count * 100 / whole if whole else 0,
            tone="calm" if name == "online" else "",
        )
        for name, count in counts.items()
    ]
    share = percent(counts["online"] * 100 / whole, look.language) if whole else "–"
    return {
        **bar_slots(NAME, bars, len(CHANNELS)),
        slot(NAME, "spoken"): {"children": look.t("channels.spoken", pct=share, n=number(whole, look.language))},
    }


PANEL = Panel(NAME, (CASES,), frame, update)
