"""Members of one group come and go under load: partitions change hands, nothing is lost and nothing counts twice."""

from __future__ import annotations

import signal
import subprocess
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from ioc.settings import Settings
from streams.embedded.process import wait_until
from streams.kafka_source import SESSION_MS
from tests.drill import Stream
from tests.site import CONSUMED, PATIENCE_S, Site, kill, opened_for
from tests.stalling import StallingWire

OWNERS = "select count(distinct owner) from source"


def await_owners(site: Site, count: int) -> None:
    """Returns when so many processes hold partitions."""
    assert wait_until(lambda: site.ask(OWNERS) == count, PATIENCE_S), (site.ask(OWNERS), site.told())


@pytest.mark.parametrize("kafka", [True, False], ids=["kafka", "log"])
def test_three_members_join_leave_and_die_under_load(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Settings, kafka: bool
) -> None:
    with opened_for(request, tmp_path, settings, broker=kafka) as site:

        def leave(process: subprocess.Popen[bytes]) -> None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0

        with Stream(site):
            one = site.ingest("trio")
            await_owners(site, 1)
            two = site.ingest("trio")
            await_owners(site, 2)
            three = site.ingest("trio")
            await_owners(site, 3)
            leave(one)
            await_owners(site, 2)
            four = site.ingest("trio")
            await_owners(site, 3)
            kill(two)
            kill(three)
            await_owners(site, 1)
            site.await_consumed(site.records)
        site.assert_exact()
        assert four.poll() is None


def test_a_database_that_hangs_for_longer_than_the_group_waits(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Settings
) -> None:
    """For one member: it falls silent in the midst of a write, the other takes over, and it comes back."""
    impatient = msgspec.structs.replace(settings.kafka, options={"max_poll_interval_ms": SESSION_MS + 500})
    settings = msgspec.structs.replace(settings, kafka=impatient)
    with opened_for(request, tmp_path, settings) as site, closing(StallingWire(site.dsn)) as wire:
        direct, site.dsn = site.dsn, wire.dsn
        held = site.ingest("pair")
        site.dsn = direct
        with Stream(site):
            await_owners(site, 1)
            site.ingest("pair")
            await_owners(site, 2)
            wire.stall()
            await_owners(site, 1)
            before = site.ask(CONSUMED)
            site.await_consumed(before + 1000)
            assert site.ask(OWNERS) == 1
            wire.go_on()
            await_owners(site, 2)
            site.await_consumed(site.ask(CONSUMED) + 1000)
        site.assert_exact()
        assert held.poll() is None
