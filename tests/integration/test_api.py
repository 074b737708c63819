"""The web process over HTTP: figures, errors, identity, health, metrics."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest

from ioc.settings import Settings
from tests.feeding import Feeder
from tests.web import Pipeline, WebServer, received, until

NOW = datetime.now(UTC).replace(microsecond=0)
START = NOW - timedelta(hours=2)
OVERVIEW = "/api/v1/overview"


def ask(web: WebServer, **query: str) -> Any:
    status, headers, body = web.get(
        OVERVIEW + "?" + "&".join(f"{name}={quote(value)}" for name, value in query.items())
    )
    assert status == 200, body
    assert headers["content-type"] == "application/json"
    return json.loads(body)


def test_the_overview_answers_what_was_fed(web: WebServer, feeder: Feeder) -> None:
    feeder.feed(received(n, START + timedelta(minutes=n)) for n in range(7))
    found = ask(web, unit="74", **{"from": START.isoformat()})
    assert found["unit"] == "74"
    assert found["scope"] == "handling"
    assert found["cases"]["received"] == 7
    assert found["cases"]["received_by_channel"] == {"counter": 0, "online": 7, "postal": 0}
    assert found["cases"]["open"] == 7
    assert found["cases"]["on_time_pct"] is None
    assert {feed["topic"] for feed in found["feeds"]} == {
        "ioc.cases.v1",
        "ioc.cameras.v1",
        "ioc.usage.v1",
        "ioc.indicators.v1",
    }
    assert found["as_of"].endswith("+07:00")
    assert found["from"] == START.astimezone(datetime.fromisoformat(found["as_of"]).tzinfo).isoformat()


def test_units_scopes_and_moments(web: WebServer, feeder: Feeder) -> None:
    feeder.feed(received(n, START + timedelta(minutes=n)) for n in range(4))
    window = {"from": START.isoformat()}
    assert ask(web, unit="25747", **window)["cases"]["received"] == 4
    assert ask(web, unit="718", scope="receiving", **window)["cases"]["received"] == 4
    assert ask(web, unit="25747", scope="receiving", **window)["cases"]["received"] == 0
    two = (START + timedelta(minutes=1, seconds=30)).isoformat()
    assert ask(web, as_of=two, **window)["cases"]["open"] == 2
    assert ask(web, to=two, **window)["cases"]["received"] == 2
    assert ask(web, to=two, **window)["cases"]["open"] == 4
    blank = two.replace("+00:00", " 00:00").replace(" ", "+")
    assert web.json(f"{OVERVIEW}?as_of={blank}&from={quote(START.isoformat())}")["cases"]["open"] == 2


WRONG = (
    ("unit=nowhere", 404, "nowhere"),
    ("as_of=2026-11-23T10:15:00", 400, "offset"),
    ("from=2026-11-23", 400, "offset"),
    ("to=yesterday", 400, "no time"),
    ("as_of=9999-12-31T23:59:59-14:00", 400, "no time"),
    ("as_of=9999-12-31T23:59:59Z&from=2026-11-23T00:00:00Z", 400, "no time"),
    ("as_of=0001-01-01T00:00:00Z&from=0001-01-01T00:00:00Z", 400, "no time"),
    ("from=0001-01-01T00:00:00%2B14:00", 400, "no time"),
    ("scope=everything", 400, "handling or receiving"),
    ("units=74", 400, "unknown parameter"),
)


def test_wrong_questions_get_clear_answers(web: WebServer) -> None:
    for query, status, says in WRONG:
        got, _, body = web.get(f"{OVERVIEW}?{query}")
        assert (query, got) == (query, status)
        error = json.loads(body)["error"]
        assert error["status"] == status
        assert says in error["message"]


def test_the_answer_fits_its_own_document(web: WebServer, feeder: Feeder) -> None:
    feeder.feed([received(1, START)])
    document = web.json("/api/v1/openapi.json")
    answers = document["paths"][OVERVIEW]["get"]["responses"]
    schema = answers["200"]["content"]["application/json"]["schema"] | {"components": document["components"]}
    jsonschema.validate(ask(web), schema)
    problem = answers["404"]["content"]["application/json"]["schema"] | {"components": document["components"]}
    jsonschema.validate(web.json(f"{OVERVIEW}?unit=nowhere"), problem)


def test_ready_needs_a_picture_and_somebody_who_reads_every_feed(web: WebServer, feeder: Feeder) -> None:
    assert web.status("/healthz") == 200
    until(lambda: "stream" in web.json("/readyz")["missing"], "the first picture")
    assert web.status("/readyz") == 503
    pipeline = Pipeline(feeder)
    until(lambda: web.status("/readyz") == 200, "ready")
    pipeline.stop()
    missing = until(lambda: web.json("/readyz")["missing"], "not ready without readers")
    assert "ioc.cases.v1" in missing["stream"]


def test_without_a_database_pages_answer_and_ready_does_not(
    start_web: Callable[..., WebServer], settings: Settings
) -> None:
    web = start_web(IOC_DATABASE__DSN="postgresql://127.0.0.1:1/nothing")
    assert web.status("/wall") == 200
    assert web.status("/readyz") == 503
    assert web.json("/readyz")["missing"] == {"database": "no picture yet"}, "strangers ask, and learn nothing of it"
    status, _, body = web.get(OVERVIEW)
    assert status == 503
    assert "database" in json.loads(body)["error"]["message"]


def test_metrics_tell_of_feeds_and_screens(web: WebServer, feeder: Feeder, pipeline: Pipeline) -> None:
    feeder.feed(received(n, START) for n in range(3))

    def events() -> bool:
        return 'ioc_feed_events_total{topic="ioc.cases.v1"} 3.0' in web.get("/metrics")[2].decode()

    until(events, "the feed's events")
    text = web.get("/metrics")[2].decode()
    for name in (
        "ioc_feed_lag_records",
        "ioc_screens 0.0",
        "ioc_tick_seconds",
        "ioc_snapshot_age_seconds",
        "ioc_arrival_to_screen_seconds_bucket",
        "process_resident_memory_bytes",
    ):
        assert name in text, name


TOKEN = "0123456789abcdef0123456789abcdef"


def test_everything_but_health_needs_the_token(start_web: Callable[..., WebServer]) -> None:
    web = start_web(IOC_DEMO_MODE="false", IOC_WEB__TOKEN=TOKEN)
    assert web.status("/healthz") == 200
    assert web.status("/readyz") in (200, 503)
    for path in ("/", "/wall", OVERVIEW, "/metrics", "/assets/live.js", "/sign/main", "/_dash-layout"):
        status, headers, _ = web.get(path)
        assert (path, status) == (path, 401)
        assert headers["www-authenticate"].startswith("Bearer")
    assert web.get("/wall", {"Authorization": f"Bearer {TOKEN}"})[0] == 200
    assert web.get("/wall", {"Authorization": f"Bearer {TOKEN[:-1]}"})[0] == 401
    assert web.get("/wall?token=wrong")[0] == 401
    status, headers, _ = web.get(f"//evil.example/wall?lang=en&token={TOKEN}")
    assert status == 303
    assert headers["location"] == "/evil.example/wall?lang=en"
    cookie = headers["set-cookie"]
    assert TOKEN not in cookie
    for part in ("HttpOnly", "SameSite=lax", "Max-Age=5184000", "Path=/"):
        assert part in cookie
    assert web.get("/wall", {"Cookie": cookie.partition(";")[0]})[0] == 200


def test_without_a_token_nothing_starts(start_web: Callable[..., WebServer]) -> None:
    web = WebServerThatRefuses(start_web)
    assert web.says(IOC_DEMO_MODE="false").startswith("ioc web: web.token must have")
    assert "must listen on 127.0.0.1" in web.says(IOC_WEB__HOST="0.0.0.0")


class WebServerThatRefuses:
    """The last line that a web process leaves that does not start."""

    def __init__(self, start: Callable[..., WebServer]) -> None:
        self.start = start

    def says(self, **env: str) -> str:
        with pytest.raises(AssertionError) as refused:
            self.start(**env)
        return str(refused.value).partition("\nassert")[0].strip().rpartition("\n")[2]


def test_a_signal_ends_it_soon(web: WebServer) -> None:
    web.stop(signal.SIGTERM)
    assert web.ended()
