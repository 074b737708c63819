"""Garbage by the tens of thousands through a real broker and a real `ioc ingest`: nothing stops, nothing is lost."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer

from ioc.facts import Topic
from ioc.life import Rules
from ioc.settings import Settings, without_settings
from ioc.store import rejects
from ioc.store.connect import connect
from ioc.store.feeds import feeds
from ioc.store.reconcile import reconcile
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.process import last_lines, spawn, wait_until
from streams.kafka_admin import OWN_TOPICS, administrator, ensure_topics
from tests.feed_records import examples
from tests.servers import with_database

PATIENCE_S = 180.0
GARBAGE = 50_000
GOOD = 5_000
KEPT = 1_000
MIB = 1 << 20
MOST_GROWTH = 192 * MIB
"""Two batches of 32 MiB, two fetches of what the broker's largest record allows, and what decoding one takes."""
MOST_MORE = 50 * MIB
"""By how much the second half may exceed the peak of the first: half of what keeping 4 KB a record would make."""


@pytest.fixture
def wired(settings: Settings, store: str, own_kafka: EmbeddedKafka, unique: Callable[[str], str]) -> Settings:
    """A broker whose topics take records of 12 MB, and a small cap of rejects."""
    kafka = msgspec.structs.replace(
        settings.kafka, group_id=unique("bad"), bootstrap_servers=own_kafka.bootstrap_servers, partitions=2
    )
    ours = with_database(
        settings, store, kafka=kafka, ingest=msgspec.structs.replace(settings.ingest, rejects_kept=KEPT)
    )
    with administrator(ours) as client:
        client.create_topics(
            {
                title: {"num_partitions": 2, "replication_factor": 1, "configs": {"max.message.bytes": str(12 * MIB)}}
                for title in OWN_TOPICS
            }
        )
    ensure_topics(ours)
    return ours


@contextmanager
def ingesting(settings: Settings, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    env = without_settings(os.environ) | {
        "IOC_DATABASE__DSN": settings.database.dsn,
        "IOC_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "IOC_KAFKA__GROUP_ID": settings.kafka.group_id,
        "IOC_KAFKA__PARTITIONS": "2",
        "IOC_INGEST__REJECTS_KEPT": str(KEPT),
    }
    process = spawn(
        [sys.executable, "-m", "ioc", "ingest"], death=signal.SIGKILL, log=directory / "ingest.log", env=env
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def memory(process: subprocess.Popen[bytes], what: str = "VmHWM") -> int:
    """Bytes of memory that the process held at most so far (``VmRSS``: holds now)."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def use(no: int) -> bytes:
    at = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=no)
    value = {"event_id": f"u{no}", "occurred_at": at.isoformat(), "service": "portal", "action": "visit", "unit": "718"}
    return json.dumps(value).encode()


def garbage(chance: random.Random) -> bytes:
    """Bytes that no feed accepts: noise, damaged records, wrong types, absurd numbers and clocks, deep nests."""
    _, value = chance.choice(examples())
    kind = chance.randrange(9)
    if kind == 0:
        return chance.randbytes(chance.randrange(1, 200))
    if kind == 1:
        return json.dumps(value).encode()[: chance.randrange(1, 40)]
    if kind == 2:
        return b"[" * chance.randrange(1, 5000)
    wrong: dict[str, Any] = {
        "occurred_at": chance.choice(["0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "2024-08-23T08:00:00", 17, None]),
    }
    if kind == 3:
        return json.dumps({**value, "event_id": "a\x00b"}).encode()
    if kind == 4:
        return json.dumps(value).replace('"occurred_at"', '"n": 1e400, "occurred_at": NaN, "o"').encode()
    if kind == 5:
        return json.dumps({**value, "unit": ["718"], "case_code": {}, "indicator": 1e300}).encode()
    if kind == 6:
        return b"\xff\xfe" + json.dumps(value).encode("utf-16-le")
    return json.dumps({**value, **wrong}).encode()


def consumed(settings: Settings) -> int:
    with connect(settings.database.dsn) as conn:
        return sum(one.consumed for one in reconcile(conn, Rules.of(settings)).sources)


def test_fifty_thousand_records_of_garbage_between_good_ones(wired: Settings, tmp_path: Path) -> None:
    chance = random.Random(26)
    producer = Producer(
        {
            "bootstrap.servers": wired.kafka.bootstrap_servers,
            "message.max.bytes": 12 * MIB,
            "queue.buffering.max.kbytes": 900_000,
        }
    )
    title = Topic.USAGE.title
    with ingesting(wired, tmp_path) as process:

        def reached(records: int) -> bool:
            return wait_until(lambda: process.poll() is not None or consumed(wired) >= records, PATIENCE_S, 0.2)

        for no in range(500):
            producer.produce(title, use(no), str(no).encode())
        producer.flush()
        assert reached(500), last_lines(tmp_path / "ingest.log")
        before, half = memory(process, "VmRSS"), 0
        bad, good = 0, 500
        while bad < GARBAGE:
            for _ in range(10):
                producer.produce(title, garbage(chance), str(bad).encode())
                bad += 1
            if good < GOOD:
                producer.produce(title, use(good), str(bad).encode())
                good += 1
            if bad % 5000 == 0:  # now and then one larger than our fetch size, and some of a mebibyte
                producer.produce(title, b'{"a": "%s"}' % (b"x" * 10 * MIB))
                for _ in range(20):
                    producer.produce(title, b"[%s1]" % (b"[]," * (MIB // 3 - 100)))
                bad += 21
                producer.flush()
            if not half and bad >= GARBAGE // 2:
                assert reached(bad + good), last_lines(tmp_path / "ingest.log")
                half = memory(process)
        assert producer.flush(PATIENCE_S) == 0
        sent = bad + good
        assert reached(sent), last_lines(tmp_path / "ingest.log")
        assert process.poll() is None, last_lines(tmp_path / "ingest.log", 20)
        assert consumed(wired) == sent
        with connect(wired.database.dsn) as conn:
            (usage,) = [feed for feed in feeds(conn) if feed.topic == title]
            report = reconcile(conn, Rules.of(wired), deep=True)
            reasons = {one.reason for one in rejects.each(conn)}
            kept = len(list(rejects.each(conn)))
            beyond = rejects.overflows(conn)
        assert (usage.events, usage.duplicates, usage.rejected) == (good, 0, bad)
        assert report.differences == 0, report
        # 1 % of a thousand times a hundred, and two partitions' batches that did not see each other
        assert KEPT <= kept <= KEPT + GARBAGE // 100 + 2 * wired.ingest.batch_events
        assert sum(one.records for one in beyond) == bad - kept == usage.not_kept
        assert usage.refuses_most
        assert {"not_json", "schema"} <= reasons
        assert {one.reason for one in beyond} <= {
            "not_json",
            "schema",
            "past",
            "future",
            "too_large",
            "conflict",
            *reasons,
        }
        most = memory(process)
        print(f"memory of ingest: {before / MIB:.0f} MB before, at most {half / MIB:.0f} MB, then {most / MIB:.0f} MB")
        assert most < before + MOST_GROWTH
        assert most < half + MOST_MORE
        for no in range(good, good + 100):
            producer.produce(title, use(no), str(no).encode())
        producer.flush()
        assert reached(sent + 100)
    with connect(wired.database.dsn) as conn:
        (usage,) = [feed for feed in feeds(conn) if feed.topic == title]
    assert usage.events == good + 100
