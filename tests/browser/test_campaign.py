"""A campaign from its configuration to the wall: values go the way of every other figure, through real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from dashboards.panel import slot
from ioc.settings import Settings, without_settings
from streams.embedded.kafka import EmbeddedKafka
from tests.browser.conftest import Screen
from tests.web import ROOT, WebServer

PATIENCE_S = 60.0
GRID = {"areas": ["campaign campaign", "accounts map", "ticker ticker"], "columns": [90, 140], "rows": [20, 94, 5]}
INDICATOR = {"code": "vneid_active", "vi": "Tài khoản VNeID", "en": "VNeID accounts", "target": 5000, "roll_up": "sum"}


def campaign(today: Any) -> dict[str, Any]:
    """A wall as docs/screens.md shows it."""
    return {
        "title_vi": "45 ngày kích hoạt VNeID",
        "title_en": "45 days for VNeID",
        "from": today,
        "until": today + timedelta(days=44),
        "grid": GRID,
        "panels": [
            {"panel": "campaign", "text_vi": "Kích hoạt tài khoản tại nhà"},
            {"panel": "indicator", "area": "accounts", "indicator": "vneid_active"},
            {"panel": "map", "layer": "usage"},
            {"panel": "ticker"},
        ],
    }


@contextmanager
def running(env: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A verb as its own process; ended by a signal, and well."""
    process = subprocess.Popen([sys.executable, "-m", "ioc", *words], env=env, cwd=ROOT)
    try:
        yield process
        assert process.poll() is None, "it ended by itself"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) in (0, -signal.SIGTERM)


def test_a_value_of_a_declared_indicator_comes_from_the_topic_to_the_wall(
    store: str,
    settings: Settings,
    own_kafka: EmbeddedKafka,
    start_web: Callable[..., WebServer],
    screens: Callable[..., Screen],
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    tree = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    tree["indicators"] = [INDICATOR]
    tree["walls"] = {"vneid": campaign(now.astimezone(settings.zone).date())}
    tree |= {"wall": "vneid", "playlists": {}}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    own = {
        "IOC_CONFIG": str(config),
        "IOC_KAFKA__BOOTSTRAP_SERVERS": own_kafka.bootstrap_servers,
        "IOC_DATABASE__DSN": store,
        "IOC_DATA_DIR": str(tmp_path),
    }
    env = without_settings(os.environ) | own

    def produce(*values: tuple[str, float, str]) -> None:
        lines = "".join(
            json.dumps(
                {
                    "event_id": f"{unit}-{value}",
                    "occurred_at": now.isoformat(),
                    "indicator": "vneid_active",
                    "unit": unit,
                    "value": value,
                    "mode": mode,
                }
            )
            + "\n"
            for unit, value, mode in values
        )
        verb = [sys.executable, "-m", "ioc", "produce", "indicators"]
        subprocess.run(verb, input=lines.encode(), env=env, cwd=ROOT, check=True, timeout=PATIENCE_S)

    with running(env, "ingest"):
        screen = screens()
        screen.web = start_web(IOC_CONFIG=str(config))
        screen.open("/wall")
        screen.wait_text(slot("campaign", "days"), "45")
        assert screen.value("document.querySelector('h2').textContent") == "45 ngày kích hoạt VNeID"
        whole = slot("indicator-accounts", "whole")
        assert screen.value(f"document.getElementById('{whole}').textContent") == "–", "nothing was sent yet"
        produce(("718", 1200, "set"), ("725", 800, "set"))
        screen.wait_text(whole, "2.000")
        screen.wait_text(slot("indicator-accounts", "name-0"), "TP. Thủ Dầu Một")
        produce(("725", 900, "add"))
        screen.wait_text(whole, "2.900")
        screen.wait_text(slot("indicator-accounts", "name-0"), "TP. Thuận An")
        screen.wait_text(slot("indicator-accounts", "value-0"), "1.700")
