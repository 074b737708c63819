"""Whatever is killed, and whenever: afterwards nothing is lost, nothing counted twice, and the figures are the recount.

One broker and one database of this module alone; each test sends more and compares everything sent so far. `make drill`
does the same a hundred times each.
"""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ioc.settings import Settings
from streams.embedded.process import wait_until
from tests.drill import KILLS, Outcome, drill
from tests.lives import ordinary
from tests.site import ACTIVE, CONSUMED, COPYING, IN_TRANSACTION, PATIENCE_S, Site, kill, opened_for

OFTEN = 5
MORE = itertools.count(1000)


@pytest.fixture(scope="module")
def premises(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Site]:
    """Servers of this module alone, for they are killed; what they hold grows from test to test."""
    with TemporaryDirectory(prefix="ioc-crash-") as name, opened_for(request, Path(name), settings) as found:
        yield found


@pytest.fixture
def site(premises: Site) -> Iterator[Site]:
    yield premises
    premises.end_all()
    premises.close()


def busy(site: Site) -> bool:
    """Whether a batch is being written; there is always more to read."""
    if site.ask(CONSUMED) >= site.records:
        site.send(ordinary(next(MORE), 300))
    return site.ask(IN_TRANSACTION) > 0


def await_batch(site: Site) -> None:
    """Returns while some batch is being written."""
    assert wait_until(lambda: busy(site), PATIENCE_S, 0.0), site.told()


def stop_between_batches(site: Site, process: subprocess.Popen[bytes]) -> None:
    """Stops a process that has no transaction open, while there is more to read."""
    for _ in range(2000):
        busy(site)
        process.send_signal(signal.SIGSTOP)
        assert wait_until(lambda: site.ask(ACTIVE) == site.ask(COPYING), PATIENCE_S, 0.001)
        if site.ask(IN_TRANSACTION) == 0 and site.ask(CONSUMED) < site.records:
            return
        process.send_signal(signal.SIGCONT)
    pytest.fail("a transaction was open whenever the process stood still")


def stop_within_a_transaction(site: Site, process: subprocess.Popen[bytes]) -> None:
    """Stops a process between two statements of a batch: its transaction stays open."""
    for _ in range(200):
        await_batch(site)
        process.send_signal(signal.SIGSTOP)
        assert wait_until(lambda: site.ask(ACTIVE) == site.ask(COPYING), PATIENCE_S, 0.001)
        if site.ask(IN_TRANSACTION) > 0 and site.ask(COPYING) == 0:
            return
        process.send_signal(signal.SIGCONT)
    pytest.fail("no transaction was open when the process stood still")


def test_ingest_killed_in_mid_batch_again_and_again(site: Site) -> None:
    chance = random.Random(9)
    before = site.records
    site.send(ordinary(1, 500), poison=20)
    sent, unread = site.records - before, []
    for share in (0.0, 0.15, 0.3, 0.5, 0.7):
        process = site.ingest()
        site.await_consumed(before + round((share + chance.random() / 10) * sent))
        await_batch(site)
        kill(process)
        unread.append(site.records - site.ask(CONSUMED))
    assert sum(left > 0 for left in unread) >= 3, "the kills were meant to come before the end"
    site.ingest()
    site.assert_exact()


def test_a_survivor_takes_over_from_a_killed_member(site: Site) -> None:
    first, _ = site.ingest("members"), site.ingest("members")
    for seed in (2, 3):
        site.send(ordinary(seed, 150), poison=3)
    site.await_consumed(site.records // 2)
    kill(first)
    site.send(ordinary(4, 150))
    site.assert_exact()


def stop_within_a_copy(site: Site, process: subprocess.Popen[bytes]) -> None:
    """Stops a process that is sending rows: the server waits for the next of them, and heeds no timeout meanwhile."""
    for _ in range(2000):
        await_batch(site)
        process.send_signal(signal.SIGSTOP)
        assert wait_until(lambda: site.ask(ACTIVE) == site.ask(COPYING), PATIENCE_S, 0.001)
        if site.ask(COPYING) > 0:
            return
        process.send_signal(signal.SIGCONT)
    pytest.fail("no rows were being sent whenever the process stood still")


STOPS = [(stop_within_a_transaction, 5), (stop_within_a_copy, 25), (stop_between_batches, 15)]


@pytest.mark.parametrize("group", [None, "sleepers"], ids=["another group", "its own group"])
@pytest.mark.parametrize(("stop", "seed"), STOPS)
def test_a_sleeper_that_wakes_up_writes_nothing_over_its_heir(
    site: Site, stop: object, seed: int, group: str | None
) -> None:
    """Stopped in the middle of a transaction, it holds locks: the server must let go of it before long.

    Its own group gives the partitions to the heir once it has missed the sleeper. Between two batches it may hear of
    its heir from the group before it tries to write: then nothing is fenced.
    """
    if group is not None:
        group, seed = f"{group} {seed}", seed + 50
    before, said = site.records, len(site.said())
    sleeper = site.ingest(group)
    site.send(ordinary(seed, 500))
    site.await_consumed(before + 200)
    assert callable(stop)
    stop(site, sleeper)
    heir = site.ingest(group)
    site.send(ordinary(seed + 1, 100))
    site.await_consumed(site.records)
    sleeper.send_signal(signal.SIGCONT)
    site.send(ordinary(seed + 2, 100))
    site.assert_exact()
    assert heir.poll() is None
    assert sleeper.poll() is None
    if stop is not stop_between_batches:
        assert "fenced" in site.said()[said:]


@pytest.mark.parametrize("target", list(KILLS))
def test_killed_at_random_moments_under_load(site: Site, target: str) -> None:
    outcome = drill(site, target, OFTEN, seed=11)
    assert outcome == Outcome(target, outcome.pauses_s, site.distinct, 0, 0, 0)
    assert len(outcome.pauses_s) == OFTEN
    if target != "ingest":
        assert site.running[-1].poll() is None, "a server that is away ends no process"


def test_ingest_from_the_log_killed_at_random_moments(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Settings
) -> None:
    with opened_for(request, tmp_path, settings, broker=False) as alone:
        outcome = drill(alone, "ingest", OFTEN, seed=12)
        assert outcome == Outcome("ingest", outcome.pauses_s, alone.distinct, 0, 0, 0)
