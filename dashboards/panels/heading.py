"""What panels have in common: a title, a quiet note, the age of the figures, a sentence for screen readers."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.panel import age_tag, data, slot

SILENT: dict[str, Any] = {"aria-hidden": "true"}
"""For marks: screen readers have the sentence."""


def in_parts(note: str) -> str:
    """A note for a heading: where its line is too short, whole parts (between dots) are left out, the last one first,
    and nothing is cut."""
    return " ·\u00a0".join(part.replace(" ", "\u00a0").replace("–", "–\u2060") for part in note.split(" · "))


def heading(name: str, title: str, note: str = "") -> Component:
    """Title and note of panel ``name``; both are slots (``title``, ``note``), the age runs by itself."""
    return html.Header(
        [
            html.H2(title, id=slot(name, "title")),
            html.Span(in_parts(note), id=slot(name, "note"), className="note"),
            age_tag(),
        ],
        className="heading",
    )


def spoken(name: str) -> Component:
    """The slot ``spoken``: the panel in one sentence, for who hears the screen instead of seeing it.

    It is read when asked for, not at each change: figures change every second.
    """
    quiet: dict[str, Any] = {"aria-live": "off"}
    return html.P(id=slot(name, "spoken"), className="visually-hidden", role="status", **quiet)


def figure_text(name: str, part: str, class_name: str = "") -> Component:
    """A slot for a live figure: it brightens when it changes, and is a still block before its first value."""
    return html.Span(id=slot(name, part), className=class_name, **data(figure=""))


def icon(name: str, class_name: str = "") -> Component:
    """An icon of `assets/icons.css`, in the colour of the text around it."""
    return html.Span(className=f"i i-{name} {class_name}".strip(), **SILENT)
