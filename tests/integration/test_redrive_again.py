"""Refused records that lay beyond the cap are read again from the broker, and count as if nothing had refused them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from ioc.facts import TOPICS, Topic
from ioc.life import Rules
from ioc.settings import Settings, without_settings
from ioc.store import rejects
from ioc.store.connect import connect
from ioc.store.reconcile import reconcile
from streams.embedded.process import wait_until
from streams.source import Place
from tests.contract.brokers import Broker, KafkaBroker, LogBroker
from tests.feeding import Feeder, by_topic
from tests.ingesting import ingesting, send
from tests.lives import DAYS, MONDAY, USAGE, Event, ordinary, written
from tests.servers import DatabaseServer, with_database

END = MONDAY + timedelta(days=DAYS)
NEW = "X-9"
PATIENCE_S = 120.0
KEPT = 1000
POISON = 1500


@pytest.fixture
def capped(wired: Settings) -> Settings:
    """An ingest that keeps few of the rejects."""
    return msgspec.structs.replace(wired, ingest=msgspec.structs.replace(wired.ingest, rejects_kept=KEPT))


@pytest.fixture
def corrected(capped: Settings, tmp_path: Path) -> Settings:
    """The same with one unit more in the pack."""
    there = (files("ioc") / "data" / "units" / "units_binhduong.csv").read_text(encoding="utf-8")
    pack = tmp_path / "binhduong.csv"
    pack.write_text(f"{there.rstrip()}\n{NEW},Phường Mới,phuong,718,,,\n", encoding="utf-8")
    return msgspec.structs.replace(capped, units=msgspec.structs.replace(capped.units, pack=str(pack)))


def moved(events: Sequence[tuple[str, Event]]) -> list[tuple[str, Event]]:
    """The same at the new unit, where they lay at one commune of the old ones."""
    fields = ("unit", "handling_unit", "receiving_unit")
    return [(topic, event | {name: NEW for name in fields if event.get(name) == "25747"}) for topic, event in events]


def uses(count: int) -> Iterator[tuple[str, Event]]:
    """Of the new unit, and every seventh of an old one; each ninth comes twice."""
    for no in range(count):
        unit = "718" if no % 7 == 0 else NEW
        at = written(MONDAY + timedelta(seconds=no * 60))
        use = {"event_id": f"x{no}", "occurred_at": at, "service": "payment", "action": "pay", "unit": unit}
        for _ in range(1 + (no % 9 == 0)):
            yield USAGE, use | {"amount_vnd": no, "count": 1 + no % 3, "outcome": ("ok", "ok", "error")[no % 3]}


def records(events: Sequence[tuple[str, Event]], poison: int) -> list[tuple[Topic, bytes | None]]:
    """As they are sent, with something that nobody can read among them."""
    found: list[tuple[Topic, bytes | None]] = []
    for no, (topic, event) in enumerate(events):
        found.append((TOPICS[topic], msgspec.json.encode(event)))
        if no < poison:
            found.append((Topic.USAGE, b"{%d" % no))
    return found


def variables(settings: Settings) -> dict[str, str]:
    return without_settings(os.environ) | {
        "IOC_DATABASE__DSN": settings.database.dsn,
        "IOC_UNITS__PACK": settings.units.pack,
        "IOC_BROKER": settings.broker,
        "IOC_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
    }


def ioc(settings: Settings, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ioc", *words],
        env=variables(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def said(settings: Settings, *words: str) -> str:
    process = ioc(settings, *words)
    out, wrong = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + wrong
    return out


def beyond(settings: Settings) -> dict[str, int]:
    """How many refused records are neither kept nor settled, by reason."""
    found: dict[str, int] = {}
    with connect(settings.database.dsn) as conn:
        for one in rejects.overflows(conn):
            found[one.reason] = found.get(one.reason, 0) + one.open
    return found


def refused_by(settings: Settings, sent: Sequence[tuple[str, Event]], poison: int) -> int:
    """Sends and ingests; how many of the events were refused for their unit."""
    refused = sum(NEW in event.values() for _, event in sent)
    send(settings, records(sent, poison))
    with ingesting(settings):
        assert wait_until(lambda: rejected(settings) == refused + poison, PATIENCE_S), rejected(settings)
    return refused


def rejected(settings: Settings) -> int:
    with connect(settings.database.dsn) as conn:
        row = conn.execute("select coalesce(sum(rejects), 0) from source").fetchone()
    return int(row[0]) if row else 0


def test_figures_are_those_of_a_store_that_refused_nothing(
    capped: Settings, corrected: Settings, postgres: DatabaseServer, unique: Callable[[str], str]
) -> None:
    """By two processes at once, one of which is killed in the middle; garbage lies between all of it."""
    sent = [*moved(ordinary(11, 300)), *uses(6000)]
    refused = refused_by(capped, sent, POISON)
    before = beyond(capped)
    assert before["unknown_unit"] > 3 * KEPT
    assert before["not_json"] > 0
    said(corrected, "migrate")

    with connect(capped.database.dsn) as asking:

        def driven() -> int:
            row = asking.execute("select sum(redriven) from source").fetchone()
            return int(row[0]) if row else 0

        words = ("rejects", "redrive", "--reason", "unknown_unit")
        killed, other = ioc(corrected, *words), ioc(corrected, *words)
        assert wait_until(lambda: driven() > 2 * KEPT or killed.poll() is not None, PATIENCE_S, 0.01)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        told, wrong = other.communicate(timeout=PATIENCE_S)
        assert other.returncode == 0, told + wrong
        last = said(corrected, *words)
    assert beyond(capped) == {"not_json": before["not_json"]}, (told, last)
    assert "the broker no longer has" not in told + last
    distinct = len({(topic, event["event_id"]) for topic, event in sent if NEW in event.values()})
    assert distinct < refused
    with connect(capped.database.dsn) as conn:
        proof = reconcile(conn, Rules.of(corrected), deep=True)
    assert proof.differences == 0, proof.deep
    assert sum(source.redriven for source in proof.sources) == distinct
    assert sum(source.rejects for source in proof.sources) == refused + POISON

    after = Feeder(capped.database.dsn, corrected)
    fresh_dsn = postgres.create(unique("fresh").replace(".", "_").lower()[-60:])
    ours = with_database(corrected, fresh_dsn)
    said(ours, "migrate")
    fresh = Feeder(fresh_dsn, ours, now=END + timedelta(days=500))
    try:
        for first in range(0, len(sent), 4000):
            fresh.feed(sent[first : first + 4000])
        for at in (END, MONDAY + timedelta(days=2.4)):
            for unit in ("74", "718", NEW):
                wanted = fresh.overview(unit, "handling", at, MONDAY, at)
                assert after.overview(unit, "handling", at, MONDAY, at) == wanted
                assert wanted == after.recounted(by_topic(sent), unit, "handling", at, MONDAY, at)
    finally:
        fresh.close()
        after.close()


def test_what_is_refused_again_stays_and_what_was_discarded_is_not_read(capped: Settings, corrected: Settings) -> None:
    refused = refused_by(capped, list(uses(3000)), 0)
    before = beyond(capped)["unknown_unit"]
    told = said(capped, "rejects", "redrive")
    assert re.search(rf"0 driven again, {before} refused again \(unknown_unit {before}\)", told), told
    assert beyond(capped) == {"unknown_unit": before}
    said(capped, "rejects", "discard", "--reason", "unknown_unit")
    assert beyond(capped) == {}
    said(corrected, "migrate")
    assert said(corrected, "rejects", "redrive").startswith("0 driven again, 0 were known already")
    with connect(capped.database.dsn) as conn:
        assert reconcile(conn, Rules.of(corrected), deep=True).differences == 0
    assert rejected(capped) == refused


def test_what_the_broker_no_longer_has_is_said_and_stays_counted(capped: Settings, corrected: Settings) -> None:
    broker: Broker = LogBroker(capped) if capped.broker == "log" else KafkaBroker(capped)
    refused_by(capped, list(uses(3000)), 0)
    before = beyond(capped)["unknown_unit"]
    with connect(capped.database.dsn) as conn:
        ends = conn.execute("select partition, next_offset from source where topic = 3 and next_offset > 0").fetchall()
    for partition, end in ends:
        broker.forget(Place(Topic.USAGE, partition), end - 50)
    said(corrected, "migrate")
    told = said(corrected, "rejects", "redrive")
    left = beyond(capped)["unknown_unit"]
    assert 0 < left < before
    assert f"up to {left} the broker no longer has" in told
    with connect(capped.database.dsn) as conn:
        assert reconcile(conn, Rules.of(corrected), deep=True).differences == 0
