"""The measurements in Chromium measure: tiny ones on real servers."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from dashboards.bench import latency, soak
from dashboards.bench.soak import Sample, slope_per_h
from ioc.settings import Settings
from tests.servers import DatabaseServer


def test_from_the_send_to_text_and_chart(postgres: DatabaseServer, chromium: str, settings: Settings) -> None:
    found = latency.measure(settings, per_s=20.0, seconds=2.0, broker="log")
    assert found["probes"] >= 1
    for what in ("text", "chart"):
        assert 0 < found[f"send_to_{what}_p50_ms"] <= found[f"send_to_{what}_p99_ms"] < 60_000


@pytest.mark.parametrize(("page", "size"), [("wall", None), ("sign", (1280, 128))])
def test_a_soak(
    postgres: DatabaseServer,
    chromium: str,
    settings: Settings,
    page: Literal["wall", "sign"],
    size: tuple[int, int] | None,
) -> None:
    found = soak.measure(settings, page=page, size=size, per_s=20.0, minutes=0.1, broker="log", sample_s=2.0)
    assert found["size"] == ("3840x2160" if size is None else "1280x128")
    assert ("gaps" in found) == (page == "wall"), "a sign asks for frames, and loses none"
    assert found["join_longest_task_ms"] >= (50 if page == "wall" else 0), "a wall is not made in one breath"
    assert found["samples"] >= 2
    assert found["heap_last_mb"] > 1
    assert found["nodes_last"] > 10
    assert found["reloads"] == 0
    assert found["frame_p95_ms"] > 0


def test_the_slope_is_that_of_the_samples_after_the_first_minute() -> None:
    samples = [Sample(at_s, 10_000_000 + round(500 * at_s), 1000, 5) for at_s in np.arange(60.0, 600.0, 30.0)]
    samples.insert(0, Sample(0.0, 90_000_000, 5000, 5))
    assert slope_per_h(samples, "heap_bytes") == pytest.approx(500 * 3600)
    assert slope_per_h(samples, "nodes") == pytest.approx(0, abs=1e-6)
