"""The small lists of a picture: incidents that stand open, the newest ones, and results just finished."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString

from ioc.facts import IncidentState, Severity
from ioc.snapshot import IncidentRow, ReadyResult
from ioc.store.connect import Connection
from ioc.world import World

LATEST_STEP: LiteralString = """
    select i.incident_id, i.first_at, l.at, l.unit, l.severity, l.state, l.kind, l.camera_id, l.lat, l.lon, l.place
      from chosen i
     cross join lateral (
           select e.at, e.unit, e.severity, e.state, e.kind, e.camera_id, e.lat, e.lon, e.place
             from incident_event e
            where e.incident_no = i.no and e.at < %(as_of)s
            order by e.at desc, e.event_id collate "C" desc
            limit 1
     ) as l
"""
OPEN: LiteralString = (
    """
    with chosen as (
        select no, incident_id, first_at from incident where ended_at is null and first_at < %(as_of)s
        union all
        select no, incident_id, first_at from incident where ended_at >= %(as_of)s and first_at < %(as_of)s
    )
"""
    + LATEST_STEP
    + " where l.state not in (4, 7, 8) order by l.severity desc, i.first_at desc limit 500"
)
NEWEST: LiteralString = (
    """
    with chosen as (
        select no, incident_id, first_at from incident where first_at < %(as_of)s order by first_at desc limit 80
    )
"""
    + LATEST_STEP
    + " order by i.first_at desc"
)
RESULTS = """
    select f.code, e.at, e.handling, e.receiving
      from unnest(%(units)s::int[]) as place (unit)
     cross join lateral (
           select subject, at, handling, receiving
             from effect
            where receiving = place.unit and metric in (4, 5)
              and at < %(as_of)s and at >= %(as_of)s - interval '7 days'
            order by at desc
            limit 14
     ) as e
      join case_file f on f.no = e.subject
     order by e.at desc
"""


def open_incidents(conn: Connection, world: World, as_of: datetime) -> tuple[IncidentRow, ...]:
    """All incidents that stand open at ``as_of``: gravest first, then newest."""
    return _rows(conn.execute(OPEN, {"as_of": as_of}).fetchall(), world)


def newest_incidents(conn: Connection, world: World, as_of: datetime) -> tuple[IncidentRow, ...]:
    """The newest incidents before ``as_of``, whatever became of them."""
    return _rows(conn.execute(NEWEST, {"as_of": as_of}).fetchall(), world)


def _rows(rows: list[tuple[Any, ...]], world: World) -> tuple[IncidentRow, ...]:
    found = []
    for incident_id, first_at, at, unit, severity, state, kind, camera_id, lat, lon, place in rows:
        known = world.by_no.get(unit)
        if known is None:
            continue
        found.append(
            IncidentRow(
                incident_id=incident_id,
                camera_id=camera_id,
                unit=known.code,
                kind=kind,
                severity=Severity(severity).name.lower(),
                state=IncidentState(state).name.lower(),
                since=first_at,
                state_at=at,
                lat=lat,
                lon=lon,
                place=place,
            )
        )
    return tuple(found)


def ready_results(conn: Connection, world: World, as_of: datetime) -> tuple[ReadyResult, ...]:
    """For each receiving unit the cases finished there last, in the week before ``as_of``; newest first."""
    rows = conn.execute(RESULTS, {"as_of": as_of, "units": [unit.no for unit in world.units]}).fetchall()
    return tuple(
        ReadyResult(code, at, world.by_no[handling].code, world.by_no[receiving].code)
        for code, at, handling, receiving in rows
        if handling in world.by_no
    )
