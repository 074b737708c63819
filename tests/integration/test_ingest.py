"""Records in, figures and counts out: the whole ingest on real servers, with what goes wrong on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaProducer

from ioc.facts import Topic
from ioc.settings import Settings, without_settings
from ioc.store import log, rejects
from ioc.store.connect import connect
from ioc.store.migrate import migrate
from ioc.store.offsets import claim
from streams.embedded.process import wait_until
from streams.redrive import redrive
from tests.feed_records import bad_examples, examples
from tests.ingesting import PATIENCE_S, assert_reconciled, counted, ingesting, reached, send, usage


def test_good_records_count_and_bad_ones_are_kept_with_their_reason(wired: Settings) -> None:
    good = [(topic, json.dumps(value).encode()) for topic, value in examples()]
    bad = [(topic, raw) for topic, _, raw in bad_examples()]
    send(wired, [*good, *bad, (Topic.CASES, None), (Topic.USAGE, None), *good])
    with ingesting(wired):
        assert reached(wired, events=7, duplicates=7, rejects=len(bad), tombstones=2)
        send(wired, [(Topic.INDICATORS, good[-1][1].replace(b"286947", b"286948"))])
        assert reached(wired, events=7, duplicates=7, rejects=len(bad) + 1, tombstones=2)
    assert_reconciled(wired)
    with connect(wired.database.dsn) as conn:
        kept = rejects.listed(conn)
    reasons = sorted((int(topic), reason) for topic, reason, _ in bad_examples())
    assert sorted((one.topic, one.reason) for one in kept) == sorted([*reasons, (int(Topic.INDICATORS), "conflict")])


def test_two_share_the_work_and_one_goes_on_alone(wired: Settings) -> None:
    with ingesting(wired) as one:
        with ingesting(wired):
            send(wired, [usage(n) for n in range(3000)])
            assert reached(wired, events=3000)
        send(wired, [usage(n) for n in range(3000, 5000)])
        assert reached(wired, events=5000)
        assert wait_until(lambda: one.progress.written.events > 0, PATIENCE_S)  # told a moment after the commit
    assert_reconciled(wired)


def test_a_zombie_is_fenced_and_nothing_counts_twice(wired: Settings) -> None:
    """Another process claims partitions in the midst of the work, as one does that thinks it owns them."""
    with ingesting(wired), connect(wired.database.dsn) as conn:
        for turn in range(5):
            send(wired, [usage(n) for n in range(turn * 500, turn * 500 + 500)])
            assert wait_until(lambda turn=turn: counted(wired).events > turn * 500, PATIENCE_S)  # type: ignore[misc]
            rows = conn.execute("select cluster, topic_id, partition from source where topic = 3").fetchall()
            for cluster, topic_id, partition in rows:
                claim(
                    conn, cluster=cluster, topic=Topic.USAGE, topic_id=topic_id, partition=partition, owner="zombie",
                    begin=0,
                )  # fmt: skip
        assert reached(wired, events=2500)
    assert_reconciled(wired)


def test_a_database_that_hangs_up_costs_nothing(wired: Settings) -> None:
    cut = """
        select count(pg_terminate_backend(pid)) from pg_stat_activity
         where datname = current_database() and application_name like 'ioc ingest%' and pid <> pg_backend_pid()
    """
    with ingesting(wired), connect(wired.database.dsn, name="test") as conn:
        for turn in range(4):
            send(wired, [usage(n) for n in range(turn * 500, turn * 500 + 500)])
            conn.execute(cut)
        assert reached(wired, events=2000)
    assert_reconciled(wired)


def test_the_ends_are_noted_while_nothing_happens(wired: Settings) -> None:
    age = "select count(*), max(clock_timestamp() - seen_at) from source_end"
    with ingesting(wired), connect(wired.database.dsn) as conn:

        def all_fresh() -> bool:
            row = conn.execute(age).fetchone()
            return row is not None and row[0] == 16 and row[1] < timedelta(seconds=1)

        assert wait_until(all_fresh, PATIENCE_S)
        send(wired, [usage(n) for n in range(10)])
        assert wait_until(
            lambda: conn.execute("select sum(end_offset) from source_end").fetchone() == (10,), PATIENCE_S
        )
        assert wait_until(all_fresh, PATIENCE_S)


def test_what_was_refused_for_a_unit_is_driven_again(wired: Settings, tmp_path: Path) -> None:
    case = next(value for topic, value in examples() if topic == Topic.CASES)
    lost = [case | {"event_id": f"r{n}", "case_code": f"R-{n}", "handling_unit": "X-1"} for n in range(5)]
    still = [case | {"event_id": f"s{n}", "handling_unit": "X-2"} for n in range(2)]
    told = lost[0] | {"full_name": "Bí Mật"}
    values = [
        json.dumps(value).encode() for value in [told, *lost[1:], *still, lost[1], lost[2] | {"channel": "postal"}]
    ]
    send(wired, [*((Topic.CASES, value) for value in values), (Topic.CASES, b"not json")])
    with ingesting(wired):
        assert reached(wired, rejects=10)
    pack = tmp_path / "more.csv"
    pack.write_text("code,name_vi,level,parent_code,lat,lon,population\nX-1,Xã Mới,xa,,,,\n", encoding="utf-8")
    units = msgspec.structs.replace(wired.units, extra=(*wired.units.extra, str(pack)))
    corrected = msgspec.structs.replace(wired, units=units)
    _migrate(corrected)
    with connect(wired.database.dsn) as conn:
        done = redrive(conn, corrected, reason="unknown_unit")
        assert (done.events, done.duplicates, dict(done.refused)) == (5, 1, {"unknown_unit": 2, "conflict": 1})
        again = redrive(conn, corrected)
        assert (again.events, again.duplicates, again.unreadable) == (0, 0, 1)
        assert dict(again.refused) == {"unknown_unit": 2, "conflict": 1}
        assert {one.reason for one in rejects.listed(conn)} == {"unknown_unit", "not_json"}
    assert_reconciled(wired)
    with ingesting(corrected):  # the same, sent once more, is known
        send(wired, [(Topic.CASES, values[1])])
        assert reached(wired, duplicates=1, rejects=10)


def _migrate(settings: Settings) -> None:
    with connect(settings.database.dsn) as conn:
        migrate(conn, settings)


def test_the_command_ends_at_sigterm_and_goes_on_where_it_was(wired: Settings, tmp_path: Path) -> None:
    env = {
        **without_settings(os.environ),
        "IOC_DATA_DIR": str(tmp_path),
        "IOC_DATABASE__DSN": wired.database.dsn,
        "IOC_BROKER": wired.broker,
        "IOC_KAFKA__BOOTSTRAP_SERVERS": wired.kafka.bootstrap_servers,
    }
    lines = b"\n".join(usage(n)[1] for n in range(100)) + b"\n\nnot json\r\n"
    sent = subprocess.run(
        [sys.executable, "-m", "ioc", "produce", "usage"], input=lines, env=env, capture_output=True, check=True
    )
    assert b"101 records sent to ioc.usage.v1" in sent.stdout
    for turn in (1, 2):
        process = subprocess.Popen([sys.executable, "-m", "ioc", "ingest"], env=env, stderr=subprocess.PIPE)
        try:
            assert reached(wired, events=100 * turn, rejects=1), process.poll()
        finally:
            process.terminate()
            _, said = process.communicate(timeout=30)
        assert process.returncode == 0, said
        send(wired, [usage(n) for n in range(100, 200)])
    assert_reconciled(wired)


@pytest.mark.parametrize("wired", ["kafka"], indirect=True)
def test_offsets_without_a_record_are_accounted_for(wired: Settings) -> None:
    """A transaction's marker takes an offset, and so does what it took back; none of them is behind."""
    send(wired, [usage(n) for n in range(100)])
    with closing(
        KafkaProducer(bootstrap_servers=wired.kafka.bootstrap_servers, transactional_id="transactions")
    ) as out:
        out.init_transactions()
        for kept in (True, False):
            out.begin_transaction()
            for n in range(10):
                out.send("ioc.usage.v1", value=usage(1000 + n)[1], partition=0)
            out.flush()
            if kept:
                out.commit_transaction()
            else:
                out.abort_transaction()
    behind = """
        select sum(e.end_offset - s.next_offset)::int, sum(s.empty)::int
          from source s join source_end e on e.source = s.no
    """
    with ingesting(wired), connect(wired.database.dsn) as conn:
        assert reached(wired, events=110)
        assert wait_until(lambda: conn.execute(behind).fetchone() == (0, 12), PATIENCE_S)
    assert_reconciled(wired)


@pytest.mark.parametrize("wired", ["log"], indirect=True)
def test_the_log_forgets_only_what_every_group_has_read(wired: Settings) -> None:
    send(wired, [usage(n) for n in range(100)])
    with connect(wired.database.dsn) as conn:
        heads = {head.no: head.next_offset for head in log.heads(conn, ["ioc.usage.v1"]) if head.next_offset}
        log.commit(conn, "quick", heads)
        log.commit(conn, "slow", {no: end - 3 for no, end in heads.items()})
        log.forget_read(conn, 3600)
        assert conn.execute("select count(*) from source_log").fetchone() == (100,)
        log.forget_read(conn, 0)
        assert conn.execute("select count(*) from source_log").fetchone() == (3 * len(heads),)
        assert all(
            head.first_offset == head.next_offset - 3 for head in log.heads(conn, ["ioc.usage.v1"]) if head.next_offset
        )
