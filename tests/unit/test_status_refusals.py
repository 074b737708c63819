"""`/status` and `/metrics` say when a source sends garbage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from prometheus_client import generate_latest

from dashboards.latency import Latency
from dashboards.metrics import registry
from dashboards.panel import Look
from dashboards.panels.status_alarms import Alarm, feed_alarms
from dashboards.text import translate
from ioc.figures import FeedFigure
from tests.unit.test_status import vitals
from tests.unit.web_kit import BASE, SETTINGS, WORLD

FEED = FeedFigure("ioc.usage.v1", 0, 900, 0, 120, BASE.as_of, BASE.as_of)


def alarms(feed: FeedFigure) -> Iterator[Alarm]:
    look = Look("en", "desk", "dark", translate("en"), WORLD, SETTINGS)
    return feed_alarms(replace(BASE, feeds=(feed,)), (), look)


def test_most_of_what_comes_is_refused() -> None:
    (alarm,) = alarms(msgspec.structs.replace(FEED, recent_records=200, recent_rejected=150))
    assert alarm.grave == "over"
    assert "75% of the last minutes' records were refused" in alarm.text


@pytest.mark.parametrize(("records", "refused"), [(99, 99), (200, 100), (0, 0)])
def test_few_or_half_are_no_alarm(records: int, refused: int) -> None:
    assert list(alarms(msgspec.structs.replace(FEED, recent_records=records, recent_rejected=refused))) == []


def test_what_is_not_kept_is_told() -> None:
    (alarm,) = alarms(msgspec.structs.replace(FEED, not_kept=5000))
    assert "5,000 rejected records were not kept" in alarm.text


def test_both_are_metrics() -> None:
    class Pulse:
        feeds = (msgspec.structs.replace(FEED, recent_records=200, recent_rejected=150, not_kept=7),)

    class Hub:
        pulse = Pulse()
        silent_s = 0.0
        ticks = 0

        def lag_unknown_s(self, topic: str) -> float:
            return 0.0 if topic else 1.0

    text = generate_latest(registry(Hub(), Latency(), lambda: vitals().push)).decode()  # type: ignore[arg-type]
    assert 'ioc_feed_refused_ratio{topic="ioc.usage.v1"} 0.75' in text
    assert 'ioc_feed_rejects_not_kept{topic="ioc.usage.v1"} 7.0' in text
