"""What the broker lost is an alarm for whoever watches, until a person has seen it."""

from __future__ import annotations

from datetime import UTC, datetime

from prometheus_client import generate_latest

from dashboards.hub import Hub
from dashboards.latency import Latency
from dashboards.metrics import registry
from dashboards.vitals import PushVitals, StoreVitals
from ioc.store.findings import Finding
from ioc.store.reconcile import Report, SourceCount

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


def source(partition: int, finding: str, settled_at: datetime | None = None) -> SourceCount:
    numbers = dict.fromkeys(SourceCount.__dataclass_fields__, 0)
    kept = {"cluster": "c", "topic": 1, "partition": partition, "finding": finding, "found_at": AT}
    return SourceCount(**(numbers | kept | {"settled_at": settled_at}))  # type: ignore[arg-type]


class _Quiet(Hub):
    """A hub that was never started."""

    def __init__(self) -> None:
        self.pulse = None
        self.ticks = 0


def test_only_findings_that_nobody_has_settled_are_counted() -> None:
    sources = (source(0, "truncated"), source(1, "truncated"), source(2, "expired", AT), source(3, ""))
    store = StoreVitals(AT, report=Report(sources, (), False))
    push = PushVitals(AT, "b", 0, 0, 0, 0, 0, 0, (), None)
    text = generate_latest(registry(_Quiet(), Latency(), lambda: push, lambda: store)).decode()
    assert 'ioc_findings{finding="truncated",topic="ioc.cases.v1"} 2.0' in text
    assert "expired" not in text


def test_a_finding_says_what_happened_and_how_far_it_had_been_read() -> None:
    read = Finding(1, 1, 2, 0, "truncated", AT, None, 500, 0)
    assert read.title == "ioc.cases.v1"
    assert "(read up to 500)" in read.says
    assert "(7 records)" in Finding(1, 1, 2, 0, "expired", AT, None, 500, 7).says
