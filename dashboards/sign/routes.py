"""The addresses of the signs: /sign/NAME (the page), /sign/NAME.png (a frame), /sign/NAME.json (which frame is due,
and its words).
"""

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboards.sign.boards import BOARDS, board_for
from dashboards.sign.data import SignData
from dashboards.sign.layout import LayoutError
from dashboards.sign.page import content_security_policy, html, shell
from dashboards.sign.pages import plan
from dashboards.sign.render import SECONDS_A_PAGE, Drawn, draw
from dashboards.sign.view import View, view
from dashboards.sign.words import LANGUAGES

_LOG: Final = logging.getLogger(__name__)
SMALLEST_PX: Final = 64
LARGEST_PX: Final = 3840
_DEFAULT_SIZE: Final = (1024, 576)
_KEPT_FRAMES: Final = 256


class BadRequest(Exception):
    """A query that names no frame; its text says what is allowed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A drawn frame and its ETag, a hash of the PNG."""

    drawn: Drawn
    etag: str


class Frames:
    """The last frames drawn, each once per view, size and page, whoever asks; also by ETag, so that a page gets the
    very frame it was told.
    """

    def __init__(self, kept: int = _KEPT_FRAMES) -> None:
        self._kept = kept
        self._frames: OrderedDict[tuple[View, int, int, int], Kept] = OrderedDict()
        self._by_etag: OrderedDict[str, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, seen: View, width: int, height: int, page: int) -> Kept:
        """The frame, drawn now if need be; one thread draws at a time."""
        key = (seen, width, height, page % len(plan(seen, board_for(width, height))))
        with self._lock:
            if key in self._frames:
                self._frames.move_to_end(key)
                return self._frames[key]
            drawn = _drawn_somehow(*key)
            kept = Kept(drawn, hashlib.sha256(drawn.png).hexdigest()[:24])
            for store in (self._frames, self._by_etag):
                if len(store) >= self._kept:
                    store.popitem(last=False)
            self._frames[key] = kept
            self._by_etag[kept.etag] = kept
            return kept

    def by_etag(self, etag: str) -> Kept | None:
        """A frame drawn lately."""
        with self._lock:
            return self._by_etag.get(etag)


def _drawn_somehow(seen: View, width: int, height: int, page: int) -> Drawn:
    """The frame; when its texts cannot be set, the next smaller layout's, since a sign must not go black over one
    long name.
    """
    sizes = [(board.width, board.height) for board in BOARDS if board.width <= width and board.height <= height]
    try:
        return draw(seen, width, height, page)
    except LayoutError:
        _LOG.exception("sign page %d of %d x %d cannot be set; showing a smaller layout", page, width, height)
    for smaller in sorted(sizes, reverse=True):
        try:
            return draw(seen, width, height, page, layout=smaller)
        except LayoutError:
            continue
    raise LayoutError(f"no layout can show page {page} at {width} x {height}")


def routes(
    provider: Callable[[str], SignData | None],
    clock: Callable[[], datetime],
    names: Callable[[], Iterable[str]] = tuple,
) -> list[Route]:
    """The routes of all signs.

    `provider` gives a sign's data now, None for an unknown name; it is called once a second and screen, in a worker
    thread, so it should answer from memory. `clock` turns the pages of a PNG asked for without `page`. `names` are
    listed to who asks for an unknown sign.
    """
    frames = Frames()

    def unknown(name: str) -> Response:
        if name in set(names()):  # known, but the first picture of the store is still being read
            return PlainTextResponse(
                "Chưa có số liệu. No figures yet.\n", status_code=503, headers={"Retry-After": "1"}
            )
        known = ", ".join(sorted(names())) or "–"
        return PlainTextResponse(
            f"Không có bảng LED tên {name!r}. Các bảng hiện có: {known}.\n"
            f"There is no sign named {name!r}. Signs there are: {known}.\n"
            "Sửa địa chỉ /sign/TÊN trên máy chiếu, hoặc thêm bảng này vào cấu hình. "
            "Correct the address /sign/NAME on the player, or add this sign to the configuration.\n",
            status_code=404,
        )

    def page(request: Request) -> Response:
        name = request.path_params["name"]
        data = provider(name)
        if data is None and name not in set(names()):
            return unknown(name)
        language = _language(request, data)
        headers = {"Content-Security-Policy": content_security_policy(), "Cache-Control": "no-store"}
        return HTMLResponse(html(name, language), headers=headers)

    def due(request: Request, data: SignData) -> tuple[Kept, int, int]:
        width, height, number = _asked(request, clock())
        return frames.get(view(replace(data, language=_language(request, data))), width, height, number), width, height

    def png(request: Request) -> Response:
        name = request.path_params["name"]
        told = frames.by_etag(request.query_params.get("v", ""))
        try:
            if told is None:
                data = provider(name)
                if data is None:
                    return unknown(name)
                told, _, _ = due(request, data)
        except BadRequest as error:
            return PlainTextResponse(f"{error}\n", status_code=400)
        headers = {"ETag": f'"{told.etag}"', "Cache-Control": "no-cache", "X-Sign-Pages": str(told.drawn.pages)}
        if f'"{told.etag}"' in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
        return Response(told.drawn.png, media_type="image/png", headers=headers)

    def state(request: Request) -> Response:
        name = request.path_params["name"]
        data = provider(name)
        if data is None:
            return unknown(name)
        try:
            kept, width, height = due(request, data)
        except BadRequest as error:
            return PlainTextResponse(f"{error}\n", status_code=400)
        query = {"w": width, "h": height, "page": kept.drawn.page, "lang": _language(request, data), "v": kept.etag}
        box = kept.drawn.warning
        return JSONResponse(
            {
                "name": name,
                "version": kept.etag,
                "page": kept.drawn.page,
                "pages": kept.drawn.pages,
                "seconds_a_page": SECONDS_A_PAGE,
                "as_of": data.as_of.isoformat(),
                "age_s": data.age_s,
                "stale": data.stale or data.age_s is None,
                "warning": {"left": box.left, "top": box.top, "width": box.width, "height": box.height},
                "shell": shell(),
                "png": f"/sign/{quote(name, safe='')}.png?{urlencode(query)}",
                "text": list(kept.drawn.texts),
            },
            headers={"Cache-Control": "no-store"},
        )

    return [
        Route("/sign/{name}.png", png),
        Route("/sign/{name}.json", state),
        Route("/sign/{name}", page),
    ]


def _language(request: Request, data: SignData | None) -> str:
    asked = request.query_params.get("lang")
    own = data.language if data is not None else LANGUAGES[0]
    return asked if asked in LANGUAGES else own


def _asked(request: Request, now: datetime) -> tuple[int, int, int]:
    """Width, height and page of the query; without a page the one whose turn it is."""
    query = request.query_params
    try:
        width, height = int(query.get("w", _DEFAULT_SIZE[0])), int(query.get("h", _DEFAULT_SIZE[1]))
        page = int(query["page"]) if "page" in query else int(now.timestamp()) // SECONDS_A_PAGE
    except ValueError:
        raise BadRequest("w, h and page are whole numbers") from None
    if not (SMALLEST_PX <= width <= LARGEST_PX and SMALLEST_PX <= height <= LARGEST_PX) or not 0 <= page < 2**40:
        raise BadRequest(f"w and h are {SMALLEST_PX} to {LARGEST_PX}, page is 0 or more")
    try:
        board_for(width, height)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    return width, height, page
