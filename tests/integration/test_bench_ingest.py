"""`ioc bench ingest`, small: every figure is there and none of them is made up."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ioc.settings import without_settings
from streams.bench import Backlog, Result

COMMAND = "ioc bench ingest --events 3000 --seconds 2 --rate 50 --backlog 150000 --usage-backlog 4000 --json"


@pytest.mark.database
@pytest.mark.kafka
def test_one_run_states_everything() -> None:
    done = subprocess.run(
        [sys.executable, "-m", *COMMAND.split()],
        env=without_settings(os.environ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said) == set(Result.__dataclass_fields__)
    for name in ("pipeline_per_s", "poll_per_s", "copy_per_s", "cases_per_s", "of_poll", "of_copy", "of_poll_cpu"):
        assert said[name] > 0, name
    assert said["of_poll"] == pytest.approx(said["pipeline_per_s"] / said["poll_per_s"])
    assert (said["events"], said["cases"], said["rate"]) == (3000, 3000, 50)
    assert "PostgreSQL" in said["engine"]
    assert set(said["stages"]) == {"poll_s", "decode_s", "write_s", "waited_s", "rest_s"}
    assert min(said["stages"].values()) > 0
    assert all(seconds > 0 for seconds in said["cpu_s"].values())
    for name in ("batch_ms", "commit_ms", "bare_commit_ms", "transport_ms"):
        assert 0 < said[name]["p50"] <= said[name]["p95"] <= said[name]["p99"], name
    assert 20 < said["peak_mb"] < 300
    for name, records in (("backlog", 150_000), ("usage_backlog", 4000)):
        assert set(said[name]) == set(Backlog.__dataclass_fields__)
        assert (said[name]["records"], said[name]["per_s"] > 0, said[name]["peak_mb"] < 300) == (records, True, True)
    assert_foretold(said["backlog"])


def assert_foretold(backlog: dict[str, float]) -> None:
    """Half way it was said how long the other half would take, within a factor of two.

    Ingest notes its pace once a second, so what takes as long as a few of these is foretold a second or two wrongly.
    """
    half_way_said_s, took_s = backlog["half_way_said_s"], backlog["half_way_took_s"]
    assert half_way_said_s is not None, backlog
    assert took_s / 2 - 2 <= half_way_said_s <= 2 * took_s + 2, backlog
