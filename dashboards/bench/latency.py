"""`ioc bench latency`: from the producer's send to the text and to the chart on a wall in Chromium, under load.

Probes are the only new cases: the wall's figure of received cases grows by one for each, so the moment when it first
shows n is the moment when the n-th probe stands on the glass (the frame after the text changed). The chart of the day
shows them too: its moment is the frame after Plotly has drawn a line whose points add up to n.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from dashboards.bench.browser import chromium, zone_of_the_morning
from dashboards.bench.centre import CASES, Load, centre, say
from ioc.promises import Promise
from ioc.settings import Settings

FIGURE = "headline-received--value"
CHART = "flow--chart"
PROMISES = (Promise("send_to_text_p95_ms", most=500), Promise("send_to_chart_p95_ms", most=1_200))
PROBES_PER_S = 4.0
SETTLE_S = 5.0
PATIENCE_MS = 60_000
WATCH = """([figure, chart]) => {
  window.shown = [];
  window.drawn = [];
  const stands = (list, value) => requestAnimationFrame(() => requestAnimationFrame(() =>
    list.push([value, performance.timeOrigin + performance.now()])));
  const element = document.getElementById(figure);
  const note = () => stands(window.shown, Number(element.textContent.replace(/[^0-9]/g, '')));
  new MutationObserver(note).observe(element, { childList: true, characterData: true, subtree: true });
  const graph = document.querySelector(`#${chart} .js-plotly-plot`) || document.getElementById(chart);
  const values = (trace) => Array.from(trace.y, (y) => Number(y) || 0);
  const total = () => {
    const own = graph.data.filter((trace) => (trace.yaxis || 'y') === 'y' && !trace.fill);
    const solid = (trace) => trace.mode === 'lines' && trace.line.width > 0 && !trace.line.dash;
    const line = own.find(solid), dots = own.find((trace) => trace.mode === 'markers');
    if (!line || !dots) return 0;
    const last = dots.x.length ? dots.x.length - 1 : -1;
    const open = last >= 0 && dots.x[last] > (line.x.length ? line.x[line.x.length - 1] : -1) ? values(dots)[last] : 0;
    return values(line).reduce((sum, y) => sum + y, 0) + open;
  };
  window.total = total;
  graph.on('plotly_afterplot', () => stands(window.drawn, total()));
}"""
DRAWN = "(id) => (document.querySelector(`#${id} .js-plotly-plot`) || document.getElementById(id))?.on"
RECEIVED = "([id, n]) => Number((document.getElementById(id)?.textContent || '').replace(/[^0-9]/g, '')) >= n"


def measure(settings: Settings, *, per_s: float, seconds: float, broker: str = "kafka") -> dict[str, Any]:
    """Percentiles in milliseconds."""
    zone = zone_of_the_morning()
    with (
        centre(settings, broker=broker, IOC_PROVINCE__ZONE=zone) as found,
        Load(found, per_s - PROBES_PER_S) as load,
        chromium() as browser,
    ):
        wall = browser.new_page(viewport={"width": 1920, "height": 1080})
        wall.goto(f"{found.url}/wall")
        wall.wait_for_function(RECEIVED, arg=[FIGURE, CASES], timeout=PATIENCE_MS)
        wall.wait_for_function(DRAWN, arg=CHART, timeout=PATIENCE_MS)  # numbers come first
        wall.evaluate(WATCH, [FIGURE, CHART])
        wall.wait_for_function("(n) => total() >= n", arg=CASES, timeout=PATIENCE_MS)
        say(f"{found.url}: {per_s:.0f} events/s for {seconds:.0f} s")
        wall.wait_for_timeout(1000 * SETTLE_S)
        sent_s: list[float] = []
        began_s = time.monotonic()
        while time.monotonic() < began_s + seconds:
            number = CASES + len(sent_s)
            sent_s.append(load.case(f"p{number}", number, "received"))
            next_s = began_s + len(sent_s) / PROBES_PER_S
            wall.wait_for_timeout(max(0.0, 1000 * (next_s - time.monotonic())))
        last = CASES + len(sent_s)
        for kept in ("shown", "drawn"):
            wall.wait_for_function(f"(n) => {kept}.some(([value]) => value >= n)", arg=last, timeout=PATIENCE_MS)
        shown, drawn = wall.evaluate("() => [shown, drawn]")
        own = wall.evaluate("() => iocLive.beat.latency")
    return {
        "events_per_s": per_s,
        "probes": len(sent_s),
        **delays("send_to_text", shown, sent_s),
        **delays("send_to_chart", drawn, sent_s),
        "own_p95_ms": float(own["p95"]) if own else None,
    }


def delays(name: str, seen: list[tuple[int, float]], sent_s: list[float]) -> dict[str, float]:
    """Percentiles of the time from each probe's sending to the first moment that shows it or a later one."""
    found = np.array(
        [
            min(at_ms for value, at_ms in seen if value >= CASES + number) - 1000 * at_s
            for number, at_s in enumerate(sent_s, 1)
        ]
    )
    p50, p95, p99 = (float(each) for each in np.quantile(found, (0.5, 0.95, 0.99)))
    return {f"{name}_p50_ms": p50, f"{name}_p95_ms": p95, f"{name}_p99_ms": p99, f"{name}_max_ms": float(found.max())}
