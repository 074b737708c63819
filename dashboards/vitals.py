"""What `/status` shows beside the snapshot: this process's own counters, and what the store proves of itself.

The store's part is read every `CHECK_S` by one task, whether one screen looks or a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboards.latency import Percentiles
from dashboards.watchdog import ScreenSeen, ScreenState
from ioc import __version__
from ioc.errors import IocError
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import findings, health, rejects, retention
from ioc.store.connect import Connection
from ioc.store.reconcile import Report, reconcile

CHECK_S = 10.0


@dataclass(frozen=True, slots=True)
class StoreVitals:
    """What the store said at ``checked_at``; ``why`` is the error that kept it from saying more."""

    checked_at: datetime
    report: Report | None = None
    holders: Sequence[health.Holder] = ()
    versions: health.Versions | None = None
    open_rejects: Sequence[rejects.RejectCount] = ()
    findings: Sequence[findings.Finding] = ()
    uses_from: datetime | None = None
    """From when on raw uses are kept; None where none was ever dropped."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class PushVitals:
    """How the live push of this process does."""

    started_at: datetime
    build: str
    screens: int
    places: int
    messages: int
    characters: int
    cut_off: int
    panel_errors: int
    tick_ms: Sequence[float]
    latency: Percentiles | None
    roll: Sequence[ScreenSeen] = ()
    unread: Sequence[str] = ()
    """Topics that nobody has read for a while; a pause of a second or two is none."""
    version: str = __version__

    def count(self, state: ScreenState) -> int:
        """How many screens of the roll are in a state."""
        return sum(screen.state == state for screen in self.roll)


@dataclass(frozen=True, slots=True)
class Vitals:
    """Both."""

    push: PushVitals
    store: StoreVitals | None


def examine(conn: Connection, settings: Settings) -> StoreVitals:
    """Asks the store; an error becomes the answer."""
    now = datetime.now(UTC)
    try:
        return StoreVitals(
            checked_at=now,
            report=reconcile(conn, Rules.of(settings)),
            holders=health.holders(conn),
            versions=health.versions(conn),
            open_rejects=[count for count in rejects.counts(conn) if count.fate == "open"],
            findings=findings.listed(conn),
            uses_from=retention.horizon(conn),
        )
    except IocError as error:
        return StoreVitals(now, why=str(error))
