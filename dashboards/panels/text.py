"""Words that a wall's composition brings: a headline, an order of the day, an explanation."""

from __future__ import annotations

from functools import cache

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Panel
from ioc.walls import Place


@cache
def text(place: Place) -> Panel:
    """The panel of an entry ``panel: text``; each line of its text is a paragraph."""

    def frame(look: Look) -> Component:
        english = look.language == "en"
        title = place.title_en if english else place.title_vi
        lines = (place.text_en if english else place.text_vi).splitlines()
        parts: list[Component] = [html.H2(title, className="words-title")] if title else []
        return html.Div([*parts, *(html.P(line) for line in lines if line.strip())], className="words")

    return Panel(f"text-{place.where}", (), frame, lambda _snapshot, _scope, _look: {})
