"""What `ioc bench ingest` sends: events made faster than they are read, each with an id of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from ioc.facts import Topic
from ioc.world import World

STATUSES = ("received", "processing", "processing", "supplement_requested", "processing", "finished")
STATES = ("detected", "acknowledged", "verified", "resolved")
SEVERITIES = ("low", "low", "medium", "high")
SPAN_S = 900
DRAWN = 10_000

Sent = tuple[str, bytes, bytes]
"""Topic, key and record."""


class Mix:
    """Events of the quarter of an hour that ends at ``ends``; ``run`` tells the ids of this run from any other."""

    def __init__(self, world: World, ends: datetime, run: str) -> None:
        self._places = [
            unit.code for unit in world.units if unit.kind in ("commune", "district") and unit.pack == world.pack
        ]
        self._services = [service.code for service in world.services]
        self._kinds = list(world.kinds)
        self._ends = ends.astimezone(UTC).replace(microsecond=0)
        self._began = self._ends - timedelta(seconds=SPAN_S)
        self._seconds = [(self._began + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%S") for n in range(SPAN_S + 1)]
        self._run = run
        self._dice = np.random.default_rng(20261122)
        self._cases = self._cameras = 0

    def at(self, part: float) -> str:
        """The moment at ``part`` (0 to 1) of the quarter of an hour."""
        us = int(part * SPAN_S * 1_000_000)
        return f"{self._seconds[us // 1_000_000]}.{us % 1_000_000:06d}Z"

    def mixed(self, events: int) -> Iterator[Sent]:
        """70 % usage, 20 % steps of cases, 10 % steps of incidents."""
        return self._made(events, (0.7, 0.9))

    def cases(self, events: int) -> Iterator[Sent]:
        """Steps of cases alone."""
        return self._made(events, (0.0, 1.0))

    def usage(self, events: int) -> Iterator[Sent]:
        """Uses alone."""
        return self._made(events, (1.0, 1.0))

    def _made(self, events: int, shares: tuple[float, float]) -> Iterator[Sent]:
        for first in range(0, events, DRAWN):
            size = min(DRAWN, events - first)
            share = self._dice.random(size)
            which: list[int] = np.searchsorted(shares, share, side="right").tolist()
            draws: list[int] = self._dice.integers(0, 1 << 30, size).tolist()
            made: tuple[Callable[[int, str, int], Sent], ...] = (self._use, self.case_step, self._incident)
            for n, kind, draw in zip(range(first, first + size), which, draws, strict=True):
                yield made[kind](n, self.at(n / events), draw)

    def _use(self, n: int, at: str, draw: int) -> Sent:
        place, service = self._places[draw % len(self._places)], self._services[draw // 97 % len(self._services)]
        outcome = "error" if draw % 53 == 0 else "ok"
        text = (
            f'{{"event_id":"u{self._run}-{n}","occurred_at":"{at}","service":"{service}","action":"visit",'
            f'"unit":"{place}","outcome":"{outcome}","count":{draw // 7 % 29 + 1},"duration_ms":{draw % 900}}}'
        )
        return Topic.USAGE.title, place.encode(), text.encode()

    def case_step(self, n: int, at: str, draw: int) -> Sent:  # noqa: ARG002  one signature for all three
        """The next step of fifty cases that go on side by side; each has six."""
        turn = self._cases
        self._cases += 1
        no, stage = turn // (50 * len(STATUSES)) * 50 + turn % 50, turn // 50 % len(STATUSES)
        place, code = self._places[no % len(self._places)], f"000.00.12.H09-{self._run}-{no:06d}"
        due = (self._ends + timedelta(days=no % 20)).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = (
            f'{{"event_id":"c{self._run}-{n}","occurred_at":"{at}","case_code":"{code}","status":"{STATUSES[stage]}",'
            f'"procedure_code":"1.001193","receiving_unit":"{place}","handling_unit":"{place}","channel":"online",'
            f'"due_at":"{due}"}}'
        )
        return Topic.CASES.title, code.encode(), text.encode()

    def _incident(self, n: int, at: str, draw: int) -> Sent:  # noqa: ARG002
        turn = self._cameras
        self._cameras += 1
        no, stage = turn // 200 * 50 + turn % 50, turn // 50 % len(STATES)
        camera = f"cam-{no % 400}"
        text = (
            f'{{"type":"incident","event_id":"k{self._run}-{n}","occurred_at":"{at}","camera_id":"{camera}","unit":"'
            f'{self._places[no % len(self._places)]}","incident_id":"i{self._run}-{no}","kind":"'
            f'{self._kinds[no % len(self._kinds)]}","severity":"{SEVERITIES[no % 4]}","state":"{STATES[stage]}"}}'
        )
        return Topic.CAMERAS.title, camera.encode(), text.encode()
