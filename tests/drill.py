"""`make drill`: servers and ingest killed again and again at random moments while events keep coming.

Prints what it did and what was lost, doubled or differs; exit code 1 where anything was. The same seed chooses the same
moments; a machine is never the same twice.
"""

from __future__ import annotations

import argparse
import itertools
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ioc.settings import load
from ioc.store.connect import connect
from streams.embedded import kafka
from streams.embedded.process import wait_until
from tests.lives import ordinary
from tests.site import PATIENCE_S, Site, kill, kill_children, opened

TARGETS = ("ingest", "postgres", "broker")
SEEDS = itertools.count(1000)
EVENTS_S = 150.0
CASES_AT_ONCE = 8
LONGEST_PEACE_S = 0.5
QUICK_SESSION = ("broker.session.timeout.ms=5000", "broker.session.timeout.ms=1500")
"""A broker that was killed is let in again after the session of the one before."""
STORED = """
    select event_id from case_event union all select event_id from incident_event
     union all select event_id from health_event union all select event_id from usage_event
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one target's kills came to; ``pauses_s`` from each kill until something sent after it was stored."""

    target: str
    pauses_s: tuple[float, ...]
    events: int
    lost: int
    doubled: int
    differences: int

    @property
    def well(self) -> bool:
        """Nothing is missing, nothing is there twice."""
        return not (self.lost or self.doubled or self.differences)

    def row(self) -> str:
        """A line of the table."""
        p95 = statistics.quantiles(self.pauses_s, n=20)[-1] if len(self.pauses_s) > 1 else self.pauses_s[0]
        return (
            f"| {self.target} | {len(self.pauses_s)} | {self.events} | {self.lost} | {self.doubled} "
            f"| {self.differences} | {statistics.median(self.pauses_s):.1f} s | {p95:.1f} s |"
        )


HEAD = """\
| killed | kills | events | lost | doubled | differences | goes on after, p50 | p95 |
|---|---|---|---|---|---|---|---|"""


class Stream:
    """Sends events all the time, whatever is killed meanwhile."""

    def __init__(self, site: Site, events_s: float = EVENTS_S) -> None:
        self.site = site
        self.events_s = events_s
        self.failure: BaseException | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream")

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                began_s = time.monotonic()
                events = ordinary(next(SEEDS), CASES_AT_ONCE)
                self.site.send(events, poison=1)
                self._ending.wait(max(0.0, len(events) / self.events_s - (time.monotonic() - began_s)))
        except BaseException as failure:
            self.failure = failure
            raise

    def __enter__(self) -> Stream:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(PATIENCE_S)
        if self.failure is not None:
            raise self.failure


def kill_ingest(site: Site, chance: random.Random) -> None:
    """The process, and another one in its place."""
    kill(site.running.pop())
    site.ingest()


def kill_postgres(site: Site, chance: random.Random) -> None:
    """The server alone, so that its children see to their end themselves, or all of them at once."""
    server = site.server
    assert server is not None
    process = server.process
    assert process is not None
    if chance.random() < 0.5:
        kill_children(process)
    kill(process)
    server.stop()
    server.start()


def kill_broker(site: Site, chance: random.Random) -> None:
    """The broker, started again at once."""
    broker = site.broker
    assert broker is not None
    assert broker.process is not None
    kill(broker.process)
    broker.stop()
    broker.start()


KILLS: dict[str, Callable[[Site, random.Random], None]] = {
    "ingest": kill_ingest,
    "postgres": kill_postgres,
    "broker": kill_broker,
}


def drill(
    site: Site,
    target: str,
    kills: int,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
    events_s: float = EVENTS_S,
    enough: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Kills ``target`` so many times under load (or until ``enough``), then counts what is stored against what was
    sent."""
    chance = random.Random(seed)
    pauses = []
    if not site.running:
        site.ingest()
    with Stream(site, events_s) as stream:
        site.await_consumed(site.records + 1)
        for no in range(1, kills + 1):
            threading.Event().wait(chance.uniform(0.0, LONGEST_PEACE_S))
            acknowledged, killed_s = site.records, time.monotonic()
            KILLS[target](site, chance)
            assert wait_until(lambda: site.records > acknowledged or stream.failure is not None, PATIENCE_S, 0.02)  # noqa: B023
            site.await_consumed(site.records)
            pauses.append(time.monotonic() - killed_s)
            assert stream.failure is None, stream.failure
            if enough():
                break
            say(f"{target}: {no} of {kills} kills, {site.records} records, going on after {pauses[-1]:.1f} s")
    return counted(site, target, tuple(pauses))


def counted(site: Site, target: str, pauses_s: tuple[float, ...]) -> Outcome:
    """What is stored, when everything that was sent has arrived."""
    wanted = {event["event_id"] for own in site.sent.values() for event in own}
    site.await_consumed(site.records)
    with connect(site.settings.database.dsn) as conn:
        wait_until(lambda: len(conn.execute(STORED).fetchall()) >= len(wanted), 10.0, 0.5)
        stored = [str(row[0]) for row in conn.execute(STORED).fetchall()]
    differences = 0
    try:
        site.assert_every_record(site.proved())
        site.assert_counted()
    except AssertionError as error:
        print(f"{target}: {error}", file=sys.stderr)
        differences = 1
    return Outcome(
        target, pauses_s, len(wanted), len(wanted - set(stored)), len(stored) - len(set(stored)), differences
    )


def main() -> int:
    """Drills the targets one after the other, each with servers of its own."""
    asked = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    asked.add_argument("targets", nargs="*", default=TARGETS, metavar="TARGET", help=", ".join(TARGETS))
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--rate", type=float, default=EVENTS_S, help="events a second")
    args = asked.parse_args()
    interrupted = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: interrupted.set())  # count what was done so far
    kafka.PROPERTIES = kafka.PROPERTIES.replace(*QUICK_SESSION)
    settings = load(Path("config.yaml"), environ={})
    began_s = time.monotonic()
    outcomes = []
    for target in args.targets:
        with tempfile.TemporaryDirectory(prefix="ioc-drill-") as name, opened(Path(name), settings) as site:
            found = drill(
                site,
                target,
                args.kills,
                args.seed,
                lambda line: print(line, flush=True),
                args.rate,
                interrupted.is_set,
            )
        outcomes.append(found)
        print(f"\n{HEAD}\n{found.row()}\n", flush=True)
        if interrupted.is_set():
            break
    print("\n".join([HEAD, *(outcome.row() for outcome in outcomes)]))
    print(f"\nseed {args.seed}, {args.rate:.0f} events a second, {time.monotonic() - began_s:.0f} s in all")
    return 0 if all(outcome.well for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
