"""How ingest is getting on, in one line now and then."""

from __future__ import annotations

import time

from ioc.facts import Written

TELL_S = 10.0


class Progress:
    """Counts what was written and says so every ten seconds, where there is anything to say."""

    def __init__(self) -> None:
        self.written = Written()
        self.behind = 0
        """Records that wait on the broker."""
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
        records = events + now.duplicates - before.duplicates + now.rejects - before.rejects
        text = (
            f"{events} events ({events / passed_s:.0f}/s), {now.duplicates - before.duplicates} duplicates, "
            f"{now.rejects - before.rejects} rejects"
        )
        if self.behind > records:
            text += f"; {self.behind} records behind, done in {self.behind * passed_s / max(records, 1):.0f} s"
        return text
