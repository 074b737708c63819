"""What just happened, newest first, standing still: no text runs across a wall.

An incident that nobody has accepted stands first, then feeds that are silent and figures that left their usual band,
then what was detected or finished.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from dash import html
from dash.development.base_component import Component

from dashboards.comparison import distance, usual_total
from dashboards.freshness import allowed_silence_s, arrived_at, freshness
from dashboards.panel import CAMERAS, CASES, USAGE, Look, Panel, Slots, age_tag, data, slot
from dashboards.panels.heading import SILENT
from dashboards.panels.incidents import kind_name
from dashboards.text.formats import clock, percent
from dashboards.text.names import listed, masked
from ioc.snapshot import DAYS, Figure, Scope, Snapshot

NAME = "ticker"
ITEMS = 4
Tone = Literal["alarm", "doubt", "break", "plain"]
TONES: tuple[Tone, ...] = ("alarm", "doubt", "break", "plain")
"""In the order in which items stand."""
WATCHED: tuple[tuple[Figure, str], ...] = (("finished", CASES), ("received", CASES), ("uses", USAGE))
"""Running totals that are told of when they leave their usual band, and their feeds."""
LEAST_USUAL, LEAST_PCT = 100, 10
"""Below so many a day by this hour, or by so few per cent of the band's edge, leaving it is chance."""
BREAKS = 2
"""At most so many are told, the farthest first."""


@dataclass(frozen=True, slots=True)
class Item:
    """A happening in words, and when it was."""

    at: datetime
    words: str
    tone: Tone = "plain"


def frame(look: Look) -> Component:
    """Items that hold one happening each, how old they are when they are, and the time from event to screen."""
    items = [
        html.Li(
            [
                html.Span(id=slot(NAME, f"icon-{at}"), **SILENT),
                html.Time(id=slot(NAME, f"at-{at}")),
                html.Span(id=slot(NAME, f"text-{at}")),
            ],
            id=slot(NAME, f"item-{at}"),
            className="hidden",
        )
        for at in range(ITEMS)
    ]
    latency = html.Div(
        [html.Span(look.t("ticker.latency")), html.Span(**data(latency=""))],
        className="latency",
    )
    return html.Div(
        [age_tag(), html.Ol(items), html.P(id=slot(NAME, "none"), className="note"), latency],
        className="ticker",
    )


def happenings(snapshot: Snapshot, scope: Scope, look: Look) -> list[Item]:
    """Everything there is to tell, in the order of `TONES`, each newest first."""
    found = [
        *_incidents(snapshot, scope, look),
        *_silent(snapshot, look),
        *_breaks(snapshot, scope, look),
        *_results(snapshot, scope, look),
    ]
    return sorted(found, key=lambda one: (TONES.index(one.tone), -one.at.timestamp()))


def _incidents(snapshot: Snapshot, scope: Scope, look: Look) -> Iterator[Item]:
    t, world, language = look.t, snapshot.world, look.language
    seen = set()
    for row in [*snapshot.own_incidents(scope), *snapshot.latest_incidents(scope)]:
        if row.incident_id in seen:
            continue
        seen.add(row.incident_id)
        unit = world.by_code.get(row.unit)
        words = {"kind": kind_name(world, row.kind, language), "place": listed(unit, language) if unit else row.unit}
        if row.severity == "critical" and row.state == "detected":
            yield Item(row.since, t("ticker.unaccepted", **words), "alarm")
        elif row.severity != "low":
            yield Item(row.state_at, t("ticker.incident", **words, state=t(f"state.{row.state}")))


def _silent(snapshot: Snapshot, look: Look) -> Iterator[Item]:
    """Feeds that should have spoken by now; of the past nobody knows."""
    if not snapshot.live:
        return
    working = snapshot.working_days[DAYS - 1]
    for feed in snapshot.feeds:
        at = arrived_at(feed)
        state = freshness(feed, snapshot.as_of, look.settings, working_day=working, lag_unknown_s=0)
        if at is not None and state == "stale":
            expected = _length(allowed_silence_s(feed.topic, look.settings), look)
            named = look.t(f"feed.{feed.topic}")
            yield Item(at, look.t("ticker.silent", feed=named, length=expected), "doubt")


def _length(seconds: float, look: Look) -> str:
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= unit and seconds % unit == 0:
            return look.t(f"live.{name}", n=int(seconds // unit))
    return look.t("live.seconds", n=int(seconds))


def _breaks(snapshot: Snapshot, scope: Scope, look: Look) -> list[Item]:
    """Running totals of today that lie outside the middle half of days like it, by a tenth of its edge or more."""
    local = snapshot.as_of.astimezone(snapshot.zone)
    at = local - timedelta(minutes=local.minute % 10, seconds=local.second, microseconds=local.microsecond)
    found = []
    for figure, feed in WATCHED:
        usual = usual_total(snapshot, scope, figure) if snapshot.spoke(feed) else None
        apart = distance(snapshot, scope, figure) if usual is not None and usual >= LEAST_USUAL else None
        if usual is None or apart is None:
            continue
        today, band = apart
        if band.alike.kind == "off":  # a Saturday and a Sunday are no measure of each other
            continue
        gap, low, high = (float(line[snapshot.now_bin]) for line in (today, band.low, band.high))
        edge = min(max(gap, low), high)
        pct = (gap - edge) * 100 / max(usual + edge, 1)
        if abs(pct) >= LEAST_PCT:
            key = "ticker.above" if pct > 0 else "ticker.below"
            words = look.t(key, figure=look.t(f"ticker.{figure}"), pct=percent(abs(pct), look.language, 0))
            found.append((abs(pct), Item(at, words, "break")))
    return [item for _, item in sorted(found, key=lambda one: -one[0])[:BREAKS]]


def _results(snapshot: Snapshot, scope: Scope, look: Look) -> Iterator[Item]:
    for result in snapshot.results_ready(scope, 3):
        unit = snapshot.world.by_code.get(result.handling)
        named = listed(unit, look.language) if unit else result.handling
        yield Item(result.finished_at, look.t("ticker.result", code=masked(result.case_code), unit=named))


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The latest happenings of the scope."""
    found = happenings(snapshot, scope, look)
    slots: Slots = {slot(NAME, "none"): {"children": "" if found else look.t("ticker.none")}}
    for at in range(ITEMS):
        one = found[at] if at < len(found) else None
        mark = {"alarm": "i i-bell-fill", "doubt": "i i-clock-history"}.get(one.tone, "") if one else ""
        slots[slot(NAME, f"item-{at}")] = {"className": one.tone if one else "hidden"}
        slots[slot(NAME, f"icon-{at}")] = {"className": mark or "hidden"}
        slots[slot(NAME, f"at-{at}")] = {"children": clock(one.at.astimezone(snapshot.zone)) if one else ""}
        slots[slot(NAME, f"text-{at}")] = {"children": one.words if one else ""}
    return slots


PANEL = Panel(NAME, (CASES, CAMERAS, USAGE), frame, update)
