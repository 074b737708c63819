"""What the broker lost is an alarm for whoever watches, until a person has seen it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prometheus_client import generate_latest

from dashboards.hub import Hub
from dashboards.latency import Latency
from dashboards.metrics import registry
from dashboards.panel import Look
from dashboards.panels.status_alarms import store_alarms
from dashboards.text import translate
from dashboards.vitals import PushVitals, StoreVitals
from ioc.store.findings import WORDS, Finding
from ioc.store.reconcile import Report, SourceCount
from tests.unit.web_kit import SETTINGS, WORLD

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


def test_every_finding_that_nobody_has_settled_is_counted() -> None:
    sources = tuple(source(n, word) for n, word in enumerate(WORDS))
    store = StoreVitals(AT, report=Report(sources, (), False))
    push = PushVitals(AT, "b", 0, 0, 0, 0, 0, 0, (), None)
    text = generate_latest(registry(_Quiet(), Latency(), lambda: push, lambda: store)).decode()
    for word in WORDS:
        assert f'ioc_findings{{finding="{word}",topic="ioc.cases.v1"}} 1.0' in text


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("word", WORDS)
def test_every_finding_is_an_alarm_in_words_of_its_own(word: str, language: str) -> None:
    look = Look(language, "desk", "dark", translate(language), WORLD, SETTINGS)  # type: ignore[arg-type]
    others = {look.t(f"status.finding_{other}") for other in WORDS if other != word}
    found = [Finding(n, 1, n, 0, word, AT, None, 500, 0, lost=n * 600) for n in range(3)]
    (alarm,) = store_alarms(StoreVitals(AT, report=Report((), (), False), findings=found), look)
    assert alarm.grave == "over"
    assert look.t(f"status.finding_{word}") in alarm.text
    assert not any(other in alarm.text for other in others)
    assert " 0, 1, 2: " in alarm.text
    assert {"vi": "1.800", "en": "1,800"}[language] in alarm.text
    assert "ioc findings list" in alarm.text


def test_a_finding_says_what_happened_and_how_far_it_had_been_read() -> None:
    read = Finding(1, 1, 2, 0, "truncated", AT, None, 500, 0)
    assert read.title == "ioc.cases.v1"
    assert "(read up to 500)" in read.says
    gone = Finding(1, 1, 2, 0, "shortened", AT, None, 500, 0, lost=8)
    assert "(read up to 500, 8 unread)" in gone.says
    unwatched = Finding(1, 1, 2, 0, "remade", AT, None, 500, 0, seen_at=AT)
    assert "0 known to be unread when it was last looked at: 2026-11-25 08:00:00 UTC" in unwatched.says
    assert "(7 records)" in Finding(1, 1, 2, 0, "expired", AT, None, 500, 7).says
