"""The measurements of screens measure: tiny ones on real servers. Promises are for `ioc bench` on a calm machine."""

from __future__ import annotations

import math

import pytest

from dashboards.bench import screens
from dashboards.bench.browser import zone_of_the_morning
from ioc.settings import Settings
from ioc.store.connect import connect
from ioc.store.statements import counted, log_statements
from streams.embedded.process import wait_until
from tests.servers import DatabaseServer

LOAD = {"screens": 5, "per_s": 40.0, "ticks_per_s": 2, "broker": "log"}


@pytest.fixture(autouse=True)
def _servers(postgres: DatabaseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where the embedded servers can be had; a shorter time to settle."""
    monkeypatch.setattr(screens, "SETTLE_S", 1.0)


def test_what_screens_cost(settings: Settings) -> None:
    found = screens.measure(settings, **LOAD, scopes=3, seconds=3.0)  # type: ignore[arg-type]
    for step in ("one", "many", "scopes", "one_again", "leader", "leader_scopes"):
        assert found[f"{step}_statements_per_s"] > 0, step
        assert found[f"{step}_gaps"] == 0, step
        assert found[f"{step}_updates_per_s_and_screen"] > 0, step
        assert found[f"{step}_bytes_per_update"] > 50, step
        assert math.isfinite(found[f"{step}_tick_to_screen_p99_ms"]), step
    assert found["many_screens"] == 5
    assert 0.2 < found["statements_many_over_one"] < 5
    assert 0.2 < found["statements_leader_scopes_over_leader"] < 5
    assert 1 < found["many_joining_kb"] < 1000


def test_screens_that_never_read_do_not_touch_the_others(settings: Settings) -> None:
    found = screens.measure_stalled(settings, **LOAD, stalled=3, seconds=4.0)  # type: ignore[arg-type]
    assert found["beside_gaps"] == 0
    assert found["beside_updates_per_s_and_screen"] > 0
    assert abs(found["memory_grown_mb"]) < 100


def test_all_screens_come_back_after_a_restart(settings: Settings) -> None:
    found = screens.measure_reconnect(settings, **LOAD)  # type: ignore[arg-type]
    assert found["live_again"] == 5
    assert 0 < found["screen_without_picture_max_s"] < 60


def test_statements_are_counted_by_program(postgres: DatabaseServer, settings: Settings, store: str) -> None:
    log = postgres.log
    if log is None:
        pytest.skip("the server is not ours: its log cannot be read")
    with connect(store, settings, name="ioc counter") as conn, connect(store, settings, name="ioc other") as other:
        log_statements(conn, True)
        try:
            shown = "select current_setting('log_statement')"
            assert wait_until(lambda: other.execute(shown).fetchone() == ("all",), 20)
            begin = log.stat().st_size
            for _ in range(7):
                other.execute("select 1")
        finally:
            log_statements(conn, False)
        assert counted(log, begin)["ioc other"] == 7


def test_the_zone_of_the_morning_is_one_where_offices_are_open() -> None:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    for hour in range(24):
        now = datetime(2026, 11, 23, hour, 30, tzinfo=UTC)
        assert now.astimezone(ZoneInfo(zone_of_the_morning(now))).hour == 10
