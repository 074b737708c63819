"""`ioc bench ingest`: how fast the whole pipeline is, beside its limits, all measured in one run.

A Kafka of its own, and a PostgreSQL of its own or the empty database that ``--dsn`` names, take events that are made
beforehand (`streams.bench_mix`). Measured are polling alone, COPY into the uses' table alone, and `ioc ingest` as it
runs in production, as a process of its own (`streams.bench_running`): the mix, cases alone, the latency at a steady
rate (`streams.bench_latency`), and on request backlogs. The broker and the database are the real ones; nothing stands
in for them.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from ioc.errors import OperatorError
from ioc.facts import Arrival, UsageEvent
from ioc.promises import Promise, tell
from ioc.settings import Settings
from ioc.store import feeds, sizes, units, uses
from ioc.store.connect import connect
from ioc.store.migrate import migrate
from streams.bench_latency import WARM_S, Watched, send_evenly
from streams.bench_mix import Mix, Sent
from streams.bench_running import Drained, Running, committed, percentiles, processor_s
from streams.bench_transport import Underway, polling
from streams.embedded.java import fetch_jars
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.postgres import EmbeddedPostgres
from streams.producer import open_producer

MOST_CASES = 60_000
MOST_COPIED = 200_000
CASE_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Asked:
    """What to measure: events of the mix, how fast and how long the latency, and the backlogs (0 = none)."""

    events: int = 200_000
    rate: float = 200.0
    seconds: float = 20.0
    backlog: int = 0
    usage_backlog: int = 0
    dsn: str | None = None
    config: str | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How waiting records were drained. ``half_way_said_s`` is the time to finish that was shown half way,
    ``half_way_took_s`` what it was; ``case_ms`` what a new case needed meanwhile, where that was measured."""

    records: int
    took_s: float
    per_s: float
    peak_mb: float
    half_way_said_s: float | None
    half_way_took_s: float
    cases: int
    case_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Result:
    """Rates in events a second, processor time in seconds, memory in megabytes, the rest as its name says.

    ``of_poll`` and ``of_copy`` are shares of polling alone and COPY alone; ``of_poll_cpu`` is the processor time of
    polling an event over that of the whole process. ``stages`` is of the mix: processor seconds of the reading and
    the writing thread, what the writer waited for the database, and the rest (the driver's own thread, the start).
    ``postgres`` is None where the database is not ours to look into.
    """

    engine: str
    cores: int
    events: int
    pipeline_per_s: float
    poll_per_s: float
    copy_per_s: float
    of_poll: float
    of_copy: float
    of_poll_cpu: float
    cases: int
    cases_per_s: float
    stages: dict[str, float]
    cpu_s: dict[str, float | None]
    batch_ms: dict[str, float]
    rate: float
    commit_ms: dict[str, float]
    bare_commit_ms: dict[str, float]
    transport_ms: dict[str, float]
    commit_p99_of_bare: float
    peak_mb: float
    backlog: Backlog | None = None
    usage_backlog: Backlog | None = None


PROMISES = (
    Promise("pipeline_per_s", least=12_000),
    Promise("of_poll", least=0.20),
    Promise("cases_per_s", least=5_000),
    Promise("commit_ms.p99", most=300),
    Promise("commit_p99_of_bare", most=4),
    Promise("peak_mb", most=300),
    Promise("backlog.peak_mb", most=300),
    Promise("usage_backlog.peak_mb", most=300),
    Promise("usage_backlog.case_ms.p99", most=2_000),
)


def say(text: str) -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


def run(settings: Settings, asked: Asked, *, as_json: bool, check: bool) -> int:
    """Measures and prints; progress on standard error. 1 where ``check`` finds a promise missed. OperatorError where
    the database named holds something."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ioc-bench-")))
        dsn = asked.dsn or stack.enter_context(EmbeddedPostgres(place / "postgres")).dsn()
        kafka = stack.enter_context(EmbeddedKafka(place / "kafka", jars=fetch_jars(say)))
        result = Bench(settings, asked, place, dsn, kafka.bootstrap_servers).measure()
    return tell(asdict(result), PROMISES, as_json=as_json, check=check)


class Bench:
    """One run: a database and a broker, and what was measured on them one after the other."""

    def __init__(self, settings: Settings, asked: Asked, place: Path, dsn: str, bootstrap_servers: str) -> None:
        self._asked, self._place, self._dsn = asked, place, dsn
        self._settings = msgspec.structs.replace(
            settings,
            data_dir=str(place),
            broker="kafka",
            database=msgspec.structs.replace(settings.database, dsn=dsn),
            kafka=msgspec.structs.replace(settings.kafka, bootstrap_servers=bootstrap_servers, options={}),
        )
        with connect(dsn) as conn:
            migrate(conn, self._settings)
            if not sizes.is_empty(conn):
                raise OperatorError("this database holds other data: name an empty one with --dsn")
            self._world = units.load(conn, self._settings)
            self._engine = sizes.engine(conn)
        self._runs = 0

    def _mix(self) -> tuple[str, Mix]:
        self._runs += 1
        run = f"{self._runs}{time.time_ns() // 1_000_000:x}"
        return run, Mix(self._world, datetime.now(UTC), run)

    def _send(self, sent: Iterator[Sent], events: int, what: str) -> None:
        say(f"making {events:,} {what} …")
        producer = open_producer(self._settings)
        for topic, key, value in sent:
            producer.send(topic, key, value)
        producer.flush(600)
        producer.close()

    def _before(self) -> int:
        with connect(self._dsn) as conn:
            return committed(feeds.feeds(conn))

    def measure(self) -> Result:
        """Everything that was asked for."""
        asked = self._asked
        self._send(self._mix()[1].mixed(asked.events), asked.events, "events of the mix")
        say("polling alone …")
        poll, poll_cpu_s = polling(self._settings, asked.events)
        say("COPY alone …")
        copying = self.copying(min(asked.events, MOST_COPIED))
        say("the whole pipeline …")
        servers = processor_s()
        with Running(self._settings, asked.config, self._place) as mixed:
            drained = mixed.drain(asked.events, 0)
        used = {name: seconds - servers[name] for name, seconds in processor_s().items()}
        cases = min(asked.events, MOST_CASES)
        case_drained = self.draining(self._mix()[1].cases(cases), cases, "steps of cases")
        with connect(self._dsn) as conn:
            sizes.settle(conn)  # what loading so much at once left to do; a centre's day has no such load
        say(f"{asked.rate:g} events a second for {asked.seconds:g} s …")
        committed_s, bare_s = self.latency()
        commit, bare, underway = percentiles(committed_s), percentiles(bare_s), self.transport()
        stages = {name: float(mixed.stages.get(name, 0.0)) for name in ("poll_s", "decode_s", "write_s", "waited_s")}
        stages["rest_s"] = mixed.cpu_s - sum(stages[name] for name in ("poll_s", "decode_s", "write_s"))
        ours = asked.dsn is None
        return Result(
            engine=self._engine,
            cores=os.cpu_count() or 1,
            events=asked.events,
            pipeline_per_s=drained.per_s,
            poll_per_s=poll,
            copy_per_s=copying,
            of_poll=drained.per_s / poll,
            of_copy=drained.per_s / copying,
            of_poll_cpu=poll_cpu_s / mixed.cpu_s,
            cases=cases,
            cases_per_s=case_drained.per_s,
            stages=stages,
            cpu_s={"ingest": mixed.cpu_s, "postgres": used["postgres"] if ours else None, "kafka": used["java"]},
            batch_ms=percentiles(mixed.stages.get("batches_s", [])),
            rate=asked.rate,
            commit_ms=commit,
            bare_commit_ms=bare,
            transport_ms=percentiles(underway.took_s),
            commit_p99_of_bare=commit["p99"] / bare["p99"],
            peak_mb=drained.peak_mb,
            backlog=self.backlog(asked.backlog) if asked.backlog else None,
            usage_backlog=self.usage_backlog(asked.usage_backlog) if asked.usage_backlog else None,
        )

    def copying(self, rows: int) -> float:
        """Rows a second of COPY into the uses' table alone, rolled back."""
        now_us = time.time_ns() // 1000
        made = [
            Arrival(1, n, UsageEvent(f"u-{n}", now_us - n, 1, "visit", 1, count=3, duration_ms=120))
            for n in range(rows)
        ]
        with connect(self._dsn) as conn:
            began_s = time.perf_counter()
            with conn.transaction(force_rollback=True):
                uses.store(conn, made)
            return rows / (time.perf_counter() - began_s)

    def draining(self, sent: Iterator[Sent], events: int, what: str) -> Drained:
        """Sends, and then lets an `ioc ingest` drain it."""
        before = self._before()
        self._send(sent, events, what)
        with Running(self._settings, self._asked.config, self._place) as running:
            return running.drain(events, before)

    def latency(self) -> tuple[list[float], list[float]]:
        """Seconds from send to commit of steps of cases at a steady rate, and of bare commits meanwhile; the first
        `WARM_S` warm up broker, statements and caches, and are not counted."""
        run, mix = self._mix()
        watched = Watched(self._dsn)
        producer = open_producer(self._settings)
        running = Running(self._settings, self._asked.config, self._place)
        try:
            with running, watched.beside_bare_commits():
                steady = partial(send_evenly, producer, mix, watched, rate=self._asked.rate, run=run)
                first = steady(seconds=WARM_S)
                watched.settle()
                watched.forget()
                steady(seconds=self._asked.seconds, first=first)
                where = watched.settle()
        finally:
            producer.close()
        return watched.took_s(where, running.stages["commits"]), watched.bare_s

    def transport(self) -> Underway:
        """The same steps at the same rate to a consumer that does nothing with them."""
        run, mix = self._mix()
        underway = Underway()
        producer = open_producer(self._settings)
        try:
            with underway.watching(self._settings):
                send_evenly(producer, mix, underway, rate=self._asked.rate, seconds=self._asked.seconds, run=run)
        finally:
            producer.close()
        return underway

    def backlog(self, records: int) -> Backlog:
        """So many waiting events of the mix."""
        drained = self.draining(self._mix()[1].mixed(records), records, "waiting records of the mix")
        return told(records, drained, [])

    def usage_backlog(self, records: int) -> Backlog:
        """So many waiting uses, and a case now and then that must not wait for them."""
        before = self._before()
        self._send(self._mix()[1].usage(records), records, "waiting uses")
        run, mix = self._mix()
        watched = Watched(self._dsn)
        producer = open_producer(self._settings)
        running = Running(self._settings, self._asked.config, self._place)
        sent, next_s = 0, 0.0

        def case() -> None:
            nonlocal sent, next_s
            now_s = time.perf_counter()
            if self._before() > before and now_s >= next_s:
                next_s = now_s + CASE_EVERY_S
                topic, key, value = mix.case_step(sent, mix.at(0.5), 0)
                watched.sent(f"c{run}-{sent}")
                producer.send(topic, key, value)
                sent += 1

        try:
            with running:
                drained = running.drain(records, before, case)
                where = watched.settle()
        finally:
            producer.close()
        return told(records, drained, watched.took_s(where, running.stages["commits"]))


def told(records: int, drained: Drained, cases_s: list[float]) -> Backlog:
    """A drained backlog in the words of the result."""
    return Backlog(
        records,
        drained.took_s,
        drained.per_s,
        drained.peak_mb,
        drained.half_way_said_s,
        drained.half_way_took_s,
        len(cases_s),
        percentiles(cases_s),
    )
