"""The WebSocket of screens against a real web process and a real database."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from dashboards.panel import slot
from tests.feeding import Feeder
from tests.web import Pipeline, WebServer, received, until

START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
STATUS = "page=status"
CUT = """
    select pg_terminate_backend(pid)
      from pg_stat_activity
     where datname = %s and application_name like 'ioc web%%'
"""
HANDSHAKE = """GET /live?page=wall HTTP/1.1
Host: 127.0.0.1:{port}
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Version: 13

"""
EVENTS = slot("status-feeds", "events-cases")


def join(web: WebServer, query: str = STATUS, **more: Any) -> ClientConnection:
    screen: ClientConnection = connect(
        f"ws://127.0.0.1:{web.port}/live?{query}", compression=None, max_size=None, **more
    )
    return screen


def heard(screen: ClientConnection, kind: str) -> Any:
    """The next message of a kind."""
    while True:
        message = json.loads(screen.recv(timeout=30))
        if message["t"] == kind:
            return message


def shown(screen: ClientConnection, name: str, value: str) -> Any:
    """Reads on until a slot shows a value; gives the message that brought it."""
    while True:
        message = json.loads(screen.recv(timeout=30))
        if message.get("slots", {}).get(name, {}).get("children") == value:
            return message


def latency_over(screen: ClientConnection, former_ms: float) -> float:
    """The p99 that a beat says, once it is above a former one."""
    while True:
        beat = heard(screen, "beat")
        if beat["latency"] and beat["latency"]["p99"] > former_ms:
            return float(beat["latency"]["p99"])


def test_a_screen_joins_and_follows(web: WebServer, feeder: Feeder, pipeline: Pipeline) -> None:
    before_ms = 1000 * time.time()
    with join(web) as screen:
        assert heard(screen, "hello")["build"]
        first = heard(screen, "full")
        assert first["slots"][EVENTS]["children"] == "0"
        feeder.feed(received(n, START) for n in range(3))
        assert shown(screen, EVENTS, "3")["t"] == "delta"
        beat = heard(screen, "beat")
        assert beat["ok"]
        while beat["feeds"]["ioc.cases.v1"][1] != "live":
            beat = heard(screen, "beat")
        assert before_ms - 1 <= beat["now"] <= 1000 * time.time() + 1, "the server's clock, which is ours here"


def test_deltas_follow_each_other_and_a_gap_is_answered_in_full(web: WebServer, feeder: Feeder) -> None:
    with join(web) as screen:
        seq = heard(screen, "full")["seq"]
        for number in range(3):
            feeder.feed([received(number, START)])
            found = shown(screen, EVENTS, str(number + 1))
        deltas = found["seq"] - seq
        assert deltas >= 3
        screen.send(json.dumps({"full": True}))
        assert heard(screen, "full")["slots"][EVENTS]["children"] == "3"


def test_a_painted_change_becomes_latency(web: WebServer, feeder: Feeder) -> None:
    with join(web, "page=leader&unit=718&by=handling") as screen:
        assert heard(screen, "full")["slots"]
        for number in range(5):
            feeder.feed([received(number, START)])
            screen.send(json.dumps({"painted": heard(screen, "delta")["seq"], "took_ms": 12.5}))
        beat = until(lambda: heard(screen, "beat")["latency"], "a latency")
        assert 0 <= beat["p50"] <= beat["p99"] < 60_000


def test_what_a_screen_held_back_is_no_latency(web: WebServer, feeder: Feeder) -> None:
    with join(web, "page=leader&unit=718&by=handling") as screen:
        assert heard(screen, "full")["slots"]
        told: list[float] = []
        for number, held in enumerate((True, False)):
            feeder.feed([received(number, START)])
            seq = heard(screen, "delta")["seq"]
            came_s = time.monotonic()
            for _ in range(2):
                heard(screen, "beat")
            late_ms = 1000 * (time.monotonic() - came_s)
            screen.send(json.dumps({"painted": seq, "took_ms": 12.5, "held_ms": late_ms if held else 0}))
            told.append(latency_over(screen, told[-1] if told else 0))
        assert told[1] - told[0] > late_ms / 3, "half of the way there and back, which the wait is taken for"


@pytest.mark.parametrize(
    ("query", "code"), [("page=nothing", 4404), ("page=wall&unit=nowhere", 4404), ("", 4404)], ids=str
)
def test_a_place_that_is_not_is_refused_with_its_reason(web: WebServer, query: str, code: int) -> None:
    with join(web, query) as screen, pytest.raises(ConnectionClosedError) as closed:
        heard(screen, "hello")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code


def test_other_peoples_pages_and_strangers_are_refused(start_web: Callable[..., WebServer]) -> None:
    token = "0123456789abcdef0123456789abcdef"
    web = start_web(IOC_DEMO_MODE="false", IOC_WEB__TOKEN=token, IOC_WEB__ORIGINS='["https://portal.example"]')
    bearer = {"Authorization": f"Bearer {token}"}
    for headers, origin in (
        ({}, None),
        ({"Authorization": "Bearer wrong"}, None),
        (bearer, "https://evil.example"),
        (bearer, "null"),
    ):
        with pytest.raises(InvalidStatus) as refused:
            join(web, additional_headers=headers, origin=origin)
        assert refused.value.response.status_code == 403
    for origin in (None, web.url, "https://portal.example"):
        with join(web, additional_headers=bearer, origin=origin) as screen:
            assert heard(screen, "hello")


def test_nonsense_ends_that_screen_only(web: WebServer) -> None:
    with join(web) as good, join(web) as bad:
        bad.send("not json")
        with pytest.raises(ConnectionClosedError) as closed:
            heard(bad, "nothing of this kind ever comes")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1003
        assert heard(good, "beat")


def test_a_message_of_ten_megabytes_ends_its_sender(web: WebServer) -> None:
    with join(web) as good, join(web) as bad:
        with pytest.raises((ConnectionClosedError, ConnectionError)) as closed:
            talk(bad, "x" * 10_000_000)
        if isinstance(closed.value, ConnectionClosedError) and closed.value.rcvd is not None:
            assert closed.value.rcvd.code == 1009
        assert heard(good, "beat")
    assert rss_mb(web) < 400


def test_a_flood_of_words_ends_its_sender(web: WebServer) -> None:
    with join(web) as good, join(web) as bad:
        with pytest.raises((ConnectionClosedError, ConnectionError)):
            talk(bad, *('{"painted": 1}' for _ in range(100_000)))
        assert heard(good, "beat")
        assert metric(web, "ioc_push_cut_off_total") == 1


def test_who_answers_no_ping_is_cut_off(web: WebServer) -> None:
    """A bare socket that reads everything and says nothing: no word, no pong."""
    with socket.create_connection(("127.0.0.1", web.port)) as mute:
        mute.sendall(HANDSHAKE.format(port=web.port).replace("\n", "\r\n").encode())
        mute.settimeout(60)
        ended = False
        while not ended:
            try:
                ended = not mute.recv(65536)
            except ConnectionResetError:
                ended = True
    until(lambda: metric(web, "ioc_screens") == 0, "the mute screen is gone")


def talk(screen: ClientConnection, *words: str) -> None:
    """Says it all, then listens until the connection ends."""
    for word in words:
        screen.send(word)
    heard(screen, "nothing of this kind ever comes")


def metric(web: WebServer, name: str) -> float:
    lines = web.get("/metrics")[2].decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def rss_mb(web: WebServer) -> float:
    return metric(web, "process_resident_memory_bytes") / 1e6


def test_who_does_not_read_is_cut_off_and_the_others_go_on(web: WebServer) -> None:
    """A bare socket that says hello and never reads again: its receive buffer is tiny, so the server feels it soon."""
    with socket.socket() as hung:
        hung.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        hung.connect(("127.0.0.1", web.port))
        hung.sendall(HANDSHAKE.format(port=web.port).replace("\n", "\r\n").encode())

        until(lambda: metric(web, "ioc_screens") == 1, "the hung screen is counted")
        with join(web) as good:
            until(lambda: heard(good, "beat") and metric(web, "ioc_screens") == 2, "both are counted")
            until(lambda: heard(good, "beat") and metric(web, "ioc_screens") == 1, "the hung screen is gone", 80)
            while not heard(good, "beat")["ok"]:
                pass


def test_a_database_that_goes_away_leaves_the_last_picture_and_comes_back(
    web: WebServer, feeder: Feeder, postgres: Any, store: str
) -> None:
    feeder.feed([received(1, START)])
    with join(web) as screen:
        shown(screen, EVENTS, "1")
        name = store_name(feeder)
        with admin(postgres) as conn:
            conn.execute(f"alter database {name} with allow_connections false")
            conn.execute(CUT, (name,))
        while heard(screen, "beat")["ok"]:
            pass
        with join(web) as late:
            assert heard(late, "full")["slots"][EVENTS]["children"] == "1"
        with admin(postgres) as conn:
            conn.execute(f"alter database {name} with allow_connections true")
        feeder.feed([received(2, START)])
        shown(screen, EVENTS, "2")


def store_name(feeder: Feeder) -> str:
    row = feeder.reading.execute("select current_database()").fetchone()
    assert row is not None
    return str(row[0])


def admin(postgres: Any) -> Any:
    import psycopg

    return psycopg.connect(postgres.dsn("postgres"), autocommit=True)
