"""Which screens this process serves and what each of them paints, seen from the server.

A screen says every two seconds that a frame was painted (`assets/live.js`). One that is connected but has not said so
for `FROZEN_S` is *frozen*: a hung tab, a crashed graphics process. One whose connection broke without a goodbye and
that has not come back within `GONE_S` is *gone*: pulled out, switched off, cut from the network. Both stay listed until
they are well again, a gone one for a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

ScreenState = Literal["paints", "joins", "hidden", "frozen", "gone"]

FROZEN_S = 6.0
"""Three missed words; with the second that `/status` needs to say so, a frozen tab is named within ten."""
GONE_S = 8.0
"""A screen that reconnects does so within five seconds."""
GONE_KEPT = timedelta(days=1)
GONE_MOST = 200
GOODBYES = frozenset({1000, 1001})
"""Close codes of a browser that leaves on purpose: another page, a closed tab. A cut line has none (1005, 1006), and
a page that gives its connection up to make another says 4010: if it dies before, it is missed."""


@dataclass(frozen=True, slots=True)
class ScreenSeen:
    """One screen as the server sees it; ``seq`` was painted last, ``newest`` is what there is to paint.

    ``heard_at`` is when it last said that it paints; before the first time, when it came. ``heap_mb`` is 0 where the
    browser does not tell.
    """

    name: str
    page: str
    unit: str
    language: str
    address: str
    build: str
    since: datetime
    heard_at: datetime
    state: ScreenState
    seq: int = 0
    newest: int = 0
    heap_mb: int = 0


class Watched(Protocol):
    """What the watchdog reads of a connected screen."""

    def seen(self) -> ScreenSeen:
        """As it is now, ``state`` "paints" or "hidden" by its own last word, "joins" before it."""


def key(screen: ScreenSeen) -> tuple[str, str]:
    """What makes a returning screen the same one; without a name of its own, where it stands and what it shows."""
    return (screen.name, "") if screen.name else (screen.address, screen.page)


@dataclass
class Watchdog:
    """Keeps the roll. ``roll`` is replaced once a second on the event loop and may be read anywhere."""

    roll: tuple[ScreenSeen, ...] = ()
    _lost: dict[tuple[str, str], ScreenSeen] = field(default_factory=dict)

    def left(self, screen: ScreenSeen, code: int, now: datetime) -> None:
        """A connection has ended with a close code."""
        if code not in GOODBYES:
            self._lost[key(screen)] = replace(screen, state="gone", heard_at=now)
            while len(self._lost) > GONE_MOST:
                del self._lost[next(iter(self._lost))]

    def call(self, clients: Iterable[Watched], now: datetime | None = None) -> tuple[ScreenSeen, ...]:
        """Looks at everybody: those in trouble first, then by page and name."""
        now = now or datetime.now(UTC)
        here = [judged(client.seen(), now) for client in clients]
        for screen in here:
            self._lost.pop(key(screen), None)
        for name, lost in list(self._lost.items()):
            if now - lost.heard_at > GONE_KEPT:
                del self._lost[name]
        gone = [lost for lost in self._lost.values() if (now - lost.heard_at).total_seconds() > GONE_S]
        self.roll = tuple(sorted([*gone, *here], key=_order))
        return self.roll


def judged(screen: ScreenSeen, now: datetime) -> ScreenSeen:
    """The screen, called frozen where it has been silent for too long."""
    silent = (now - screen.heard_at).total_seconds() > FROZEN_S
    return replace(screen, state="frozen") if silent else screen


def _order(screen: ScreenSeen) -> tuple[int, str, str, datetime]:
    return {"gone": 0, "frozen": 1}.get(screen.state, 2), screen.page, screen.name, screen.since
