"""The addresses of the signs: /sign/NAME (the page), /sign/NAME.png (a frame), /sign/NAME.json (which frame is due,
and its words), /sign/NAME/lane.png (an item of a ticker), /sign/NAME/preview and /signs (every size at a glance).
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboards.sign import lane
from dashboards.sign.boards import board_for
from dashboards.sign.data import SignData
from dashboards.sign.frames import Frames, Kept
from dashboards.sign.page import content_security_policy, html, shell, worker
from dashboards.sign.preview import LOOKS, as_if, lost, preview_html, preview_policy, signs_html
from dashboards.sign.render import SECONDS_A_PAGE
from dashboards.sign.ticker import lane_box
from dashboards.sign.view import View, view
from dashboards.sign.words import LANGUAGES

SMALLEST_PX: Final = 64
LARGEST_PX: Final = 3840
_DEFAULT_SIZE: Final = (1024, 576)
_NO_STORE: Final = {"Cache-Control": "no-store"}


Provider = Callable[[str, str | None], SignData | None]
"""A sign's data now, by its name and a language (None: its own); None for an unknown name."""


class BadRequest(Exception):
    """A query that names no frame; its text says what is allowed."""


class Signs:
    """What the addresses of the signs answer; see `routes`."""

    def __init__(
        self,
        provider: Provider,
        clock: Callable[[], datetime],
        names: Callable[[], Iterable[str]],
    ) -> None:
        self._provider = provider
        self._clock = clock
        self._names = names
        self._frames = Frames()

    def page(self, request: Request) -> Response:
        """The page that a screen opens."""
        name, data = self._found(request)
        if data is None and name not in set(self._names()):
            return self._unknown(name)
        headers = {"Content-Security-Policy": content_security_policy(), **_NO_STORE}
        return HTMLResponse(
            html(name, data.language if data else request.query_params.get("lang", "")), headers=headers
        )

    def png(self, request: Request) -> Response:
        """A frame: the very one that a state named (`v`), the one of `page`, or the one that is due."""
        told = self._frames.by_etag(request.query_params.get("v", ""))
        if told is None:
            name, data = self._found(request)
            if data is None:
                return self._unknown(name)
            width, height, page = _asked(request, self._clock())
            told = self._frames.get(view(data), width, height, page)
        return _picture(request, told)

    def state(self, request: Request) -> Response:
        """Which frame is due, its words, and what the page needs beside it."""
        name, data = self._found(request)
        if data is None:
            return self._unknown(name)
        width, height, page = _asked(request, self._clock())
        seen = view(data)
        kept = self._frames.get(seen, width, height, page)
        address, language = f"/sign/{quote(name, safe='')}", seen.language
        query = {"w": width, "h": height, "page": kept.drawn.page, "lang": language, "v": kept.etag}
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
                "stale": seen.stale,
                "note": data.note,
                "warning": {"left": box.left, "top": box.top, "width": box.width, "height": box.height},
                "shell": shell(),
                "png": f"{address}.png?{urlencode(query)}",
                "text": list(kept.drawn.texts),
                "lane": _lane(address, seen, width, height),
            },
            headers=_NO_STORE,
        )

    def lane_png(self, request: Request) -> Response:
        """An item of the lane as it is now."""
        name, data = self._found(request)
        if data is None:
            return self._unknown(name)
        width, height, _ = _asked(request, self._clock())
        board = board_for(width, height)
        if board.kind != "ticker":
            raise BadRequest(f"a sign of {width} x {height} has no lane; 1280 x 128 has")
        factor = min(width // board.width, height // board.height)
        drawn = lane.draw_item(view(data), board, _number(request, "item"), factor)
        return Response(drawn, media_type="image/png", headers=_NO_STORE)

    def preview(self, request: Request) -> Response:
        """Every size and page of a sign, as if it were in the state asked for."""
        name, data = self._found(request)
        if data is None:
            return self._unknown(name)
        look = _look(request)
        seen = view(as_if(data, look))
        page = preview_html(name, sorted(self._names()) or [name], seen, look, self._frames)
        return HTMLResponse(page, headers={"Content-Security-Policy": preview_policy(), **_NO_STORE})

    def preview_png(self, request: Request) -> Response:
        """A frame of the preview."""
        name, data = self._found(request)
        if data is None:
            return self._unknown(name)
        width, height, page = _asked(request, self._clock())
        look = _look(request)
        seen = view(as_if(data, look))
        kept = self._frames.get(seen, width, height, page)
        if look == "disconnected":
            return Response(lost(kept.drawn, seen), media_type="image/png", headers=_NO_STORE)
        return _picture(request, kept)

    def signs(self, request: Request) -> Response:
        """All signs, each with its preview."""
        asked = request.query_params.get("lang", LANGUAGES[0])
        language = asked if asked in LANGUAGES else LANGUAGES[0]
        found = {name: self._provider(name, language) for name in sorted(self._names())}
        page = signs_html(found, language, self._frames)
        return HTMLResponse(page, headers={"Content-Security-Policy": preview_policy(), **_NO_STORE})

    def worker(self, _: Request) -> Response:
        """The service worker of the pages."""
        return Response(worker(), media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    def _found(self, request: Request) -> tuple[str, SignData | None]:
        name: str = request.path_params["name"]
        asked = request.query_params.get("lang")
        return name, self._provider(name, asked if asked in LANGUAGES else None)

    def _unknown(self, name: str) -> Response:
        if name in set(self._names()):  # known, but the first picture of the store is still being read
            return PlainTextResponse(
                "Chưa có số liệu. No figures yet.\n", status_code=503, headers={"Retry-After": "1"}
            )
        known = ", ".join(sorted(self._names())) or "–"
        return PlainTextResponse(
            f"Không có bảng LED tên {name!r}. Các bảng hiện có: {known}.\n"
            f"There is no sign named {name!r}. Signs there are: {known}.\n"
            "Sửa địa chỉ /sign/TÊN trên máy chiếu, hoặc thêm bảng này vào cấu hình. "
            "Correct the address /sign/NAME on the player, or add this sign to the configuration.\n",
            status_code=404,
        )


def routes(
    provider: Provider,
    clock: Callable[[], datetime],
    names: Callable[[], Iterable[str]] = tuple,
) -> list[Route]:
    """The routes of all signs.

    `provider` is called once a second and screen, in a worker thread, so it should answer from memory. `clock` turns
    the pages of a PNG asked for without `page`. `names` are listed to who asks for an unknown sign.
    """
    signs = Signs(provider, clock, names)
    return [
        Route("/signs", _refusing(signs.signs)),
        Route("/sign/worker.js", _refusing(signs.worker)),
        Route("/sign/{name}/lane.png", _refusing(signs.lane_png)),
        Route("/sign/{name}/preview", _refusing(signs.preview)),
        Route("/sign/{name}/preview.png", _refusing(signs.preview_png)),
        Route("/sign/{name}.png", _refusing(signs.png)),
        Route("/sign/{name}.json", _refusing(signs.state)),
        Route("/sign/{name}", _refusing(signs.page)),
    ]


def _refusing(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """The same; a query that names nothing is told what is allowed."""

    def answers(request: Request) -> Response:
        try:
            return answer(request)
        except BadRequest as error:
            return PlainTextResponse(f"{error}\n", status_code=400)

    return answers


def _picture(request: Request, kept: Kept) -> Response:
    headers = {"ETag": f'"{kept.etag}"', "Cache-Control": "no-cache", "X-Sign-Pages": str(kept.drawn.pages)}
    if f'"{kept.etag}"' in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(kept.drawn.png, media_type="image/png", headers=headers)


def _lane(address: str, seen: View, width: int, height: int) -> dict[str, Any] | None:
    """Where the lane of a ticker is in the frame, and what runs through it; None for other boards."""
    board = board_for(width, height)
    if board.kind != "ticker":
        return None
    factor = min(width // board.width, height // board.height)
    box, every = lane_box(seen, board), lane.items(seen)
    return {
        "left": (width - board.width * factor) // 2 + box.left * factor,
        "top": (height - board.height * factor) // 2,
        "width": box.width * factor,
        "height": box.height * factor,
        "step": lane.STEP_PX * factor,
        "items": len(every),
        "text": [lane.said(words) for words in every],
        "png": f"{address}/lane.png?{urlencode({'w': width, 'h': height, 'lang': seen.language})}",
    }


def _look(request: Request) -> str:
    asked = request.query_params.get("state", LOOKS[0])
    if asked not in LOOKS:
        raise BadRequest(f"state is one of {', '.join(LOOKS)}")
    return asked


def _number(request: Request, key: str) -> int:
    given = request.query_params.get(key, "0")
    if not (given.isascii() and given.isdigit() and len(given) < 12):
        raise BadRequest(f"{key} is a whole number, 0 or more")
    return int(given)


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
