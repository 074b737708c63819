"""The lists of overdue cases that screens show: read once, however many screens and scopes look at them.

A panel asks `OverdueLists.of` and gets what was read last. All that was asked for lately is read again together by one
task, in one statement, every `EVERY_S` or, where reading is slow, every `PATIENCE` times as long as it took. What
is new is read at once, and with the others from the next round on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ioc.errors import IocError
from ioc.snapshot import Scope
from ioc.store.overdue import OverdueList

EVERY_S = 10.0
PATIENCE = 20
WANTED_S = 30.0
"""For so long after the last question a list is kept fresh: longer than the turns of many places come apart."""
KEPT_S = 120.0
"""And so long it is remembered."""

Read = Callable[[Collection[Scope], datetime], Mapping[Scope, OverdueList]]
"""Reads the list of each scope; raises an IocError where the store does not answer."""
Lists = Callable[[Scope], OverdueList | None]
"""What panels ask: the newest list of a scope, None before the first."""


def unread(scope: Scope) -> OverdueList | None:
    """Lists that are never read: pages without a store behind them."""
    del scope
    return None


@dataclass
class _Kept:
    asked_s: float
    due_s: float = float("-inf")
    found: OverdueList | None = None


class OverdueLists:
    """See the module; `of` may be called from any thread, `refresh` from one at a time."""

    def __init__(self, read: Read, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._kept: dict[Scope, _Kept] = {}
        self._lock = threading.Lock()
        self._round_s = float("-inf")
        """When all that is wanted is read again."""

    def of(self, scope: Scope) -> OverdueList | None:
        """The newest list of a scope; None until it has been read."""
        now_s = self._clock()
        with self._lock:
            kept = self._kept.setdefault(scope, _Kept(now_s))
            kept.asked_s = now_s
            return kept.found

    @property
    def wanted(self) -> bool:
        """Whether anything has to be read now."""
        return bool(self._due(self._clock()))

    def refresh(self) -> None:
        """Reads what is due; where the store does not answer the last lists stay, with their age."""
        began_s = self._clock()
        due = self._due(began_s)
        if not due:
            return
        found: Mapping[Scope, OverdueList]
        try:
            found = self._read(due, datetime.now(UTC))
        except IocError:
            found = {}
        ended_s = self._clock()
        if began_s >= self._round_s:
            self._round_s = ended_s + max(EVERY_S, PATIENCE * (ended_s - began_s))
        with self._lock:
            for scope in due:
                kept = self._kept.get(scope)
                if kept is not None:
                    kept.found = found.get(scope, kept.found)
                    kept.due_s = self._round_s

    def _due(self, now_s: float) -> list[Scope]:
        with self._lock:
            for scope in [scope for scope, kept in self._kept.items() if now_s - kept.asked_s > KEPT_S]:
                del self._kept[scope]
            return [s for s, kept in self._kept.items() if now_s >= kept.due_s and now_s - kept.asked_s <= WANTED_S]
