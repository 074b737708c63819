"""The sign's addresses: page, frames with ETag, state with words, clear refusals."""

import asyncio
import io
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboards.auth import Gate, GateMiddleware
from dashboards.sign import frames as sign_frames
from dashboards.sign import routes as sign_routes
from dashboards.sign.data import Figures, SignData
from dashboards.sign.layout import LayoutError
from dashboards.sign.page import html
from dashboards.sign.render import Drawn, draw
from dashboards.sign.view import View, view
from tests.unit.sign_kit import AS_OF, sign


class Signs:
    """The provider of the tests: one sign that can change, and a clock that can be set."""

    def __init__(self) -> None:
        self.data = {"mot-cua": sign()}
        self.now = AS_OF

    def __call__(self, name: str, language: str | None) -> SignData | None:
        found = self.data.get(name)
        return replace(found, language=language) if found and language else found

    def clock(self) -> datetime:
        return self.now


class Client:
    """Asks the application in this process: no socket, no server."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app)

    def get(self, address: str, headers: dict[str, str] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://sign.test") as client:
                return await client.get(address, headers=headers)

        return asyncio.run(ask())


@pytest.fixture
def signs() -> Signs:
    return Signs()


@pytest.fixture
def client(signs: Signs) -> Client:
    return Client(Starlette(routes=sign_routes.routes(signs, signs.clock, lambda: signs.data)))


def test_a_frame_has_the_size_asked_for_and_an_etag_that_saves_it(client: Client) -> None:
    first = client.get("/sign/mot-cua.png?w=192&h=96&page=0")
    assert first.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(first.content)).size == (192, 96)
    again = client.get("/sign/mot-cua.png?w=192&h=96&page=0", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_state_names_the_very_frame_and_its_words(client: Client, signs: Signs) -> None:
    state = client.get("/sign/mot-cua.json?w=1024&h=576&page=0").json()
    assert "Cập nhật 4 giây trước" in state["text"]
    assert state["pages"] > 1
    signs.data["mot-cua"] = replace(sign(), stale=True)
    told = client.get(state["png"])
    assert told.headers["etag"] == f'"{state["version"]}"', (
        "a change between the two requests must not part words and picture"
    )
    assert client.get("/sign/mot-cua.json?w=1024&h=576&page=0").json()["version"] != state["version"]


def test_equal_looks_are_drawn_once(client: Client, signs: Signs, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def counting(seen: View, width: int, height: int, page: int) -> Drawn:
        drawn.append(page)
        return draw(seen, width, height, page)

    monkeypatch.setattr(sign_frames, "draw", counting)
    for age_s in (10.5, 12.0, 14.5):
        signs.data["mot-cua"] = sign(age_s=age_s)
        client.get("/sign/mot-cua.json?w=192&h=96&page=1")
        client.get("/sign/mot-cua.png?w=192&h=96&page=1")
    assert drawn == [1]


def test_without_a_page_the_clock_turns_them(client: Client, signs: Signs) -> None:
    seen = set()
    for turn in range(3):
        signs.now = AS_OF + timedelta(seconds=12 * turn)
        seen.add(client.get("/sign/mot-cua.json?w=640&h=320").json()["page"])
    assert len(seen) == 3


def test_the_language_can_be_asked_for(client: Client) -> None:
    assert "Received" in client.get("/sign/mot-cua.json?w=640&h=320&page=0&lang=en").json()["text"]


@pytest.mark.parametrize("address", ["/sign/nowhere", "/sign/nowhere.png", "/sign/nowhere.json"])
def test_an_unknown_sign_is_told_what_to_do(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "mot-cua" in answer.text
    assert "/sign/NAME" in answer.text


def test_a_player_that_asks_before_the_first_picture_gets_the_page_and_tries_again(signs: Signs) -> None:
    early = Client(Starlette(routes=sign_routes.routes(lambda *_: None, signs.clock, lambda: ["mot-cua"])))
    page = early.get("/sign/mot-cua")
    assert page.status_code == 200
    assert "/sign/" in page.text
    for address in ("/sign/mot-cua.png", "/sign/mot-cua.json"):
        assert early.get(address).status_code == 503


@pytest.mark.parametrize(
    "query", ["w=63&h=64", "w=4000&h=576", "w=x", "w=100&h=64", "page=-1", "page=99999999999999999999"]
)
def test_sizes_are_bounded(client: Client, query: str) -> None:
    assert client.get(f"/sign/mot-cua.png?{query}").status_code == 400
    assert client.get(f"/sign/mot-cua.json?{query}").status_code == 400


def test_kept_frames_are_bounded() -> None:
    frames = sign_frames.Frames(kept=2)
    seen = [view(sign(age_s=float(age))) for age in (1, 2, 3)]
    kept = [frames.get(one, 192, 96, 3) for one in seen]
    pages = [frames.get(one, 320, 160, 0) for one in seen]
    assert frames.by_etag(kept[0].etag) is None
    assert frames.by_etag(pages[-1].etag) is not None


def test_a_page_that_cannot_be_set_is_shown_in_a_smaller_layout(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(seen: View, width: int, height: int, page: int, *, layout: tuple[int, int] | None = None) -> Drawn:
        if layout is None or layout[0] > 640:
            raise LayoutError("too long")
        return draw(seen, width, height, page, layout=layout)

    monkeypatch.setattr(sign_frames, "draw", failing)
    answer = client.get("/sign/mot-cua.png?w=1024&h=576&page=0")
    assert Image.open(io.BytesIO(answer.content)).size == (1024, 576)
    assert "cannot be set" in caplog.text


def test_the_page_asks_no_other_host_and_escapes_its_name(client: Client) -> None:
    page = client.get("/sign/mot-cua")
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<b>" not in html('"><b>', "vi")
    assert 'data-testid="sign-text"' in page.text
    assert "MẤT KẾT NỐI" in page.text


def test_the_flat_board_says_where_its_lane_is_and_gives_its_items(client: Client) -> None:
    state = client.get("/sign/mot-cua.json?w=1280&h=128&page=0").json()
    lane = state["lane"]
    assert (lane["left"], lane["top"], lane["width"], lane["height"]) == (272, 0, 1008, 128)
    assert len(lane["text"]) == lane["items"]
    assert lane["text"][0].startswith("Hôm nay: tiếp nhận >812")
    sizes = set()
    for number in range(lane["items"]):
        picture = Image.open(io.BytesIO(client.get(f"{lane['png']}&item={number}").content))
        assert picture.height == 128
        sizes.add(picture.width)
    assert len(sizes) > 3
    double = client.get("/sign/mot-cua.json?w=2560&h=256&page=0").json()["lane"]
    assert (double["left"], double["width"], double["step"]) == (544, 2016, 2 * lane["step"])
    assert client.get("/sign/mot-cua.json?w=640&h=320").json()["lane"] is None
    assert client.get("/sign/mot-cua/lane.png?w=640&h=320").status_code == 400
    assert client.get(f"{lane['png']}&item=-1").status_code == 400


def test_hidden_counts_are_not_in_the_lane_either(client: Client, signs: Signs) -> None:
    rows = tuple(replace(row, figures=Figures(3, 3, 3, 3, 3, 6)) for row in sign().rows[:2])
    signs.data["mot-cua"] = sign(rows=rows, codes=(), hotline="")
    words = " ".join(client.get("/sign/mot-cua.json?w=1280&h=128").json()["lane"]["text"])
    assert "tiếp nhận <5" in words
    assert "chưa đủ dữ liệu" in words
    assert "3" not in words


@pytest.mark.parametrize("address", ["/signs", "/sign/mot-cua/preview"])
def test_previews_are_plain_pages_without_script(client: Client, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.text.count("<h1>") == page.text.count("<main>") == 1
    assert 'alt=""' not in page.text


def test_a_preview_is_as_if(client: Client) -> None:
    frames = {
        look: client.get(f"/sign/mot-cua/preview.png?w=192&h=96&page=3&state={look}").content
        for look in ("now", "stale", "closed", "disconnected", "empty")
    }
    assert len(set(frames.values())) == 5
    lost = Image.open(io.BytesIO(frames["disconnected"])).convert("RGB")
    assert any(colour == (187, 167, 255) for _, colour in lost.getcolors(1 << 20) or ())
    assert client.get("/sign/mot-cua/preview.png?state=merry").status_code == 400
    assert client.get("/sign/mot-cua/preview?state=merry").status_code == 400
    assert client.get("/sign/nowhere/preview").status_code == 404


def test_who_asks_for_an_impossible_size_is_told_the_sizes(client: Client) -> None:
    answer = client.get("/sign/mot-cua.png?w=100&h=64")
    assert answer.status_code == 400
    assert "1024 x 576" in answer.text
    assert "128 x 64" in answer.text


def test_the_service_worker_may_not_go_stale(client: Client) -> None:
    worker = client.get("/sign/worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"
    assert "worker-src 'self'" in client.get("/sign/mot-cua").headers["content-security-policy"]


@pytest.mark.parametrize(
    "address",
    [
        "/signs",
        "/sign/worker.js",
        *(f"/sign/mot-cua{rest}" for rest in ("", ".png", ".json", "/lane.png", "/preview", "/preview.png")),
    ],
)
def test_everything_of_a_sign_asks_who_is_there(signs: Signs, address: str) -> None:
    token = "a-token-of-forty-characters-or-so-to-try"
    guarded = Client(
        Starlette(
            routes=sign_routes.routes(signs, signs.clock, lambda: signs.data),
            middleware=[Middleware(GateMiddleware, gate=Gate(token, ()))],
        )
    )
    assert guarded.get(address).status_code == 401
    address += "?w=1280&h=128" if "lane" in address else ""
    assert guarded.get(address, headers={"Authorization": f"Bearer {token}"}).status_code == 200
