"""What needs the leader now: the gravest incident, the overdue, what falls due next."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.pages.addresses import scope_address
from dashboards.panel import CAMERAS, CASES, Look, Panel, Slots, age_tag, data, slot
from dashboards.panels.heading import SILENT, icon
from dashboards.panels.incidents import kind_name, ordered
from dashboards.panels.ranks import departments, places
from dashboards.text.formats import number
from dashboards.text.names import listed
from ioc.settings import seconds
from ioc.snapshot import Scope, Snapshot

INCIDENT, OVERDUE, SOON = "attention-incident", "attention-overdue", "attention-soon"


def _card(name: str, picture: Component, look: Look, *, side: Component | None = None) -> Component:
    del look
    # counts change each second: only an incident is called out
    said: dict[str, Any] = {"role": "status"} if name == INCIDENT else {}
    return dcc.Link(
        [
            picture,
            html.Div(
                [
                    html.B(id=slot(name, "title"), className="card-title", **said),
                    html.Span(id=slot(name, "note"), className="card-note"),
                ],
                className="card-words",
            ),
            side if side is not None else icon("chevron-right", "go"),
            age_tag(),
        ],
        href="#",
        id=slot(name, "card"),
        className="attention",
    )


def _incident_frame(look: Look) -> Component:
    since = html.Span(id=slot(INCIDENT, "since"), className="since", **data(since=""))
    picture = html.Span(id=slot(INCIDENT, "icon"), **SILENT)
    return _card(INCIDENT, picture, look, side=since)


def _incident(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    t, language, world = look.t, look.language, snapshot.world
    rows = ordered(snapshot.own_incidents(scope))
    figures = snapshot.incidents(scope)
    row = next((row for row in rows if row.severity == "critical"), None)
    alarm = row is not None and row.state == "detected"
    picture = "sev-critical" if row else "check-circle"
    if row is None and not snapshot.spoke(CAMERAS):
        picture, title, note = "camera-video", t("incidents.unknown"), ""
    elif row is None:
        title = t("attention.no_critical")
        note = (
            t("attention.open_incidents", n=figures.open, unaccepted=figures.unacknowledged)
            if figures.open
            else t("attention.no_incidents")
        )
    else:
        unit = world.by_code.get(row.unit)
        kind, where = kind_name(world, row.kind, language), listed(unit, language) if unit else row.unit
        title = t("attention.critical", kind=kind, place=where)
        note = t("attention.critical_note") if alarm else t("attention.accepted_note", state=t(f"state.{row.state}"))
    return {
        slot(INCIDENT, "card"): {
            "className": f"attention {'alarm' if alarm else 'outlined' if row else 'calm'}",
            "href": scope_address(scope, path="/cameras"),
        },
        slot(INCIDENT, "icon"): {"className": f"i i-{picture}"},
        slot(INCIDENT, "title"): {"children": title},
        slot(INCIDENT, "note"): {"children": note},
        slot(INCIDENT, "since"): {"data-since": row.since.isoformat() if row else ""},
    }


def _overdue(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    t, language = look.t, look.language
    cases = snapshot.cases(scope)
    below = snapshot.world.children(scope.unit)
    rows = snapshot.rows([*departments(below), *places(below)])
    worst = max(rows, key=lambda row: row.cases.open_overdue, default=None)
    note = t("attention.open", open=number(cases.open, language))
    if worst is not None and worst.cases.open_overdue:
        note = t("attention.most", name=listed(worst.unit, language), n=number(worst.cases.open_overdue, language))
    title = (
        t("attention.overdue", n=number(cases.open_overdue, language))
        if cases.open_overdue
        else t("attention.no_overdue" if snapshot.spoke(CASES) else "cases.unknown")
    )
    return {
        slot(OVERDUE, "card"): {
            "className": f"attention {'heat' if cases.open_overdue else 'calm'}",
            "href": scope_address(scope, path="/cases"),
        },
        slot(OVERDUE, "title"): {"children": title},
        slot(OVERDUE, "note"): {"children": note},
    }


def _soon(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    t, language = look.t, look.language
    n = snapshot.cases(scope).open_due_soon
    hours = round(seconds(look.settings.cases.due_soon) / 3600)
    title = (
        t("attention.soon", n=number(n, language))
        if n
        else t("attention.no_soon" if snapshot.spoke(CASES) else "cases.unknown")
    )
    return {
        slot(SOON, "card"): {
            "className": f"attention {'soon' if n else 'calm'}",
            "href": scope_address(scope, path="/cases", late="soon"),
        },
        slot(SOON, "title"): {"children": title},
        slot(SOON, "note"): {"children": t("attention.soon_note", hours=hours)},
    }


PANELS = (
    Panel(INCIDENT, (CAMERAS,), _incident_frame, _incident),
    Panel(OVERDUE, (CASES,), lambda look: _card(OVERDUE, icon("hourglass-split"), look), _overdue),
    Panel(SOON, (CASES,), lambda look: _card(SOON, icon("alarm"), look), _soon),
)
"""The three cards of the attention row."""
