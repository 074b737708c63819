"""A database that hangs or has vanished: screens keep the last picture and say so in time, everything else answers, and
all of it comes back by itself."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from dashboards.panel import slot
from ioc.errors import Transient
from ioc.settings import Settings
from ioc.store.connect import bounded
from ioc.store.connect import connect as open_store
from tests.feeding import Feeder
from tests.stalling import StallingWire
from tests.web import Pipeline, WebServer, received, until

START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
EVENTS = slot("status-feeds", "events-cases")
CASES = "ioc.cases.v1"
PROMISE_MS = 5000


@pytest.fixture
def wire(store: str) -> Iterator[StallingWire]:
    with closing(StallingWire(store)) as found:
        yield found


def heard(screen: ClientConnection, wanted: Callable[[Any], bool]) -> Any:
    """The first message that is wanted."""
    while True:
        message = json.loads(screen.recv(timeout=60))
        if wanted(message):
            return message


def is_beat(ok: bool) -> Callable[[Any], bool]:
    return lambda message: message["t"] == "beat" and message["ok"] is ok


def says(state: str) -> Callable[[Any], bool]:
    return lambda message: message["t"] == "beat" and message["feeds"].get(CASES, [None, ""])[1] == state


def shows(value: str) -> Callable[[Any], bool]:
    return lambda message: message.get("slots", {}).get(EVENTS, {}).get("children") == value


@pytest.mark.parametrize("comes_back", ["as it was", "without its connections"])
def test_a_hung_database_is_told_of_in_time_and_comes_back(
    wire: StallingWire,
    start_web: Callable[..., WebServer],
    feeder: Feeder,
    pipeline: Pipeline,
    comes_back: str,
) -> None:
    web = start_web(IOC_DATABASE__DSN=wire.dsn, IOC_DATABASE__STATEMENT_TIMEOUT="3s")
    feeder.feed([received(1, START)])
    with connect(f"ws://127.0.0.1:{web.port}/live?page=status", compression=None, max_size=None) as screen:
        heard(screen, shows("1"))
        until(lambda: web.status("/readyz") == 200, "everything is well")
        assert not web.json("/sign/tinh.json")["stale"]
        heard(screen, is_beat(True))

        wire.stall()
        sign = until(lambda: (found := web.json("/sign/tinh.json"))["stale"] and found, "the sign says it")
        doubt = heard(screen, is_beat(False))
        since_s = (datetime.fromisoformat(sign["as_of"]).timestamp() * 1000 - doubt["as_of"]) / 1000
        assert since_s <= PROMISE_MS / 1000, "silence until the sign said so"
        assert doubt["now"] - doubt["as_of"] <= PROMISE_MS, "silence since the last reading"
        assert {state for _, state, *_ in doubt["feeds"].values()} == {"stale"}
        for path in ("/healthz", "/", "/wall", "/assets/live.js", "/sign/tinh", "/sign/tinh.json", "/metrics"):
            began_s = time.monotonic()
            assert (path, web.status(path)) == (path, 200)
            assert time.monotonic() - began_s < 10, path
        assert web.status("/readyz") == 503
        assert web.status("/api/v1/overview") == 503, "after its patience, not never"
        with connect(f"ws://127.0.0.1:{web.port}/live?page=status", compression=None, max_size=None) as late:
            assert heard(late, lambda message: message["t"] == "full")["slots"][EVENTS]["children"] == "1"

        if comes_back == "as it was":
            wire.go_on()
        else:
            wire.lose()
        feeder.feed([received(2, START)])
        heard(screen, shows("2"))
        heard(screen, is_beat(True))
        until(lambda: web.status("/readyz") == 200, "everything is well again")
        until(lambda: web.status("/api/v1/overview") == 200, "the API answers again")


def test_a_feed_that_nobody_reads_is_told_of_in_time(
    start_web: Callable[..., WebServer], feeder: Feeder, pipeline: Pipeline
) -> None:
    web = start_web()
    feeder.feed([received(1, START)])
    with connect(f"ws://127.0.0.1:{web.port}/live?page=status", compression=None, max_size=None) as screen:
        heard(screen, says("live"))
        until(lambda: web.json("/sign/tinh.json")["stale"] is False, "the sign is fresh")
        pipeline.stop()
        row = feeder.reading.execute("select max(seen_at) from source_end").fetchone()
        assert row is not None
        sign = until(lambda: (found := web.json("/sign/tinh.json"))["stale"] and found, "the sign says it")
        doubt = heard(screen, says("stale"))
        assert doubt["now"] - 1000 * row[0].timestamp() <= PROMISE_MS
        assert doubt["ok"], "the store answers"
        assert 1000 * (datetime.fromisoformat(sign["as_of"]) - row[0]).total_seconds() <= PROMISE_MS


def test_who_waits_for_a_server_that_says_nothing_is_not_kept(wire: StallingWire, settings: Settings) -> None:
    with closing(open_store(wire.dsn, settings)) as conn:
        with bounded(conn, 60.0):
            assert conn.execute("select 1").fetchone() == (1,)
        wire.stall()
        began_s = time.monotonic()
        with pytest.raises(Transient), bounded(conn, 0.3):
            conn.execute("select 1")
        assert time.monotonic() - began_s < 20
        assert conn.broken or conn.closed


def test_a_host_that_vanishes_is_noticed_while_it_is_waited_for(wire: StallingWire, settings: Settings) -> None:
    """The kernel gives up what stays unanswered for ten seconds, and not after its own quarter of an hour; what ingest
    sends may lie unread for as long as a statement may take."""
    for pause_s, patience_ms in ((0.0, 10_000), (8.0, 30_000)):
        with (
            closing(open_store(wire.dsn, settings, longest_pause_s=pause_s)) as conn,
            socket.socket(fileno=os.dup(conn.fileno())) as own,
        ):
            assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == patience_ms
            assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
