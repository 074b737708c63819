"""Effects of lives, summed, are the figures that the definitions give when each case is looked at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ioc.facts import Channel, Health, IncidentState, Severity, Status, moment, us_of
from ioc.figures import STATES, Metric, camera_figures, case_figures, incident_figures
from ioc.life import (
    CaseStep,
    Effects,
    HealthStep,
    IncidentStep,
    Rules,
    camera_life,
    case_life,
    difference,
    incident_life,
)
from tests.lives import DAYS, MONDAY, SCOPES, UNITS, camera_events, case_lives, questions, several_cases, written
from tests.recount import Choices, grouped, recount, within

TREE = {"74": None, "718": "74", "25741": "718", "25747": "718", "724": "74", "D-STP": "74"}
NUMBER = {code: no for no, code in enumerate(UNITS, 1)}
BY: tuple[Literal["handling", "receiving"], ...] = ("handling", "receiving")
US = timedelta(microseconds=1)

CHOICES = [
    Choices(),
    Choices(stopped="ended"),
    Choices(compare="timestamp"),
    Choices(compare="timestamp", stopped="ended", due_soon_s=5400.5, silent_after_s=3600),
    Choices(due_soon_s=0, silent_after_s=86_400),
]


def rules_of(choices: Choices) -> Rules:
    return Rules(
        stopped=choices.stopped,
        compare=choices.compare,
        due_soon_us=round(choices.due_soon_s * 1_000_000),
        silent_after_us=round(choices.silent_after_s * 1_000_000),
    )


def at_us(event: Mapping[str, Any], name: str = "occurred_at") -> int:
    return us_of(datetime.fromisoformat(event[name]))


def case_step(event: Mapping[str, Any]) -> CaseStep:
    status = event["status"]
    return CaseStep(
        at_us(event),
        event["event_id"],
        status if isinstance(status, int) else Status[status.upper()],
        NUMBER[event["handling_unit"]],
        NUMBER[event["receiving_unit"]],
        Channel[event["channel"].upper()],
        None if event.get("due_at") is None else at_us(event, "due_at"),
    )


def added(lives: Iterable[Effects]) -> Effects:
    total: Counter[tuple[int, int, int, int]] = Counter()
    for life in lives:
        total.update(life)
    return dict(total)


def case_effects(events: Sequence[dict[str, Any]], choices: Choices) -> Effects:
    rules = rules_of(choices)
    return added(case_life(sorted(map(case_step, life)), rules) for life in grouped(events, "case_code"))


def camera_effects(events: Sequence[dict[str, Any]], choices: Choices) -> Effects:
    rules = rules_of(choices)
    incidents: dict[str, list[IncidentStep]] = {}
    words: dict[str, list[HealthStep]] = {}
    for event in events:
        at, unit = at_us(event), NUMBER[event["unit"]]
        if event["type"] == "incident":
            severity, state = Severity[event["severity"].upper()], IncidentState[event["state"].upper()]
            incidents.setdefault(event["incident_id"], []).append(
                IncidentStep(at, event["event_id"], unit, severity, state)
            )
        else:
            words.setdefault(event["camera_id"], []).append(
                HealthStep(at, event["event_id"], unit, Health[event["status"].upper()])
            )
    return added(
        [incident_life(sorted(steps), rules) for steps in incidents.values()]
        + [camera_life(sorted(steps), rules) for steps in words.values()]
    )


def figures(
    effects: Effects, *, unit: str, scope: str, as_of: datetime, from_: datetime, to: datetime
) -> dict[str, Any]:
    """What the published figures are when effects are summed as the store sums them."""
    inside = {NUMBER[code] for code in UNITS if within(code, unit, TREE)}
    end, begin, until = us_of(as_of), us_of(from_), min(us_of(to), us_of(as_of))
    sums: dict[Metric, int] = {}
    for (metric, handling, receiving, at), delta in effects.items():
        counts = at < end if Metric(metric) in STATES else begin <= at < until
        if counts and (handling if scope == "handling" else receiving) in inside:
            sums[Metric(metric)] = sums.get(Metric(metric), 0) + delta
    found: dict[str, Any] = msgspec.to_builtins(
        {"cases": case_figures(sums), "incidents": incident_figures(sums), "cameras": camera_figures(sums)}
    )
    return found


def assert_cases_agree(
    events: list[dict[str, Any]], effects: Effects, choices: Choices, as_of: datetime, from_: datetime, to: datetime
) -> None:
    for unit in SCOPES:
        for scope in BY:
            expected = recount(
                {"ioc.cases.v1": events},
                TREE,
                unit=unit,
                scope=scope,
                as_of=as_of,
                from_=from_,
                to=to,
                choices=choices,
            )
            found = figures(effects, unit=unit, scope=scope, as_of=as_of, from_=from_, to=to)
            assert found["cases"] == expected["cases"], (unit, scope, as_of.isoformat())


@pytest.mark.parametrize("choices", CHOICES, ids=repr)
@examples(max_examples=40)
@given(events=several_cases(), asked=questions())
def test_summed_effects_are_the_figures_of_the_definitions(
    choices: Choices, events: list[dict[str, Any]], asked: tuple[datetime, datetime, datetime]
) -> None:
    assert_cases_agree(events, case_effects(events, choices), choices, *asked)


@pytest.mark.parametrize("choices", CHOICES, ids=repr)
@examples(max_examples=40)
@given(events=case_lives(most=8), data=st.data())
def test_figures_change_exactly_where_effects_lie(
    choices: Choices, events: list[dict[str, Any]], data: st.DataObject
) -> None:
    effects = case_effects(events, choices)
    assume(effects)
    edge = moment(data.draw(st.sampled_from(sorted({at for _, _, _, at in effects}))))
    for as_of in (edge - US, edge, edge + US, edge + 2 * US):
        assert_cases_agree(events, effects, choices, as_of, edge, edge + US)


@pytest.mark.parametrize("choices", CHOICES, ids=repr)
@examples(max_examples=40)
@given(events=camera_events(), asked=questions())
def test_incidents_and_cameras_are_those_of_the_definitions(
    choices: Choices, events: list[dict[str, Any]], asked: tuple[datetime, datetime, datetime]
) -> None:
    effects = camera_effects(events, choices)
    as_of, from_, to = asked
    edges = sorted({moment(at) for _, _, _, at in effects})
    for moment_of in (as_of, *(at for edge in edges for at in (edge, edge + US))):
        for unit in SCOPES:
            expected = recount(
                {"ioc.cameras.v1": events}, TREE, unit=unit, as_of=moment_of, from_=from_, to=to, choices=choices
            )
            found = figures(effects, unit=unit, scope="handling", as_of=moment_of, from_=from_, to=to)
            assert found["incidents"] == expected["incidents"]
            assert found["cameras"] == expected["cameras"]


@given(events=case_lives(), cut=st.integers(0, 10))
def test_a_difference_makes_the_old_life_the_new_one(events: list[dict[str, Any]], cut: int) -> None:
    before, after = case_effects(events[:cut], Choices()), case_effects(events, Choices())
    changed = difference(before, after)
    assert 0 not in changed.values()
    assert {key: delta for key, delta in added([before, changed]).items() if delta} == after


@pytest.mark.parametrize("compare", ["date", "timestamp"])
@given(
    others=several_cases(),
    own=case_lives("H-late"),
    late_by=st.sampled_from([timedelta(days=1), timedelta(days=3, hours=5)]),
    stayed=st.sampled_from([US, timedelta(hours=4), timedelta(days=2)]),
    window=st.sampled_from([timedelta(0), timedelta(hours=7), timedelta(days=30)]),
)
def test_closing_a_late_case_never_raises_the_share_on_time(
    compare: Literal["date", "timestamp"],
    others: list[dict[str, Any]],
    own: list[dict[str, Any]],
    late_by: timedelta,
    stayed: timedelta,
    window: timedelta,
) -> None:
    """Open ones only: a pause moves the due moment along, and by date a finish within it may fall on the due day."""
    choices = Choices(compare=compare)
    taken_up = MONDAY + timedelta(days=DAYS)
    closed_at = taken_up + stayed
    as_of, from_ = closed_at + US, closed_at - window
    going_on = [
        event | {"status": "processing"} if event["status"] in ("finished", "returned") else event for event in own
    ]
    last = own[0] | {
        "event_id": "last",
        "occurred_at": written(taken_up),
        "status": "processing",
        "due_at": written(taken_up - late_by - 7 * US),  # news: the due moment in force said again would say nothing
    }
    closing = last | {"event_id": "closing", "occurred_at": written(closed_at), "status": "finished", "due_at": None}
    before, after = (
        figures(case_effects(sent, choices), unit="74", scope="handling", as_of=as_of, from_=from_, to=as_of)["cases"]
        for sent in ([*others, *going_on, last], [*others, *going_on, last, closing])
    )
    assert after["open_overdue"] == before["open_overdue"] - 1
    assert after["finished_late"] == before["finished_late"] + 1
    assert after["on_time_pct"] <= before["on_time_pct"]
