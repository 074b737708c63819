"""What citizens paid online today."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import USAGE, Look, Panel, Slots, age_tag, slot
from dashboards.panels.heading import figure_text, spoken
from dashboards.text.formats import number, short_number
from ioc.snapshot import Scope, Snapshot

NAME = "paid"


def frame(look: Look) -> Component:
    """One figure: dong of successful payments since midnight."""
    return html.Div(
        [
            html.Header([html.H2(look.t("paid.title")), age_tag()], className="heading"),
            html.Div(
                [
                    figure_text(NAME, "value", "figure"),
                    html.Div(
                        [
                            html.Span(look.t("paid.dong"), className="delta"),
                            html.Span(id=slot(NAME, "note"), className="before"),
                        ],
                        className="beside",
                    ),
                ],
                className="headline-row",
            ),
            spoken(NAME),
        ],
        className="headline",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The sum over all services."""
    amount = sum(one.amount_vnd for one in snapshot.usage(scope).values())
    told = number(amount, look.language)
    shown = short_number(amount, look.language)
    return {
        slot(NAME, "value"): {"children": shown, "className": f"figure{' long' if len(shown) > 6 else ''}"},
        slot(NAME, "note"): {"children": look.t("paid.note" if amount else "paid.none")},
        slot(NAME, "spoken"): {"children": look.t("paid.spoken", amount=told)},
    }


PANEL = Panel(NAME, (USAGE,), frame, update)
