"""Pictures of headline figures: a line through the day, a bar of parts of a whole, signs of severity."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.marks.spark import BLANK
from dashboards.panel import Slots, slot
from dashboards.panels.heading import SILENT, figure_text, icon
from ioc.figures import SEVERITIES

PARTS = ("kept", "late", "open")
"""Well, with care, lost: the three parts of a bar and the names of their colours in the stylesheet."""


def spark_slot(name: str) -> Callable[[], Component]:
    """The picture of a headline figure: its day over its usual band."""
    return lambda: html.Div(id=slot(name, "spark"), className="spark", **SILENT, **{"data-spark": BLANK})  # type: ignore[arg-type]


def parts_picture(name: str) -> Callable[[], Component]:
    """A bar of three parts with their words below it."""
    return lambda: html.Div(
        [
            html.Div(id=slot(name, "bar"), className="parts-bar"),
            html.Div([html.Span(id=slot(name, part), className=f"part {part}") for part in PARTS], className="parts"),
        ],
        className="parts-box",
    )


def parts_slots(name: str, counts: tuple[int, int, int], words: Sequence[str]) -> Slots:
    """The lengths of the three parts, and what stands below them."""
    whole = sum(counts)
    first, second = (sum(counts[:upto]) * 100 / whole if whole else 0 for upto in (1, 2))
    style = {"--a": f"{first:.1f}%", "--b": f"{second:.1f}%"} if whole else {"--a": "0%", "--b": "0%"}
    slots: Slots = {slot(name, part): {"children": word} for part, word in zip(PARTS, words, strict=True)}
    slots[slot(name, "bar")] = {"style": style, "className": "parts-bar" if whole else "parts-bar none"}
    return slots


def severity_picture(name: str) -> Callable[[], Component]:
    """A sign and a count for each severity, the gravest first."""
    return lambda: html.Div(
        [
            html.Span([icon(f"sev-{one}", f"sev {one}"), figure_text(name, f"count-{one}", "n")])
            for one in reversed(SEVERITIES)
        ],
        className="severities",
    )
