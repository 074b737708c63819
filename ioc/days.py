"""Local days: which of them a picture remembers, and when they began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ioc.facts import moment, us_of

BINS_A_DAY = 144
"""Series are sums of ten minutes."""
BIN_US = 600_000_000
DAYS = 9
"""Days that a snapshot remembers in ten-minute bins: today and eight before."""
WEEKS_BACK = (56, 49, 42, 35, 28, 21, 14)
"""How many days ago the days of today's name lie that a snapshot remembers beside those."""


def day_at(days_back: int) -> int:
    """Where a day stands on an axis of days: today last, then the `DAYS` before it, `WEEKS_BACK` in front of them."""
    return -1 - days_back if days_back < DAYS else -DAYS - (days_back // 7 - 1)


def local_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """The local midnight at or before ``at``, aware, in the zone."""
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def local_midnight_us(at_us: int, zone: str) -> int:
    """The local midnight at or before a moment, both in microseconds since 1970."""
    return us_of(local_midnight(moment(at_us), ZoneInfo(zone)).astimezone(UTC))


def week_starts(midnight: datetime) -> list[datetime]:
    """The local midnights of `WEEKS_BACK` before today's, oldest first."""
    return [_days_on(midnight, -back) for back in WEEKS_BACK]


def day_end(midnight: datetime) -> datetime:
    """The local midnight after one."""
    return _days_on(midnight, 1)


def _days_on(midnight: datetime, days: int) -> datetime:
    return (midnight.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=midnight.tzinfo)


def day_starts(as_of: datetime, zone: ZoneInfo) -> list[datetime]:
    """The local midnights of the remembered days, oldest first; the last is today's."""
    today = local_midnight(as_of, zone)
    return [_days_on(today, -back) for back in range(DAYS - 1, -1, -1)]
