"""`ioc bench screens`: what connected screens cost in statements, bytes, delay, processor time and memory.

The same load all the time. One screen, then many of one place, then many of many places, then one again: the first and
the last must agree for the others to count. Then the same of a tablet's first page, which reads lists beside the
picture: many of one unit, and of many units. Statements are counted in the database's own log, by program.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil

from dashboards.bench.centre import Centre, Load, centre, say
from dashboards.bench.clients import Heard, Screens
from dashboards.bench.clients import screens as connected
from ioc.errors import OperatorError
from ioc.promises import Promise
from ioc.settings import Settings
from ioc.store.connect import connect
from ioc.store.statements import counted, log_statements

SETTLE_S = 4.0
"""After joining, before anything counts: first pictures are made then."""
LIVE_S = 60.0
PAUSE = threading.Event()


PROMISES = (
    Promise("many_gaps", most=0),
    Promise("many_tick_to_screen_p99_ms", most=250),
    Promise("many_bytes_per_update", most=5_000),
    Promise("many_joining_kb", most=200),
    Promise("many_web_cpu_pct", most=25),
    Promise("statements_many_over_one", least=0.95, most=1.05),
    Promise("statements_scopes_over_one", least=0.95, most=1.05),
    Promise("statements_leader_scopes_over_leader", least=0.95, most=1.05),
)
PROMISES_STALLED = (
    Promise("memory_grown_mb", most=20),
    Promise("beside_tick_to_screen_p99_ms", most=250),
    Promise("beside_gaps", most=0),
)
PROMISES_RECONNECT = (Promise("all_live_after_server_up_s", most=10),)


@dataclass(frozen=True, slots=True)
class Step:
    """What one step measured."""

    screens: int
    took_s: float
    heard: Heard
    without: int
    statements: int
    cpu_s: float
    rss_bytes: int

    def told(self, name: str) -> dict[str, Any]:
        """Its figures, named after the step."""
        delays = np.array(self.heard.delays_ms or [float("nan")])
        p50, p99 = (float(each) for each in np.quantile(delays, (0.5, 0.99)))
        each = max(1, self.screens)
        return {
            f"{name}_screens": self.screens,
            f"{name}_statements_per_s": self.statements / self.took_s,
            f"{name}_updates_per_s_and_screen": self.heard.deltas / self.took_s / each,
            f"{name}_gaps": self.heard.gaps + self.heard.fulls + self.heard.closed + self.without,
            f"{name}_tick_to_screen_p50_ms": p50,
            f"{name}_tick_to_screen_p99_ms": p99,
            f"{name}_bytes_per_update": self.heard.delta_bytes / max(1, self.heard.deltas),
            f"{name}_web_cpu_pct": 100 * self.cpu_s / self.took_s,
            f"{name}_web_rss_mb": self.rss_bytes / 1e6,
        }


def places(found: Centre, scopes: int, page: str = "wall") -> list[str]:
    """The addresses of a page at ``scopes`` different units, the province first; lower levels follow the upper."""
    units = [found.world.root, *(unit for unit in found.world.units if unit.code != found.world.root.code)]
    if scopes > len(units):
        raise OperatorError(f"--scopes {scopes}: there are {len(units)} units")
    return [f"/live?page={page}&unit={unit.code}&by=handling&lang=vi&theme=dark" for unit in units[:scopes]]


def measured(found: Centre, crowd: Screens, screens: int, seconds: float) -> Step:
    """One step of ``seconds`` with screens that have joined."""
    PAUSE.wait(SETTLE_S)
    web = found.web
    crowd.forget()
    began_s, begin = time.monotonic(), found.database_log.stat().st_size
    cpu_s = sum(web.cpu_times()[:2])
    PAUSE.wait(seconds)
    took_s = time.monotonic() - began_s
    cpu_s = sum(web.cpu_times()[:2]) - cpu_s
    heard, without = crowd.heard()
    statements = counted(found.database_log, begin)
    ours = sum(count for name, count in statements.items() if name.startswith("ioc web"))
    return Step(screens, took_s, heard, without, ours, cpu_s, web.memory_info().rss)


def step(found: Centre, name: str, screens: int, paths: Sequence[str], seconds: float) -> tuple[Step, int]:
    """Joins, measures, leaves; gives the greatest first picture too."""
    say(f"{name}: {screens} screens of {len(paths)} places, {seconds:.0f} s …")
    with connected(found.url, paths, screens) as crowd:
        joining, _ = crowd.heard()
        return measured(found, crowd, screens, seconds), joining.full_bytes_most


def measure(
    settings: Settings,
    *,
    screens: int,
    scopes: int,
    per_s: float,
    ticks_per_s: int,
    seconds: float,
    broker: str = "kafka",
) -> dict[str, Any]:
    """The cost of screens: ``one_…``, ``many_…`` and ``scopes_…`` of walls, ``leader_…`` (one unit) and
    ``leader_scopes_…`` of tablets; ``statements_leader_scopes_over_leader`` is to be 1 like the ratios of walls."""
    with (
        centre(settings, broker=broker, IOC_WEB__TICKS_PER_S=str(ticks_per_s)) as found,
        Load(found, per_s),
        connect(found.dsn, settings, name="ioc bench") as conn,
    ):
        log_statements(conn, True)
        one_place, many_places = places(found, 1), places(found, scopes)
        before, _ = step(found, "one", 1, one_place, seconds)
        many, full_bytes = step(found, "many", screens, one_place, seconds)
        spread, full_bytes_spread = step(found, "scopes", screens, many_places, seconds)
        after, _ = step(found, "one again", 1, one_place, seconds)
        leader, _ = step(found, "leader", screens, places(found, 1, "leader"), seconds)
        leader_scopes, _ = step(found, "leader scopes", screens, places(found, scopes, "leader"), seconds)
    one = (before.statements / before.took_s + after.statements / after.took_s) / 2
    return {
        "events_per_s": per_s,
        "ticks_per_s": ticks_per_s,
        "scopes": scopes,
        **before.told("one"),
        **many.told("many"),
        "many_joining_kb": full_bytes / 1000,
        **spread.told("scopes"),
        "scopes_joining_kb": full_bytes_spread / 1000,
        **after.told("one_again"),
        **leader.told("leader"),
        **leader_scopes.told("leader_scopes"),
        "statements_many_over_one": many.statements / many.took_s / one,
        "statements_scopes_over_one": spread.statements / spread.took_s / one,
        "statements_leader_scopes_over_leader": (leader_scopes.statements / leader_scopes.took_s)
        / (leader.statements / leader.took_s),
    }


def measure_stalled(
    settings: Settings,
    *,
    screens: int,
    stalled: int,
    per_s: float,
    ticks_per_s: int,
    seconds: float,
    broker: str = "kafka",
) -> dict[str, Any]:
    """Screens without, then beside others that never read: what the others notice, and what memory it takes."""
    with centre(settings, broker=broker, IOC_WEB__TICKS_PER_S=str(ticks_per_s)) as found, Load(found, per_s):
        paths = places(found, 1)
        with connected(found.url, paths, screens) as crowd:
            say(f"{screens} screens, {min(seconds, 30):.0f} s …")
            alone = measured(found, crowd, screens, min(seconds, 30))
            say(f"… and {stalled} that never read, {seconds:.0f} s …")
            with connected(found.url, paths, stalled, first=screens, stalled=True):
                beside = measured(found, crowd, screens, seconds)
    told = alone.told("alone") | beside.told("beside")
    kept = {name: value for name, value in told.items() if "statements" not in name}
    grown = (beside.rss_bytes - alone.rss_bytes) / 1e6
    return {"events_per_s": per_s, "stalled": stalled, **kept, "memory_grown_mb": grown}


def measure_reconnect(
    settings: Settings, *, screens: int, per_s: float, ticks_per_s: int, broker: str = "kafka"
) -> dict[str, Any]:
    """All screens lose the server at once; how long until the last has its picture again."""
    with (
        centre(settings, broker=broker, IOC_WEB__TICKS_PER_S=str(ticks_per_s)) as found,
        Load(found, per_s),
        connected(found.url, places(found, 1), screens) as crowd,
    ):
        PAUSE.wait(SETTLE_S)
        crowd.forget()
        web, ended_s = found.web, time.monotonic()
        say(f"{screens} screens; the web process ends and starts again …")
        web.terminate()
        web.wait(LIVE_S)
        up_s = _up(found, ended_s) - ended_s
        live_s: list[float] = []
        while len(live_s) < screens and time.monotonic() < ended_s + LIVE_S:
            PAUSE.wait(0.2)
            heard, _ = crowd.heard()
            live_s += heard.live_s
        all_s = time.monotonic() - ended_s
    waits = np.array(live_s or [float("nan")])
    return {
        "screens": screens,
        "live_again": len(live_s),
        "server_up_after_s": up_s,
        "all_live_after_s": all_s,
        "all_live_after_server_up_s": all_s - up_s,
        "screen_without_picture_p50_s": float(np.quantile(waits, 0.5)),
        "screen_without_picture_max_s": float(waits.max()),
    }


def _up(found: Centre, ended_s: float) -> float:
    """When the new web process takes connections."""
    port = int(found.url.rpartition(":")[2])
    while time.monotonic() < ended_s + LIVE_S:
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port:
                return time.monotonic()
        PAUSE.wait(0.05)
    raise OperatorError("the web process does not come back")
