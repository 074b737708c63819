"""`ioc bench soak`: a screen in Chromium for as long as you like, under load: does it leak, does it stutter?

The JavaScript heap after a forced collection and the number of DOM nodes each half minute; the longest task of the main
thread in the first minute, from the first script on, and after it; the time between frames after it. A wall is 3840 by
2160 without a graphics card.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dashboards.bench.browser import chromium, zone_of_the_morning
from dashboards.bench.centre import Load, centre, say
from ioc.promises import Promise
from ioc.settings import Settings

PROMISES = (
    Promise("heap_mb_per_h", most=5),
    Promise("nodes_per_h", most=200),
    Promise("longest_task_ms", most=250),
    Promise("frame_p95_ms", most=200),
    Promise("gaps", most=0),
    Promise("reloads", most=0),
)
SAMPLE_S = 30.0
WARM_S = 60.0
PATIENCE_MS = 60_000
SIZES = {"wall": ("/wall", 3840, 2160), "sign": ("/sign/tinh", 1280, 640)}
READY = {
    "wall": "() => iocLive.painted > 0 && iocLive.charts === 0",
    "sign": """() => {
      const lane = document.getElementById('lane');
      const stands = [...document.images].some((one) => !one.hidden && one.complete && one.naturalWidth > 0);
      return stands && (lane.hidden || Number(lane.dataset.x) < 0);
    }""",
}
"""When the first picture is on the glass: of the flat board also the first words that run."""
WATCH = """(() => {
  window.soak = { tasks: [], frames: [] };
  new PerformanceObserver((list) => list.getEntries().forEach((task) => window.soak.tasks.push(task.duration)))
    .observe({ type: 'longtask' });
  let last = 0;
  requestAnimationFrame(function frame(now) {
    if (last) window.soak.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  });
})()"""
TAKE = """() => {
  const { tasks, frames } = window.soak;
  window.soak.tasks = [];
  window.soak.frames = [];
  const live = window.iocLive || {};
  return { tasks, frames, gaps: live.gaps || 0, fulls: live.fulls || 0, updates: live.deltas || 0 };
}"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at the tab ``at_s`` after the start."""

    at_s: float
    heap_bytes: int
    nodes: int
    listeners: int


def slope_per_h(samples: list[Sample], of: str) -> float:
    """The growth an hour of one of the counts, by least squares over the samples after the first minute."""
    warm = [sample for sample in samples if sample.at_s >= WARM_S] or samples
    if len(warm) < 2:
        return float("nan")
    hours = np.array([sample.at_s for sample in warm]) / 3600
    return float(np.polyfit(hours, np.array([float(getattr(sample, of)) for sample in warm]), 1)[0])


def measure(
    settings: Settings,
    *,
    page: Literal["wall", "sign"],
    per_s: float,
    minutes: float,
    size: tuple[int, int] | None = None,
    broker: str = "kafka",
    sample_s: float = SAMPLE_S,
) -> dict[str, Any]:
    """Growth an hour, longest tasks, frames, reloads; of a wall also its updates and what was lost of them."""
    path, *usual = SIZES[page]
    width, height = size or usual
    with (
        centre(settings, broker=broker, IOC_PROVINCE__ZONE=zone_of_the_morning()) as found,
        Load(found, per_s),
        chromium() as browser,
    ):
        tab = browser.new_page(viewport={"width": width, "height": height})
        loads: list[float] = []
        tab.on("load", lambda _: loads.append(time.monotonic()))
        tab.add_init_script(WATCH)
        tab.goto(found.url + path)
        tab.wait_for_function(READY[page], timeout=PATIENCE_MS)
        joining: list[float] = tab.evaluate(TAKE)["tasks"]
        tools = tab.context.new_cdp_session(tab)
        tools.send("HeapProfiler.enable")
        say(f"{found.url}{path}: {width}x{height}, {per_s:.0f} events/s, {minutes:g} minutes")
        samples: list[Sample] = []
        tasks: list[float] = []
        frames: list[float] = []
        began_s = time.monotonic()
        last: dict[str, Any] = {}
        while not samples or samples[-1].at_s < 60 * minutes:
            due_s = began_s + min(len(samples) * sample_s, 60 * minutes)
            tab.wait_for_timeout(max(0.0, 1000 * (due_s - time.monotonic())))
            last = tab.evaluate(TAKE)  # before the collection, which is a long task of ours
            samples.append(_sample(tools, time.monotonic() - began_s))
            if samples[-1].at_s > min(WARM_S, 30 * minutes):
                tasks += last["tasks"]
                frames += last["frames"]
            else:
                joining += last["tasks"]
            tab.evaluate(TAKE)
            now = samples[-1]
            longest = max(last["tasks"], default=0.0)
            say(
                f"{now.at_s:7.0f} s  heap {now.heap_bytes / 1e6:7.2f} MB  nodes {now.nodes:6}  "
                f"longest {longest:5.0f} ms"
            )
    between = np.array(frames or [float("nan")])
    return {
        "page": page,
        "size": f"{width}x{height}",
        "events_per_s": per_s,
        "minutes": samples[-1].at_s / 60,
        "samples": len(samples),
        "heap_first_mb": samples[0].heap_bytes / 1e6,
        "heap_last_mb": samples[-1].heap_bytes / 1e6,
        "heap_mb_per_h": slope_per_h(samples, "heap_bytes") / 1e6,
        "nodes_first": samples[0].nodes,
        "nodes_last": samples[-1].nodes,
        "nodes_per_h": slope_per_h(samples, "nodes"),
        "listeners_per_h": slope_per_h(samples, "listeners"),
        "join_longest_task_ms": max(joining, default=0.0),
        "long_tasks": len(tasks),
        "longest_task_ms": max(tasks, default=0.0),
        "frame_p50_ms": float(np.quantile(between, 0.5)),
        "frame_p95_ms": float(np.quantile(between, 0.95)),
        "frame_max_ms": float(between.max()),
        "reloads": len(loads) - 1,
        **({name: last[name] for name in ("updates", "gaps", "fulls")} if page == "wall" else {}),
    }


def _sample(tools: Any, at_s: float) -> Sample:
    tools.send("HeapProfiler.collectGarbage")
    heap = tools.send("Runtime.getHeapUsage")
    counters = tools.send("Memory.getDOMCounters")
    return Sample(at_s, int(heap["usedSize"]), int(counters["nodes"]), int(counters["jsEventListeners"]))
