"""A plan: all lives that begin on one day, as arrays; records are built only for the rows that are asked for.

A row is one event of one life. Cutting a plan by time is a binary search; a day's plan of 15,000 events costs a few
hundred kilobytes, so that many days of long lives stay at hand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np

from streams.sent import Sent
from streams.simulate.draws import Bools, Ints

Rows = tuple[Ints, Ints, Ints]
"""(occurred_ms, life, word): when each event happened, to whom, and which step of that life it is."""


class Plan(ABC):
    """Rows in order of leaving (`at_ms`): each happened at `occurred_ms` and left ``delay_ms`` later."""

    def __init__(self, zone: ZoneInfo, rows: Rows, delay_ms: Ints, lives: int) -> None:
        occurred_ms, life, word = rows
        at_ms = occurred_ms + delay_ms
        order = np.argsort(at_ms, kind="stable")
        self.zone = zone
        self.at_ms = at_ms[order]
        self.occurred_ms = occurred_ms[order]
        self.life = life[order].astype(np.int32)
        self.word = word[order].astype(np.int16)
        self.last_ms: Ints = np.zeros(lives, dtype=np.int64)
        self.last_ms[self.life] = self.at_ms
        self.ends_ms = int(self.at_ms[-1]) if len(self.at_ms) else 0

    def between(self, start_ms: int, end_ms: int, alive_ms: int | None = None) -> list[Sent]:
        """What leaves in [start, end), in order; with ``alive_ms`` only of lives that still send at or after it."""
        low, high = np.searchsorted(self.at_ms, (start_ms, end_ms))
        rows = np.arange(low, high)
        if alive_ms is not None:
            rows = rows[self.last_ms[self.life[rows]] >= alive_ms]
        return self.build(rows) if len(rows) else []

    @abstractmethod
    def build(self, rows: Ints) -> list[Sent]:
        """The records of some rows, in their order."""

    def words(self, rows: Ints) -> Iterator[tuple[int, int, int, int]]:
        """When each of some rows leaves and when it happened, in milliseconds, whose it is, and which step."""
        columns = (self.at_ms, self.occurred_ms, self.life, self.word)
        return zip(*(column[rows].tolist() for column in columns), strict=True)

    def moment(self, at_ms: int) -> datetime:
        """The aware local moment of a plan's milliseconds."""
        return datetime.fromtimestamp(at_ms / 1000, self.zone)

    def text(self, at_ms: int) -> str:
        """The same as RFC 3339 with milliseconds and offset."""
        return datetime.fromtimestamp(at_ms / 1000, self.zone).isoformat(timespec="milliseconds")


class Stream(Protocol):
    """One kind of lives: which it is, how many days a life may last, and the plan of a day."""

    name: str
    horizon_days: int

    def plan(self, day: int) -> Plan:
        """The lives that begin on a day (its position in `OfficeDays`); the same whenever asked."""
        ...


def flattened(moments: Ints) -> Rows:
    """The rows of a matrix [life, word] of moments, where 0 says that the step never comes."""
    life, word = np.nonzero(moments)
    return moments[life, word], life.astype(np.int64), word.astype(np.int64)


def never(moments: Ints, lives: Bools, words: Iterable[int]) -> None:
    """Takes steps out of some lives of such a matrix, in place."""
    for word in words:
        moments[lives, word] = 0
