"""Records that were refused for a unit count, once the unit is there, as if it had always been."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import msgspec
import psycopg
import pytest

from ioc.settings import Settings, without_settings
from ioc.store import rejects
from ioc.store.connect import connect
from ioc.store.reconcile import reconcile
from streams.embedded.process import wait_until
from tests.feeding import Feeder, by_topic
from tests.lives import DAYS, MONDAY, USAGE, Event, ordinary, written
from tests.servers import DatabaseServer, with_database

END = MONDAY + timedelta(days=DAYS)
NEW = "X-9"
USES = 50_000
PATIENCE_S = 120.0


@pytest.fixture
def corrected(settings: Settings, tmp_path: Path, store: str) -> Settings:
    """The settings with one unit more in the pack: a copy of the same name, since the name is part of each key."""
    there = (files("ioc") / "data" / "units" / "units_binhduong.csv").read_text(encoding="utf-8")
    pack = tmp_path / "binhduong.csv"
    pack.write_text(f"{there.rstrip()}\n{NEW},Phường Mới,phuong,718,,,\n", encoding="utf-8")
    units = msgspec.structs.replace(settings.units, pack=str(pack))
    return with_database(settings, store, units=units)


def moved(events: list[tuple[str, Event]]) -> list[tuple[str, Event]]:
    """The same at the new unit, where they lay at one commune of the old ones."""
    fields = ("unit", "handling_unit", "receiving_unit")
    return [(topic, event | {name: NEW for name in fields if event.get(name) == "25747"}) for topic, event in events]


def uses() -> Iterator[tuple[str, Event]]:
    for no in range(USES):
        at = MONDAY + timedelta(seconds=no * 7)
        use = {"event_id": f"x{no}", "occurred_at": written(at), "service": "payment", "action": "pay", "unit": NEW}
        yield USAGE, use | {"amount_vnd": no, "count": 1 + no % 3, "outcome": ("ok", "ok", "error")[no % 3]}


def variables(settings: Settings) -> dict[str, str]:
    return without_settings(os.environ) | {
        "IOC_DATABASE__DSN": settings.database.dsn,
        "IOC_UNITS__PACK": settings.units.pack,
    }


def redriving(settings: Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ioc", "rejects", "redrive", "--reason", "unknown_unit"],
        env=variables(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def figures(feeder: Feeder, at: datetime) -> list[object]:
    return [
        feeder.overview(unit, scope, at, MONDAY, at)
        for unit in ("74", "718", NEW)
        for scope in ("handling", "receiving")
    ]


def test_redriven_figures_are_what_they_would_have_been(
    store: str, settings: Settings, corrected: Settings, postgres: DatabaseServer
) -> None:
    """Fifty thousand and some, by two processes at once, one of which is killed in the middle."""
    sent = moved(ordinary(11, 600))
    all_ = [*sent, *uses()]
    before = Feeder(store, settings, now=END + timedelta(days=500))
    for first in range(0, len(all_), 4000):
        before.feed(all_[first : first + 4000])
    refused = [event for _, event in all_ if NEW in event.values()]
    with connect(store) as conn:
        assert len(list(rejects.each(conn))) == len(refused) > USES
    before.close()
    migrated = subprocess.run(
        [sys.executable, "-m", "ioc", "migrate"], env=variables(corrected), capture_output=True, text=True, check=False
    )
    assert migrated.returncode == 0, migrated.stderr

    with psycopg.connect(store, autocommit=True) as asking:

        def done() -> int:
            row = asking.execute("select count(*) from reject where fate = 'redriven'").fetchone()
            return int(row[0]) if row else 0

        killed, other = redriving(corrected), redriving(corrected)
        assert wait_until(lambda: done() > 2000 or killed.poll() is not None, PATIENCE_S, 0.01)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        told, wrong = other.communicate(timeout=PATIENCE_S)
        assert other.returncode == 0, wrong
        last, wrong = redriving(corrected).communicate(timeout=PATIENCE_S)
        assert done() == len(refused), (told, last, wrong)
    counted = [int(re.match(r"(\d+) driven again", text)[1]) for text in (told, last)]  # type: ignore[index]
    assert sum(counted) <= len(refused)

    after = Feeder(store, corrected)
    fresh_dsn = postgres.create(f"{store.rpartition('/')[2].partition('?')[0]}_fresh"[-60:])
    ours = with_database(corrected, fresh_dsn)
    subprocess.run([sys.executable, "-m", "ioc", "migrate"], env=variables(ours), check=True, capture_output=True)
    fresh = Feeder(fresh_dsn, ours, now=END + timedelta(days=500))
    try:
        for first in range(0, len(all_), 4000):
            fresh.feed(all_[first : first + 4000])
        for at in (END, MONDAY + timedelta(days=2.4)):
            assert figures(after, at) == figures(fresh, at)
        wanted = after.recounted(by_topic(all_), "718", "handling", END, MONDAY, END)
        assert after.overview("718", "handling", END, MONDAY, END) == wanted
        assert wanted["usage"]["payment"]["uses"] > USES
        assert reconcile(after.writing, after.rules, deep=True).differences == 0
    finally:
        fresh.close()
        after.close()
