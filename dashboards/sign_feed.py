"""What a LED sign shows, from the snapshot: what was received at its place, by the unit that must decide.

The counts of a sign are made once a second at most, however many boards show it, and not at all while nothing changes;
its age is told anew each time. A store that hangs leaves the last counts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from dashboards.freshness import CLOSES, OPENS, STORE_SILENT_S, Freshness, arrived_at, freshness
from dashboards.hub import READ_S, Hub
from dashboards.panel import Language
from dashboards.sign.data import Figures, Note, SignData, SignRow, mask_code
from dashboards.text.names import listed
from ioc.facts import Topic
from ioc.figures import CaseFigures
from ioc.settings import Settings, Sign
from ioc.snapshot import ReadyResult, Scope, Snapshot, local_midnight
from ioc.world import Unit, World, load_world

log = logging.getLogger("ioc.web")

MOST_CODES = 24
"""Masked codes that a sign turns through."""
EVERY_S = 1.0
"""So often a sign is counted at most: its boards ask once a second."""
BLINK_S = 0.05
"""How long one of those who ask for a sign waits for newer counts than the last."""
DEFAULT = "main"
"""The sign that exists where none is declared or in force: what the whole province received."""


def figures(cases: CaseFigures) -> Figures:
    """A sign's counts from the published ones; *in progress* is everything received and not ended, paused included."""
    return Figures(
        received=cases.received,
        in_progress=cases.open + cases.paused,
        finished=cases.finished,
        overdue=cases.open_overdue + cases.paused_overdue,
        on_time=cases.finished_on_time,
        judged=cases.finished + cases.open_overdue + cases.paused_overdue,
    )


def initials(name: str) -> str:
    """The first letter of each word: "Sở Tài nguyên và Môi trường" gives "STNMT"; words in lower case that only join
    are left out."""
    joining = {"và", "and", "of", "the", "&"}
    return "".join(word[0].upper() for word in name.split() if word.lower() not in joining)


def sign_row(unit: Unit, counts: Figures, language: Language) -> SignRow:
    """One handling unit in three lengths."""
    return SignRow(unit.name(language), listed(unit, language), initials(unit.name(language)), counts)


def grouped(snapshot: Snapshot, receiving: str) -> dict[Unit, Figures]:
    """What was received at a unit, by who must decide: each department by itself, places as a sign has room for them.

    A place below the sign's unit counts with the one right below it (at a province: its district); any other place with
    its own district.
    """
    world = snapshot.world
    found: dict[Unit, Figures] = {}
    for row in snapshot.handled_for(receiving):
        path = [unit.code for unit in world.path(row.unit.code)]
        at = path.index(receiving) + 1 if receiving in path else 1
        unit = row.unit
        if unit.kind not in ("department", "branch"):
            unit = world.by_code[path[min(at, len(path) - 1)]]
        counts = figures(row.cases)
        before = found.get(unit)
        found[unit] = counts if before is None else before + counts
    return found


def note(state: Freshness, snapshot: Snapshot, now: datetime) -> Note:
    """What a sign says of figures that are not old: outside office hours nothing is expected, which is no failure."""
    if state == "behind":
        return "behind"
    midnight = local_midnight(now, snapshot.zone)
    working_day = snapshot.working_days[-1] and snapshot.as_of.astimezone(snapshot.zone).date() == midnight.date()
    in_hours = working_day and midnight + OPENS <= now < midnight + CLOSES
    return "closed" if state == "quiet" and not in_hours else ""


@dataclass(frozen=True, slots=True)
class Counts:
    """All of a sign that changes with the store and not with the clock; ``told_at`` is when the feed last spoke.

    ``sequence`` and ``results`` are the snapshot's that it was made of: with the same ones it would be the same.
    """

    totals: Figures
    rows: tuple[SignRow, ...]
    ready_codes: tuple[str, ...]
    told_at: datetime | None
    sequence: int
    results: Sequence[ReadyResult]


def counts_of(snapshot: Snapshot, sign: Sign) -> Counts:
    """What a sign counts. KeyError for a unit that the world does not have."""
    unit = snapshot.world.by_code[sign.unit] if sign.unit else snapshot.world.root
    scope = Scope(unit.code, "receiving")
    rows = sorted(
        (sign_row(one, own, sign.language) for one, own in grouped(snapshot, unit.code).items()),
        key=lambda row: (-row.figures.received, -row.figures.in_progress, row.full),
    )
    feed = snapshot.feed(Topic.CASES.title)
    ready = snapshot.results_ready(scope, len(snapshot.results))
    return Counts(
        totals=figures(snapshot.cases(scope)),
        rows=tuple(rows),
        # two offices may have given the same end of a code on the same day: one line says as much as two
        ready_codes=tuple(dict.fromkeys(mask_code(result.case_code) for result in ready))[:MOST_CODES],
        told_at=arrived_at(feed) if feed else None,
        sequence=snapshot.sequence,
        results=snapshot.results,
    )


def told(
    counts: Counts,
    snapshot: Snapshot,
    sign: Sign,
    settings: Settings,
    now: datetime,
    lag_unknown_s: float,
    silent_s: float = 0.0,
) -> SignData:
    """A sign at ``now``: its counts, and how old they are; ``silent_s`` is how long the store has not been read. Of the
    snapshot nothing that is patched is looked at."""
    unit = snapshot.world.by_code[sign.unit] if sign.unit else snapshot.world.root
    language = sign.language
    feed = snapshot.feed(Topic.CASES.title)
    state = (
        freshness(feed, now, settings, working_day=snapshot.working_days[-1], lag_unknown_s=lag_unknown_s)
        if feed
        else "none"
    )
    title = sign.title_en if language == "en" else sign.title_vi
    return SignData(
        title=title or unit.name(language),
        place=unit.name(language),
        as_of=now.astimezone(snapshot.zone),
        age_s=None if counts.told_at is None else max(0.0, (now - counts.told_at).total_seconds()),
        stale=state in ("stale", "none") or silent_s > STORE_SILENT_S,
        totals=counts.totals,
        rows=counts.rows,
        ready_codes=counts.ready_codes,
        url=settings.province.lookup_url,
        hotline=settings.province.hotline,
        language=language,
        demo_log_badge=settings.broker == "log",
        note=note(state, snapshot, now),
    )


def sign_data(snapshot: Snapshot, sign: Sign, settings: Settings, now: datetime, lag_unknown_s: float) -> SignData:
    """One sign at ``now``, of a snapshot that stands still. KeyError for a unit that the world does not have."""
    return told(counts_of(snapshot, sign), snapshot, sign, settings, now, lag_unknown_s)


def in_force(settings: Settings, world: World) -> dict[str, Sign]:
    """The signs whose units the world has; one of the whole province where none is left. Others are told in the log."""
    found = {}
    for name, sign in settings.signs.items():
        if not sign.unit or sign.unit in world.by_code:
            found[name] = sign
        else:
            log.warning("signs.%s: the pack %s has no unit %r; the sign is left out", name, world.pack, sign.unit)
    return found or {DEFAULT: Sign(language=settings.province.language)}


@dataclass
class _Kept:
    """The last counts of a sign in one language, and when they were made."""

    counts: Counts | None = None
    made_s: float = float("-inf")
    making: threading.Lock = field(default_factory=threading.Lock)


class SignFeed:
    """The data of signs for whoever asks, from any thread: one of many that ask for a sign at once counts, and nobody
    waits for the store longer than a blink."""

    def __init__(
        self,
        hub: Hub,
        settings: Settings,
        signs: Mapping[str, Sign],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._hub = hub
        self._clock = clock
        self._settings = settings
        self._signs = signs
        self._kept: dict[tuple[str, Language], _Kept] = {}
        self.counted = 0
        """How often a sign was counted."""

    def of(self, name: str, language: str | None = None) -> SignData | None:
        """A sign's data by its name, in its own language or the one asked for; None for an unknown name and before the
        first snapshot."""
        sign = self._signs.get(name)
        if sign is None:
            return None
        if language in ("vi", "en"):
            sign = msgspec.structs.replace(sign, language=language)
        counts, snapshot = self._counts(name, sign), self._hub.newest
        if counts is None or snapshot is None:
            return None
        lag_unknown_s = self._hub.lag_unknown_s(Topic.CASES.title)
        return told(counts, snapshot, sign, self._settings, self._clock(), lag_unknown_s, self._hub.silent_s)

    def _counts(self, name: str, sign: Sign) -> Counts | None:
        kept = self._kept.setdefault((name, sign.language), _Kept())
        if not self._is_new(kept) and kept.making.acquire(blocking=kept.counts is None):
            try:
                if not self._is_new(kept):
                    self._make(kept, sign)
            finally:
                kept.making.release()
        return kept.counts

    def _make(self, kept: _Kept, sign: Sign) -> None:
        found = self._hub.read(lambda snapshot: counts_of(snapshot, sign), BLINK_S if kept.counts else READ_S)
        if found is not None:
            kept.counts, kept.made_s = found, time.monotonic()
            self.counted += 1

    def _is_new(self, kept: _Kept) -> bool:
        """Whether the counts are those of this second, or nothing has changed since."""
        counts, snapshot = kept.counts, self._hub.newest
        if counts is None or snapshot is None:
            return False
        if time.monotonic() - kept.made_s < EVERY_S:
            return True
        feed = snapshot.feed(Topic.CASES.title)
        told_at = arrived_at(feed) if feed else None
        same = counts.sequence == snapshot.sequence and counts.results is snapshot.results
        return same and counts.told_at == told_at


def measured(settings: Settings) -> dict[str, dict[str, Any]]:
    """`ioc bench signs`: draw times and sizes of frames, by board, for a sign with every department of the province."""
    from dashboards.sign import bench

    now = datetime.now(settings.zone)
    units = [unit for unit in load_world(settings, now.date()).units if unit.kind == "department"]
    nothing = Figures(0, 0, 0, 0, 0, 0)
    return bench.measure(tuple(sign_row(unit, nothing, settings.province.language) for unit in units), now)
