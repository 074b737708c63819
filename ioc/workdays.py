"""Which days offices are open: Monday to Friday but for public holidays, and the Saturdays worked in exchange.

Source: the `holidays` package's calendar of Vietnam, which knows the holiday of 24 November from 2026 on.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=4)
def calendar(language: str = "vi") -> holidays.HolidayBase:
    """Vietnam's public holidays, named in ``vi`` or ``en``."""
    return holidays.country_holidays("VN", language="en_US" if language == "en" else "vi")


@lru_cache(maxsize=4096)
def is_working_day(on: date) -> bool:
    """Whether offices are open on a day."""
    return bool(calendar().is_working_day(on))


def holiday(on: date, language: str = "vi") -> str | None:
    """The name of the public holiday on a day, or None."""
    found = calendar(language).get(on)
    return None if found is None else str(found)
