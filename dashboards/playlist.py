"""Playlists: walls in turn on one screen, ``/wall/NAME``.

The page is two frames, one shown and one that fetches the next wall before it is turned to (`assets/playlist.js`). Each
frame is a wall as it would be by itself, with its own live connection, and the one that is not shown watches nothing
until its turn comes near.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dashboards.app import STANDS, STANDS_HASH
from dashboards.text import translate
from ioc.settings import Settings
from ioc.walls import Playlist

PAGE = """<!DOCTYPE html>
<html lang="{language}" data-playlist="{playlist}" data-build="{build}">
<head><meta charset="utf-8"><script>{stands}</script><title>{title}</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/early/playlist.css"></head>
<body><main aria-label="{title}"><iframe title="{title}" class="shown"></iframe>
<iframe title="{title}" aria-hidden="true" tabindex="-1"></iframe></main>
<script src="/assets/early/playlist.js"></script></body>
</html>"""

HEADERS = {
    "Cache-Control": "no-store",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self' {STANDS_HASH}; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    ),
}


def composition(settings: Settings) -> bytes:
    """The walls and playlists as bytes: screens load themselves again when they change."""
    return msgspec.json.encode((settings.wall, settings.walls, settings.playlists))


def routes(settings: Settings, build: str) -> Iterator[Route]:
    """``/wall/NAME`` for each playlist, and ``/wall`` where one is the home of walls."""
    for name, playlist in settings.playlists.items():
        answer = _answer(settings, playlist, build)
        yield Route(f"/wall/{name}", answer)
        if settings.wall == name:
            yield Route("/wall", answer)


def turns(settings: Settings, playlist: Playlist) -> dict[str, Any]:
    """What the browser needs: for each step the path, seconds, and from and until in milliseconds (or null)."""
    steps = []
    for step in playlist.steps:
        wall = settings.walls[step.wall]
        begins = _midnight(wall.from_, settings) if wall.from_ else None
        ends = _midnight(wall.until + timedelta(days=1), settings) if wall.until else None
        steps.append(
            {
                "path": f"/wall/{step.wall}",
                "seconds": step.seconds,
                "from": begins,
                "until": ends,
            }
        )
    return {"steps": steps, "jitter_s": playlist.jitter_s}


def _midnight(on: date, settings: Settings) -> int:
    return round(datetime.combine(on, time(), settings.zone).timestamp() * 1000)


def _answer(settings: Settings, playlist: Playlist, build: str) -> Any:
    told = html.escape(json.dumps(turns(settings, playlist)))

    def answer(request: Request) -> Response:
        asked = request.query_params.get("lang", "")
        language = "en" if asked == "en" else "vi" if asked == "vi" else settings.province.language
        title = html.escape(translate(language)("wall.playlist"))
        body = PAGE.format(language=language, playlist=told, build=build, title=title, stands=STANDS)
        return HTMLResponse(body, headers=HEADERS)

    return answer
