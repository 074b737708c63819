"""Browsers that take their time, or never read at all, keep nobody else from opening a page."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import psutil
import pytest

from tests.integration.test_live_socket import rss_mb
from tests.web import WebServer, until

STALLED = 20
LARGE = "/_dash-component-suites/plotly/package_data/plotly.min.js"
ASKS = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: {encoding}\r\n\r\n"
NEVER_SAYS = (
    "POST /_dash-update-component HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
)


@pytest.fixture
def crowd() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def stalled(web: WebServer, crowd: ExitStack, words: str) -> socket.socket:
    """A browser that asks and never reads: its receive buffer is tiny, so the server feels it soon."""
    found = crowd.enter_context(closing(socket.socket()))
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.connect(("127.0.0.1", web.port))
    found.sendall(words.encode())
    return found


def test_twenty_that_never_read_a_large_file_close_no_page(web: WebServer, crowd: ExitStack) -> None:
    assert len(web.get(LARGE)[2]) > 3_000_000
    before_mb = rss_mb(web)
    for number in range(STALLED):
        encoding = "gzip" if number % 2 else "identity"
        stalled(web, crowd, ASKS.format(path=LARGE, port=web.port, encoding=encoding))
    for page in ("/", "/wall", "/assets/live.js", LARGE):
        began_s = time.monotonic()
        assert web.get(page)[0] == 200, page
        assert time.monotonic() - began_s < 8, page
    assert rss_mb(web) - before_mb < 60, "all are given the same bytes"


def test_twenty_that_never_say_what_they_want_close_no_page(web: WebServer, crowd: ExitStack) -> None:
    for _ in range(STALLED):
        stalled(web, crowd, NEVER_SAYS.format(port=web.port))
    began_s = time.monotonic()
    assert web.get("/wall")[0] == 200
    assert time.monotonic() - began_s < 8


def test_who_reads_or_says_nothing_is_cut_off(web: WebServer, crowd: ExitStack) -> None:
    slow = [
        stalled(web, crowd, ASKS.format(path=LARGE, port=web.port, encoding="identity")),
        stalled(web, crowd, NEVER_SAYS.format(port=web.port)),
    ]
    ports = {each.getsockname()[1] for each in slow}
    assert web.process is not None
    process = psutil.Process(web.process.pid)

    def there() -> set[int]:
        """The ports of those that the process still has a connection to."""
        return ports & {each.raddr.port for each in process.net_connections("tcp") if each.raddr}

    until(lambda: there() == ports, "both are there")
    until(lambda: not there(), "neither is there any more")


def test_a_file_is_the_same_compressed_plain_and_not_sent_twice(web: WebServer) -> None:
    plain = web.get("/assets/live.js")
    packed = web.get("/assets/live.js", {"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed[2]) == plain[2] == (web.root / "dashboards/assets/live.js").read_bytes()
    assert packed[1]["content-encoding"] == "gzip"
    assert "content-encoding" not in plain[1]
    for _, headers, body in (plain, packed):
        assert int(headers["content-length"]) == len(body)
        assert "Accept-Encoding" in headers["vary"]
        assert headers["cache-control"] == "no-cache"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-ioc-build"]
    tag = plain[1]["etag"]
    for encoding in ("identity", "gzip"):
        status, headers, body = web.get(
            "/assets/live.js", {"If-None-Match": f'"other", {tag}', "Accept-Encoding": encoding}
        )
        assert (status, body, headers["etag"]) == (304, b"", tag)
    assert web.get("/assets/live.js", {"If-None-Match": '"other"'})[0] == 200
    assert web.get("/assets/live.js", {"Range": "bytes=0-9"})[2] == plain[2]
    react = next(part for part in web.get("/")[2].decode().split('"') if "/react@" in part)
    assert "max-age=31536000" in web.get(react)[1]["cache-control"]
    assert web.get("/assets/nothing.js")[0] == 404


def test_a_font_is_not_compressed_again(web: WebServer) -> None:
    font = "/assets/fonts/inter-latin-400-normal.woff2"
    _, headers, body = web.get(font, {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in headers
    assert body == (web.root / f"dashboards{font}").read_bytes()


def test_who_says_too_much_is_told(web: WebServer) -> None:
    with socket.create_connection(("127.0.0.1", web.port)) as loud:
        loud.settimeout(30)
        head = NEVER_SAYS.format(port=web.port).replace("Content-Length: 100", "Content-Length: 3000000")
        loud.sendall(head.encode() + b"x" * 1_500_000)
        assert loud.recv(64).startswith(b"HTTP/1.1 413")
