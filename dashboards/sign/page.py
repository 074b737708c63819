"""The page that shows a sign in a browser: nothing but the frame, its words for screen readers, and a band for when
the server is away.

Script, style and the band's face are in the document itself, so that a page once loaded needs no server to say that
there is none.
"""

import base64
import hashlib
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from dashboards.sign.faces import FONTS
from dashboards.sign.render import SECONDS_A_PAGE
from dashboards.sign.words import LANGUAGES, words

_HERE: Final = Path(__file__).parent


@cache
def _script() -> str:
    return "".join((_HERE / name).read_text("utf-8") for name in ("keep.js", "lane.js", "page.js"))


@cache
def worker() -> str:
    """The service worker: it opens the page from what the browser kept when the server does not answer."""
    return (_HERE / "worker.js").read_text("utf-8")


@cache
def _style() -> str:
    face = base64.b64encode((FONTS / "led16b.woff2").read_bytes()).decode()
    return (_HERE / "page.css").read_text("utf-8").replace("FONT", face)


@cache
def shell() -> str:
    """A short hash of script and style: a page that was made with another one loads itself again."""
    return hashlib.sha256((_script() + _style()).encode()).hexdigest()[:12]


@cache
def content_security_policy() -> str:
    """The policy for the page: its own script and style by hash, its own host, nothing else."""

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {hashed(_script())}; style-src {hashed(_style())}; "
        "img-src blob: data: 'self'; font-src data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'none'"
    )


def html(name: str, language: str) -> str:
    """The document for the sign `name`, with its own words in `language`; the frames follow from /sign/NAME.json."""
    language = language if language in LANGUAGES else LANGUAGES[0]
    lost = "|".join(text.upper() for text in words(language)["disconnected"])
    return f"""<!doctype html>
<html lang="{escape(language)}">
<head>
<meta charset="utf-8">
<title>{escape(name)} – IOC</title>
<link rel="icon" href="data:,">
<style>{_style()}</style>
</head>
<body data-name="{escape(name)}" data-lang="{escape(language)}" data-shell="{shell()}" data-lost="{escape(lost)}"
 data-days="{escape(words(language)["day"][1])}" data-page-seconds="{SECONDS_A_PAGE}" data-connected="true">
<main>
<img alt="" hidden><img alt="" hidden>
<canvas id="lane" data-testid="sign-lane" aria-hidden="true" hidden></canvas>
<div id="lost" role="alert" data-testid="sign-lost" hidden></div>
<div id="text" data-testid="sign-text"></div>
</main>
<script>{_script()}</script>
</body>
</html>
"""
