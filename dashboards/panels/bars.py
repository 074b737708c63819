"""Rows of a name, a bar, a value and what it is of: the one shape of every small ranking on walls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Slots, slot
from dashboards.panels.heading import figure_text


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: ``full`` is the bar's length in per cent; ``mark`` a tick (the usual level, a target) likewise; ``tone``
    one of heat, late-0 to late-3 (steps of heat), soon, calm, quiet or none."""

    name: str
    value: str
    of: str = ""
    full: float = 0
    mark: float | None = None
    tone: str = ""


def bar_rows(name: str, count: int) -> Component:
    """``count`` hidden rows of panel ``name``."""
    return html.Ol(
        [
            html.Li(
                [
                    html.Span(id=slot(name, f"name-{at}"), className="name"),
                    html.Span(html.I(), id=slot(name, f"bar-{at}"), className="bar"),
                    figure_text(name, f"value-{at}", "value"),
                    html.Span(id=slot(name, f"of-{at}"), className="of"),
                ],
                id=slot(name, f"row-{at}"),
                className="hidden",
            )
            for at in range(count)
        ],
        className="rows bars",
    )


def bar_slots(name: str, bars: Sequence[Bar], count: int) -> Slots:
    """The first ``count`` of the bars; rows without one are hidden."""
    slots: Slots = {}
    for at in range(count):
        bar = bars[at] if at < len(bars) else None
        slots[slot(name, f"row-{at}")] = {"className": (bar.tone or "plain") if bar else "hidden"}
        slots[slot(name, f"name-{at}")] = {"children": bar.name if bar else ""}
        slots[slot(name, f"value-{at}")] = {"children": bar.value if bar else ""}
        slots[slot(name, f"of-{at}")] = {"children": bar.of if bar else ""}
        style = {} if bar is None else {"--full": f"{min(max(bar.full, 0), 100):.1f}%"}
        if bar is not None and bar.mark is not None:
            style["--mark"] = f"{min(max(bar.mark, 0), 100):.1f}%"
        slots[slot(name, f"bar-{at}")] = {
            "style": style,
            "className": "bar marked" if bar is not None and bar.mark is not None else "bar",
        }
    return slots
