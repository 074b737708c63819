"""What one screen still has to get: at most one picture and one heartbeat, whatever happens meanwhile.

That bounds the memory that a screen can cost: a slow one gets the newest state in full, never a backlog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboards.channel import Picture, earlier


class Cell:
    """What one screen still has to get: at most one picture and one beat."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self._next: Picture | None = None
        self._unseen_ms: int | None = None
        self._whole = True
        self._beat: str | None = None
        self._filled = asyncio.Event()

    def put(self, picture: Picture) -> None:
        """A new picture; where one waits already, the screen will get the newest in full instead."""
        if self.seq is not None and picture.seq <= self.seq:
            return
        self._unseen_ms = earlier(self._unseen_ms, picture.arrived_ms)
        if self._next is not None or picture.seq - 1 != self.seq:
            self._whole = True
            self._next = None
        elif not self._whole:
            self._next = picture
        self._filled.set()

    def put_beat(self, beat: str) -> None:
        """A new beat; the one before, if it still waits, is worth nothing."""
        self._beat = beat
        self._filled.set()

    def want_full(self) -> None:
        """The screen lost something."""
        self._whole, self._next = True, None
        self._filled.set()

    async def take(self, newest: Callable[[], Picture | None]) -> tuple[list[str], Picture | None, int | None]:
        """Waits for something to send; gives the texts, the picture that is among them, and when the oldest change that
        it is the first to tell this screen of reached us (milliseconds; None where there is none)."""
        await self._filled.wait()
        self._filled.clear()
        texts: list[str] = []
        arrived_ms: int | None = None
        picture = newest() if self._whole else self._next
        if picture is not None:
            texts.append(picture.whole if self._whole else picture.delta)
            if self.seq is not None:  # the first picture is no news
                arrived_ms = earlier(self._unseen_ms, picture.arrived_ms)
            self._whole, self._next, self.seq, self._unseen_ms = False, None, picture.seq, None
        if self._beat is not None:
            texts.append(self._beat)
            self._beat = None
        return texts, picture, arrived_ms
