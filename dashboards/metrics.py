"""``/metrics``: what Prometheus collects of this process and of the feeds it shows; read at the scrape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from dashboards.freshness import arrived_at
from dashboards.hub import Hub
from dashboards.latency import Latency
from dashboards.vitals import PushVitals, StoreVitals


class WebCollector(Collector):
    """Feeds as the last snapshot saw them, the hub, the screens."""

    def __init__(
        self, hub: Hub, latency: Latency, push: Callable[[], PushVitals], store: Callable[[], StoreVitals | None]
    ) -> None:
        self.hub = hub
        self.latency = latency
        self.push = push
        self.store = store

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield from self._feeds()
        yield self._findings()
        push = self.push()
        yield InfoMetricFamily("ioc_build", "What runs", {"version": push.version, "build": push.build})
        yield GaugeMetricFamily("ioc_screens", "Screens connected to the live push", push.screens)
        yield GaugeMetricFamily("ioc_screens_frozen", "Screens connected that do not paint", push.count("frozen"))
        yield GaugeMetricFamily("ioc_screens_gone", "Screens that vanished and did not come back", push.count("gone"))
        yield GaugeMetricFamily("ioc_places", "Different pictures that screens look at", push.places)
        yield CounterMetricFamily("ioc_push_messages", "Messages sent to screens", push.messages)
        yield CounterMetricFamily("ioc_push_bytes", "Characters sent to screens", push.characters)
        yield CounterMetricFamily("ioc_push_cut_off", "Screens cut off because they did not read", push.cut_off)
        yield CounterMetricFamily("ioc_panel_errors", "Updates of panels that failed", push.panel_errors)
        yield CounterMetricFamily("ioc_ticks", "Snapshots taken", self.hub.ticks)
        if self.hub.pulse is not None:
            yield GaugeMetricFamily("ioc_snapshot_age_seconds", "Age of the last snapshot", self.hub.silent_s)
        if push.tick_ms:
            p50, p95 = np.quantile(np.array(push.tick_ms), (0.5, 0.95)) / 1000
            ticks = GaugeMetricFamily("ioc_tick_seconds", "Duration of the last ticks", labels=["quantile"])
            ticks.add_metric(["0.5"], float(p50))
            ticks.add_metric(["0.95"], float(p95))
            yield ticks
        apart = "Painted changes that seem older than their arrival: a screen's or a server's clock is wrong"
        yield CounterMetricFamily("ioc_clocks_apart", apart, self.latency.apart)
        buckets, total = self.latency.histogram()
        yield HistogramMetricFamily(
            "ioc_arrival_to_screen_seconds", "From arrival to paint", buckets=buckets, sum_value=total
        )

    def _findings(self) -> Metric:
        """What the broker lost or deleted, as the store said seconds ago."""
        found = GaugeMetricFamily(
            "ioc_findings", "Partitions with a finding that nobody has settled", labels=["topic", "finding"]
        )
        store = self.store()
        sources = store.report.sources if store and store.report else ()
        odd = Counter((one.title, one.finding) for one in sources if one.finding and one.settled_at is None)
        for labels, count in sorted(odd.items()):
            found.add_metric(list(labels), count)
        return found

    def _feeds(self) -> Iterator[Metric]:
        lag = GaugeMetricFamily("ioc_feed_lag_records", "Records at the broker not yet read", labels=["topic"])
        events = CounterMetricFamily("ioc_feed_events", "Events stored", labels=["topic"])
        duplicates = CounterMetricFamily("ioc_feed_duplicates", "Repeats", labels=["topic"])
        rejects = CounterMetricFamily("ioc_feed_rejects", "Records refused", labels=["topic"])
        age = GaugeMetricFamily("ioc_feed_age_seconds", "Since the newest record arrived", labels=["topic"])
        drain = GaugeMetricFamily("ioc_feed_drain_seconds", "Until the unread will have been read", labels=["topic"])
        refusing = GaugeMetricFamily(
            "ioc_feed_refused_ratio", "Share of the last minutes' records that was refused", labels=["topic"]
        )
        passed = GaugeMetricFamily(
            "ioc_feed_rejects_not_kept", "Refused records beyond the cap, not yet discarded", labels=["topic"]
        )
        now = datetime.now(UTC)
        for feed in self.hub.pulse.feeds if self.hub.pulse else ():
            topic = [feed.topic]
            if feed.lag is not None and self.hub.lag_unknown_s(feed.topic) < 1:
                lag.add_metric(topic, feed.lag)
            events.add_metric(topic, feed.events)
            duplicates.add_metric(topic, feed.duplicates)
            rejects.add_metric(topic, feed.rejected)
            refusing.add_metric(topic, feed.recent_rejected / max(1, feed.recent_records))
            passed.add_metric(topic, feed.not_kept)
            at = arrived_at(feed)
            if at is not None:
                age.add_metric(topic, (now - at).total_seconds())
            drain_s = feed.drain_s
            if drain_s is not None:
                drain.add_metric(topic, drain_s)
        yield from (lag, events, duplicates, rejects, age, drain, refusing, passed)


def registry(
    hub: Hub,
    latency: Latency,
    push: Callable[[], PushVitals],
    store: Callable[[], StoreVitals | None] = lambda: None,
) -> CollectorRegistry:
    """A registry of its own: two servers in one process do not mix."""
    found = CollectorRegistry(auto_describe=False)
    found.register(WebCollector(hub, latency, push, store))
    ProcessCollector(registry=found)
    return found
