"""The server has committed and the answer is lost: whoever wrote cannot know, and nothing counts twice all the same."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from ioc.settings import Settings
from tests.cutting import CuttingWire
from tests.lives import ordinary
from tests.site import opened_for

CUTS = 6
MOST_ROUNDS = 30


@pytest.mark.parametrize("kafka", [True, False], ids=["kafka", "log"])
def test_a_commit_whose_answer_never_comes_counts_once(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Settings, kafka: bool
) -> None:
    with opened_for(request, tmp_path, settings, broker=kafka) as site:
        assert site.server is not None
        with closing(CuttingWire(tmp_path / "wire", site.server.sockets, CUTS)) as wire:
            site.dsn = f"postgresql://ioc@/ioc?host={quote(str(wire.directory), safe='')}"
            process = site.ingest()
            for seed in range(1, MOST_ROUNDS):
                site.send(ordinary(seed, 60), poison=5)
                site.await_consumed(site.records)
                if (wire.committed, wire.withheld) == (CUTS, CUTS):
                    break
            else:
                pytest.fail(f"the wire was cut {wire.committed} and {wire.withheld} times only")
            site.assert_exact()
            assert "fenced" in site.said(), "a batch that had been committed must not be written again"
            assert process.poll() is None
            site.end_all()
