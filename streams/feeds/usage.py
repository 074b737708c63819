"""Service usage: one use of a digital service, or a count of uses.

Keyed by unit, so that a partition holds one place's uses in order.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from ioc.facts import Outcome, Topic, UsageEvent
from streams.feeds.wire import Code, Feed, Places, UnitCode, Vnd, Wire, at_us

OUTCOMES = {outcome.name.lower(): int(outcome) for outcome in Outcome}


class UsageRecord(Wire, frozen=True, gc=False, kw_only=True):
    """The contract `ioc.usage.v1`; unknown fields are ignored."""

    service: Code
    action: Code
    unit: UnitCode
    outcome: Literal["ok", "error", "timeout"] = "ok"
    count: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    duration_ms: Annotated[int, Meta(ge=0, le=86_400_000, description="mean of the counted uses")] | None = None
    amount_vnd: Annotated[Vnd, Meta(description="total of the counted uses")] | None = None
    satisfied: bool | None = None


def place(wire: UsageRecord, places: Places) -> tuple[UsageEvent, tuple[Any, ...]]:
    """What it means here: a declared service used at a unit in force."""
    us = at_us(wire.occurred_at)
    outcome = OUTCOMES[wire.outcome]
    fact = UsageEvent(
        wire.event_id,
        us,
        places.service(wire.service),
        wire.action,
        places.unit(wire.unit),
        outcome,
        wire.count,
        wire.duration_ms,
        wire.amount_vnd,
        wire.satisfied,
    )
    return fact, (
        us,
        wire.service,
        wire.action,
        wire.unit,
        outcome,
        wire.count,
        wire.duration_ms,
        wire.amount_vnd,
        wire.satisfied,
    )


def sample() -> dict[str, Any]:
    """A payment at the provincial centre."""
    return {
        "event_id": "u-1",
        "occurred_at": "2024-08-23T08:45:00.250+07:00",
        "service": "payment",
        "action": "pay",
        "unit": "718",
        "outcome": "ok",
        "amount_vnd": 150000,
        "duration_ms": 820,
    }


USAGE = Feed(
    topic=Topic.USAGE,
    key="unit",
    says="One use of a digital service, or a count of uses.",
    wire=UsageRecord,
    place=place,
    sample=sample,
)
