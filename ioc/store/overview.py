"""The published overview of a unit: any window, any past moment, exact."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from ioc.figures import (
    SERVICE_BASE,
    STATE_METRICS,
    IndicatorFigure,
    Metric,
    Overview,
    UsageFigures,
    camera_figures,
    case_figures,
    incident_figures,
)
from ioc.settings import Settings
from ioc.snapshot import roll_up
from ioc.store import indicators, sums
from ioc.store.connect import Connection, translated
from ioc.store.feeds import feeds
from ioc.store.retention import horizon
from ioc.world import World

CASE_STATES = [int(m) for m in (Metric.OPEN, Metric.DUE_SOON, Metric.OVERDUE, Metric.PAUSED, Metric.PAUSED_OVERDUE)]
OTHER_STATES = [metric for metric in STATE_METRICS if metric not in CASE_STATES]


def overview(
    conn: Connection,
    world: World,
    settings: Settings,
    *,
    unit: str,
    scope: Literal["handling", "receiving"],
    as_of: datetime,
    from_: datetime,
    to: datetime,
) -> Overview:
    """Every figure of a unit and all below it: happenings of [from, min(to, as_of)), states at ``as_of``.

    All parts but ``feeds`` come from one snapshot of the database. KeyError for an unknown unit; Transient where the
    server failed.
    """
    zone = settings.province.zone
    positions = world.subtree(unit)
    units = [world.units[at].no for at in positions]
    end = min(to, as_of)
    with translated():
        with conn.transaction():
            conn.execute("set transaction isolation level repeatable read, read only")
            cases = sums.happenings(conn, zone, units, sums.CASE_HAPPENINGS, from_, end, scope)
            cases |= sums.states(conn, zone, units, CASE_STATES, as_of, scope)
            others = sums.happenings(conn, zone, units, sums.OTHER_HAPPENINGS, from_, end)
            others |= sums.states(conn, zone, units, OTHER_STATES, as_of)
            usage = uses(conn, world, zone, units, from_, end)
            measured = indicators.values(conn, as_of)
        pipeline = feeds(conn)
    by_metric = {Metric(metric): value for metric, value in (cases | others).items()}
    codes = {world.units[at].code for at in positions}
    return Overview(
        unit=unit,
        scope=scope,
        as_of=as_of.astimezone(settings.zone),
        from_=from_.astimezone(settings.zone),
        to=to.astimezone(settings.zone),
        cases=case_figures(by_metric),
        incidents=incident_figures(by_metric),
        cameras=camera_figures(by_metric),
        usage=usage,
        indicators={
            code: msgspec.structs.replace(figure, occurred_at=figure.occurred_at.astimezone(settings.zone))
            for code, declared in world.indicators.items()
            if (figure := roll_up(declared.roll_up, unit, codes, by_code(world, measured.get(code, {})))) is not None
        },
        feeds=tuple(
            msgspec.structs.replace(
                feed,
                last_event_at=feed.last_event_at and feed.last_event_at.astimezone(settings.zone),
                last_arrival_at=feed.last_arrival_at and feed.last_arrival_at.astimezone(settings.zone),
            )
            for feed in pipeline
        ),
    )


def by_code(world: World, values: dict[int, IndicatorFigure]) -> dict[str, IndicatorFigure]:
    """Values by unit code; units of another pack are left out."""
    return {world.by_no[no].code: figure for no, figure in values.items() if no in world.by_no}


def uses(
    conn: Connection, world: World, zone: str, units: list[int], from_: datetime, to: datetime
) -> dict[str, UsageFigures]:
    """Uses of every declared service in a window.

    Where raw uses are no longer kept, its ends are those of whole minutes: both are rounded down, so that windows which
    meet still add up.
    """
    kept = horizon(conn)
    if kept is not None:
        from_, to = (at if at >= kept else at.replace(second=0, microsecond=0) for at in (from_, to))
    metrics = [SERVICE_BASE + 3 * no + part for no in world.service_numbers.values() for part in range(3)]
    whole = sums.happenings(conn, zone, units, metrics, from_, to)
    edges = sums.uses_at_edges(conn, zone, units, from_, to)
    found = {}
    for service in world.services:
        no = world.service_no(service.code)
        edge = edges.get(no, [0, 0, 0])
        found[service.code] = UsageFigures(
            *(whole.get(SERVICE_BASE + 3 * no + part, 0) + edge[part] for part in range(3))
        )
    return found
