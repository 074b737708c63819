"""An ingest that runs beside a test, what it is sent, and what the store then counts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from ioc.facts import Topic, Written
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store.connect import connect
from ioc.store.reconcile import Report, reconcile
from streams.embedded.process import wait_until
from streams.ingest import Ingest, open_ingest
from streams.producer import open_producer

PATIENCE_S = 60.0


@contextmanager
def ingesting(settings: Settings) -> Iterator[Ingest]:
    """An ingest that runs beside the test; whatever ends it fails the test."""
    ingest = open_ingest(settings)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            ingest.run()
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ingest
    finally:
        ingest.stop()
        thread.join(30)
        assert not thread.is_alive()
        assert failed == []


def send(settings: Settings, records: Sequence[tuple[Topic, bytes | None]]) -> None:
    """Records to the broker, over fifty keys, acknowledged."""
    producer = open_producer(settings)
    try:
        for n, (topic, value) in enumerate(records):
            producer.send(topic.title, f"key {n % 50}", value)
        producer.flush()
    finally:
        producer.close()


def usage(n: int, **other: Any) -> tuple[Topic, bytes]:
    """The n-th of endless uses of the portal."""
    at = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=n)
    value = {"event_id": f"u{n}", "occurred_at": at.isoformat(), "service": "portal", "action": "visit", "unit": "718"}
    return Topic.USAGE, json.dumps(value | other).encode()


def proof(settings: Settings, *, deep: bool = False) -> Report:
    """The store's own proof."""
    with connect(settings.database.dsn) as conn:
        return reconcile(conn, Rules.of(settings), deep=deep)


def counted(settings: Settings) -> Written:
    """What the store says of all partitions together."""
    found = proof(settings).sources
    return Written(
        events=sum(one.events for one in found),
        duplicates=sum(one.duplicates for one in found),
        rejects=sum(one.rejects for one in found),
        tombstones=sum(one.tombstones for one in found),
    )


def reached(settings: Settings, *, events: int = 0, duplicates: int = 0, rejects: int = 0, tombstones: int = 0) -> bool:
    """Waits until the store's counts are these."""
    wanted = Written(events=events, duplicates=duplicates, rejects=rejects, tombstones=tombstones)
    return wait_until(lambda: counted(settings) == wanted, PATIENCE_S)


def assert_reconciled(settings: Settings) -> None:
    """Nothing is unaccounted for."""
    report = proof(settings, deep=True)
    assert report.differences == 0, report
