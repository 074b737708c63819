"""How old what a snapshot is the first to show is: as old as the oldest change in it, and told once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ioc.settings import Settings
from ioc.store.connect import Connection, connect
from ioc.store.live import Live
from ioc.store.rollup import CHANGE, announce
from ioc.store.units import load

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def writing(store: str, settings: Settings) -> Iterator[Connection]:
    with closing(connect(store, settings)) as found:
        yield found


def arrives(conn: Connection, seconds_ago: float) -> datetime:
    """A change whose first record reached us so long ago."""
    at = NOW - timedelta(seconds=seconds_ago)
    announce(conn, np.zeros(0, dtype=CHANGE), 1, at.timestamp())
    return at


def test_news_are_as_old_as_the_oldest_of_them(store: str, settings: Settings, writing: Connection) -> None:
    with closing(connect(store, settings)) as conn:
        live = Live(conn, load(conn, settings), settings)
        arrives(writing, 3600)
        assert live.advance(NOW).news_at is None, "everything was read: what was there before is no news"
        oldest, newest = arrives(writing, 9), arrives(writing, 2)
        arrives(writing, 5)
        found = live.advance(NOW + timedelta(seconds=1))
        assert (found.news_at, found.data_at) == (oldest, newest)
        again = live.advance(NOW + timedelta(seconds=2))
        assert (again.news_at, again.data_at) == (None, newest)
