"""Incidents, targets and services in three lines for who wants to know that nothing else burns; each leads to its
field."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.pages.addresses import scope_address
from dashboards.panel import CAMERAS, USAGE, Look, Panel, Slots, age_tag, slot
from dashboards.panels.heading import figure_text, icon
from dashboards.panels.targets import met
from dashboards.text.formats import number, percent
from ioc.figures import SEVERITIES
from ioc.snapshot import Scope, Snapshot

NAME = "summary"
FIELDS = {"incidents": "/cameras", "targets": "/kpi", "services": "/services"}


def frame(look: Look) -> Component:
    """Open incidents by severity, targets met, uses of services."""
    severities = [
        html.Span(
            [
                icon(f"sev-{name}", f"sev {name}"),
                html.Span(look.t(f"severity.{name}"), className="visually-hidden"),
                figure_text(NAME, f"count-{name}"),
            ]
        )
        for name in reversed(SEVERITIES)
    ]
    return html.Div(
        [
            _line("incidents", html.Div(severities, className="severities")),
            _line("targets", html.Span(id=slot(NAME, "targets-note"), className="of")),
            _line("services", html.Span(id=slot(NAME, "services-note"), className="of")),
            html.Div(age_tag()),
        ],
        className="summary",
    )


def _line(what: str, more: Component) -> Component:
    words = html.Div([html.B(id=slot(NAME, what)), more], className="summary-words")
    return dcc.Link([words, icon("chevron-right", "go")], href="#", id=slot(NAME, f"to-{what}"))


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The three lines of the scope; targets are the province's where the scope has none."""
    t, language = look.t, look.language
    incidents = snapshot.incidents(scope)
    values = snapshot.indicators(Scope(snapshot.world.root.code)) | snapshot.indicators(scope)
    aimed = [one for one in look.world.indicators.values() if one.target is not None and one.code in values]
    reached = [one for one in aimed if met(one, values[one.code])]
    open_now = [one for one in aimed if one not in reached]
    used = snapshot.usage(scope).values()
    uses, errors = sum(one.uses for one in used), sum(one.errors for one in used)
    slots: Slots = {
        slot(NAME, f"count-{name}"): {"children": number(incidents.open_by_severity.get(name, 0), language)}
        for name in SEVERITIES
    }
    title = t("summary.targets", met=len(reached), n=len(aimed)) if aimed else t("summary.targets_none")
    first = next(iter(open_now), None)
    note = "" if first is None else (first.en if language == "en" else first.vi)
    failed = percent(errors * 100 / uses if uses else 0, language)
    slots |= {slot(NAME, f"to-{what}"): {"href": scope_address(scope, path=path)} for what, path in FIELDS.items()}
    slots |= {
        slot(NAME, "incidents"): {"children": t("summary.incidents", n=number(incidents.open, language))},
        slot(NAME, "targets"): {"children": title},
        slot(NAME, "targets-note"): {"children": t("summary.missing", name=note) if note else ""},
        slot(NAME, "services"): {"children": t("summary.services", uses=number(uses, language))},
        slot(NAME, "services-note"): {"children": t("summary.services_note", pct=failed) if uses else ""},
    }
    return slots


PANEL = Panel(NAME, (CAMERAS, USAGE), frame, update)
