"""What an LED sign shows: one frozen tree, made outside, that knows nothing of stores or snapshots.

All counts concern what was received *here*, at the place the sign hangs, grouped by the unit that must decide.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

_MASK = re.compile(r"([0-9A-Za-z]+-[0-9A-Za-z]+)$")
_MASK_LENGTH = 13
_AGE_STEPS_S = (1, 2, 3, 4, 5, 10, 15, 20, 30, 45, 60)


@dataclass(frozen=True, slots=True)
class Figures:
    """Exact counts of one unit or of the whole place, before anything is hidden.

    `received` and `finished` are happenings since the local midnight, `in_progress` and `overdue` states now.
    `judged` is the denominator of the on-time rate: finished + overdue now, open or paused; `on_time` its numerator.
    The rate is kept as two counts, so that it is rounded once and "100%" is never a rounded 99.97.
    """

    received: int
    in_progress: int
    finished: int
    overdue: int
    on_time: int
    judged: int

    def __add__(self, other: "Figures") -> "Figures":
        """Both together."""
        return Figures(
            self.received + other.received,
            self.in_progress + other.in_progress,
            self.finished + other.finished,
            self.overdue + other.overdue,
            self.on_time + other.on_time,
            self.judged + other.judged,
        )

    @property
    def on_time_pct(self) -> float | None:
        """On time, in percent, unrounded; None when nothing was judged."""
        return 100 * self.on_time / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class SignRow:
    """One handling unit: its name in three lengths (the longest that fits is drawn) and its figures."""

    full: str
    short: str
    initials: str
    figures: Figures


Note = Literal["", "closed", "behind"]
"""What is to be said of figures that are neither old nor quite new: the office is closed and nothing was expected since
`updated_at`, or records still wait to be counted."""


@dataclass(frozen=True, slots=True)
class SignData:
    """Everything on one sign at one moment. Equal data give equal frames, byte for byte.

    `as_of` is aware and in the zone whose clock the sign shows. `age_s` is how old the newest figure is at `as_of`,
    None when there has never been one. `totals` is the sum over `rows`. `ready_codes` are masked already
    (`mask_code`), the newest first; they are personal to somebody, so nothing else of a case may come with them.
    `demo_log_badge` marks a sign fed by the demo's stand-in for Kafka.
    """

    title: str
    place: str
    as_of: datetime
    age_s: float | None
    stale: bool
    totals: Figures
    rows: tuple[SignRow, ...]
    ready_codes: tuple[str, ...]
    url: str
    hotline: str
    language: str = "vi"
    demo_log_badge: bool = False
    note: Note = ""

    @property
    def updated_at(self) -> datetime | None:
        """When the newest figure was made."""
        return None if self.age_s is None else self.as_of - timedelta(seconds=self.age_s)


def mask_code(code: str) -> str:
    """The part of a case code that its owner recognises and others cannot use: "000.00.12.H09-240823-0012" gives
    "240823-0012".

    That is the date of receipt and the number of the day (TT 01/2018/TT-VPCP, article 19). Codes of another shape
    give their last two parts, or their last characters; never more than 13 characters.
    """
    found = _MASK.search(code.strip())
    masked = found.group(1) if found else re.sub(r"[^0-9A-Za-z]", "", code)[-6:]
    return masked[-_MASK_LENGTH:].strip("-")


def bucket_age_s(age_s: float) -> int:
    """The age as it is shown: rounded up to 1, 2, 3, 4, 5, 10, 15, 20, 30, 45 or 60 s, then to whole minutes.

    Coarse, so that a sign at rest is drawn seldom; upwards, so that figures never claim to be younger than they are.
    """
    for step in _AGE_STEPS_S:
        if age_s <= step:
            return step
    return -int(-age_s // 60) * 60
