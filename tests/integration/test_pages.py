"""What an address answers: pages that are there, and those that are not."""

from __future__ import annotations

import pytest

from tests.web import WebServer


def test_pages_are_there_and_others_say_that_they_are_not(web: WebServer) -> None:
    for path in ("/", "/wall", "/status", "/status/", "/?unit=718", "/wall?lang=en"):
        assert web.status(path) == 200, path
    for path in ("/nothing", "/wall/nothing", "/?unit=nowhere", "/status.php"):
        status, headers, body = web.get(path)
        assert status == 404, path
        assert headers["content-type"].startswith("text/html")
        assert b"react-entry-point" in body, "the page in our own words"
    for path in ("/assets/nothing.js", "/api/v1/nothing", "/sign/nothing"):
        assert web.status(path) == 404, path


@pytest.mark.parametrize("name", ["/_dash-layout", "/_dash-dependencies", "/assets/live.js"])
def test_what_a_page_needs_is_no_page(web: WebServer, name: str) -> None:
    assert web.status(name) == 200
