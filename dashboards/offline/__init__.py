"""What makes a tablet keep its last picture without a network: the service worker, the manifest and the icons.

Everything passes the gate like any page: a browser that may not look gets no worker, and loses what was kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboards.navigation import FIELDS
from dashboards.offline.icons import ICONS, icon
from dashboards.theme import colours
from ioc.settings import Settings

WORKER = Path(__file__).parent / "sw.js"
BUILD_HEADER = "X-IOC-Build"
"""On every answer of Dash: the worker never mixes two builds."""


def worker() -> str:
    """The worker's text, the same for every build: it keeps answers under the build that they name."""
    pages = ", ".join(f'"{path}"' for path, _, _ in FIELDS)
    text = WORKER.read_text(encoding="utf-8")
    return text.replace("__HEADER__", BUILD_HEADER).replace('"__PAGES__"', pages)


def manifest(settings: Settings) -> dict[str, Any]:
    """The web app manifest: installs the overview as an application of the tablet."""
    province = settings.province
    english = province.language == "en"
    dark = colours("dark")
    return {
        "id": "/",
        "name": f"IOC {province.name_en if english else province.name_vi}",
        "short_name": "IOC",
        "lang": province.language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": dark["bg"],
        "theme_color": dark["surface"],
        "icons": [
            {
                "src": f"/icons/{name}.png",
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": "maskable" if "maskable" in name else "any",
            }
            for name, size in ICONS.items()
        ],
    }


def routes(settings: Settings) -> list[Route]:
    """``/sw.js``, ``/manifest.webmanifest`` and ``/icons/NAME.png``."""

    def get_worker(_: Request) -> Response:
        return Response(worker(), media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    def get_manifest(_: Request) -> Response:
        return JSONResponse(manifest(settings), media_type="application/manifest+json")

    def get_icon(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ICONS:
            return Response(f"there is no icon {name!r}; there are {', '.join(ICONS)}\n", 404, media_type="text/plain")
        return Response(icon(name), media_type="image/png", headers={"Cache-Control": "max-age=86400"})

    return [
        Route("/sw.js", get_worker),
        Route("/manifest.webmanifest", get_manifest),
        Route("/icons/{name}.png", get_icon),
    ]
