"""One thread that brings the picture forward and turns it into what each kind of screen has to change.

All screens of a place share one *channel* (`dashboards.channel`). The database is asked once a tick, whatever the
number of screens and places; a tick comes when a change is announced (at most ``ticks_per_s``) and each second anyway.

The hub outlives its database: it keeps the last picture and tries again for ever. Any other error is a bug and ends the
process (``crashed``), but for a panel's own: that becomes an error text in its tile, and the other panels go on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from dashboards.channel import Channel, Picture, Place
from dashboards.panel import Language, Look, Page, Panel, Theme
from dashboards.source import Source
from ioc.errors import IocError
from ioc.figures import FeedFigure
from ioc.snapshot import Scope, Snapshot

log = logging.getLogger("ioc.web")
T = TypeVar("T")

BEAT_S = 1.0
SLICE_S = 0.05
"""How long a new kind of screen may wait for its first picture."""
FORGET_S = 30.0
"""A channel that nobody watches is dropped after this time; a screen that reloads finds it warm."""
PAINT_SHARE = 0.25
"""The part of its time that the hub spends on painting at most: with more places than that, each waits its turn, and
neither the pace of the ticks nor what they ask of the database depends on how many places are looked at."""
READ_S = 0.5
"""How long another thread waits for a snapshot that is being brought forward."""
BACKOFF_S = (0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a heartbeat tells of the store: kept when the store is gone."""

    as_of: datetime
    data_at: datetime | None
    feeds: tuple[FeedFigure, ...]
    working_day: bool
    read_s: float
    """When it was read, on the monotonic clock."""


class Hub:
    """See the module. ``deliver`` is called on the hub's thread and must only hand over."""

    def __init__(
        self,
        pages: Mapping[str, Page],
        look: Callable[[Page, Language, Theme], Look],
        open_source: Callable[[], Source],
        *,
        ticks_per_s: float,
        deliver: Callable[[Place, Picture], None],
        crashed: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.pages = pages
        self.pulse: Pulse | None = None
        self.trouble: str | None = "starting"
        self.tick_ms: deque[float] = deque(maxlen=600)
        self.ticks = 0
        self.panel_errors = 0
        self.waited = 0
        """How often a place had to wait for the next tick."""
        self.lag_known_s: dict[str, float] = {}
        self._look = look
        self._open_source = open_source
        self._gap_s = 1.0 / ticks_per_s
        self._deliver = deliver
        self._crashed = crashed
        self._clock = clock
        self._channels: dict[Place, Channel] = {}
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._stop = threading.Event()
        self._joined = threading.Event()
        self._ticked_s = float("-inf")
        self._told: set[tuple[str, str]] = set()
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and waits for it; at most as long as one statement may take."""
        self._stop.set()
        self._joined.set()
        self._thread.join(timeout=10)

    def watch(self, place: Place) -> Channel:
        """One more screen looks at a place. Its first picture comes with the next delivery where there is none yet."""
        with self._lock:
            channel = self._channels.get(place)
            if channel is None:
                page = self.pages[place.page]
                channel = self._channels[place] = Channel(place, page, self._look(page, place.language, place.theme))
            if channel.watchers == 0 and time.monotonic() - channel.painted_s > BEAT_S:
                channel.reopened_s = time.monotonic()
            channel.watchers += 1
        if channel.picture is None or channel.reopened_s is not None:
            self._joined.set()
        return channel

    def unwatch(self, channel: Channel) -> None:
        """One screen less."""
        with self._lock:
            channel.watchers -= 1
            channel.left_s = time.monotonic()

    @property
    def places(self) -> int:
        """How many channels there are."""
        return len(self._channels)

    @property
    def newest(self) -> Snapshot | None:
        """The newest snapshot; None before the first. Its arrays are patched in place: other threads ask `read`."""
        return self._snapshot

    def read(self, reader: Callable[[Snapshot], T], patience_s: float = READ_S) -> T | None:
        """What ``reader`` makes of the newest snapshot while it stands still. None before the first, and where the
        store takes longer than ``patience_s`` to bring it forward: nobody waits for a store that hangs.

        For other threads: the arrays of a live snapshot are patched in place.
        """
        if self._snapshot is None or not self._reading.acquire(timeout=patience_s):
            return None
        try:
            return reader(self._snapshot)
        finally:
            self._reading.release()

    @property
    def silent_s(self) -> float:
        """How old the newest snapshot is; infinite before the first."""
        pulse = self.pulse
        return float("inf") if pulse is None else time.monotonic() - pulse.read_s

    def lag_unknown_s(self, topic: str) -> float:
        """For how long the lag of a feed has not been known; infinite if it never was."""
        at = self.lag_known_s.get(topic)
        return float("inf") if at is None else max(0.0, time.monotonic() - at - BEAT_S)

    def _run(self) -> None:
        failures = 0
        try:
            while not self._stop.is_set():
                source: Source | None = None
                try:
                    source = self._open_source()
                    self._follow(source)
                except IocError as error:
                    failures = 0 if self.trouble is None else failures + 1
                    if self.trouble != str(error):
                        log.warning("the store does not answer, the last picture stays: %s", error)
                    self.trouble = str(error)
                finally:
                    if source is not None:
                        source.close()
                self._rest(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
        except BaseException:
            log.exception("the hub ends on a bug")
            self._crashed()
            raise

    def _rest(self, length_s: float) -> None:
        """Waits for the next attempt, and serves screens that join meanwhile from the last picture."""
        end_s = time.monotonic() + length_s
        while not self._stop.is_set() and time.monotonic() < end_s:
            self._joined.wait(SLICE_S)
            self._serve_joined()

    def _follow(self, source: Source) -> None:
        last_s = float("-inf")
        while not self._stop.is_set():
            heard = False
            while not (heard or self._stop.is_set()) and time.monotonic() < last_s + BEAT_S:
                heard = source.wait(SLICE_S)
                self._serve_joined()
            rest_s = last_s + self._gap_s - time.monotonic()
            if rest_s > 0:
                self._stop.wait(rest_s)
            last_s = time.monotonic()
            with self._reading:
                snapshot = self._snapshot = source.advance(self._clock())
            if self.trouble is not None:
                log.info("the store answers")
                self.trouble = None
            self._note(snapshot)
            self._tick(snapshot)
            took_s = time.monotonic() - last_s
            self.ticks += 1
            self.tick_ms.append(1000 * took_s)
            self._stop.wait(min(took_s / 2, BEAT_S))

    def _note(self, snapshot: Snapshot) -> None:
        now_s = time.monotonic()
        for feed in snapshot.feeds if self.pulse is None or snapshot.feeds is not self.pulse.feeds else ():
            if feed.lag is not None:
                self.lag_known_s[feed.topic] = now_s
        self.pulse = Pulse(snapshot.as_of, snapshot.data_at, snapshot.feeds, snapshot.working_days[-1], now_s)

    def _serve_joined(self) -> None:
        if self._joined.is_set():
            self._joined.clear()
            if self._snapshot is not None:  # else the first picture will be for everybody
                self._tick(self._snapshot, only_new=True)

    def _tick(self, snapshot: Snapshot, *, only_new: bool = False) -> None:
        now_s = time.monotonic()
        with self._lock:
            gone = [p for p, c in self._channels.items() if c.watchers == 0 and now_s - c.left_s > FORGET_S]
            for place in gone:
                del self._channels[place]
            channels = [c for c in self._channels.values() if c.watchers and (c.awaited or not only_new)]
        channels.sort(key=lambda channel: channel.painted_s)  # who has waited longest comes first
        end_s = now_s + PAINT_SHARE * min(BEAT_S, max(self._gap_s, now_s - self._ticked_s))
        if not only_new:
            self._ticked_s = now_s
            for channel in channels:
                channel.hear(snapshot)
        painted = False
        for channel in channels:
            same = snapshot.sequence == channel.sequence
            if same and now_s - channel.painted_s < BEAT_S * 0.9:
                continue
            awaited = channel.awaited
            if painted and not awaited and time.monotonic() > end_s:
                self.waited += 1
                continue
            picture = channel.paint(snapshot, now_s, self._note_broken) or (channel.picture if awaited else None)
            if picture is not None:
                self._deliver(channel.place, picture)
            painted = True

    def _note_broken(self, panel: Panel, code: str, scope: Scope) -> None:
        self.panel_errors += 1
        if (panel.name, code) not in self._told:
            self._told.add((panel.name, code))
            log.exception("panel %s is broken (%s) at %s", panel.name, code, scope)
