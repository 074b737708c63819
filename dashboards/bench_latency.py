"""From the producer's send to the text on a wall in Chromium, under load.

Probes are the only new cases: the wall's figure of received cases grows by one for each, so the moment when it first
shows n is the moment when the n-th probe stands on the glass (the frame after the text changed).
"""

from __future__ import annotations

import shutil
import time
from typing import Any

import numpy as np

from dashboards.bench import CASES, Load, centre, say
from ioc.errors import OperatorError
from ioc.settings import Settings

FIGURE = "headline-received--value"
PROBES_PER_S = 4.0
SETTLE_S = 5.0
PATIENCE_MS = 60_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WATCH = """(id) => {
  window.shown = [];
  const note = (element) => {
    const text = element.textContent.replace(/[^0-9]/g, '');
    requestAnimationFrame(() => requestAnimationFrame(() =>
      window.shown.push([Number(text), performance.timeOrigin + performance.now()])));
  };
  const element = document.getElementById(id);
  new MutationObserver(() => note(element)).observe(element, { childList: true, characterData: true, subtree: true });
}"""


def measure(settings: Settings, *, per_s: float, seconds: float) -> dict[str, Any]:
    """Percentiles in milliseconds. Raises OperatorError without Playwright or Chromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise OperatorError("ioc bench latency needs Playwright: pip install 'ioc[dev]'") from error
    chromium = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if chromium is None:
        raise OperatorError("ioc bench latency needs Chromium (Debian: apt-get install chromium)")
    with centre(settings) as found, Load(found, per_s - PROBES_PER_S) as load, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        wall = browser.new_page(viewport={"width": 1920, "height": 1080})
        wall.goto(f"{found.url}/wall")
        wait = "([id, n]) => Number((document.getElementById(id)?.textContent || '').replace(/[^0-9]/g, '')) >= n"
        wall.wait_for_function(wait, arg=[FIGURE, CASES], timeout=PATIENCE_MS)
        wall.evaluate(WATCH, FIGURE)
        say(f"{found.url}: {per_s:.0f} events/s for {seconds:.0f} s")
        wall.wait_for_timeout(1000 * SETTLE_S)
        sent_s: list[float] = []
        began_s = time.monotonic()
        while time.monotonic() < began_s + seconds:
            number = CASES + len(sent_s)
            sent_s.append(load.case(f"p{number}", number, "received"))
            next_s = began_s + len(sent_s) / PROBES_PER_S
            wall.wait_for_timeout(max(0.0, 1000 * (next_s - time.monotonic())))
        total = CASES + len(sent_s)
        wall.wait_for_function("(n) => window.shown.some(([value]) => value >= n)", arg=total, timeout=PATIENCE_MS)
        shown: list[tuple[int, float]] = wall.evaluate("() => window.shown")
        own = wall.evaluate("() => iocLive.beat.latency")
        browser.close()
    delays = np.array(
        [
            min(at_ms for value, at_ms in shown if value >= CASES + number) - 1000 * at_s
            for number, at_s in enumerate(sent_s, 1)
        ]
    )
    p50, p95, p99 = (float(each) for each in np.quantile(delays, (0.5, 0.95, 0.99)))
    return {
        "events_per_s": per_s,
        "probes": len(sent_s),
        "send_to_glass_p50_ms": p50,
        "send_to_glass_p95_ms": p95,
        "send_to_glass_p99_ms": p99,
        "send_to_glass_max_ms": float(delays.max()),
        "store_to_glass_p95_ms": float(own["p95"]) if own else None,
    }
