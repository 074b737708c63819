"""Indicators: any measured figure of any field, declared in the configuration and not in code.

Keyed by indicator, so that its levels and changes stay in order.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from ioc.errors import Rejected
from ioc.facts import IndicatorEvent, Topic
from streams.feeds.wire import Code, Feed, Places, Time, UnitCode, Wire, at_us


class IndicatorRecord(Wire, frozen=True, gc=False, kw_only=True):
    """The contract `ioc.indicators.v1`; ``occurred_at`` is the moment, or the end of the period, that it describes."""

    occurred_at: Annotated[Time, Meta(description="the moment, or the end of the period, that the figure describes")]
    indicator: Code
    unit: UnitCode
    value: Annotated[float, Meta(ge=-1e15, le=1e15)]
    mode: Literal["set", "add"] = "set"


def place(wire: IndicatorRecord, places: Places) -> tuple[IndicatorEvent, tuple[Any, ...]]:
    """What it means here: a level, or a change of it, at a unit in force."""
    us = at_us(wire.occurred_at)
    unit = places.unit(wire.unit)
    if wire.indicator not in places.indicators:
        raise Rejected("unknown_indicator", wire.indicator)
    value = wire.value + 0.0  # -0.0 is 0
    add = wire.mode == "add"
    fact = IndicatorEvent(wire.event_id, us, wire.indicator, unit, value, add)
    return fact, (us, wire.indicator, wire.unit, value, add)


def sample() -> dict[str, Any]:
    """The digital addresses of the province."""
    return {
        "event_id": "n-1",
        "occurred_at": "2022-07-31T23:59:59+07:00",
        "indicator": "digital_addresses",
        "unit": "74",
        "value": 286947,
    }


INDICATORS = Feed(
    topic=Topic.INDICATORS,
    key="indicator",
    says="A measured figure of any field.",
    wire=IndicatorRecord,
    place=place,
    sample=sample,
)
