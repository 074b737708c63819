"""What the `ioc` command does with nothing but the database."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

from ioc.errors import Transient
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import balances, housekeeping, hypertables, retention, series
from ioc.store import findings as found
from ioc.store import rebuild as rebuilding
from ioc.store.connect import Connection, connect
from ioc.store.migrate import check
from ioc.store.migrate import migrate as bring_up
from ioc.store.reconcile import Report
from ioc.store.reconcile import reconcile as prove

WATCH_S = 1.0
HOUSEKEEPING_S = 60.0
STEPS: dict[Callable[[Connection, Settings, datetime], object], int] = {
    balances.pack: 4,
    series.pack: 4,
    retention.step: 200,
}
"""What is done in short steps, and at most so many a minute: writers wait for each."""


def migrate(settings: Settings, args: argparse.Namespace) -> int:  # noqa: ARG001
    """Brings the schema up to date and says what was done."""
    with connect(settings.database.dsn, settings, name="ioc migrate") as conn:
        done = bring_up(conn, settings)
        engine = hypertables.in_words(conn)
    print("\n".join(f"applied {name}" for name in done) or "the schema is up to date")
    if engine:
        print(engine)
    return 0


def reconcile(settings: Settings, args: argparse.Namespace) -> int:
    """Prints the proof; 1 on any difference."""
    with connect(settings.database.dsn, settings, name="ioc reconcile") as conn:
        check(conn)
        report = prove(conn, Rules.of(settings), deep=args.deep)
    if args.json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        print_report(report)
    return 1 if report.differences else 0


def print_report(report: Report) -> None:
    """The proof as a table, its verdict last."""
    names = (
        "consumed",
        "events",
        "duplicates",
        "rejects",
        "tombstones",
        "empty",
        "expired",
        "difference",
        "redriven",
        "lost",
    )
    print(f"{'topic':<20} {'partition':>9}" + "".join(f" {name:>10}" for name in names) + "  finding")
    for source in report.sources:
        cells = "".join(f" {getattr(source, name):>10}" for name in names)
        place = f"{source.partition}" + (f".{source.generation}" if source.generation else "")
        odd = f"{source.finding} {source.found_at:%Y-%m-%d %H:%M} UTC" if source.finding and source.found_at else ""
        print(f"{source.title:<20} {place:>9}{cells}  {odd}" + (", settled" if odd and source.settled_at else ""))
    if report.not_recounted_before is not None:
        dropped = sum(source.dropped for source in report.sources)
        print(
            f"uses before {report.not_recounted_before:%Y-%m-%d %H:%M} UTC are not recounted: "
            f"{dropped} rows were dropped (database.keep_usage_days), their sums stay"
        )
    for source in report.sources:
        if source.empty:
            print(
                f"{source.empty} offsets of {source.title} {source.partition} held no record: right only where sources "
                "send in transactions or the topic is compacted (docs/operations.md, Proof)"
            )
    for line in report.deep:
        print(f"! {line}")
    print(f"{report.differences} differences")


def findings(settings: Settings, args: argparse.Namespace) -> int:
    """Lists what the broker lost or deleted; 1 where nobody has settled it. Or settles it: a person has seen it."""
    with connect(settings.database.dsn, settings, name="ioc findings") as conn:
        check(conn)
        if args.what == "settle":
            print(f"{found.settle(conn, args.numbers or None)} findings settled")
            return 0
        listed = found.listed(conn, settled=args.all)
    for one in listed:
        settled = f"settled {one.settled_at:%Y-%m-%d %H:%M} UTC" if one.settled_at else "open"
        place = f"{one.title} {one.partition}" + (f".{one.generation}" if one.generation else "")
        print(f"{one.no:>6}  {one.found_at:%Y-%m-%d %H:%M} UTC  {place}: {one.finding}, {one.says}; {settled}")
    if not listed:
        print("the broker lost nothing that nobody has settled")
    return 1 if any(one.settled_at is None for one in listed) else 0


def rebuild(settings: Settings, args: argparse.Namespace) -> int:
    """Makes every figure again, or only compares; 1 where a comparison finds a difference."""
    rules = Rules.of(settings)
    with connect(settings.database.dsn, settings, name="ioc rebuild") as conn:
        check(conn)
        if args.check:
            found = rebuilding.compare(conn, rules)
            print("\n".join(found) or "every figure is what the stored steps say")
            return 1 if found else 0
        print("folding every case, incident and camera again …", file=sys.stderr)
        print(f"{rebuilding.rebuild(conn, rules)} effects written")
    return 0


def watch(settings: Settings, args: argparse.Namespace) -> int:  # noqa: ARG001
    """Leads while it can: opening balances, old changes and ids; waits as a standby while another leads."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    kept_s = HOUSEKEEPING_S
    while not ended.is_set():
        try:
            with connect(settings.database.dsn, settings, name="ioc watch") as conn:
                check(conn)
                while not ended.wait(WATCH_S):
                    leads = housekeeping.lead(conn, "watch", owner) is not None
                    kept_s += WATCH_S
                    if leads and kept_s >= HOUSEKEEPING_S:
                        kept_s = 0.0
                        now = datetime.now(UTC)
                        housekeeping.open_books(conn, settings, now)
                        housekeeping.forget(conn, settings, now)
                        for one, most in STEPS.items():
                            for _ in range(most):
                                if ended.is_set() or housekeeping.lead(conn, "watch", owner) is None:
                                    break
                                if not one(conn, settings, now):
                                    break
        except Transient as error:
            print(f"ioc watch: {error}; trying again", file=sys.stderr)
            ended.wait(random.uniform(0.5, 2.0))
    return 0
