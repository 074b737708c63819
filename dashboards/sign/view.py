"""A sign's data as words: suppressed, rounded and formatted, so that equal views give equal frames and a cache can
hold them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from dashboards.sign.data import SignData, bucket_age_s
from dashboards.sign.names import Names, names
from dashboards.sign.suppression import HIDDEN, SMALLEST_SHOWN, Rate, Shown, ShownFigures, shown_board
from dashboards.sign.words import age, number, percent, words

Tone = Literal["plain", "good", "warning", "bad", "received"]

_GOOD_TENTHS: Final = 980
_WARNING_TENTHS: Final = 950


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: its text, or several, the longest first, where words stand for a number."""

    texts: tuple[str, ...]
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Cells:
    """The figures of a row or of the totals."""

    received: Cell
    in_progress: Cell
    finished: Cell
    on_time: Cell
    overdue: Cell

    def of(self, key: str) -> Cell:
        """The cell of a column."""
        cell: Cell = getattr(self, key)
        return cell


@dataclass(frozen=True, slots=True)
class RowView:
    """One row of the table: the unit's names, and what is shown beside them."""

    names: Names
    cells: Cells


@dataclass(frozen=True, slots=True)
class View:
    """All that a frame is made from.

    `ages` says how old the figures are, `behind` the bare age, `since` from when they are (empty when there never
    were any); the longest form first. `asides` may stand beside the title where there is no footer: the clock, or until
    when the figures of a closed office reach.
    """

    language: str
    titles: tuple[str, ...]
    places: tuple[str, ...]
    clock: str
    asides: tuple[str, ...]
    ages: tuple[str, ...]
    stale: bool
    never: bool
    since: tuple[str, ...]
    behind: tuple[str, ...]
    totals: Cells
    rows: tuple[RowView, ...]
    codes: tuple[str, ...]
    url: str
    hotlines: tuple[str, ...]
    demo: bool

    def words(self, key: str) -> tuple[str, ...]:
        """A word of the sign's language, longest first."""
        return words(self.language)[key]

    def capitals(self, key: str) -> tuple[str, ...]:
        """The same in capitals."""
        return tuple(text.upper() for text in self.words(key))


def view(data: SignData) -> View:
    """The view of the data; the only place where what is shown is decided. A sign that never had figures is stale and
    shows none.
    """
    say = words(data.language)
    totals, rows = shown_board(data.totals, [row.figures for row in data.rows])
    never = data.age_s is None
    behind: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    asides: tuple[str, ...] = (f"{data.as_of:%H:%M}",)
    if data.age_s is None:
        ages = say["never"]
    elif data.note == "closed" and not data.stale:
        ages = tuple(text.format(at=_moment(data)) for text in say["closed"])
        asides = tuple(text.format(at=_moment(data)) for text in say["until"]) + asides
    elif data.note == "behind" and not data.stale:
        ages = say["behind"]
    else:
        elapsed = age(bucket_age_s(max(data.age_s, 0.0)), data.language)
        late = data.stale
        ages = tuple(text.format(age=elapsed) for text in say["late_by" if late else "updated_ago"])
        behind = (elapsed,)
        if late:
            since = (say["updated_at"][0].format(at=_moment(data)), elapsed)
    return View(
        language=data.language,
        titles=_upper(f"{data.title} – {data.place}", data.title, *say["progress"]),
        places=_upper(f"{data.place} – {say['today'][0]}", *say["today"]),
        clock=f"{data.as_of:%H:%M}",
        asides=asides,
        ages=ages,
        stale=data.stale or never,
        never=never,
        since=since,
        behind=behind,
        totals=_unknown() if never else _cells(totals, data.language),
        rows=()
        if never
        else tuple(
            RowView(names(row.full, row.short, row.initials), _cells(shown, data.language))
            for row, shown in zip(data.rows, rows, strict=True)
        ),
        codes=() if never else data.ready_codes,
        url=data.url,
        hotlines=tuple(text.format(hotline=data.hotline) for text in say["hotline"]) if data.hotline else (),
        demo=data.demo_log_badge,
    )


def _moment(data: SignData) -> str:
    updated_at = data.updated_at or data.as_of
    return _clock(updated_at, same_day=updated_at.date() == data.as_of.date())


def _clock(at: datetime, *, same_day: bool) -> str:
    return f"{at:%H:%M}" if same_day else f"{at:%H:%M %d/%m}"


def _upper(*texts: str) -> tuple[str, ...]:
    return tuple(text.strip(" –").upper() for text in texts if text.strip(" –"))


def _unknown() -> Cells:
    nothing = Cell(("–",))
    return Cells(nothing, nothing, nothing, nothing, nothing)


def _cells(shown: ShownFigures, language: str) -> Cells:
    return Cells(
        received=Cell((_count(shown.received, language),), "received"),
        in_progress=Cell((_count(shown.in_progress, language),)),
        finished=Cell((_count(shown.finished, language),), "good"),
        on_time=_rate(shown.on_time, language),
        overdue=Cell((_count(shown.overdue, language),), "bad" if shown.overdue.low >= SMALLEST_SHOWN else "plain"),
    )


def _count(shown: Shown, language: str) -> str:
    if shown.exact:
        return number(shown.low, language)
    return f"<{HIDDEN.high + 1}" if shown == HIDDEN else f">{number(shown.low - 1, language)}"


def _rate(rate: Rate | None, language: str) -> Cell:
    if rate is None:
        return Cell(words(language)["few"])
    if rate.form == "above":
        return Cell((f">{rate.tenths // 10}%",), "good" if rate.tenths >= _GOOD_TENTHS else "plain")
    tone: Tone = "good" if rate.tenths >= _GOOD_TENTHS else "warning" if rate.tenths >= _WARNING_TENTHS else "bad"
    return Cell((f"{rate.tenths // 10}%" if rate.form == "whole" else percent(rate.tenths, language),), tone)
