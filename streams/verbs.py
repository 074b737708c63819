"""What the `ioc` command does with the feeds: each verb opens what it needs and hands over."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from types import FrameType

from ioc.errors import ConfigError, OperatorError
from ioc.facts import Topic
from ioc.settings import Settings, load
from ioc.store import rejects as kept
from ioc.store import state, units
from ioc.store.connect import connect
from ioc.store.migrate import check
from ioc.world import World


@contextmanager
def until_signalled() -> Iterator[Event]:
    """An event that SIGTERM and Ctrl-C set, so that a sender ends between two records."""
    stop = Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def pace(text: str) -> float | None:
    """A speed as the command line gives it; None is "max". ConfigError for anything else."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1_000_000:
        raise ConfigError(f"--speed {text!r}: give a number above 0, or max")
    return speed


def world_of(settings: Settings) -> World:
    """The world with the store's numbers."""
    with connect(settings.database.dsn, settings, name="ioc") as conn:
        check(conn)
        return units.load(conn, settings)


def demo(settings: Settings, args: argparse.Namespace) -> int:
    """Everything on this machine."""
    from streams.demo import run

    port = settings.web.port if args.port is None else args.port
    return run(
        settings,
        port=port,
        data_dir=Path(settings.data_dir),
        broker=args.broker,
        speed=args.speed,
        input=args.input,
        config=args.config and Path(args.config),
    )


def ingest(settings: Settings, args: argparse.Namespace) -> int:
    """Records to facts, for ever."""
    from streams.ingest import run

    data_dir = args.data_dir or os.environ.get("IOC_DATA_DIR")
    return run(settings, lambda: load(args.config, data_dir=data_dir), args.measure)


def produce(settings: Settings, args: argparse.Namespace) -> int:
    """JSON lines to a topic."""
    from streams.produce import run

    return run(settings, args.topic, args.file)


def simulate(settings: Settings, args: argparse.Namespace) -> int:
    """The simulated province, until a signal ends it; a restart goes on where it was."""
    from streams.producer import open_producer
    from streams.simulate.run import simulate as run

    seed = settings.demo.seed if args.seed is None else args.seed
    world = world_of(settings)
    key = f"simulated until {world.pack} {seed}"
    with connect(settings.database.dsn, settings, name="ioc simulate") as conn, until_signalled() as stop:
        known = state.get(conn, key)
        producer = open_producer(settings)
        try:
            run(
                settings,
                world,
                producer,
                seed=seed,
                speed=pace(args.speed),
                backfill_days=args.backfill_days,
                stop=stop,
                resume_at=None if known is None else datetime.fromisoformat(known),
                sent_until=lambda at: state.put(conn, key, at.isoformat()),
            )
        finally:
            producer.close()
    return 0


def replay(settings: Settings, args: argparse.Namespace) -> int:
    """The recorded permit log; its shift is fixed at the first replay, so that a second one sends the same events."""
    from streams.adapters.permits import fixed_shift, last_moment
    from streams.adapters.replay import replay_permits
    from streams.producer import open_producer

    world = world_of(settings)
    with connect(settings.database.dsn, settings, name="ioc replay") as conn, until_signalled() as stop:
        shift = fixed_shift(last_moment(), datetime.now(UTC), settings.zone)
        days = int(state.set_once(conn, "permits shifted by days", str(shift.days)))
        producer = open_producer(settings)
        try:
            sent = replay_permits(
                settings, world, producer, speed=pace(args.speed), shift=timedelta(days=days), stop=stop
            )
        finally:
            producer.close()
    print(f"{sent} events sent")
    return 0


def rejects(settings: Settings, args: argparse.Namespace) -> int:
    """The refused records: listed, shown, driven again, discarded."""
    nos = args.numbers or None
    with connect(settings.database.dsn, settings, name="ioc rejects") as conn:
        check(conn)
        if args.what == "redrive":
            from streams.redrive import redrive

            told = partial(print, file=sys.stderr, flush=True)
            print(redrive(conn, settings, topic=args.topic, reason=args.reason, nos=nos, tell=told))
            return 0
        if args.what == "discard":
            if nos is None and not (args.all or args.topic or args.reason):
                raise OperatorError("name the numbers to discard, or --topic, --reason or --all")
            print(f"{kept.discard(conn, topic=args.topic, reason=args.reason, nos=nos)} discarded")
            return 0
        fate = None if args.what == "show" or args.all else "open"
        printed = set()
        for one in kept.each(conn, topic=args.topic, reason=args.reason, fate=fate, nos=nos):
            printed.add(one.no)
            print(line(one, whole=args.what == "show", as_json=args.json))
        missing = set(nos or ()) - printed
        if missing and args.what == "show":
            raise OperatorError(f"there is no reject {', '.join(map(str, sorted(missing)))}")
        if args.what == "list" and not args.json:
            for gone in kept.overflows(conn, topic=args.topic, reason=args.reason, settled=args.all):
                print(not_kept(gone))
            print(f"{len(printed)} rejects")
    return 0


def not_kept(gone: kept.Overflow) -> str:
    """What of a partition and reason lies beyond the cap, as one line."""
    return (
        f"{'not kept':>8}  {Topic(gone.topic).title:<18} {gone.partition:>3}/{gone.first_offset}…{gone.last_offset} "
        f"{gone.reason} {gone.open or gone.records} records, "
        f"{gone.first_at:%Y-%m-%d %H:%M} to {gone.last_at:%Y-%m-%d %H:%M} UTC: "
        "'ioc rejects redrive' reads them again while the broker has them"
    )


def line(one: kept.KeptReject, *, whole: bool, as_json: bool) -> str:
    """A reject as one line, or whole."""
    told = {
        "no": one.no,
        "topic": Topic(one.topic).title,
        "partition": one.partition,
        "offset": one.record_offset,
        "reason": one.reason,
        "detail": one.detail,
        "fate": one.fate,
        "redrivable": one.redrivable,
        "rejected_at": one.rejected_at.isoformat(timespec="seconds"),
        "key": None if one.key is None else one.key.decode("utf-8", "replace"),
        "body": one.body.decode("utf-8", "replace"),
    }
    if as_json:
        return json.dumps(told, ensure_ascii=False)
    if whole:
        return "\n".join(f"{name:<12} {value}" for name, value in told.items()) + "\n"
    return (
        f"{one.no:>8}  {told['topic']:<18} {one.partition:>3}/{one.record_offset:<10} {one.reason:<18} {one.fate:<9} "
        f"{one.detail[:80]}"
    )


def asyncapi(settings: Settings, args: argparse.Namespace) -> int:  # noqa: ARG001
    """The AsyncAPI document on standard output."""
    from streams.asyncapi import document

    print(json.dumps(document(), ensure_ascii=False, indent=2))
    return 0


ENDS = {True: "ok", False: "BAD", None: "note"}


def doctor(settings: Settings, args: argparse.Namespace) -> int:
    """What is wrong here, and what to do; 1 when something is."""
    from streams.doctor import examine

    findings = examine(settings, args.only)
    for finding in findings:
        print(f"{ENDS[finding.ok]:<4} {finding.what}: {finding.says}")
    return 1 if any(finding.ok is False for finding in findings) else 0


def bench(settings: Settings, args: argparse.Namespace) -> int:
    """`ioc bench ingest` and `ioc bench history`."""
    if args.what == "history":
        from streams import bench_history

        return bench_history.run(
            settings,
            days=args.days,
            events=args.events or 8_000_000,
            dsn=args.dsn,
            keep=args.keep,
            as_json=args.json,
            check=args.check,
        )
    from streams.bench import Asked, run

    asked = Asked(
        events=args.events or 200_000,
        rate=args.rate,
        seconds=args.seconds,
        backlog=args.backlog,
        usage_backlog=args.usage_backlog,
        dsn=args.dsn,
        config=args.config,
    )
    return run(settings, asked, as_json=args.json, check=args.check)
