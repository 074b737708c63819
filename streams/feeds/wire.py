"""The small types that all feeds share, and how a time of the wire becomes microseconds.

The constraints say what the published schemas say (`ioc/data/contracts`). What msgspec cannot check on the way (the
pattern of a time, NUL in a string) stands in the published document too and is checked by `at_us` and `streams.decode`.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ioc.errors import Rejected
from ioc.facts import Fact, Topic
from ioc.world import World

TIME_PATTERN = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"
NO_NUL = {"pattern": r"^[^\u0000]*$"}

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time", "pattern": TIME_PATTERN})]
"""RFC 3339 with an offset and at most six digits of a second; `at_us` reads it."""
EventId = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema=NO_NUL)]
Code = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema=NO_NUL)]
"""A name of the source system: a case, a camera, a procedure, a service, an indicator."""
UnitCode = Annotated[str, Meta(min_length=1, max_length=32, extra_json_schema=NO_NUL)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Vnd = Annotated[int, Meta(ge=0, le=10**15)]
"""An amount of money in đồng."""

DAY_US = 86_400_000_000
_CLOCK = re.compile(r"T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SCALE = (0, 100_000, 10_000, 1_000, 100, 10, 1)

EARLIEST_US = timegm(datetime(1, 1, 3).timetuple()) * 1_000_000  # noqa: DTZ001
LATEST_US = timegm(datetime(9990, 1, 1).timetuple()) * 1_000_000  # noqa: DTZ001


@lru_cache(maxsize=4096)
def _date_us(text: str) -> int:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return (date(int(text[:4]), int(text[5:7]), int(text[8:])) - date(1970, 1, 1)).days * DAY_US


@lru_cache(maxsize=86_400)
def _clock_us(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(text)
    return (int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])) * 1_000_000


@lru_cache(maxsize=4096)
def _offset_us(text: str) -> int:
    """How far a clock with this offset is ahead of UTC."""
    if text == "Z":
        return 0
    found = _OFFSET.fullmatch(text)
    if not found:
        raise ValueError(text)
    offset_us = (int(found[2]) * 60 + int(found[3])) * 60_000_000
    return offset_us if found[1] == "+" else -offset_us


def at_us(text: str) -> int:
    """Microseconds since 1970 (UTC) of a time of the wire, exact.

    Raises ValueError for everything that the contract's pattern and calendar refuse: no offset, a leap second, year 0,
    30 February, more than six digits of a second. Dates, clock times and offsets repeat, so each part is remembered.
    """
    us = _date_us(text[:10]) + _clock_us(text[10:19])
    tail = text[19:]
    if tail[:1] != ".":
        return us - _offset_us(tail)
    begin = -1 if tail[-1] == "Z" else -6
    digits = tail[1:begin]
    if not (digits.isdigit() and digits.isascii() and len(digits) <= 6):
        raise ValueError(text)
    return us + int(digits) * _SCALE[len(digits)] - _offset_us(tail[begin:])


def due_us(text: str | None) -> int | None:
    """As `at_us`, for a moment that may be a source's "never" (year 1) or "for ever" (year 9999).

    These are moved inside what every calendar can hold, also after a time zone and pauses are added.
    """
    if text is None:
        return None
    return min(max(at_us(text), EARLIEST_US), LATEST_US)


class Wire(msgspec.Struct, frozen=True, gc=False):
    """What every record of every feed says."""

    event_id: EventId
    occurred_at: Time


@dataclass(frozen=True, slots=True)
class Feed:
    """One inbound topic: what comes over the wire, and what that means here.

    ``key`` is the field that is the record's key; ``says`` one sentence for the published document; ``wire`` a msgspec
    Struct or a union of tagged ones. ``place`` gives the fact in the world's numbers, and beside it the contract fields
    in one spelling, for the content digest; it raises ValueError for a time that is none, and `Rejected` for a unit,
    service, kind or indicator that the world does not know. ``sample`` is a plausible record.
    """

    topic: Topic
    key: str
    says: str
    wire: Any
    place: Callable[[Any, Places], tuple[Fact, tuple[Any, ...]]]
    sample: Callable[[], dict[str, Any]]


class _Known(dict[str, int]):
    """Numbers by code; asking for another code is the record's fault."""

    def __init__(self, reason: str, numbers: Mapping[str, int]) -> None:
        super().__init__(numbers)
        self._reason = reason

    def __missing__(self, code: str) -> int:
        raise Rejected(self._reason, code)


class Places:
    """The numbers and words of a world that records name, ready for the hot path."""

    def __init__(self, world: World) -> None:
        self.unit: Callable[[str], int] = _Known(
            "unknown_unit", {c: u.no for c, u in world.by_code.items()}
        ).__getitem__
        """The number of a unit; raises Rejected("unknown_unit") where the world has none of that code."""
        self.service: Callable[[str], int] = _Known("unknown_service", world.service_numbers).__getitem__
        """The number of a declared service; raises Rejected("unknown_service")."""
        self.kinds = frozenset(world.kinds)
        self.indicators = frozenset(world.indicators)
