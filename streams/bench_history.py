"""`ioc bench history`: what weeks of history cost, with all days and with one day measured side by side.

A province's history (`streams.bench_province`) is written through the store's own `write_batch`, and one such day into
another database of the same server. How long a live picture takes to be brought forward by new events is measured in
both by turns, so that both have the same disk and the same neighbours; then also reading everything at a start, the
picture of any past moment, the overview of any past window, a thousand late uses into the oldest day, and the size of
each table.
Database and engine are the real ones: a PostgreSQL of its own, or ``--dsn``, whose role must be allowed to make a
database.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ioc.errors import OperatorError
from ioc.facts import (
    Advance,
    Arrival,
    Batch,
    CaseEvent,
    Claim,
    HealthEvent,
    IncidentEvent,
    IncidentState,
    Status,
    Topic,
    UsageEvent,
    digest_of,
    moment,
    us_of,
)
from ioc.life import Rules
from ioc.promises import Promise, tell
from ioc.settings import Settings
from ioc.snapshot import local_midnight
from ioc.store import balances, housekeeping, offsets, scratch, series, sizes, state, units
from ioc.store.batch import write_batch
from ioc.store.connect import Connection, connect
from ioc.store.live import Live, read_snapshot
from ioc.store.migrate import migrate
from ioc.store.overview import overview
from ioc.world import World
from streams.bench_province import DAY_US, Made, Province
from streams.embedded.postgres import EmbeddedPostgres

BATCH = 8_000
ROUNDS = 600
ROUND_US = 100_000
MARK = "bench history"


@dataclass(frozen=True, slots=True)
class Result:
    """Times in milliseconds unless the name ends in ``_s``; sizes in megabytes."""

    engine: str
    cores: int
    days: int
    events: int
    load_s: float
    load_per_s: float
    patch_one_day_p50_ms: float
    patch_one_day_p95_ms: float
    patch_p50_ms: float
    patch_p95_ms: float
    patch_p95_over_one_day: float
    start_read_p50_ms: float
    start_read_max_ms: float
    past_picture_p50_ms: float
    past_picture_p95_ms: float
    past_overview_p50_ms: float
    past_overview_p95_ms: float
    late_thousand_ms: float
    total_mb: float
    tables_mb: dict[str, float]
    tables_rows: dict[str, int]


PROMISES = (
    Promise("patch_p95_ms", most=50),
    Promise("patch_p95_over_one_day", most=1.3),
    Promise("start_read_max_ms", most=2_000),
    Promise("past_picture_p95_ms", most=300),
    Promise("past_overview_p95_ms", most=300),
)


def say(text: str) -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


def run(
    settings: Settings,
    *,
    days: int,
    events: int,
    dsn: str | None,
    keep: Path | None,
    as_json: bool,
    check: bool = False,
) -> int:
    """Measures and prints. 1 where ``check`` finds a promise missed. OperatorError where the database named holds
    anything else than such a history."""
    with place(dsn, keep) as address, connect(address, name="ioc bench") as conn:
        history = History(settings, conn, address, days, events)
        history.fill()
        with scratch.beside(address) as other, connect(other, name="ioc bench") as one_day:
            peer = History(settings, one_day, other, 1, events // days, history.ends_us)
            peer.fill()
            result = history.measure(peer)
    return tell(asdict(result), PROMISES, as_json=as_json, check=check)


@contextmanager
def place(dsn: str | None, keep: Path | None) -> Iterator[str]:
    """The database to fill: the one named, or one of our own, in ``keep`` where it shall be found again."""
    if dsn:
        yield dsn
        return
    with tempfile.TemporaryDirectory(prefix="ioc-bench-") as scratch, EmbeddedPostgres(keep or Path(scratch)) as server:
        yield server.dsn()


class History:
    """One run over one database."""

    def __init__(
        self, settings: Settings, conn: Connection, dsn: str, days: int, events: int, ends_us: int | None = None
    ) -> None:
        self.settings, self.conn, self.dsn, self.days, self.events = settings, conn, dsn, days, events
        migrate(conn, settings)
        self.world: World = units.load(conn, settings)
        self.rules = Rules.of(settings)
        self.dice = random.Random(20261125)
        self.offsets: dict[Topic, int] = {}
        self.claims: dict[Topic, Claim] = {}
        self.written = 0
        self.run = f"{time.time_ns():x}"
        found = state.get(conn, MARK)
        self.filled: dict[str, Any] = json.loads(found) if found else {}
        yesterday = local_midnight(datetime.now(UTC), settings.zone) - timedelta(days=1) + timedelta(hours=15.5)
        ends = yesterday if ends_us is None else moment(ends_us)
        if not self.filled and not sizes.is_empty(conn):
            raise OperatorError("this database holds other data: name an empty one with --dsn")
        if self.filled:
            held = self.filled["days"], self.filled["asked"]
            if held != (days, events):
                raise OperatorError(f"this database holds {held[0]} days and {held[1]} events: ask for the same")
            ends = datetime.fromisoformat(self.filled["ends"])
        self.ends_us = us_of(ends)

    def fill(self) -> None:
        """Fills the database unless it is filled, and does what a server and `ioc watch` do in time."""
        self.claim()
        self.filled = self.filled or self._fill()
        say("what `ioc watch` and the server do in time: packed days, statistics, old chunks by column …")
        for one in (balances.pack, series.pack):
            while one(self.conn, self.settings, moment(self.ends_us)):
                continue
        sizes.settle(self.conn)

    def claim(self) -> None:
        """Takes the partitions of the bench, where they stand."""
        for topic in (Topic.CASES, Topic.CAMERAS, Topic.USAGE, Topic.INDICATORS):
            self.claims[topic] = offsets.claim(
                self.conn, cluster=MARK, topic=topic, topic_id=MARK, partition=0, owner=MARK, begin=0
            )
            self.offsets[topic] = self.claims[topic].next_offset

    def _fill(self) -> dict[str, Any]:
        """Writes all days; what it came to is noted in the database, so that it can be measured again."""
        say(f"writing {self.days} days of {self.events // self.days:,} events …")
        province, began_s = Province(self.world, self.events // self.days), time.perf_counter()
        for day in range(self.days):
            self.load(province.day(day, self.ends_us - (self.days - day) * DAY_US))
            if day % 5 == 4:
                so_far_s = time.perf_counter() - began_s
                say(f"{day + 1} of {self.days} days, {self.written:,} events, {self.written / so_far_s:,.0f}/s")
        load_s = time.perf_counter() - began_s
        housekeeping.open_books(self.conn, self.settings, moment(self.ends_us))
        filled = {
            "days": self.days, "asked": self.events, "ends": moment(self.ends_us).isoformat(), "load_s": load_s,
            "events": self.written,
        }  # fmt: skip
        state.put(self.conn, MARK, json.dumps(filled))
        return filled

    def measure(self, one_day: History) -> Result:
        """Measures this history, and the live picture of ``one_day`` by turns with its own. Both are filled."""
        filled = self.filled
        say("patching the live picture, with all days and with one day by turns …")
        at_us = self._after_all()
        pairs = list(zip(self._patches(at_us), one_day._patches(at_us), strict=True))
        all_days, of_one = [all_ms for all_ms, _ in pairs], [one_ms for _, one_ms in pairs]
        now = moment(at_us + ROUNDS * ROUND_US)
        say("reading at a start, past moments, past windows …")
        with connect(self.dsn, self.settings, name="ioc bench") as reading:  # the writing one speaks microseconds
            starts = [timed(lambda: Live(reading, self.world, self.settings).advance(now)) for _ in range(7)]
            pictures = [timed(self._picture_of(reading, at)) for at in self._moments(80)]
            told = [timed(self._overview_of(reading, at)) for at in self._moments(150)]
        late = self._late()
        tables = sizes.sizes(self.conn)
        return Result(
            engine=sizes.engine(self.conn),
            cores=os.cpu_count() or 1,
            days=self.days,
            events=filled["events"],
            load_s=filled["load_s"],
            load_per_s=filled["events"] / filled["load_s"],
            patch_one_day_p50_ms=p(of_one, 50),
            patch_one_day_p95_ms=p(of_one, 95),
            patch_p50_ms=p(all_days, 50),
            patch_p95_ms=p(all_days, 95),
            patch_p95_over_one_day=p(all_days, 95) / p(of_one, 95),
            start_read_p50_ms=p(starts, 50),
            start_read_max_ms=max(starts),
            past_picture_p50_ms=p(pictures, 50),
            past_picture_p95_ms=p(pictures, 95),
            past_overview_p50_ms=p(told, 50),
            past_overview_p95_ms=p(told, 95),
            late_thousand_ms=late,
            total_mb=sum(size for size, _ in tables.values()) / 1e6,
            tables_mb={name: round(size / 1e6, 1) for name, (size, _) in tables.items()},
            tables_rows={name: rows for name, (_, rows) in tables.items()},
        )

    def _after_all(self) -> int:
        """A moment after all that was written, by former measurements too: what lies ahead of a picture costs it."""
        times = int(self.filled.get("measured", 0)) + 1
        self.filled["measured"] = times
        state.put(self.conn, MARK, json.dumps(self.filled))
        return self.ends_us + 2 * times * ROUNDS * ROUND_US

    def load(self, facts: Iterator[Made]) -> None:
        """Writes facts in batches."""
        while piece := list(islice(facts, BATCH)):
            self._write(piece)

    def _write(self, facts: Iterable[Made]) -> None:
        arrivals: dict[Topic, list[Arrival]] = {}
        before = dict(self.offsets)
        for topic, fact in facts:
            key = digest_of(fact.event_id)
            offset = self.offsets[topic]
            arrivals.setdefault(topic, []).append(Arrival(self.claims[topic].source, offset, fact, key, identity=key))
            self.offsets[topic] = offset + 1
            self.written += 1
        moves = [
            Advance(self.claims[topic].source, before[topic], self.offsets[topic], self.claims[topic].epoch)
            for topic in arrivals
        ]
        write_batch(self.conn, Batch(arrivals, tuple(moves)), self.rules, sure_since_us=0)

    def _patches(self, at_us: int) -> Iterator[float]:
        """Milliseconds to bring a live picture forward by the events of a tenth of a second, 200 events a second."""
        with connect(self.dsn, self.settings, name="ioc bench") as reading:
            live = Live(reading, self.world, self.settings)
            live.advance(moment(at_us))
            for _ in range(ROUNDS):
                self._write(self.tenth(at_us))
                at_us += ROUND_US
                yield timed(partial(live.advance, moment(at_us)))

    def tenth(self, at_us: int) -> Iterator[Made]:
        """Twenty events of now: uses, steps of new cases, an incident, a camera's word."""
        places = [unit.no for unit in self.world.units if unit.pack == self.world.pack]
        services = list(self.world.service_numbers.values())
        for n in range(20):
            name, place, at = f"{self.run}-{at_us}-{n}", self.dice.choice(places), at_us + n * ROUND_US // 20
            if n < 14:
                yield Topic.USAGE, UsageEvent(name, at, self.dice.choice(services), "visit", place, count=n + 1)
            elif n < 18:
                code = f"000.00.12.H10-{name}"
                yield Topic.CASES, CaseEvent(name, at, code, Status.RECEIVED, place, place, 2, at + 5 * DAY_US)
            elif n == 18:
                pair, settled = divmod(at_us // ROUND_US, 2)  # one begins, the next time it is settled
                state = IncidentState.RESOLVED if settled else IncidentState.DETECTED
                yield Topic.CAMERAS, IncidentEvent(name, at, f"{self.run}-{pair}", "cam-1", place, "accident", 2, state)
            else:
                yield Topic.CAMERAS, HealthEvent(name, at, f"cam-{self.dice.randrange(400)}", place, 1)

    def _late(self) -> float:
        """Milliseconds of a batch of a thousand uses that come for the oldest day."""
        first_us = self.ends_us - self.days * DAY_US
        services, places = list(self.world.service_numbers.values()), [unit.no for unit in self.world.units]
        late = [
            (
                Topic.USAGE,
                UsageEvent(
                    f"{self.run}-late-{n}", first_us + self.dice.randrange(DAY_US), self.dice.choice(services),
                    "visit", self.dice.choice(places),
                ),
            )
            for n in range(1000)
        ]  # fmt: skip
        return timed(lambda: self._write(late))

    def _moments(self, how_many: int) -> list[datetime]:
        """Moments anywhere in the history."""
        return [moment(self.ends_us - self.dice.randrange(self.days * DAY_US)) for _ in range(how_many)]

    def _picture_of(self, reading: Connection, as_of: datetime) -> Callable[[], object]:
        return lambda: read_snapshot(reading, self.world, self.settings, as_of)

    def _overview_of(self, reading: Connection, as_of: datetime) -> Callable[[], object]:
        unit = self.dice.choice([unit.code for unit in self.world.units if unit.pack == self.world.pack])
        from_ = as_of - timedelta(days=self.dice.randrange(1, 31), microseconds=self.dice.randrange(DAY_US))
        return lambda: overview(
            reading, self.world, self.settings, unit=unit, scope="handling", as_of=as_of, from_=from_, to=as_of
        )


def timed(does: Callable[[], object]) -> float:
    """Milliseconds that it takes."""
    began_s = time.perf_counter()
    does()
    return 1000 * (time.perf_counter() - began_s)


def p(values: Sequence[float], share: float) -> float:
    """A percentile."""
    return float(np.percentile(values, share))
