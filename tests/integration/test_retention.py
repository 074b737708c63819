"""Raw uses go after their time, counted: every figure stays, and the proof says how far back it reaches."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from ioc.errors import ConfigError
from ioc.settings import Settings, from_tree
from ioc.snapshot import Snapshot
from ioc.store import hypertables, rebuild, retention
from ioc.store.connect import connect
from ioc.store.live import read_snapshot
from ioc.store.reconcile import reconcile
from streams.embedded.process import wait_until
from tests.feeding import Feeder, by_topic
from tests.lives import MONDAY, USAGE, ordinary
from tests.servers import ROOT

NOW = datetime(2024, 8, 31, 3, 20, 30, tzinfo=UTC)
"""Some days after the week of `ordinary`, nine days of which are kept."""
AS_OF = (
    datetime(2024, 8, 20, 4, 31, tzinfo=UTC),
    datetime(2024, 8, 21, 17, 0, tzinfo=UTC),
    datetime(2024, 8, 23, 5, 7, 23, 500_000, tzinfo=UTC),
    NOW,
)


@pytest.fixture
def keeping(settings: Settings) -> Settings:
    tree: dict[str, Any] = msgspec.to_builtins(settings)
    tree["database"]["keep_usage_days"] = tree["ingest"]["dedupe_days"] = 9
    return from_tree(tree)


@pytest.fixture
def feeder(store: str, keeping: Settings) -> Iterator[Feeder]:
    found = Feeder(store, keeping, now=NOW)
    yield found
    found.close()


def drop_all(feeder: Feeder, now: datetime = NOW) -> int:
    dropped = 0
    while piece := retention.step(feeder.writing, feeder.settings, now):
        dropped += piece
    return dropped


def pictures(feeder: Feeder) -> list[Snapshot]:
    return [read_snapshot(feeder.reading, feeder.world, feeder.settings, at) for at in AS_OF]


def arrays(one: Snapshot) -> list[np.ndarray[Any, Any]]:
    return [one.pair, one.single, one.usage_sums, one.bins, one.levels_before]


def windows(feeder: Feeder) -> list[dict[str, Any]]:
    """Whole minutes before the horizon, any moment after it."""
    begins = (AS_OF[0] - timedelta(days=3, minutes=7), AS_OF[1], AS_OF[2])
    return [feeder.overview("74", "handling", at, begin, at) for at in AS_OF for begin in begins if begin <= at]


def test_what_is_dropped_changes_no_figure_and_is_said(feeder: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PIECE", 25)
    sent = ordinary(3, 150)
    feeder.feed(sent)
    before, told = pictures(feeder), windows(feeder)
    first = reconcile(feeder.writing, feeder.rules, deep=True)
    assert first.differences == 0
    assert first.not_recounted_before is None
    horizon = retention.kept_from(feeder.settings, NOW)
    assert horizon == datetime(2024, 8, 22, tzinfo=UTC)
    uses = {use["event_id"]: datetime.fromisoformat(use["occurred_at"]) for topic, use in sent if topic == USAGE}
    old = sum(1 for at in uses.values() if at < horizon)
    assert 0 < old < len(uses)
    assert drop_all(feeder) == old
    assert retention.step(feeder.writing, feeder.settings, NOW) == 0
    left = feeder.reading.execute("select count(*), min(at) from usage_event").fetchone()
    assert left is not None
    assert left[0] == len(uses) - old
    assert left[1] >= horizon
    for one, other in zip(before, pictures(feeder), strict=True):
        for mine, theirs in zip(arrays(one), arrays(other), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert windows(feeder) == told
    report = reconcile(feeder.writing, feeder.rules, deep=True)
    assert report.differences == 0, report.deep
    assert report.not_recounted_before == horizon
    assert sum(source.dropped for source in report.sources) == old
    rebuild.rebuild(feeder.writing, feeder.rules)
    assert windows(feeder) == told
    assert reconcile(feeder.writing, feeder.rules, deep=True).deep == ()


def test_the_proof_still_sees_a_row_that_is_lost_and_a_sum_that_is_wrong(feeder: Feeder) -> None:
    feeder.feed(ordinary(4, 60))
    assert drop_all(feeder)
    conn = feeder.writing
    conn.execute("delete from usage_event where event_id = (select min(event_id) from usage_event)")
    assert any("have no row" in line for line in reconcile(conn, feeder.rules, deep=True).deep)
    rebuild.rebuild(conn, feeder.rules)
    assert not rebuild.compare(conn, feeder.rules)
    conn.execute("update rollup_day set value = value + 1 where metric >= 100")
    assert [line.partition(":")[0] for line in rebuild.compare(conn, feeder.rules)] == ["rollup_day"]


def test_parts_of_a_minute_before_the_horizon_are_rounded_down_so_that_windows_add_up(feeder: Feeder) -> None:
    day = datetime(2024, 8, 20, 4, 30, tzinfo=UTC)
    uses = [
        {
            "event_id": f"u{n}",
            "occurred_at": (day + timedelta(seconds=20 * n)).isoformat(),
            "service": "portal",
            "action": "visit",
            "unit": "718",
            "count": 10**n,
        }
        for n in range(6)
    ]
    feeder.feed((USAGE, use) for use in uses)

    def between(begin_s: float, end_s: float) -> int:
        found = feeder.overview("74", "handling", NOW, day + timedelta(seconds=begin_s), day + timedelta(seconds=end_s))
        uses: int = found["usage"]["portal"]["uses"]
        return uses

    assert between(0, 30) == 11
    assert between(30, 120) == 111100
    assert drop_all(feeder) == 6
    assert between(0, 30) == 0
    assert between(30, 120) == 111111
    assert between(60, 120) == 111000
    assert between(0, 59.9) + between(59.9, 120) == between(0, 120) == 111111


def test_a_late_use_behind_the_horizon_is_counted_and_dropped_again(feeder: Feeder) -> None:
    events = ordinary(5, 40)
    feeder.feed(events)
    drop_all(feeder)
    late: dict[str, Any] = {
        "event_id": "late", "occurred_at": "2024-08-19T09:00:00+07:00", "service": "portal", "action": "visit",
        "unit": "718", "count": 7,
    }  # fmt: skip
    feeder.feed([(USAGE, late)])
    report = reconcile(feeder.writing, feeder.rules, deep=True)
    assert report.differences == 0, report.deep
    assert drop_all(feeder) == 1
    report = reconcile(feeder.writing, feeder.rules, deep=True)
    assert report.differences == 0, report.deep
    begin, end = datetime(2024, 8, 18, 17, tzinfo=UTC), datetime(2024, 8, 25, 17, tzinfo=UTC)
    wanted = feeder.recounted(by_topic([*events, (USAGE, late)]), "74", "handling", NOW, begin, end)
    assert feeder.overview("74", "handling", NOW, begin, end) == wanted


def test_nothing_is_dropped_under_a_proof_or_where_all_is_kept(feeder: Feeder, store: str) -> None:
    feeder.feed(ordinary(6, 30))
    with connect(store) as other, retention.nothing_dropped(other):
        assert retention.step(feeder.writing, feeder.settings, NOW) == 0
    for_ever = msgspec.structs.replace(
        feeder.settings, database=msgspec.structs.replace(feeder.settings.database, keep_usage_days=0)
    )
    assert retention.step(feeder.writing, for_ever, NOW) == 0
    assert retention.horizon(feeder.writing) is None
    assert retention.step(feeder.writing, feeder.settings, NOW) > 0


def test_keeping_less_than_ids_are_known_is_refused(settings: Settings) -> None:
    tree: dict[str, Any] = msgspec.to_builtins(settings)
    tree["database"]["keep_usage_days"] = 34
    with pytest.raises(ConfigError, match=r"keep_usage_days.*dedupe_days \(35\)"):
        from_tree(tree)
    tree["database"]["keep_usage_days"] = 0
    assert from_tree(tree).database.keep_usage_days == 0


def test_the_engine_is_said_in_a_line(feeder: Feeder, postgres: Any) -> None:
    said = hypertables.in_words(feeder.reading)
    assert ("hypertable by day, kept by column" in said) == postgres.timescale


def test_the_watching_process_packs_days_and_drops_old_uses(feeder: Feeder, store: str) -> None:
    feeder.feed(ordinary(7, 40))
    before, conn = feeder.overview("74", "handling", NOW, MONDAY, NOW), feeder.reading
    env = {**os.environ, "IOC_DATABASE__DSN": store, "IOC_DATABASE__KEEP_USAGE_DAYS": "40"}
    watching = subprocess.Popen([sys.executable, "-m", "ioc", "watch"], env=env, cwd=ROOT)
    try:
        assert wait_until(lambda: conn.execute("select count(*) > 0 from day_series").fetchone() == (True,), 60.0)
        assert wait_until(lambda: conn.execute("select count(*) from usage_event").fetchone() == (0,), 60.0)
    finally:
        watching.terminate()
        assert watching.wait(20) == 0
    assert feeder.overview("74", "handling", NOW, MONDAY, NOW) == before
    report = reconcile(feeder.writing, feeder.rules, deep=True)
    assert report.differences == 0, report.deep
