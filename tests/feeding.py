"""Events as they are sent, written to a real store without a broker between: encoded, decoded, one batch at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, LiteralString

import msgspec

from ioc.facts import TOPICS, Advance, Arrival, Batch, Claim, Topic, Written, us_of
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import units
from ioc.store.batch import FEW, write_batch
from ioc.store.connect import connect
from ioc.store.overview import overview
from streams.decode import Decoder
from tests.batches import claim
from tests.feed_records import Rec
from tests.recount import Choices, recount

TABLES: tuple[LiteralString, ...] = (
    *("source_end", "source", "identity", "case_file", "case_event", "incident", "incident_event", "camera"),
    *("health_event", "usage_event", "indicator_event", "effect", "rollup_minute", "rollup_day", "opening_balance"),
    *("opening", "day_series", "day_balance", "change", "reject"),
)
AFTER_ALL = datetime.fromisoformat("2026-01-01T00:00:00Z")
"""A clock that is ahead of every event of `tests.lives`."""


def by_topic(sent: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, list[Mapping[str, Any]]]:
    """(topic, event) pairs as the recount wants them, in their order."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for topic, event in sent:
        found.setdefault(topic, []).append(event)
    return found


class Feeder:
    """Writes wire events into one store, each topic as one ``partition``; ``now`` judges what lies in the future.

    Of its batches every second one goes as a large one does, statement by statement and by COPY.
    """

    def __init__(self, dsn: str, settings: Settings, now: datetime = AFTER_ALL, partition: int = 0) -> None:
        self.settings = settings
        self.rules = Rules.of(settings)
        self.writing = connect(dsn, settings)
        self.reading = connect(dsn, settings)
        self.world = units.load(self.reading, settings)
        self.tree = {unit.code: unit.parent for unit in self.world.units}
        self.decoder = Decoder(settings, self.world)
        self.now_us = us_of(now)
        self.partition = partition
        self.claims: dict[Topic, Claim] = {}
        self.at: dict[Topic, int] = {}
        self.fed = 0

    def close(self) -> None:
        """Ends both connections."""
        self.writing.close()
        self.reading.close()

    def empty(self) -> None:
        """Takes everything out of the store but its units and services."""
        with self.writing.transaction():  # a truncate costs more than these few rows
            for table in TABLES:
                self.writing.execute("delete from " + table)
        self.claims.clear()
        self.at.clear()

    def _claim(self, topic: Topic) -> Claim:
        if topic not in self.claims:
            self.claims[topic] = claim(self.writing, topic, self.partition)
            self.at[topic] = self.claims[topic].next_offset
        return self.claims[topic]

    def feed(self, events: Iterable[tuple[str, Mapping[str, Any]]]) -> Written:
        """Writes (topic, event) pairs as one batch."""
        arrivals: dict[Topic, list[Arrival]] = {}
        before: dict[Topic, int] = {}
        for title, event in events:
            topic = TOPICS[title]
            claimed = self._claim(topic)
            offset = self.at[topic]
            before.setdefault(topic, offset)
            record = Rec(json.dumps(event, ensure_ascii=False).encode(), offset)
            arrivals.setdefault(topic, []).append(self.decoder.decode(record, topic, claimed.source, self.now_us))
            self.at[topic] = offset + 1
        advances = tuple(
            Advance(self.claims[topic].source, first, self.at[topic], self.claims[topic].epoch)
            for topic, first in before.items()
        )
        self.fed += 1
        return write_batch(
            self.writing, Batch(arrivals, advances, arrived_s=time.time()), self.rules, few=FEW if self.fed % 2 else 0
        )

    def overview(
        self, unit: str, scope: Literal["handling", "receiving"], as_of: datetime, from_: datetime, to: datetime
    ) -> dict[str, Any]:
        """The overview as JSON would hold it, without its feeds; times of indicators stay datetimes."""
        found = overview(
            self.reading, self.world, self.settings, unit=unit, scope=scope, as_of=as_of, from_=from_, to=to
        )
        parts: dict[str, Any] = msgspec.to_builtins(found, builtin_types=(datetime,))
        return {part: parts[part] for part in ("cases", "incidents", "cameras", "usage", "indicators")}

    def recounted(
        self,
        events: Mapping[str, Sequence[Mapping[str, Any]]],
        unit: str,
        scope: Literal["handling", "receiving"],
        as_of: datetime,
        from_: datetime,
        to: datetime,
    ) -> dict[str, Any]:
        """The same counted again from what was sent, by this store's declarations and choices."""
        return recount(
            events,
            self.tree,
            unit=unit,
            scope=scope,
            as_of=as_of,
            from_=from_,
            to=to,
            services=self.services,
            indicators=self.roll_ups,
            choices=self.choices,
        )

    @property
    def services(self) -> list[str]:
        """The declared services."""
        return [service.code for service in self.world.services]

    @property
    def roll_ups(self) -> dict[str, str]:
        """The declared indicators and how they are rolled up."""
        return {code: declared.roll_up for code, declared in self.world.indicators.items()}

    @property
    def choices(self) -> Choices:
        """The same choices for the recount."""
        return Choices(
            stopped=self.rules.stopped,
            compare=self.rules.compare,
            due_soon_s=self.rules.due_soon_us / 1_000_000,
            silent_after_s=self.rules.silent_after_us / 1_000_000,
        )
