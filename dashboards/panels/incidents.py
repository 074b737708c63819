"""Open camera incidents: what is new, and what has nobody accepted?

A detection is never shown as proven: while its state is ``detected`` it says "chờ xác minh". Neither images nor plates.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CAMERAS, Language, Look, Panel, Slots, data, slot
from dashboards.panels.heading import SILENT, heading, in_parts, spoken
from dashboards.text.formats import number
from dashboards.text.names import listed
from ioc.figures import SEVERITIES
from ioc.snapshot import IncidentRow, Scope, Snapshot
from ioc.world import World

NAME = "incidents"
ROWS = 6


def frame(look: Look) -> Component:
    """Rows that hold an incident each; the gravest unaccepted one fills the first with red."""
    rows = [
        html.Li(
            [
                html.Span(id=slot(NAME, f"icon-{at}"), **SILENT),
                html.Div(
                    [
                        html.Span(id=slot(NAME, f"kind-{at}"), className="kind"),
                        html.Span(id=slot(NAME, f"severity-{at}"), className="severity"),
                    ],
                    className="what",
                ),
                html.Span(id=slot(NAME, f"place-{at}"), className="place"),
                html.Span(id=slot(NAME, f"age-{at}"), className="since", **data(since="")),
                html.Span(id=slot(NAME, f"state-{at}"), className="state"),
            ],
            id=slot(NAME, f"row-{at}"),
            className="hidden",
        )
        for at in range(ROWS)
    ]
    return html.Div(
        [
            heading(NAME, look.t("incidents.title")),
            html.Ol(rows, id=slot(NAME, "rows"), className="incident-rows"),
            html.Div(
                [
                    html.Span(id=slot(NAME, "none-icon"), **SILENT),
                    html.Span(id=slot(NAME, "none-words")),
                    html.Small(id=slot(NAME, "last")),
                ],
                id=slot(NAME, "none"),
                className="nothing hidden",
            ),
            html.P(id=slot(NAME, "foot"), className="foot"),
            spoken(NAME),
        ],
        className="incidents",
    )


def kind_name(world: World, kind: str, language: Language) -> str:
    """The kind's name; the bare word of the feed where nobody has declared it."""
    found = world.kinds.get(kind)
    if found is None:
        return kind.replace("_", " ")
    return found.en if language == "en" else found.vi


def place_name(world: World, row: IncidentRow, language: Language) -> str:
    """Where it happened: the place's own name and its unit."""
    unit = world.by_code.get(row.unit)
    named = listed(unit, language) if unit else row.unit
    return f"{row.place}, {named}" if row.place else f"{named} · {row.camera_id}"


def ordered(rows: list[IncidentRow]) -> list[IncidentRow]:
    """The gravest first; of equal severity those that nobody has accepted, then the newest. Hundreds of riders without
    helmets must not push a fire off the wall."""
    return sorted(
        rows,
        key=lambda row: (-SEVERITIES.index(row.severity), row.state != "detected", -row.since.timestamp()),
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The gravest open incidents of the scope."""
    t, language, world = look.t, look.language, snapshot.world
    rows = ordered(snapshot.own_incidents(scope))
    figures = snapshot.incidents(scope)
    slots: Slots = {}
    for at in range(ROWS):
        row = rows[at] if at < len(rows) else None
        alarm = row is not None and row.severity == "critical" and row.state == "detected"
        style = (
            f"row {row.severity}{' alarm' if alarm else ''}{' unaccepted' if row.state == 'detected' else ''}"
            if row
            else ""
        )
        slots |= {
            slot(NAME, f"row-{at}"): {"className": style or "hidden"},
            slot(NAME, f"icon-{at}"): {"className": f"i sev {row.severity} i-sev-{row.severity}" if row else ""},
            slot(NAME, f"kind-{at}"): {"children": kind_name(world, row.kind, language) if row else ""},
            slot(NAME, f"severity-{at}"): {
                "children": t("severity.critical_caps" if alarm else f"severity.{row.severity}") if row else ""
            },
            slot(NAME, f"place-{at}"): {"children": place_name(world, row, language) if row else ""},
            slot(NAME, f"age-{at}"): {"data-since": row.since.isoformat() if row else ""},
            slot(NAME, f"state-{at}"): {"children": t(f"state.{row.state}") if row else ""},
        }
    slots[slot(NAME, "rows")] = {"className": "incident-rows" if rows else "hidden"}
    more = len(rows) - ROWS
    slots[slot(NAME, "foot")] = {
        "children": t("incidents.more", n=number(more, language))
        if more > 0
        else t("incidents.privacy")
        if rows
        else ""
    }
    slots[slot(NAME, "note")] = {"children": in_parts(t("incidents.count", n=number(figures.open, language)))}
    known = snapshot.spoke(CAMERAS)  # that nothing is open is good news only from cameras that speak
    slots[slot(NAME, "none")] = {"className": "nothing hidden" if rows else "nothing"}
    slots[slot(NAME, "none-icon")] = {"className": "i i-check-circle" if known else "hidden"}
    slots[slot(NAME, "none-words")] = {"children": t("incidents.none" if known else "incidents.unknown")}
    slots[slot(NAME, "last")] = {"children": _last(snapshot, scope, look) if known and not rows else ""}
    slots[slot(NAME, "spoken")] = {
        "children": t(
            "incidents.spoken",
            n=figures.open,
            critical=figures.open_by_severity.get("critical", 0),
            unaccepted=figures.unacknowledged,
        )
    }
    return slots


def _last(snapshot: Snapshot, scope: Scope, look: Look) -> str:
    latest = snapshot.latest_incidents(scope)
    if not latest:
        return look.t("incidents.never")
    at = latest[0].since.astimezone(snapshot.zone)
    named = kind_name(snapshot.world, latest[0].kind, look.language)
    return look.t("incidents.last", at=f"{at:%H:%M %d/%m}", kind=named)


PANEL = Panel(NAME, (CAMERAS,), frame, update)
