"""Cameras: an incident that one saw, a step in its handling, or the camera's own health.

Keyed by camera. Fields of the other kind of record are unknown fields here, and ignored like all of them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from ioc.errors import Rejected
from ioc.facts import Health, HealthEvent, IncidentEvent, IncidentState, Severity, Topic
from streams.feeds.wire import NO_NUL, Code, Feed, Latitude, Longitude, Places, UnitCode, Wire, at_us
from streams.redact import mask_plate

SEVERITIES = {severity.name.lower(): int(severity) for severity in Severity}
STATES = {state.name.lower(): int(state) for state in IncidentState}
HEALTHS = {health.name.lower(): int(health) for health in Health}


class CameraRecord(Wire, frozen=True, gc=False, kw_only=True, tag_field="type"):
    """What both kinds of camera record say."""

    camera_id: Code
    unit: UnitCode
    lat: Latitude | None = None
    lon: Longitude | None = None


class IncidentRecord(CameraRecord, frozen=True, gc=False, kw_only=True, tag="incident"):
    """The contract `ioc.cameras.v1`, type incident."""

    incident_id: Code
    kind: Annotated[Code, Meta(description="a kind of incident_kinds.csv, or one added in config")]
    severity: Literal["low", "medium", "high", "critical"]
    state: Literal[
        "detected",
        "acknowledged",
        "verified",
        "false_alarm",
        "dispatched",
        "in_progress",
        "resolved",
        "closed",
    ]
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    plate_masked: Annotated[str, Meta(max_length=16, extra_json_schema=NO_NUL)] | None = None
    snapshot_url: Annotated[str, Meta(max_length=512, extra_json_schema=NO_NUL)] | None = None
    source: Annotated[str, Meta(max_length=64, extra_json_schema=NO_NUL)] | None = None


class HealthRecord(CameraRecord, frozen=True, gc=False, kw_only=True, tag="health"):
    """The contract `ioc.cameras.v1`, type health."""

    status: Literal["online", "offline", "tampered"]


def _real(value: float | None) -> float | None:
    return None if value is None else value + 0.0  # -0.0 is 0


def place(wire: IncidentRecord | HealthRecord, places: Places) -> tuple[IncidentEvent | HealthEvent, tuple[Any, ...]]:
    """What it means here: a declared kind of incident, or a health, at a unit in force."""
    us = at_us(wire.occurred_at)
    unit = places.unit(wire.unit)
    lat, lon = _real(wire.lat), _real(wire.lon)
    if isinstance(wire, HealthRecord):
        health = HealthEvent(wire.event_id, us, wire.camera_id, unit, HEALTHS[wire.status], lat, lon)
        return health, ("health", us, wire.camera_id, wire.unit, health.status, lat, lon)
    if wire.kind not in places.kinds:
        raise Rejected("unknown_kind", wire.kind)
    severity, state = SEVERITIES[wire.severity], STATES[wire.state]
    confidence = _real(wire.confidence)
    plate = None if wire.plate_masked is None else mask_plate(wire.plate_masked)
    incident = IncidentEvent(
        wire.event_id,
        us,
        wire.incident_id,
        wire.camera_id,
        unit,
        wire.kind,
        severity,
        state,
        lat,
        lon,
        confidence,
        plate,
        wire.snapshot_url,
        wire.source,
    )
    return incident, (
        "incident",
        us,
        wire.camera_id,
        wire.unit,
        wire.incident_id,
        wire.kind,
        severity,
        state,
        lat,
        lon,
        confidence,
        plate,
        wire.snapshot_url,
        wire.source,
    )


def sample() -> dict[str, Any]:
    """An accident on National Road 13."""
    return {
        "type": "incident",
        "event_id": "k-1",
        "occurred_at": "2024-08-23T01:45:03Z",
        "camera_id": "QL13-021",
        "unit": "724",
        "incident_id": "i-1",
        "kind": "accident",
        "severity": "critical",
        "state": "detected",
        "lat": 10.98,
        "lon": 106.71,
        "confidence": 0.93,
    }


CAMERAS = Feed(
    topic=Topic.CAMERAS,
    key="camera_id",
    says="An incident seen by a camera, a step in its handling, or the camera's own health.",
    wire=IncidentRecord | HealthRecord,
    place=place,
    sample=sample,
)
