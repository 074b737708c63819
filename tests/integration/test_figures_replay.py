"""`ioc replay permits` through a real broker: the store's figures are the recount of what the broker holds."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition

from ioc.settings import Settings, without_settings
from ioc.world import read_pack
from streams.adapters.permits import ROOT
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.process import spawn, wait_until
from tests.feeding import Feeder
from tests.recount import recount

CASES = "ioc.cases.v1"
EVENTS = 8577 + 1329
CONSUMED = "select coalesce(sum(next_offset), 0) from source"
PATIENCE_S = 90.0
US = timedelta(microseconds=1)

Verb = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(own_kafka: EmbeddedKafka, store: str) -> dict[str, str]:
    return {
        **without_settings(os.environ),
        "IOC_DATABASE__DSN": store,
        "IOC_KAFKA__BOOTSTRAP_SERVERS": own_kafka.bootstrap_servers,
    }


@pytest.fixture
def verb(environment: dict[str, str]) -> Verb:
    """Runs one verb of the `ioc` command to its end."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ioc", *words],
            capture_output=True,
            text=True,
            env=environment,
            timeout=PATIENCE_S,
            check=False,
        )

    return run


@pytest.fixture
def ingest(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "ioc", "ingest"]
    process = spawn(command, death=signal.SIGKILL, log=tmp_path / "ingest.log", env=environment)
    yield process
    process.terminate()
    process.wait(30)


def held(bootstrap_servers: str) -> list[dict[str, Any]]:
    """Every record of the topic as the broker holds it, partition by partition."""
    reader = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "recount", "enable.partition.eof": True})
    found = []
    try:
        partitions = reader.list_topics(CASES, timeout=20).topics[CASES].partitions
        reader.assign([TopicPartition(CASES, no, 0) for no in partitions])
        ended = 0
        while ended < len(partitions):
            message = reader.poll(20.0)
            assert message is not None
            error = message.error()
            if error is None:
                found.append(json.loads(message.value() or b""))
            else:
                assert error.code() == KafkaError._PARTITION_EOF
                ended += 1
    finally:
        reader.close()
    return found


def test_the_replayed_log_is_counted_as_it_was_sent(
    own_kafka: EmbeddedKafka, store: str, settings: Settings, verb: Verb, ingest: subprocess.Popen[bytes]
) -> None:
    tree = {unit.code: unit.parent for unit in read_pack(ROOT)}
    asking = Feeder(store, settings)
    counted: dict[tuple[datetime, datetime], Any] = {}
    with psycopg.connect(store, autocommit=True) as conn:

        def consumed(count: int) -> bool:
            row = conn.execute(CONSUMED).fetchone()
            return row is not None and int(row[0]) >= count

        for times in (1, 2):
            replayed = verb("replay", "permits", "--speed", "max")
            assert replayed.returncode == 0, replayed.stderr
            assert wait_until(lambda wanted=times * EVENTS: consumed(wanted), PATIENCE_S)  # type: ignore[misc]
            records = held(own_kafka.bootstrap_servers)
            assert len(records) == times * EVENTS
            if not counted:
                moments = sorted(datetime.fromisoformat(record["occurred_at"]) for record in records)
                begin, end = moments[0], moments[-1] + US
                for at in (end, *random.Random(20).sample(moments, 20)):
                    counted[begin, at] = recount({CASES: records}, tree, unit=ROOT, as_of=at, from_=begin)["cases"]
                assert counted[begin, end]["received"] == 1434
                assert end <= datetime.now(settings.zone).replace(hour=0, minute=0, second=0, microsecond=0) + US
            for (begin, at), cases in counted.items():
                assert asking.overview(ROOT, "handling", at, begin, at)["cases"] == cases, at
            proved = verb("reconcile", "--deep", "--json")
            assert proved.returncode == 0, proved.stdout
            sources = json.loads(proved.stdout)["sources"]
            assert sum(source["events"] for source in sources) == EVENTS
            assert sum(source["duplicates"] for source in sources) == (times - 1) * EVENTS
    asking.close()
    assert ingest.poll() is None
