"""How ingest is getting on, in one line now and then, and when it will have caught up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from ioc.facts import Written
from ioc.store.feeds import BEHIND

TELL_S = 10.0
PACE_S = 10.0
"""Over how long the pace is taken: shorter is nervous, longer is late to notice."""


class Pace:
    """How fast the records that wait become fewer, by source; what is still being sent is counted against it."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, dict[int, int]]] = deque()

    def note(self, now_s: float, waiting: Mapping[int, int]) -> dict[int, float]:
        """Takes what waits by source now; returns by how many a second that shrinks (below zero: grows)."""
        self._seen.append((now_s, dict(waiting)))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > PACE_S:
            self._seen.popleft()
        then_s, before = self._seen[0]
        if now_s <= then_s:
            return dict.fromkeys(waiting, 0.0)
        return {source: (before.get(source, wait) - wait) / (now_s - then_s) for source, wait in waiting.items()}


class Progress:
    """Counts what was written and says so every ten seconds, where there is anything to say."""

    def __init__(self) -> None:
        self.written = Written()
        self.behind = 0
        """Records that wait on the broker."""
        self.closing_per_s = 0.0
        """By how many a second they become fewer."""
        self._told = Written()
        self._told_s = time.monotonic()

    def add(self, written: Written) -> None:
        """A batch was committed."""
        now = self.written
        self.written = Written(
            now.events + written.events,
            now.duplicates + written.duplicates,
            now.conflicts + written.conflicts,
            now.rejects + written.rejects,
            now.tombstones + written.tombstones,
        )

    def line(self) -> str | None:
        """What happened since the last line; None where it is too early, or nothing did."""
        now_s = time.monotonic()
        passed_s = now_s - self._told_s
        if passed_s < TELL_S:
            return None
        self._told_s = now_s
        now, before = self.written, self._told
        self._told = now
        if now == before:
            return None
        events = now.events - before.events
        text = (
            f"{events} events ({events / passed_s:.0f}/s), {now.duplicates - before.duplicates} duplicates, "
            f"{now.rejects - before.rejects} rejects"
        )
        if self.behind > BEHIND:
            text += f"; {self.behind} records behind, "
            if self.closing_per_s > 0:
                text += f"caught up in {self.behind / self.closing_per_s:.0f} s"
            else:
                text += "and more come than are written"
        return text
