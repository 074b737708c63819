"""The headline figures: is today unlike other days of its kind?

Each is a panel of its own, so that one silent feed marks its figures and no others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from dash import html
from dash.development.base_component import Component

from dashboards.comparison import Before, before, change_pct, distance, office_hours
from dashboards.marks.spark import BLANK, spark
from dashboards.panel import CAMERAS, CASES, USAGE, Look, Panel, Slots, age_tag, slot
from dashboards.panels.heading import figure_text, spoken
from dashboards.panels.headline_parts import parts_picture, parts_slots, spark_slot
from dashboards.text.formats import number, percent, percent_sign, short_number
from ioc.figures import CaseFigures
from ioc.snapshot import Figure, Scope, Snapshot
from ioc.usual import usual

LEAST_FINISHED = 10
"""From so many finished cases of today on, their share on time is a figure: each morning begins with open overdue
cases and none finished, which is no 0 %."""


def headline_frame(name: str, title: str, picture: Callable[[], Component]) -> Callable[[Look], Component]:
    """The frame of a headline figure: title, value with what it is compared with, a picture below."""

    def frame(look: Look) -> Component:
        return html.Div(
            [
                html.Header([html.H2(look.t(_short(title, look))), age_tag()], className="heading"),
                html.Div(
                    [
                        figure_text(name, "value", "figure"),
                        html.Span(id=slot(name, "sign"), className="sign"),
                        html.Div(
                            [
                                html.Span(id=slot(name, "delta"), className="delta"),
                                html.Span(id=slot(name, "before"), className="before"),
                            ],
                            className="beside",
                        ),
                    ],
                    className="headline-row",
                ),
                picture(),
                spoken(name),
            ],
            className="headline",
        )

    return frame


def _short(title: str, look: Look) -> str:
    return "headline.on_time_short" if title == "headline.on_time" and look.device != "wall" else title


def compared(then: Before | None, look: Look) -> str:
    """With what a figure is compared, in words."""
    if then is None:
        return look.t("headline.no_before")
    named, value = look.t(f"calendar.{then.weekday}"), number(round(then.value), look.language)
    if then.days_back == 7:
        return look.t("headline.before", day=named, value=value)
    return look.t("headline.before_on", day=named, date=f"{then.on:%d/%m}", value=value)


def headline_slots(
    name: str,
    look: Look,
    *,
    title: str,
    value: str,
    tone: str = "",
    sign: str = "",
    delta: str = "",
    turn: str = "",
    note: str = "",
    picture: str | None = BLANK,
) -> Slots:
    """Every slot of a headline figure; ``turn`` is up or down, ``picture`` the spark (None: there is none)."""
    parts = [part for part in (delta, note) if part]
    sentence = look.t("spoken.figure", title=look.t(title), value=value + sign)
    slots: Slots = {
        slot(name, "value"): {
            "children": value,
            "className": f"figure {tone}{' long' if len(value) > 5 else ''}".strip(),
        },
        slot(name, "sign"): {"children": sign},
        slot(name, "delta"): {"children": delta, "className": f"delta {turn}".strip()},
        slot(name, "before"): {"children": note},
        slot(name, "spoken"): {"children": " ".join([sentence, *parts])},
    }
    if picture is not None:
        slots[slot(name, "spark")] = {"data-spark": picture}
    return slots


def turn_of(change: float | None, bad: str = "") -> str:
    """The class of a change: up or down, in heat where that is ``bad``."""
    if change is None or change == 0:
        return ""
    return ("up" if change > 0 else "down") + (" heat" if bad and (change > 0) == (bad == "up") else "")


def running_total(name: str, title: str, figure: Figure, colour: str, feed: str = CASES) -> Panel:
    """A running total since midnight, with its distance from the usual total, or with its own growth while nothing is
    usual yet; no picture of nothing at all."""

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        now = _since_midnight(snapshot, scope, figure)
        then = before(snapshot, scope, figure)
        change = change_pct(now, then.value) if then else None
        far = distance(snapshot, scope, figure)
        hours = office_hours(snapshot)
        line, band = far or (np.cumsum(snapshot.series(scope, figure)), None)
        return headline_slots(
            name,
            look,
            title=title,
            value=number(now, look.language),
            delta="" if change is None else percent(abs(change), look.language),
            turn=turn_of(change),
            note=compared(then, look),
            picture=spark(line, band, look, colour=colour, hours=hours, baseline=far is not None)
            if far or np.nansum(line)
            else BLANK,
        )

    return Panel(name, (feed,), headline_frame(name, title, spark_slot(name)), update)


def _since_midnight(snapshot: Snapshot, scope: Scope, figure: Figure) -> int:
    if figure == "detected":
        return snapshot.incidents(scope).detected
    cases = snapshot.cases(scope)
    return cases.received if figure == "received" else cases.finished


RECEIVED = running_total("headline-received", "headline.received", "received", "tide")
FINISHED = running_total("headline-finished", "headline.finished", "finished", "tide-2")


def _overdue(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    now = snapshot.cases(scope).open_overdue
    then = before(snapshot, scope, "overdue")
    change = now - round(then.value) if then else None
    return headline_slots(
        "headline-overdue",
        look,
        title="headline.overdue",
        value=number(now, look.language),
        delta="" if not change else number(abs(change), look.language),
        turn=turn_of(change, bad="up"),
        note=compared(then, look),
        picture=spark(
            snapshot.series(scope, "overdue"),
            usual(snapshot, scope, "overdue"),
            look,
            colour="heat-over" if now else "tide",
            hours=office_hours(snapshot),
        ),
    )


OVERDUE = Panel(
    "headline-overdue",
    (CASES,),
    headline_frame("headline-overdue", "headline.overdue", spark_slot("headline-overdue")),
    _overdue,
)


def _finished_note(cases: CaseFigures, done: float | None, look: Look) -> str:
    if done is None:
        return look.t("headline.none_finished")
    if cases.finished < LEAST_FINISHED:
        return look.t("headline.few_finished", n=cases.finished, least=LEAST_FINISHED)
    return look.t("headline.finished_only", value=percent(done, look.language))


def _on_time(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    name, cases = "headline-on-time", snapshot.cases(scope)
    enough = cases.finished >= LEAST_FINISHED
    pct, done = cases.on_time_pct if enough else None, cases.finished_on_time_pct
    whole = cases.finished + cases.open_overdue + cases.paused_overdue
    shown = percent(pct, look.language)
    slots = headline_slots(
        name,
        look,
        title="headline.on_time",
        value=shown.removesuffix(percent_sign(look.language)),
        sign=percent_sign(look.language).strip() if pct is not None else "",
        delta=look.t(
            "headline.of", part=number(cases.finished_on_time, look.language), whole=number(whole, look.language)
        )
        if whole
        else "",
        note=_finished_note(cases, done, look),
        picture=None,
    )
    late_open = cases.open_overdue + cases.paused_overdue
    counts = (cases.finished_on_time, cases.finished_late, late_open)
    words = [
        look.t(f"headline.{part}_part", n=number(n, look.language))
        for part, n in zip(("on_time", "late", "overdue"), counts, strict=True)
    ]
    return slots | parts_slots(name, counts, words)


ON_TIME = Panel(
    "headline-on-time",
    (CASES,),
    headline_frame("headline-on-time", "headline.on_time", parts_picture("headline-on-time")),
    _on_time,
)


def _incidents(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    found = snapshot.incidents(scope)
    critical = found.open_by_severity.get("critical", 0)
    none = "headline.no_incidents" if snapshot.spoke(CAMERAS) else "live.never"
    if found.open == 0:
        note = ""
    elif found.unacknowledged:
        note = look.t("headline.unaccepted", n=number(found.unacknowledged, look.language))
    else:
        note = look.t("headline.all_accepted")
    return headline_slots(
        "headline-incidents",
        look,
        title="headline.incidents",
        value=number(found.open, look.language),
        tone="alarm" if critical else "",
        delta=look.t("headline.critical", n=critical) if found.open else look.t(none),
        note=note,
        picture=spark(
            snapshot.series(scope, "incidents_open"),
            usual(snapshot, scope, "incidents_open"),
            look,
            colour="heat-alarm" if critical else "tide",
            hours=office_hours(snapshot),
        ),
    )


INCIDENTS = Panel(
    "headline-incidents",
    (CAMERAS,),
    headline_frame("headline-incidents", "headline.incidents", spark_slot("headline-incidents")),
    _incidents,
)


def _usage(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    used = snapshot.usage(scope).values()
    uses, errors = sum(one.uses for one in used), sum(one.errors for one in used)
    then = before(snapshot, scope, "uses")
    change = change_pct(uses, then.value) if then else None
    failed = errors * 100 / uses if uses else None
    return headline_slots(
        "headline-usage",
        look,
        title="headline.usage",
        value=short_number(uses, look.language),
        delta=percent(abs(change), look.language) if change is not None else "",
        turn=turn_of(change),
        note=look.t("headline.errors", pct=percent(failed, look.language))
        if failed is not None
        else look.t("headline.no_uses"),
        picture=spark(
            finished_bins(snapshot, scope),
            usual(snapshot, scope, "uses"),
            look,
            colour="tide",
            hours=office_hours(snapshot),
        ),
    )


def finished_bins(snapshot: Snapshot, scope: Scope, figure: Figure = "uses") -> npt.NDArray[np.float64]:
    """The day's series without the ten minutes under way."""
    values = snapshot.series(scope, figure)
    values[snapshot.now_bin] = float("nan")
    return values


USAGE_TOTAL = Panel(
    "headline-usage", (USAGE,), headline_frame("headline-usage", "headline.usage", spark_slot("headline-usage")), _usage
)

PANELS = (RECEIVED, FINISHED, OVERDUE, ON_TIME, INCIDENTS, USAGE_TOTAL)
"""All six, in the order of the wall."""
