"""Lives that no one-stop centre would invent: hypothesis strategies for events as they are sent.

Moments come from a small grid around local midnights, so that ties, equal due moments and events exactly at midnight or
exactly at the due moment happen all the time. The same few cases, cameras and units meet in every example.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

CASES, CAMERAS, USAGE, INDICATORS = "ioc.cases.v1", "ioc.cameras.v1", "ioc.usage.v1", "ioc.indicators.v1"

Event = dict[str, Any]
History = dict[str, list[Event]]
"""Events by topic."""
Arrivals = list[list[tuple[str, Event]]]
"""Batches of (topic, event) as they come in."""

VIETNAM = timezone(timedelta(hours=7))
MONDAY = datetime(2024, 8, 19, tzinfo=VIETNAM)
DAYS = 6
US = timedelta(microseconds=1)
CLOCK = (
    timedelta(0),
    US,
    timedelta(hours=8),
    timedelta(hours=8, microseconds=1),
    timedelta(hours=12, minutes=30, seconds=15.25),
    timedelta(hours=17),
    timedelta(days=1) - US,
)
OFFSETS = tuple(timezone(timedelta(minutes=m)) for m in (420, 420, 420, 0, 330, -210))

UNITS = ("74", "718", "25741", "25747", "724", "D-STP")
"""The province, a district, two communes of it, another district and a department."""
SCOPES = ("74", "718", "25747", "D-STP")
STATUSES = (
    *("submitted", "received", 2, "processing", 4, "processing", "supplement_requested", 5, "payment_requested"),
    *("stopped", 8, "withdrawn", "not_accepted", "finished", "returned", "processing"),
)
ID_STARTS = ("a", "A", "z", "Z", "_", "é", "đ", "\uffee", "\U0001f600", "aa", "0")
"""Ids whose order differs between bytes, UTF-16 and any language's collation."""


def moments() -> st.SearchStrategy[datetime]:
    """Moments of the grid; seldom any microsecond between."""
    grid = st.builds(
        lambda day, clock: MONDAY + timedelta(days=day) + clock, st.integers(0, DAYS - 1), st.sampled_from(CLOCK)
    )
    free = st.integers(0, DAYS * 86_400_000_000 - 1).map(lambda us: MONDAY + us * US)
    return st.one_of(grid, grid, grid, free)


def due_moments() -> st.SearchStrategy[datetime]:
    """Like `moments`, now and then some days before or after everything."""
    days = st.sampled_from((-400, -1, 0, 0, 0, 0, 1, 400))
    return st.builds(lambda at, away: at + timedelta(days=away), moments(), days)


def written(at: datetime, offset: timezone = VIETNAM) -> str:
    """A moment as a source writes it: any offset, no more digits than needed."""
    text = at.astimezone(offset).isoformat()
    return text.replace("+00:00", "Z")


@st.composite
def _texts(draw: st.DrawFn, of: st.SearchStrategy[datetime]) -> str:
    return written(draw(of), draw(st.sampled_from(OFFSETS)))


def _with_ids(events: list[Event], starts: Sequence[str], mark: str) -> list[Event]:
    return [
        {"event_id": f"{start}{mark}{no}", **event}
        for no, (event, start) in enumerate(zip(events, starts, strict=True))
    ]


@st.composite
def case_lives(draw: st.DrawFn, case_code: str = "H-1", most: int = 10) -> list[Event]:
    """Steps of one case in no order: transfers, moved dues, pauses, re-openings, steps after the end."""
    places = st.sampled_from(draw(st.sampled_from((UNITS, UNITS[:2], UNITS[3:4]))))
    dues: st.SearchStrategy[Event] = st.one_of(
        st.just({}), st.just({}), st.just({"due_at": None}), _texts(due_moments()).map(lambda due: {"due_at": due})
    )
    found = []
    for _ in range(draw(st.integers(1, most))):
        found.append(
            {
                "occurred_at": draw(_texts(moments())),
                "case_code": case_code,
                "status": draw(st.sampled_from(STATUSES)),
                "procedure_code": "1.001193",
                "receiving_unit": draw(places),
                "handling_unit": draw(places),
                "channel": draw(st.sampled_from(("counter", "online", "postal"))),
                **draw(dues),
            }
        )
    starts = [draw(st.sampled_from(ID_STARTS)) for _ in found]
    return _with_ids(found, starts, f"{case_code}/")


@st.composite
def several_cases(draw: st.DrawFn, most: int = 4) -> list[Event]:
    """Steps of one to four cases."""
    return [event for no in range(draw(st.integers(1, most))) for event in draw(case_lives(f"H-{no}"))]


STATES = (
    *("detected", "detected", "acknowledged", "verified", "false_alarm"),
    *("dispatched", "in_progress", "resolved", "closed"),
)


@st.composite
def camera_events(draw: st.DrawFn, most: int = 12) -> list[Event]:
    """Incidents that move between units and severities, and cameras that come and go."""
    found: list[Event] = []
    for _ in range(draw(st.integers(0, most))):
        event: Event = {
            "type": draw(st.sampled_from(("incident", "health"))),
            "occurred_at": draw(_texts(moments())),
            "camera_id": draw(st.sampled_from(("QL13-021", "QL13-022"))),
            "unit": draw(st.sampled_from(UNITS)),
        }
        if event["type"] == "health":
            event["status"] = draw(st.sampled_from(("online", "offline", "tampered")))
        else:
            event |= {
                "incident_id": draw(st.sampled_from(("i-1", "i-2", "i-3"))),
                "kind": "accident",
                "severity": draw(st.sampled_from(("low", "medium", "high", "critical"))),
                "state": draw(st.sampled_from(STATES)),
            }
        found.append(event)
    return _with_ids(found, [draw(st.sampled_from(ID_STARTS)) for _ in found], "k")


@st.composite
def usage_events(draw: st.DrawFn, services: Sequence[str], most: int = 10) -> list[Event]:
    """Uses with every outcome, counted and single, paid and not."""
    found: list[Event] = []
    for _ in range(draw(st.integers(0, most))):
        event: Event = {
            "occurred_at": draw(_texts(moments())),
            "service": draw(st.sampled_from(services)),
            "action": draw(st.sampled_from(("visit", "pay"))),
            "unit": draw(st.sampled_from(UNITS)),
        }
        if draw(st.booleans()):
            event["outcome"] = draw(st.sampled_from(("ok", "error", "timeout")))
        if draw(st.booleans()):
            event["count"] = draw(st.sampled_from((1, 2, 37, 1_000_000)))
        if draw(st.booleans()):
            event["amount_vnd"] = draw(st.sampled_from((None, 0, 150_000, 10**15)))
        found.append(event)
    return _with_ids(found, [draw(st.sampled_from(ID_STARTS)) for _ in found], "u")


@st.composite
def indicator_events(draw: st.DrawFn, indicators: Sequence[str], most: int = 10) -> list[Event]:
    """Levels and changes of some indicators; values are whole quarters, so that sums are exact in any order."""
    found: list[Event] = []
    for _ in range(draw(st.integers(0, most))):
        event: Event = {
            "occurred_at": draw(_texts(moments())),
            "indicator": draw(st.sampled_from(indicators)),
            "unit": draw(st.sampled_from(UNITS)),
            "value": draw(st.integers(-4000, 4000)) / 4,
        }
        if draw(st.booleans()):
            event["mode"] = draw(st.sampled_from(("set", "add", "add")))
        found.append(event)
    return _with_ids(found, [draw(st.sampled_from(ID_STARTS)) for _ in found], "n")


@st.composite
def histories(draw: st.DrawFn, services: Sequence[str], indicators: Sequence[str]) -> History:
    """Events of every feed."""
    return {
        CASES: draw(several_cases()),
        CAMERAS: draw(camera_events()),
        USAGE: draw(usage_events(services)),
        INDICATORS: draw(indicator_events(indicators)),
    }


@st.composite
def arrivals(draw: st.DrawFn, events: Mapping[str, Sequence[Event]], most_batches: int = 6) -> Arrivals:
    """The same events in any order, in any batches, some of them more than once."""
    sent = [(topic, event) for topic, own in events.items() for event in own]
    if sent:
        sent += draw(st.lists(st.sampled_from(sent), max_size=6))
    sent = draw(st.permutations(sent))
    cuts = sorted(draw(st.lists(st.integers(0, len(sent)), max_size=most_batches - 1)))
    return [sent[a:b] for a, b in pairwise([0, *cuts, len(sent)])]


@st.composite
def questions(draw: st.DrawFn) -> tuple[datetime, datetime, datetime]:
    """``(as_of, from, to)`` with from <= to; the window may reach past ``as_of`` or end before it."""
    as_of = draw(st.one_of(moments(), moments(), due_moments()))
    from_, to = sorted((draw(moments()), draw(moments())))
    return as_of, from_, draw(st.sampled_from((to, as_of))) if as_of >= from_ else to


def ordinary(seed: int, cases: int) -> list[tuple[str, Event]]:
    """A busy week of ``cases`` cases with uses, incidents, cameras and some repeats, in no order; the same for a seed.

    For tests of what happens to records, not to definitions: ids differ between seeds.
    """
    chance = random.Random(seed)

    def at() -> str:
        return written(MONDAY + chance.randrange(DAYS * 86_400_000_000) * US)

    sent: list[tuple[str, Event]] = []
    for no in range(cases):
        for step in range(chance.randint(1, 8)):
            event = {
                "event_id": f"{seed}-{no}-{step}",
                "occurred_at": at(),
                "case_code": f"H-{seed}-{no}",
                "status": chance.choice(STATUSES),
                "procedure_code": "1.001193",
                "receiving_unit": chance.choice(UNITS),
                "handling_unit": chance.choice(UNITS),
                "channel": chance.choice(("counter", "online", "postal")),
            }
            if chance.random() < 0.4:
                event["due_at"] = at()
            sent.append((CASES, event))
        sent.append(
            (
                USAGE,
                {
                    "event_id": f"{seed}-{no}",
                    "occurred_at": at(),
                    "service": chance.choice(("portal", "payment")),
                    "action": "pay",
                    "unit": chance.choice(UNITS),
                    "outcome": chance.choice(("ok", "ok", "error", "timeout")),
                    "amount_vnd": chance.randrange(10**6),
                },
            )
        )
        seen: Event = {"occurred_at": at(), "unit": chance.choice(UNITS), "camera_id": f"C-{chance.randrange(9)}"}
        incident = {
            "type": "incident",
            "event_id": f"{seed}-{no}i",
            "incident_id": f"i-{seed}-{chance.randrange(cases)}",
            "kind": "accident",
            "severity": chance.choice(("low", "medium", "high", "critical")),
            "state": chance.choice(STATES),
        }
        health = {"type": "health", "event_id": f"{seed}-{no}h", "status": chance.choice(("online", "offline"))}
        sent.append((CAMERAS, seen | chance.choice((incident, health))))
    sent += chance.sample(sent, len(sent) // 20)
    chance.shuffle(sent)
    return sent
