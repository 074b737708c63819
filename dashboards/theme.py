"""Colours and Plotly defaults as Python needs them: read from `assets/tokens.css` and `assets/plotly_template.json`.

The stylesheet is the one source of colours; marks that cannot use ``var(--…)`` (Plotly, SVG images) take theirs here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dashboards.panel import Device, Look, Theme

ASSETS = Path(__file__).parent / "assets"

MAP_CLASSES = ("map-0", "map-1", "map-2", "map-3", "map-4")
"""Tokens of the five fixed classes of overdue share: 0, below 1, 1 to 2, 2 to 3, 3 % and more."""


@cache
def colours(theme: Theme) -> Mapping[str, str]:
    """Every colour token of a theme without its dashes: ``colours("dark")["tide"]``."""
    css = (ASSETS / "tokens.css").read_text(encoding="utf-8")
    block = re.search(rf"\[data-bs-theme={theme}\]\{{(.*?)\n\}}", css, re.DOTALL)
    if block is None:
        raise KeyError(theme)
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{3,8})", block[1]))


@cache
def _templates() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((ASSETS / "plotly_template.json").read_text(encoding="utf-8"))
    return found


@cache
def template(device: Device, theme: Theme) -> Mapping[str, Any]:
    """The Plotly template of a device and theme; where there is none, the dark one in the colours of the theme."""
    own = _templates().get(f"{device}-{theme}")
    if own is not None:
        return own  # type: ignore[no-any-return]
    light = colours(theme)
    names = {value.upper(): name for name, value in reversed(tuple(colours("dark").items()))}

    def swap(found: re.Match[str]) -> str:
        return light.get(names.get(found[0].upper(), ""), found[0])

    text = json.dumps(_templates()[f"{device}-dark"])
    return json.loads(re.sub(r"#[0-9A-Fa-f]{6}\b", swap, text))  # type: ignore[no-any-return]


def layout(look: Look, **over: Any) -> dict[str, Any]:
    """A Plotly layout in the look's template, flat and small: what a chart of ours can show and nothing else.

    ``over`` replaces keys; ``xaxis`` and ``yaxis`` are merged into the template's. Walls draw at 2160 lines and are
    scaled by the stylesheet (`.plot`), so sizes are those of a 4K wall.
    """
    base = template(look.device, look.theme)["layout"]
    kept = {
        key: base[key]
        for key in ("font", "paper_bgcolor", "plot_bgcolor", "separators", "margin", "hoverlabel", "transition")
    }
    kept |= {"autosize": True, "showlegend": False, "hovermode": False, "dragmode": False, "uirevision": "keep"}
    kept["separators"] = ",." if look.language == "vi" else ".,"
    for axis in ("xaxis", "yaxis"):
        kept[axis] = {**base[axis], **over.pop(axis, {})}
    return {**kept, **over}


def config(look: Look) -> Any:
    """The ``config`` of every ``dcc.Graph``: nothing to press, and nothing at all to touch on a wall."""
    del look
    return {"displayModeBar": False, "staticPlot": True, "doubleClick": False, "responsive": True}
