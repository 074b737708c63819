"""Pages run nothing that is not ours, are framed by nobody else, and lack nothing for it: every `Screen` is asked at
its end whether its console complained."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboards.app import STANDS_HASH
from dashboards.pages.registry import pages
from ioc.settings import Settings
from tests.browser.conftest import Screen
from tests.browser.day import morning
from tests.feeding import Feeder
from tests.web import Pipeline, WebServer

PATHS = [page.path for page in pages(lambda: None)]  # type: ignore[arg-type,return-value]
INJECTED = """
    (() => {
        window.violations = [];
        document.addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.injected = true";
        document.body.append(script);
    })()
"""


def policy(web: WebServer, path: str) -> str:
    status, headers, _ = web.get(path)
    assert status == 200, path
    return headers["content-security-policy"]


@pytest.mark.parametrize("look", ["lang=vi&theme=dark", "lang=en&theme=light"])
def test_no_page_complains_of_its_policy(
    screens: Callable[..., Screen], web: WebServer, feeder: Feeder, pipeline: Pipeline, look: str
) -> None:
    feeder.feed(morning(feeder.settings))
    screen = screens()
    for path in PATHS:
        assert "frame-ancestors 'self'" in policy(web, path)
        screen.open(f"{path}?{look}")
        screen.wait("document.documentElement.dataset.state === 'live'")
        screen.wait("iocLive.charts === 0")
        assert screen.errors == [], path
    for path in ("/sign/tinh", "/sign/tinh/preview", "/signs"):
        screen.tab.goto(screen.web.url + path)
        screen.wait("document.readyState === 'complete'")
        assert screen.errors == [], path


def test_playlists_run_only_what_is_ours(web: WebServer, settings: Settings) -> None:
    assert settings.playlists
    for name in settings.playlists:
        told = policy(web, f"/wall/{name}")
        for part in ("default-src 'none'", f"script-src 'self' {STANDS_HASH};", "frame-ancestors 'self'"):
            assert part in told


def test_every_answer_is_what_it_says(web: WebServer) -> None:
    for path in ("/", "/healthz", "/api/v1/openapi.json", "/sign/tinh", "/sw.js", "/metrics", "/assets/live.js"):
        assert web.get(path)[1]["x-content-type-options"] == "nosniff", path


def test_what_is_injected_does_not_run(wall: Screen) -> None:
    wall.value(INJECTED)
    wall.wait("violations.length > 0")
    assert wall.value("violations") == ["script-src-elem"]
    assert wall.value("window.injected === undefined")
    assert all("Content Security Policy" in error for error in wall.errors)
    wall.errors.clear()
