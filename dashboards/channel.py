"""What one kind of screen looks at, and what it has to change next.

A *place* is what a screen looks at: page, scope, language, theme. All screens of a place share one *channel*: its
panels are updated, compared with what was sent before and serialised once. A panel that fails gets an error text in
its tile, and the other panels go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from dashboards.broken import broken_tile, error_code
from dashboards.encode import Encoded, EncodedSlot, changed_slot, encode_slot, slots_object, whole_slot
from dashboards.panel import Language, Look, Page, Panel, Theme, slot
from ioc.snapshot import Scope, Snapshot

ANEW_S = 1.0
T = TypeVar("T", int, datetime)


def earlier(one: T | None, other: T | None) -> T | None:
    """The earlier of two moments that may be unknown."""
    return min(one, other) if one is not None and other is not None else other if one is None else one


@dataclass(frozen=True, slots=True)
class Place:
    """What a screen looks at; equal places get equal bytes."""

    page: str
    scope: Scope
    language: Language
    theme: Theme


@dataclass(frozen=True)
class Picture:
    """A channel at one sequence number. ``delta`` brings a screen here that has ``seq - 1``."""

    seq: int
    slots: Mapping[str, EncodedSlot]
    at_ms: int
    delta: str = ""
    arrived_ms: int | None = None
    """When the oldest change that this picture is the first to show reached us; None where it shows none."""

    @cached_property
    def whole(self) -> str:
        """The full state, for a screen that joins or lost a message; made when first needed."""
        body = slots_object({name: whole_slot(props) for name, props in self.slots.items()})
        return f'{{"t":"full","seq":{self.seq},"at":{self.at_ms},"slots":{body.decode()}}}'


Broken = Callable[[Panel, str, Scope], None]
"""Hears of a panel that fails, while its error is being handled: the panel, the error's code, the scope."""


@dataclass
class Channel:
    """A place on the hub's thread; ``picture`` is replaced, never changed, and may be read anywhere."""

    place: Place
    page: Page
    look: Look
    watchers: int = 0
    left_s: float = 0.0
    slots: dict[str, dict[str, Encoded]] = field(default_factory=dict)
    done_s: dict[str, float] = field(default_factory=dict)
    broken: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """Panels that fail: the code of the error, and since when."""
    sequence: int = -1
    unseen_at: datetime | None = None
    """When the oldest change that no picture shows yet reached us."""
    painted_s: float = float("-inf")
    picture: Picture | None = None
    reopened_s: float | None = None
    """When somebody came back to a picture that nobody had kept up to date; None once it is painted again."""

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for a picture that is not there, or old."""
        return self.picture is None or self.reopened_s is not None

    def shown(self, now_s: float) -> Picture | None:
        """The picture for a screen that joins. An old one is painted anew first, if that takes less than `ANEW_S`."""
        is_old = self.reopened_s is not None and now_s < self.reopened_s + ANEW_S
        return None if is_old else self.picture

    def hear(self, snapshot: Snapshot) -> None:
        """Of a new snapshot, whether it will be painted now or has to wait for its turn."""
        self.unseen_at = earlier(self.unseen_at, snapshot.news_at)

    def paint(self, snapshot: Snapshot, now_s: float, broken: Broken) -> Picture | None:
        """The next picture; None where nothing changed."""
        arrived, self.unseen_at = self.unseen_at, None
        self.sequence, self.painted_s, self.reopened_s = snapshot.sequence, now_s, None
        changed: dict[str, bytes] = {}
        for at, panel in enumerate(self.page.panels):
            if not self._is_due(panel, at, now_s):
                continue
            for name, props in self._update(panel, snapshot, broken).items():
                part = changed_slot(props, self.slots.get(name))
                if part is not None:
                    changed[name] = part
                    self.slots[name] = {**self.slots.get(name, {}), **props}
        if not changed and self.picture is not None:
            return None
        before = self.picture
        seq = before.seq + 1 if before else 1
        at_ms = round(snapshot.as_of.timestamp() * 1000)
        self.picture = Picture(
            seq=seq,
            slots=dict(self.slots),
            at_ms=at_ms,
            delta=f'{{"t":"delta","seq":{seq},"at":{at_ms},"slots":{slots_object(changed).decode()}}}',
            arrived_ms=round(arrived.timestamp() * 1000) if arrived and before else None,
        )
        return self.picture

    def _is_due(self, panel: Panel, at: int, now_s: float) -> bool:
        """Costly panels wait their time; each has its own part of it, so that they do not come together."""
        if panel.every_s:
            part = at / max(1, len(self.page.panels))
            turn = (now_s / panel.every_s + part) // 1
            if self.done_s.get(panel.name) == turn:
                return False
            self.done_s[panel.name] = turn
        return True

    def _update(self, panel: Panel, snapshot: Snapshot, broken: Broken) -> Mapping[str, dict[str, Encoded]]:
        error_slot = slot(panel.name, "error")
        try:
            slots = panel.update(snapshot, self.place.scope, self.look)
            found = {name: encode_slot(props) for name, props in slots.items()}
        except Exception as error:  # noqa: BLE001, a broken panel must not black out a wall
            code = error_code(error)
            broken(panel, code, self.place.scope)
            if self.broken.get(panel.name, ("",))[0] != code:
                self.broken[panel.name] = code, snapshot.as_of.astimezone(snapshot.zone)
            return {error_slot: encode_slot({"children": broken_tile(code, self.broken[panel.name][1], self.look)})}
        self.broken.pop(panel.name, None)
        found[error_slot] = encode_slot({"children": ""})
        return found
