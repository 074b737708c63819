"""What the simulator's tests share: a clock that needs no waiting, a producer that keeps, a plain reading of lives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from threading import Event
from typing import NamedTuple

from streams.sent import Sent

STATUS = {
    1: "submitted",
    2: "received",
    3: "not_accepted",
    4: "processing",
    5: "supplement_requested",
    6: "payment_requested",
    7: "withdrawn",
    8: "stopped",
    9: "finished",
    10: "returned",
}


class FakeClock:
    """Time that passes only by waiting; ``waits`` tells how long each wait was."""

    def __init__(self, start: datetime, stop_at: datetime | None = None) -> None:
        self.time = start
        self.stop_at = stop_at
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float, stop: Event) -> bool:
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)
        if self.stop_at is not None and self.time >= self.stop_at:
            stop.set()
        return stop.is_set()


class Kept:
    """A producer that keeps what it is given, and knows how much of it was flushed."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str | bytes | None, bytes]] = []
        self.flushed = 0

    def send(
        self, topic: str, key: str | bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        self.records.append((topic, key, value or b""))

    def flush(self, timeout_s: float = 30.0) -> None:
        self.flushed = len(self.records)

    def close(self) -> None:
        self.flush()


class Told(NamedTuple):
    """One step of a case as the definitions read it."""

    at: datetime
    event_id: str
    status: str
    value: dict[str, object]


def lives(events: Iterable[Sent]) -> dict[str, list[Told]]:
    """The steps of each case, in order."""
    found: dict[str, list[Told]] = defaultdict(list)
    for event in events:
        if event.topic == "ioc.cases.v1":
            status = event.value["status"]
            word = status if isinstance(status, str) else STATUS[int(str(status))]
            at = datetime.fromisoformat(str(event.value["occurred_at"]))
            found[event.key].append(Told(at, str(event.value["event_id"]), word, event.value))
    for steps in found.values():
        steps.sort()
    return found


def finished_on_time(steps: list[Told]) -> bool | None:
    """Whether a case was finished by the date it was due, pauses added; None = not finished."""
    due: datetime | None = None
    said: object = None
    paused_since: datetime | None = None
    paused = timedelta(0)
    for step in steps:
        if paused_since is not None:
            paused += step.at - paused_since
            paused_since = None
        if step.value.get("due_at") not in (None, said):
            said = step.value["due_at"]
            due, paused = datetime.fromisoformat(str(said)), timedelta(0)
        if step.status in ("supplement_requested", "payment_requested", "stopped"):
            paused_since = step.at
        if step.status in ("finished", "returned"):
            return due is None or step.at.date() <= (due + paused).date()
    return None
