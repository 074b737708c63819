"""For whoever installs boards: every size and every page of a sign at its own pixels, enlarged by whole factors, as it
is now or as if it were in another state.
"""

import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from PIL import Image

from dashboards.sign.boards import SIZES, board_for
from dashboards.sign.data import SignData
from dashboards.sign.faces import LED16B, cap, run, speakable, width, zoomed
from dashboards.sign.frames import Frames
from dashboards.sign.layout import BLACK, VIOLET
from dashboards.sign.pages import plan
from dashboards.sign.render import Drawn
from dashboards.sign.view import View, view
from dashboards.sign.words import LANGUAGES, preview_words, words

LOOKS: Final = ("now", "live", "stale", "closed", "disconnected", "empty")
"""As it is, and as if: fresh figures, old ones, after office hours, the server away, before the first figure."""
_WIDE_PX: Final = 1280
_LARGEST_FACTOR: Final = 6
_STALE_S: Final = 715.0
_CLOSED_S: Final = 7200.0


def as_if(data: SignData, look: str) -> SignData:
    """The data in another state; figures stay what they are."""
    if look == "live":
        return replace(data, age_s=4.0, stale=False, note="")
    if look == "stale":
        return replace(data, age_s=_STALE_S, stale=True, note="")
    if look == "closed":
        return replace(data, age_s=_CLOSED_S, stale=False, note="closed")
    if look == "empty":
        return replace(data, age_s=None, stale=True, note="", rows=(), ready_codes=())
    return data


def lost(drawn: Drawn, seen: View, age: str = "00:12") -> bytes:
    """The frame under the band that the page lays over it when the server is away, as a PNG."""
    picture = Image.open(io.BytesIO(drawn.png)).convert("RGB")
    place = drawn.warning
    zoom = max(1, min(place.height // 18, place.width // 120, 6))
    face = zoomed(LED16B, zoom)
    texts = [speakable(f"{text} {age}", LED16B) for text in seen.capitals("disconnected")]
    text = next((text for text in texts if width(text, face) <= place.width), texts[-1])
    ink = run(text, face)
    picture.paste(VIOLET, (place.left, place.top, place.right, place.bottom))
    left = place.left + (place.width - ink.width) // 2
    baseline = place.top + (place.height + cap(face)) // 2 + zoom
    picture.paste(BLACK, (left, baseline + ink.top), ink.drawn)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@cache
def _style() -> str:
    return (Path(__file__).parent / "preview.css").read_text("utf-8")


@cache
def preview_policy() -> str:
    """The policy of these pages: their own style by hash, their own pictures, no script."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data: 'self'; base-uri 'none'; form-action 'none'"


def _document(language: str, title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="{escape(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – IOC</title>
<link rel="icon" href="data:,">
<style>{_style()}</style>
</head>
<body>
{body}
</body>
</html>
"""


def _switch(label: str, choices: Mapping[str, tuple[str, str]], present: str) -> str:
    """A row of links, each to the same page with one thing changed; `choices` are key to (words, address)."""
    links = "".join(
        f'<li><a href="{escape(address)}"{" aria-current=true" if key == present else ""}>{escape(text)}</a></li>'
        for key, (text, address) in choices.items()
    )
    return f'<nav aria-label="{escape(label)}"><ul><li aria-hidden="true">{escape(label)}</li>{links}</ul></nav>'


def _address(name: str, look: str, language: str) -> str:
    return f"/sign/{quote(name, safe='')}/preview?{urlencode({'state': look, 'lang': language})}"


def preview_html(name: str, names: list[str], seen: View, look: str, frames: Frames) -> str:
    """The page of one sign: switches for sign, state and language, then every size with all its pages."""
    say = preview_words(seen.language)
    language = seen.language
    head = (
        _switch(say["signs"], {one: (one, _address(one, look, language)) for one in names}, name)
        + _switch(say["state"], {one: (say[one], _address(name, one, language)) for one in LOOKS}, look)
        + _switch(say["language"], {one: (say[one], _address(name, look, one)) for one in LANGUAGES}, language)
    )
    sections = "".join(_section(name, seen, look, size, frames) for size in SIZES)
    title = f"{say['preview']}: {name}"
    live = f"/sign/{quote(name, safe='')}"
    return _document(
        language,
        title,
        f'<header><h1>{escape(title)}</h1><p><a href="/signs?lang={language}">{escape(say["all"])}</a> · '
        f'<a href="{live}">{escape(say["open"])}</a></p>{head}</header><main>{sections}</main>',
    )


def _section(name: str, seen: View, look: str, size: tuple[int, int], frames: Frames) -> str:
    say = preview_words(seen.language)
    wide, high = size
    pages = [frames.get(seen, wide, high, page).drawn for page in range(len(plan(seen, board_for(wide, high))))]
    factor = max(1, min(_LARGEST_FACTOR, _WIDE_PX // 2 // wide))
    figures = "".join(_figure(name, seen, look, size, factor, drawn) for drawn in pages)
    title = f"{wide} × {high}" + (f" (× {factor})" if factor > 1 else "")
    label = f"size-{wide}-{high}"
    note = f"<p>{escape(say['runs'])}</p>" if board_for(wide, high).kind == "ticker" else ""
    return f'<section aria-labelledby="{label}"><h2 id="{label}">{title}</h2>{note}<div>{figures}</div></section>'


def _figure(name: str, seen: View, look: str, size: tuple[int, int], factor: int, drawn: Drawn) -> str:
    wide, high = size
    query = {"w": wide, "h": high, "page": drawn.page, "state": look, "lang": seen.language}
    source = f"/sign/{quote(name, safe='')}/preview.png?{urlencode(query)}"
    caption = f"{words(seen.language)['page'][0]} {drawn.page + 1}/{drawn.pages}"
    return (
        f'<figure><img loading="lazy" src="{escape(source)}" width="{wide * factor}" height="{high * factor}" '
        f'alt="{escape(" · ".join(drawn.texts))}"><figcaption>{caption}</figcaption></figure>'
    )


def signs_html(found: Mapping[str, SignData | None], language: str, frames: Frames) -> str:
    """All signs: name, place, first page, links."""
    say = preview_words(language)
    cards = "".join(_card(name, data, language, frames) for name, data in found.items())
    switch = _switch(say["language"], {one: (say[one], f"/signs?lang={one}") for one in LANGUAGES}, language)
    sizes = ", ".join(f"{wide} × {high}" for wide, high in SIZES)
    return _document(
        language,
        say["signs"],
        f"<header><h1>{escape(say['signs'])}</h1><p>{escape(say['sizes'])}: {sizes} px.</p>{switch}</header>"
        f"<main><div>{cards}</div></main>",
    )


def _card(name: str, data: SignData | None, language: str, frames: Frames) -> str:
    say = preview_words(language)
    address = f"/sign/{quote(name, safe='')}"
    picture = ""
    if data is not None:
        said = " · ".join(frames.get(view(data), 320, 160, 0).drawn.texts)
        source = f"{address}.png?w=320&amp;h=160&amp;page=0&amp;lang={language}"
        picture = f'<img src="{source}" width="640" height="320" alt="{escape(said)}">'
    place = data.place if data is not None else say["empty"]
    return (
        f'<section class="card" aria-labelledby="sign-{escape(name)}"><h2 id="sign-{escape(name)}">{escape(name)}</h2>'
        f'<p>{escape(place)}</p>{picture}<p><a href="{_address(name, LOOKS[0], language)}">{escape(say["preview"])}'
        f' {escape(name)}</a> · <a href="{address}">{escape(say["open"])} {escape(name)}</a></p></section>'
    )
