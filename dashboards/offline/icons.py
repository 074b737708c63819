"""The icon of the installed application, drawn here: what flows as three bars, and the mark of what needs a person."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw

from dashboards.theme import colours

ICONS = {"app-192": 192, "app-512": 512, "maskable-512": 512, "touch-180": 180}
"""Name to its side in pixels; a maskable one is cut to any shape by the tablet, so its marks stay in the middle."""
SMOOTH = 4
BARS = (("tide-quiet", 0.34), ("tide", 0.56), ("tide-2", 0.78))


@cache
def icon(name: str) -> bytes:
    """The PNG of an icon. KeyError for a name that is not in `ICONS`."""
    side = ICONS[name] * SMOOTH
    dark = colours("dark")
    whole = not name.startswith("app-")
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), 0 if whole else side * 0.2, fill=dark["surface"])
    margin = 0.24 if "maskable" in name else 0.17
    box = 1 - 2 * margin
    wide = box * 0.24
    for at, (colour, high) in enumerate(BARS):
        left = margin + at * (box - wide) / 2
        top = 1 - margin - box * high
        corners = (left * side, top * side, (left + wide) * side, (1 - margin) * side)
        draw.rounded_rectangle(corners, side * 0.025, fill=dark[colour])
    x, y, half = margin + wide / 2 + 0.015, margin + box * 0.2, box * 0.17
    diamond = [(x, y - half), (x + half, y), (x, y + half), (x - half, y)]
    draw.polygon([(a * side, b * side) for a, b in diamond], fill=dark["heat-over"])
    found = BytesIO()
    picture.resize((ICONS[name], ICONS[name]), Image.Resampling.LANCZOS).save(found, "PNG", optimize=True)
    return found.getvalue()
