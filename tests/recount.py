"""The figures counted again, slowly and from the words alone.

This module knows the published definitions ("What each figure means", `docs/figures.md`) and the wire contracts, and
nothing of the project: it imports only the standard library. It takes the events as they were sent, looks at each case
again for every question, and never remembers anything. What the store answers must equal what is counted here.

Where the words leave room, these readings are taken:

- *A repeat* of an ``event_id`` within a topic is ignored, whatever it says: the first one in the given order counts.
- *Received* needs no particular status: the first event that is neither submitted, not accepted nor withdrawn. A case
  may therefore be received and paused, or received and finished, by one event. A later ``submitted`` leaves it open.
- *Stopped as an end* (``stopped="ended"``) ends a case while it is the latest status, as withdrawn does; its time is
  then no paused time.
- *Changed due*: the raw field is compared with the last raw value in force, not with the value that pauses
  lengthened. Events before receipt may set it. A due moment may lie anywhere; only its distance matters.
- *Paused time* counts from the due-changing event on: of a pause that had begun before, only the rest.
- *Later moment*: raw later than the former raw. The first due_at of a case is no extension. *Already overdue*:
  counted as open_overdue or paused_overdue just before that event, at the moment of that event, with the events
  before it in order (those of the same moment with a smaller id included). The finishing event may extend.
- *Overdue by date*: the local day of T is later than the local day of the due moment; so from local midnight on,
  midnight included. *By timestamp*: T is later than the due moment, not equal to it.
- *The present pause* is the unbroken run of paused statuses that the latest event belongs to; it began with the first
  event of that run, whose own due_at counts.
- *Withdrawn* needs receipt before it in order; *not accepted* does not. Both need that nothing finished the case
  before.
- *Windows*: a happening counts when from <= moment < min(to, as_of). States are at ``as_of`` whatever the window.
- *Incidents*: the first event of an incident detects it whatever its state, and counts for its own unit.
- *Cameras*: only health events say anything of a camera. A silent one is counted as silent and no longer by its
  health; silent when its latest health is more than ``silent_after_s`` old (not when exactly that old).
- *Indicators*: ``add`` before any ``set`` adds to nothing (0). ``occurred_at`` is that of the latest event that went
  in; over a subtree, the latest of all units. ``mean`` is over the units that have a value. Nothing known: left out.
- *Days* are Vietnamese: UTC+7 without exception since 1975.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

Tree = Mapping[str, str | None]
"""Unit code to the code of the unit above it."""

Event = Mapping[str, Any]
"""A record's value as it is sent."""

VIETNAM = timezone(timedelta(hours=7))
DAY_US = 86_400_000_000
WORDS = (
    "submitted",
    "received",
    "not_accepted",
    "processing",
    "supplement_requested",
    "payment_requested",
    "withdrawn",
    "stopped",
    "finished",
    "returned",
)
FINISHING = ("finished", "returned")


@dataclass(frozen=True)
class Choices:
    """The choices that the definitions leave to the configuration."""

    stopped: Literal["paused", "ended"] = "paused"
    compare: Literal["date", "timestamp"] = "date"
    due_soon_s: float = 86_400
    silent_after_s: float = 0


def parse_us(text: str) -> int:
    """An RFC 3339 moment as microseconds since 1970."""
    at = datetime.fromisoformat(text)
    assert at.tzinfo is not None, text
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def us(at: datetime) -> int:
    """An aware moment as microseconds since 1970."""
    assert at.tzinfo is not None, at
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def local_day(at_us: int) -> int:
    """The number of the local day that a moment lies in."""
    return (at_us + 7 * 3_600_000_000) // DAY_US


def percent(part: int, whole: int) -> float | None:
    """Per cent with two decimals, half up."""
    if whole == 0:
        return None
    return float((Decimal(100 * part) / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def accepted(events: Iterable[Event], before_us: int) -> list[Event]:
    """Events before a moment, each id once, by (occurred_at, event_id as UTF-8 bytes)."""
    known: dict[str, Event] = {}
    for event in events:
        known.setdefault(event["event_id"], event)
    past = [event for event in known.values() if parse_us(event["occurred_at"]) < before_us]
    return sorted(past, key=lambda event: (parse_us(event["occurred_at"]), event["event_id"].encode()))


def grouped(events: Iterable[Event], by: str) -> list[list[Event]]:
    """Events of each case, incident, camera …, keeping their order."""
    groups: dict[str, list[Event]] = {}
    for event in events:
        groups.setdefault(event[by], []).append(event)
    return list(groups.values())


def within(unit: str, top: str, units: Tree) -> bool:
    """Whether a unit is ``top`` or lies below it."""
    at: str | None = unit
    while at is not None:
        if at == top:
            return True
        at = units[at]
    return False


# One case. A `history` is the case's events up to some point, in order.


@dataclass(frozen=True)
class Step:
    """What the definitions read of a case event."""

    at: int
    status: str
    due: int | None
    event: Event


def steps_of(events: Sequence[Event]) -> list[Step]:
    """The steps of one case's events."""
    found = []
    for event in events:
        status = event["status"]
        due = event.get("due_at")
        found.append(
            Step(
                parse_us(event["occurred_at"]),
                status if isinstance(status, str) else WORDS[status - 1],
                None if due is None else parse_us(due),
                event,
            )
        )
    return found


def paused_statuses(choices: Choices) -> tuple[str, ...]:
    if choices.stopped == "paused":
        return ("supplement_requested", "payment_requested", "stopped")
    return ("supplement_requested", "payment_requested")


def raw_due(history: Sequence[Step]) -> int | None:
    """The last due_at that was said."""
    said = [step.due for step in history if step.due is not None]
    return said[-1] if said else None


def due(history: Sequence[Step], at: int, choices: Choices) -> int | None:
    """The due moment at ``at``: the last changed due_at plus the paused time since the event that changed it."""
    in_force, changed_by = None, 0
    for i, step in enumerate(history):
        if step.due is not None and step.due != in_force:
            in_force, changed_by = step.due, i
    if in_force is None:
        return None
    paused = 0
    for i in range(changed_by, len(history)):
        if history[i].status in paused_statuses(choices):
            ends = history[i + 1].at if i + 1 < len(history) else at
            paused += ends - history[i].at
    return in_force + paused


def later(at: int, than: int | None, choices: Choices) -> bool:
    """Whether ``at`` is after a due moment, by date or by timestamp."""
    if than is None:
        return False
    if choices.compare == "date":
        return local_day(at) > local_day(than)
    return at > than


def first_received(history: Sequence[Step]) -> int | None:
    for i, step in enumerate(history):
        if step.status not in ("submitted", "not_accepted", "withdrawn"):
            return i
    return None


def first_finished(history: Sequence[Step]) -> int | None:
    for i, step in enumerate(history):
        if step.status in FINISHING:
            return i
    return None


def condition(history: Sequence[Step], choices: Choices) -> Literal["none", "open", "paused", "ended"]:
    """Where a case stands after its history."""
    if first_received(history) is None:
        return "none"
    if first_finished(history) is not None:
        return "ended"
    latest = history[-1].status
    if latest in ("withdrawn", "not_accepted"):
        return "ended"
    if latest == "stopped" and choices.stopped == "ended":
        return "ended"
    if latest in paused_statuses(choices):
        return "paused"
    return "open"


def is_open_overdue(history: Sequence[Step], at: int, choices: Choices) -> bool:
    return condition(history, choices) == "open" and later(at, due(history, at, choices), choices)


def is_open_due_soon(history: Sequence[Step], at: int, choices: Choices) -> bool:
    if condition(history, choices) != "open" or is_open_overdue(history, at, choices):
        return False
    by = due(history, at, choices)
    return by is not None and by - at <= choices.due_soon_s * 1_000_000


def is_paused_overdue(history: Sequence[Step], choices: Choices) -> bool:
    if condition(history, choices) != "paused":
        return False
    began = len(history) - 1
    while began > 0 and history[began - 1].status in paused_statuses(choices):
        began -= 1
    then = history[began].at
    return later(then, due(history[: began + 1], then, choices), choices)


@dataclass(frozen=True)
class Happening:
    """Something that happened to a case, and the step that made it so."""

    what: str
    step: Step


def happenings(history: Sequence[Step], choices: Choices) -> list[Happening]:
    """Everything that happened to a case in its history."""
    found = []
    received, finished = first_received(history), first_finished(history)
    if received is not None:
        found.append(Happening("received", history[received]))
    if finished is not None:
        step = history[finished]
        by = due(history[: finished + 1], step.at, choices)
        found.append(Happening("finished_late" if later(step.at, by, choices) else "finished_on_time", step))
    until = len(history) if finished is None else finished
    if received is not None:
        for step in history[received + 1 : until]:
            if step.status == "withdrawn":
                found.append(Happening("withdrawn", step))
                break
    for step in history[:until]:
        if step.status == "not_accepted":
            found.append(Happening("not_accepted", step))
            break
    for i, step in enumerate(history):
        before = history[:i]
        former = raw_due(before)
        if step.due is None or former is None or step.due <= former:
            continue
        if is_open_overdue(before, step.at, choices) or is_paused_overdue(before, choices):
            found.append(Happening("extended_after_due", step))
    return found


HAPPENINGS = ("received", "finished_on_time", "finished_late", "withdrawn", "not_accepted", "extended_after_due")


def count_cases(
    events: Iterable[Event],
    units: Tree,
    *,
    unit: str,
    scope: Literal["handling", "receiving"],
    as_of_us: int,
    from_us: int,
    to_us: int,
    choices: Choices,
) -> dict[str, Any]:
    """The ``cases`` part of the overview."""
    field = f"{scope}_unit"
    happened = dict.fromkeys(HAPPENINGS, 0)
    channels = {"counter": 0, "online": 0, "postal": 0}
    states = dict.fromkeys(("open", "due_soon", "overdue", "paused", "paused_overdue"), 0)
    for life in grouped(accepted(events, as_of_us), "case_code"):
        history = steps_of(life)
        for happening in happenings(history, choices):
            step = happening.step
            if from_us <= step.at < min(to_us, as_of_us) and within(step.event[field], unit, units):
                happened[happening.what] += 1
                if happening.what == "received":
                    channels[step.event["channel"]] += 1
        if not within(history[-1].event[field], unit, units):
            continue
        states["open"] += condition(history, choices) == "open"
        states["due_soon"] += is_open_due_soon(history, as_of_us, choices)
        states["overdue"] += is_open_overdue(history, as_of_us, choices)
        states["paused"] += condition(history, choices) == "paused"
        states["paused_overdue"] += is_paused_overdue(history, choices)
    on_time = happened["finished_on_time"]
    finished = on_time + happened["finished_late"]
    return {
        "received": happened["received"],
        "received_by_channel": channels,
        "finished": finished,
        "finished_on_time": on_time,
        "finished_late": happened["finished_late"],
        "withdrawn": happened["withdrawn"],
        "not_accepted": happened["not_accepted"],
        "extended_after_due": happened["extended_after_due"],
        "open": states["open"],
        "open_in_time": states["open"] - states["due_soon"] - states["overdue"],
        "open_due_soon": states["due_soon"],
        "open_overdue": states["overdue"],
        "paused": states["paused"],
        "paused_overdue": states["paused_overdue"],
        "on_time_pct": percent(on_time, finished + states["overdue"] + states["paused_overdue"]),
        "finished_on_time_pct": percent(on_time, finished),
    }


def count_incidents(
    events: Iterable[Event], units: Tree, *, unit: str, as_of_us: int, from_us: int, to_us: int
) -> dict[str, Any]:
    """The ``incidents`` part of the overview."""
    detected = unacknowledged = 0
    severities = {"low": 0, "medium": 0, "high": 0, "critical": 0}
    seen = [event for event in accepted(events, as_of_us) if event["type"] == "incident"]
    for life in grouped(seen, "incident_id"):
        first, latest = life[0], life[-1]
        if from_us <= parse_us(first["occurred_at"]) < min(to_us, as_of_us) and within(first["unit"], unit, units):
            detected += 1
        if within(latest["unit"], unit, units):
            if latest["state"] not in ("false_alarm", "resolved", "closed"):
                severities[latest["severity"]] += 1
            unacknowledged += latest["state"] == "detected"
    return {
        "detected": detected,
        "open": sum(severities.values()),
        "open_by_severity": severities,
        "unacknowledged": unacknowledged,
    }


def count_cameras(
    events: Iterable[Event], units: Tree, *, unit: str, as_of_us: int, choices: Choices
) -> dict[str, int]:
    """The ``cameras`` part of the overview."""
    found = {"online": 0, "offline": 0, "tampered": 0, "silent": 0}
    said = [event for event in accepted(events, as_of_us) if event["type"] == "health"]
    for life in grouped(said, "camera_id"):
        latest = life[-1]
        if within(latest["unit"], unit, units):
            age_s = (as_of_us - parse_us(latest["occurred_at"])) / 1_000_000
            silent = choices.silent_after_s > 0 and age_s > choices.silent_after_s
            found["silent" if silent else latest["status"]] += 1
    return found


def count_usage(
    events: Iterable[Event],
    units: Tree,
    services: Iterable[str],
    *,
    unit: str,
    as_of_us: int,
    from_us: int,
    to_us: int,
) -> dict[str, dict[str, int]]:
    """The ``usage`` part of the overview."""
    found = {service: {"uses": 0, "errors": 0, "amount_vnd": 0} for service in services}
    for event in accepted(events, as_of_us):
        if not from_us <= parse_us(event["occurred_at"]) < min(to_us, as_of_us):
            continue
        if not within(event["unit"], unit, units):
            continue
        count, outcome, into = event.get("count", 1), event.get("outcome", "ok"), found[event["service"]]
        into["uses"] += count
        if outcome in ("error", "timeout"):
            into["errors"] += count
        if outcome == "ok":
            into["amount_vnd"] += event.get("amount_vnd") or 0
    return found


def count_indicators(
    events: Iterable[Event], units: Tree, indicators: Mapping[str, str], *, unit: str, as_of_us: int
) -> dict[str, dict[str, Any]]:
    """The ``indicators`` part of the overview; ``indicators`` gives the roll-up of each code."""
    past = accepted(events, as_of_us)
    found: dict[str, dict[str, Any]] = {}
    for code, roll_up in indicators.items():
        values: dict[str, tuple[float, int]] = {}
        for event in past:
            if event["indicator"] != code:
                continue
            before = 0.0
            if event.get("mode", "set") == "add" and event["unit"] in values:
                before = values[event["unit"]][0]
            values[event["unit"]] = (before + event["value"], parse_us(event["occurred_at"]))
        if roll_up == "own":
            parts = [values[unit]] if unit in values else []
        else:
            parts = [values[other] for other in units if other in values and within(other, unit, units)]
        if not parts:
            continue
        total = sum(value for value, _ in parts)
        found[code] = {
            "value": total / len(parts) if roll_up == "mean" else total,
            "occurred_at": datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=max(at for _, at in parts)),
        }
    return found


def local_midnight(at: datetime) -> datetime:
    """The local midnight at or before a moment."""
    return at.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)


def recount(
    events: Mapping[str, Sequence[Event]],
    units: Tree,
    *,
    unit: str,
    as_of: datetime,
    scope: Literal["handling", "receiving"] = "handling",
    from_: datetime | None = None,
    to: datetime | None = None,
    services: Iterable[str] = (),
    indicators: Mapping[str, str] | None = None,
    choices: Choices | None = None,
) -> dict[str, Any]:
    """The overview without its ``feeds``, counted from the accepted events of each topic.

    ``events`` by topic (``ioc.cases.v1`` …) in order of arrival; repeats are ignored. ``occurred_at`` of indicators is
    an aware datetime. Raises KeyError for a unit that ``units`` does not hold.
    """
    choices = choices or Choices()
    units[unit]
    as_of_us = us(as_of)
    from_us = us(from_ or local_midnight(as_of))
    to_us = us(to or as_of)
    cameras = events.get("ioc.cameras.v1", ())
    return {
        "cases": count_cases(
            events.get("ioc.cases.v1", ()),
            units,
            unit=unit,
            scope=scope,
            as_of_us=as_of_us,
            from_us=from_us,
            to_us=to_us,
            choices=choices,
        ),
        "incidents": count_incidents(cameras, units, unit=unit, as_of_us=as_of_us, from_us=from_us, to_us=to_us),
        "cameras": count_cameras(cameras, units, unit=unit, as_of_us=as_of_us, choices=choices),
        "usage": count_usage(
            events.get("ioc.usage.v1", ()),
            units,
            services,
            unit=unit,
            as_of_us=as_of_us,
            from_us=from_us,
            to_us=to_us,
        ),
        "indicators": count_indicators(
            events.get("ioc.indicators.v1", ()), units, indicators or {}, unit=unit, as_of_us=as_of_us
        ),
    }
