"""How long until it is up to date: from what ingest notes of its pace, by the store, to the words on `/status`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboards.freshness import BEHIND_RECORDS
from dashboards.pages import status
from dashboards.panel import Look, Slots
from dashboards.text import translate
from dashboards.vitals import PushVitals, Vitals
from ioc.facts import Advance, Batch, Claim, Topic
from ioc.life import Rules
from ioc.settings import Settings
from ioc.snapshot import Scope, Snapshot
from ioc.store import offsets
from ioc.store.batch import write_batch
from ioc.store.connect import Connection
from ioc.store.live import read_snapshot
from ioc.world import World
from streams.progress import Pace
from tests.batches import claim


class Reader:
    """What ingest does each second: it has written some, sees where the partitions end, and notes its pace."""

    def __init__(self, conn: Connection, rules: Rules) -> None:
        self.conn, self.rules = conn, rules
        self.claims = {topic: [claim(conn, topic, no) for no in (0, 1)] for topic in Topic}
        self.pace = Pace()
        self.now_s = 0.0
        self.ends: dict[int, int] = {}
        self.read: dict[int, int] = {}
        self.closing: dict[int, float] = {}

    def note(self, waiting: Mapping[Topic, int], after_s: float = 1.0) -> None:
        """So many records of two partitions of each feed wait now: more were sent, or some were written."""
        self.now_s += after_s
        wait = {one.source: (waiting.get(topic, 0) + one.partition) // 2 for topic, one in self._all()}
        moves = []
        for _, one in self._all():
            first = self.read.get(one.source, 0)
            self.ends[one.source] = max(self.ends.get(one.source, 0), first + wait[one.source])
            self.read[one.source] = self.ends[one.source] - wait[one.source]
            if self.read[one.source] > first:
                moves.append(Advance(one.source, first, self.read[one.source], one.epoch))
        if moves:
            write_batch(self.conn, Batch({}, tuple(moves)), self.rules)
        self.closing = self.pace.note(self.now_s, wait)

    def _all(self) -> list[tuple[Topic, Claim]]:
        return [(topic, one) for topic, claims in self.claims.items() for one in claims]

    def picture(self, world: World, settings: Settings) -> Snapshot:
        """With what was noted last; a picture that was read more than a second after it knows nothing."""
        while True:
            offsets.note_ends(self.conn, self.ends, datetime.now(UTC), self.closing)
            found = read_snapshot(self.conn, world, settings, datetime.now(UTC))
            if all(feed.lag is not None for feed in found.feeds):
                return found


def said(reader: Reader, world: World, settings: Settings, language: Any) -> tuple[dict[str, str], str]:
    """What `/status` shows: the time of each feed, and the alarms."""
    look = Look(language, "desk", "dark", translate(language), world, settings)
    snapshot = reader.picture(world, settings)
    push = PushVitals(datetime.now(UTC), "b", 0, 0, 0, 0, 0, 0, (), None)
    slots: Slots = {}
    for panel in status.page(lambda: Vitals(push, None)).panels:
        if panel.name in ("status-feeds", "status-alarms"):
            slots |= panel.update(snapshot, Scope(world.root.code), look)
    times = {
        name.removeprefix("status-feeds--drain-"): str(slot["children"])
        for name, slot in slots.items()
        if name.startswith("status-feeds--drain-")
    }
    return times, str(slots["status-alarms--list"])


@pytest.fixture
def reader(conn: Connection, rules: Rules) -> Reader:
    return Reader(conn, rules)


def test_what_waits_and_the_pace_give_the_time(reader: Reader, world: World, settings: Settings) -> None:
    reader.note({Topic.USAGE: 50_000})
    reader.note({Topic.USAGE: 48_000}, after_s=2.0)
    reader.note({Topic.USAGE: 45_000}, after_s=3.0)  # a thousand a second over all that was seen
    times, alarms = said(reader, world, settings, "vi")
    assert times == {"cases": "–", "cameras": "–", "usage": "45 giây", "indicators": "–"}
    assert "Dịch vụ: đang đuổi kịp, còn 45.000 bản ghi chờ đọc, khoảng 45 giây nữa là kịp" in alarms
    times, alarms = said(reader, world, settings, "en")
    assert times["usage"] == "45 s"
    assert "catching up, 45,000 records unread, about 45 s to catch up" in alarms


def test_feeds_share_the_time(reader: Reader, world: World, settings: Settings) -> None:
    """When one has been read the other goes on at the pace of both."""
    reader.note({Topic.USAGE: 700_000, Topic.CASES: 110_000})
    reader.note({Topic.USAGE: 600_000, Topic.CASES: 10_000}, after_s=100.0)
    times, alarms = said(reader, world, settings, "vi")
    assert (times["cases"], times["usage"]) == ("10 giây", "5 phút")
    assert "khoảng 10 giây nữa là kịp" in alarms
    assert "khoảng 5 phút nữa là kịp" in alarms


def test_more_comes_than_is_written(reader: Reader, world: World, settings: Settings) -> None:
    reader.note({Topic.USAGE: 50_000})
    reader.note({Topic.USAGE: 53_000})
    times, alarms = said(reader, world, settings, "vi")
    assert times["usage"] == "chưa vơi"
    assert "Dịch vụ: còn 53.000 bản ghi chờ đọc, chưa thấy vơi đi" in alarms
    assert "nữa là kịp" not in alarms
    times, alarms = said(reader, world, settings, "en")
    assert times["usage"] == "not shrinking"
    assert "53,000 records unread and not becoming fewer" in alarms
    reader.note({Topic.USAGE: BEHIND_RECORDS // 2})
    times, alarms = said(reader, world, settings, "vi")
    assert "chưa" not in times["usage"]
    assert "bản ghi chờ đọc" not in alarms
