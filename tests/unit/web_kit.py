"""A page of one number and a source that a test holds in its hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dash import html

from dashboards.panel import Look, Page, Panel, Slots, slot
from dashboards.text import translate
from ioc.figures import FeedFigure
from ioc.settings import Settings
from ioc.snapshot import Scope, Snapshot
from tests import plausible

SETTINGS: Settings = plausible.settings()
WORLD = plausible.world(SETTINGS)
BASE = plausible.snapshot(SETTINGS, WORLD)
AT = BASE.as_of.astimezone(UTC)


def picture(sequence: int, **changes: Any) -> Snapshot:
    """The plausible snapshot with another sequence number, a second later for each."""
    written = AT + timedelta(seconds=sequence)
    told: dict[str, Any] = {"sequence": sequence, "data_at": written, "news_at": written, "as_of": written} | changes
    return replace(BASE, **told)


def feed(topic: str = "ioc.cases.v1", *, lag: int | None = 0, silent_s: float = 1.0) -> FeedFigure:
    """A feed that spoke ``silent_s`` before now."""
    at = datetime.now(UTC) - timedelta(seconds=silent_s)
    return FeedFigure(topic, lag, 1, 0, 0, at, at)


def panel(name: str, update: Callable[[Snapshot, Scope, Look], Slots], every_s: float = 0) -> Panel:
    """A panel with one slot ``value``."""
    return Panel(name, (), lambda look: html.Span(id=slot(name, "value")), update, every_s)


def counting(name: str, every_s: float = 0) -> Panel:
    """A panel that shows the sequence number, and a word that never changes."""
    return panel(
        name,
        lambda snapshot, scope, look: {
            slot(name, "value"): {"children": str(snapshot.sequence), "className": "still"},
        },
        every_s,
    )


def page(*panels: Panel) -> Page:
    """A page of these panels."""
    return Page("test", "/test", "page.wall", "wall", panels, lambda look, scope: html.Main())


def look(of: Page, language: Any = "vi", theme: Any = "dark") -> Look:
    """How a wall is spoken to."""
    return Look(language, of.device, theme, translate(language), WORLD, SETTINGS)


class Held:
    """A source whose picture and health the test sets; ``show`` wakes the hub."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.error: Exception | None = None
        self.advanced = 0
        self.closed = 0
        self.answers = threading.Event()
        self.answers.set()
        self.hanging = threading.Event()
        self._news = threading.Event()

    def show(self, snapshot: Snapshot | None = None, error: Exception | None = None) -> None:
        """What the next calls give."""
        if snapshot is not None:
            self.snapshot = snapshot
        self.error = error
        self._news.set()

    def hang(self) -> None:
        """From now on nothing answers until `answer`."""
        self.answers.clear()
        self._news.set()

    def answer(self) -> None:
        """Everything that waits goes on."""
        self.answers.set()

    def open(self) -> Held:
        """Stands for connecting."""
        if self.error is not None:
            raise self.error
        return self

    def advance(self, as_of: datetime) -> Snapshot:
        """The picture, or the error."""
        if not self.answers.is_set():
            self.hanging.set()
            self.answers.wait()
            self.hanging.clear()
        if self.error is not None:
            raise self.error
        self.advanced += 1
        return self.snapshot

    def wait(self, timeout_s: float) -> bool:
        """Whether ``show`` was called."""
        heard = self._news.wait(timeout_s)
        self._news.clear()
        return heard

    def close(self) -> None:
        """Counts."""
        self.closed += 1
