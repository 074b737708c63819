"""`ioc bench ingest`: how fast the whole pipeline is, beside its limits, all measured in one run.

A PostgreSQL and a Kafka of its own take the mix (70 % usage, 20 % cases, 10 % cameras), made beforehand. Measured are
polling alone, COPY into the events' table alone, and `ioc ingest` as it runs in production, as a process of its own,
with the processor seconds of every part. The broker and the database are the real ones; nothing stands in for them.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psutil

from ioc.errors import OperatorError
from ioc.facts import Topic
from ioc.settings import Settings
from ioc.store import feeds, units
from ioc.store.batch import COPY_USAGE, USAGE_TYPES
from ioc.store.connect import connect, with_microseconds
from ioc.store.migrate import migrate
from ioc.world import World
from streams.embedded.java import fetch_jars
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.postgres import EmbeddedPostgres
from streams.producer import open_producer
from streams.source import open_source

PATIENCE_S = 900.0
STATUSES = ("received", "processing", "processing", "supplement_requested", "processing", "finished")


@dataclass(frozen=True, slots=True)
class Result:
    """Rates in events a second, processor time in seconds, memory in megabytes."""

    events: int
    pipeline_per_s: float
    poll_per_s: float
    copy_per_s: float
    of_poll: float
    of_copy: float
    ingest_cpu_s: float
    postgres_cpu_s: float
    kafka_cpu_s: float
    ingest_peak_mb: float
    cores: int
    engine: str


def mix(world: World, events: int, ends: datetime) -> Iterator[tuple[str, str, bytes]]:
    """Topic, key and record of each event: a quarter of an hour that ends now, each case a life of six steps."""
    dice = random.Random(20261122)
    places = [unit.code for unit in world.units if unit.kind in ("commune", "district") and unit.pack == world.pack]
    services = [service.code for service in world.services]
    kinds = list(world.kinds)
    began = ends - timedelta(minutes=15)
    step = timedelta(minutes=15) / max(events, 1)
    encode = msgspec.json.Encoder().encode
    cases = cameras = 0
    for n in range(events):
        at = (began + n * step).isoformat()
        place = dice.choice(places)
        share = dice.random()
        if share < 0.7:
            yield (
                Topic.USAGE.title,
                place,
                encode(
                    {
                        "event_id": f"u-{n}",
                        "occurred_at": at,
                        "service": dice.choice(services),
                        "action": "visit",
                        "unit": place,
                        "outcome": "ok" if dice.random() < 0.98 else "error",
                        "count": dice.randrange(1, 30),
                        "duration_ms": 120,
                    }
                ),
            )
        elif share < 0.9:
            stage, no = cases % len(STATUSES), cases // len(STATUSES) // 50 * 50 + cases % 50
            cases += 1
            code = f"000.00.12.H09-261123-{no:06d}"
            stage = (cases - 1) // 50 % len(STATUSES)
            yield (
                Topic.CASES.title,
                code,
                encode(
                    {
                        "event_id": f"c-{n}",
                        "occurred_at": at,
                        "case_code": code,
                        "status": STATUSES[stage],
                        "procedure_code": "1.001193",
                        "receiving_unit": places[no % len(places)],
                        "handling_unit": places[no % len(places)],
                        "channel": "online",
                        "due_at": (ends + timedelta(days=no % 20)).replace(microsecond=0).isoformat(),
                    }
                ),
            )
        else:
            stage, no = cameras // 50 % 4, cameras // 200 * 50 + cameras % 50
            cameras += 1
            yield (
                Topic.CAMERAS.title,
                f"cam-{no % 400}",
                encode(
                    {
                        "type": "incident",
                        "event_id": f"k-{n}",
                        "occurred_at": at,
                        "camera_id": f"cam-{no % 400}",
                        "unit": places[no % len(places)],
                        "incident_id": f"i-{no}",
                        "kind": kinds[no % len(kinds)],
                        "severity": ("low", "low", "medium", "high")[no % 4],
                        "state": ("detected", "acknowledged", "verified", "resolved")[stage],
                    }
                ),
            )


def run(settings: Settings, *, events: int, as_json: bool) -> int:
    """Measures and prints; progress on standard error."""
    with tempfile.TemporaryDirectory(prefix="ioc-bench-") as directory:
        place = Path(directory)
        with (
            EmbeddedPostgres(place / "postgres") as postgres,
            EmbeddedKafka(place / "kafka", jars=fetch_jars(say)) as kafka,
        ):
            result = measure(settings, place, postgres.dsn(), kafka.bootstrap_servers, events)
    if as_json:
        print(json.dumps(asdict(result), indent=2))
    else:
        for name, value in asdict(result).items():
            print(f"{name:<16} {value:>14,.2f}" if isinstance(value, float) else f"{name:<16} {value:>14}")
    return 0


def say(text: str) -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


def measure(settings: Settings, place: Path, dsn: str, bootstrap_servers: str, events: int) -> Result:
    """Makes the events, then measures polling, COPY and the pipeline, one after the other."""
    ours = msgspec.structs.replace(
        settings,
        data_dir=str(place),
        broker="kafka",
        database=msgspec.structs.replace(settings.database, dsn=dsn),
        kafka=msgspec.structs.replace(settings.kafka, bootstrap_servers=bootstrap_servers, options={}),
    )
    with connect(dsn) as conn:
        migrate(conn, ours)
        world = units.load(conn, ours)
    say(f"making {events:,} events …")
    producer = open_producer(ours)
    for topic, key, value in mix(world, events, datetime.now(UTC)):
        producer.send(topic, key, value)
    producer.flush(300)
    producer.close()
    say("polling alone …")
    poll = polling(ours, events)
    say("COPY alone …")
    copying = copy_alone(dsn, min(events, 200_000))
    say("the whole pipeline …")
    return pipeline(ours, dsn, events, poll, copying)


def polling(settings: Settings, events: int) -> float:
    """Records a second of the source alone, from assignment on."""
    lone = msgspec.structs.replace(settings, kafka=msgspec.structs.replace(settings.kafka, group_id="ioc-bench-poll"))
    source = open_source(lone, "bench")
    try:
        seen, began_s = 0, 0.0
        deadline_s = time.monotonic() + PATIENCE_S
        while seen < events:
            changes = source.changes()
            if changes.assigned:
                for at, (begin, _) in source.bounds(changes.assigned).items():
                    source.seek(at, begin)
                began_s = began_s or time.perf_counter()
            seen += sum(len(slice_.records) for slice_ in source.poll(0.1, 10_000))
            if time.monotonic() > deadline_s:
                raise OperatorError(f"polling alone saw {seen} of {events} records in {PATIENCE_S:.0f} s")
        return seen / (time.perf_counter() - began_s)
    finally:
        source.close()


def copy_alone(dsn: str, rows: int) -> float:
    """Rows a second of COPY into the usage table, rolled back."""
    with connect(dsn) as conn:
        with_microseconds(conn)
        began_s = time.perf_counter()
        with conn.transaction(force_rollback=True), conn.cursor() as cursor, cursor.copy(COPY_USAGE) as copy:
            copy.set_types(USAGE_TYPES)
            for n in range(rows):
                copy.write_row((1, 1_700_000_000_000_000 + n, f"u-{n}", 1, "visit", 1, 3, 120, None, None, 1, n))
        return rows / (time.perf_counter() - began_s)


def pipeline(settings: Settings, dsn: str, events: int, poll: float, copying: float) -> Result:
    """Runs `ioc ingest` until every event is committed."""
    before = processor_s()
    env = {
        **os.environ,
        "IOC_DATA_DIR": settings.data_dir,
        "IOC_DATABASE__DSN": dsn,
        "IOC_BROKER": "kafka",
        "IOC_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
    }
    with connect(dsn) as conn:
        ingest = subprocess.Popen([sys.executable, "-m", "ioc", "ingest"], env=env)
        try:
            watched = psutil.Process(ingest.pid)
            began_s, peak = 0.0, 0
            deadline_s = time.monotonic() + PATIENCE_S
            while True:
                done = sum(feed.events for feed in feeds.feeds(conn))
                now_s = time.perf_counter()
                if done and not began_s:
                    began_s, first = now_s, done
                if done >= events:
                    break
                if ingest.poll() is not None or time.monotonic() > deadline_s:
                    raise OperatorError(f"ingest ended or stood still at {done} of {events} events")
                peak = max(peak, watched.memory_info().rss)
                time.sleep(0.02)
            took_s = now_s - began_s
            used = watched.cpu_times()
        finally:
            ingest.terminate()
            ingest.wait(30)
    after = processor_s()
    rate = (events - first) / took_s
    return Result(
        events=events,
        pipeline_per_s=rate,
        poll_per_s=poll,
        copy_per_s=copying,
        of_poll=rate / poll,
        of_copy=rate / copying,
        ingest_cpu_s=used.user + used.system,
        postgres_cpu_s=after["postgres"] - before["postgres"],
        kafka_cpu_s=after["java"] - before["java"],
        ingest_peak_mb=peak / 1e6,
        cores=os.cpu_count() or 1,
        engine=engine(dsn),
    )


def processor_s() -> dict[str, float]:
    """Processor seconds of our servers so far, children that have ended included."""
    found = {"postgres": 0.0, "java": 0.0}
    for process in psutil.Process().children(recursive=True):
        try:
            name, used = process.name(), process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        if name in found:
            found[name] += used.user + used.system + used.children_user + used.children_system
    return found


def engine(dsn: str) -> str:
    """The database's version in words."""
    with connect(dsn) as conn:
        row = conn.execute("show server_version").fetchone()
    return f"PostgreSQL {row[0]}" if row else "PostgreSQL"
