"""What connected screens cost: transactions, bytes, delay and processor time, with one screen and with many."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from typing import Any

import numpy as np
import psutil
from websockets.asyncio.client import connect

from dashboards.bench import Centre, Load, centre, say
from ioc.settings import Settings
from ioc.store.connect import connect as connect_store
from ioc.store.health import sessions, transactions

FLUSH_S = 2.0
"""Backends report their counts to the statistics at most this late."""


@dataclass
class Heard:
    """What the screens of a child process received."""

    messages: int = 0
    characters: int = 0
    deltas: int = 0
    delta_characters: int = 0
    delays_ms: list[float] = field(default_factory=list)


def measure(settings: Settings, *, screens: int, per_s: float, seconds: float) -> dict[str, Any]:
    """One screen, many, one again, under the same load; the first and the last must agree for the others to count."""
    with centre(settings) as found, Load(found, per_s):
        say(f"{found.url}: {per_s:.0f} events/s; each step takes {seconds:.0f} s")
        before = _step(settings, found, 1, seconds)
        many = _step(settings, found, screens, seconds)
        after = _step(settings, found, 1, seconds)
    one = (before["transactions_per_s"] + after["transactions_per_s"]) / 2
    return {
        "events_per_s": per_s,
        "screens": screens,
        "transactions_per_s_1_before": before["transactions_per_s"],
        "transactions_per_s_1_after": after["transactions_per_s"],
        "transactions_per_s_many": many["transactions_per_s"],
        "many_over_one": many["transactions_per_s"] / one,
        "web_connections_1": before["web_connections"],
        "web_connections_many": many["web_connections"],
        "bytes_per_delta": many["bytes_per_delta"],
        "kilobytes_per_s_and_screen": many["kilobytes_per_s_and_screen"],
        "deltas_per_s_and_screen": many["deltas_per_s_and_screen"],
        "tick_to_screen_p50_ms": many["delay_p50_ms"],
        "tick_to_screen_p99_ms": many["delay_p99_ms"],
        "web_cpu_pct_1": before["web_cpu_pct"],
        "web_cpu_pct_many": many["web_cpu_pct"],
        "web_rss_mb_many": many["web_rss_mb"],
    }


def _step(settings: Settings, found: Centre, screens: int, seconds: float) -> dict[str, float]:
    say(f"{screens} screen(s) …")
    places = [found.world.root.code, *(unit.code for unit in found.world.children(found.world.root.code)[:9])]
    mine, theirs = multiprocessing.get_context("spawn").Pipe()
    arguments = (found.url.replace("http", "ws"), places, screens, theirs)
    child = multiprocessing.get_context("spawn").Process(target=_screens, args=arguments)
    child.start()
    if mine.recv() != "joined":
        raise RuntimeError("the screens did not join")
    web = _web(found)
    with connect_store(found.dsn, settings, name="ioc bench") as conn:
        time.sleep(FLUSH_S)
        mine.send("start")
        began_s, began = time.monotonic(), transactions(conn)
        cpu_s = sum(web.cpu_times()[:2])
        time.sleep(seconds)
        took_s = time.monotonic() - began_s
        done = transactions(conn) - began
        cpu_pct = 100 * (sum(web.cpu_times()[:2]) - cpu_s) / took_s
        connections = sessions(conn, "ioc web")
    mine.send("stop")
    heard: Heard = mine.recv()
    child.join()
    delays = np.array(heard.delays_ms or [float("nan")])
    return {
        "transactions_per_s": done / took_s,
        "web_connections": connections,
        "bytes_per_delta": heard.delta_characters / max(1, heard.deltas),
        "kilobytes_per_s_and_screen": heard.characters / 1000 / took_s / screens,
        "deltas_per_s_and_screen": heard.deltas / took_s / screens,
        "delay_p50_ms": float(np.quantile(delays, 0.5)),
        "delay_p99_ms": float(np.quantile(delays, 0.99)),
        "web_cpu_pct": cpu_pct,
        "web_rss_mb": web.memory_info().rss / 1e6,
    }


def _web(found: Centre) -> psutil.Process:
    for process in psutil.Process(found.pid).children(recursive=True):
        if process.cmdline()[-1:] == ["web"]:
            return process
    raise RuntimeError("the centre has no web process")


def _screens(url: str, places: list[str], screens: int, pipe: Pipe) -> None:
    """The child process: joins, then hears from "start" to "stop"."""
    asyncio.run(_hear(url, places, screens, pipe))


async def _hear(url: str, places: list[str], screens: int, pipe: Pipe) -> None:
    heard: list[Heard] = [Heard()]
    joined = asyncio.Semaphore(0)

    async def screen(number: int) -> None:
        query = f"page=wall&unit={places[number % len(places)]}&by=handling&lang=vi&theme=dark"
        async with connect(f"{url}/live?{query}", compression=None, max_size=None) as socket:
            first = True
            async for text in socket:
                body = str(text)
                now_ms = time.time() * 1000
                if first and body.startswith('{"t":"full"'):
                    first = False
                    joined.release()
                heard[0].messages += 1
                heard[0].characters += len(body)
                if body.startswith('{"t":"delta"'):
                    heard[0].deltas += 1
                    heard[0].delta_characters += len(body)
                    heard[0].delays_ms.append(now_ms - json.loads(body)["at"])

    tasks = [asyncio.create_task(screen(number)) for number in range(screens)]
    for _ in tasks:
        await joined.acquire()
    pipe.send("joined")
    await asyncio.to_thread(pipe.recv)
    heard[0] = Heard()
    await asyncio.to_thread(pipe.recv)
    found = heard[0]
    heard[0] = Heard()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    pipe.send(found)
