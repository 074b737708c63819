"""Members of one group come and go under load: partitions change hands, nothing is lost and nothing counts twice."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from ioc.settings import Settings
from streams.embedded.process import wait_until
from tests.drill import Stream
from tests.site import PATIENCE_S, Site, kill, opened_for

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
