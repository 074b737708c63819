"""The same event again: over another partition, after a restart, days later, with another time, with other words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ioc.facts import Topic
from ioc.settings import Settings
from ioc.store import housekeeping, rejects
from ioc.store.connect import connect
from streams.producer import open_producer
from tests.feed_records import examples
from tests.ingesting import assert_reconciled, ingesting, reached

AGE = "update identity set arrived_at = arrived_at - %(days)s * interval '1 day'"


def test_one_event_however_often_and_wherever_it_is_sent_counts_once(wired: Settings) -> None:
    case: dict[str, Any] = next(value for topic, value in examples() if topic == Topic.CASES)
    use: dict[str, Any] = next(value for topic, value in examples() if topic == Topic.USAGE)

    def send(topic: Topic, value: dict[str, Any], *keys: str) -> None:
        out = open_producer(wired)
        for key in keys:
            out.send(topic.title, key, json.dumps(value).encode())
        out.close()

    everywhere = [f"key {n}" for n in range(20)]
    with ingesting(wired):
        send(Topic.CASES, case, *everywhere)
        send(Topic.USAGE, use, *everywhere)
        assert reached(wired, events=2, duplicates=38)
    with connect(wired.database.dsn) as conn:
        spread = conn.execute("select count(*) from source where next_offset > 0 group by topic").fetchall()
        assert all(partitions > 1 for (partitions,) in spread), "the repeats were meant to lie in several partitions"
        conn.execute(AGE, {"days": 30})
        housekeeping.forget(conn, wired, datetime.now(UTC))
    with ingesting(wired):  # another process, thirty days later
        send(Topic.CASES, case, "key 1", "key 2")
        send(Topic.USAGE, use, "key 1", "key 2")
        assert reached(wired, events=2, duplicates=42)
        later = {"occurred_at": "2026-11-01T08:00:00+07:00"}
        send(Topic.CASES, case | later, "key 3")
        send(Topic.CASES, case | {"status": "finished"}, "key 4")
        send(Topic.USAGE, use | later, "key 5")
        assert reached(wired, events=2, duplicates=42, rejects=3)
        with connect(wired.database.dsn) as conn:
            assert {one.reason for one in rejects.listed(conn)} == {"conflict"}
            conn.execute(AGE, {"days": 30})
            housekeeping.forget(conn, wired, datetime.now(UTC))
        send(Topic.CASES, case, "key 6")  # cases are known for ever
        send(Topic.USAGE, use, "key 6")  # a use is known by its row when its id is forgotten
        assert reached(wired, events=2, duplicates=44, rejects=3)
    assert_reconciled(wired)
