"""The way of a case: what came in today, where the open ones stand, what left."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CASES, Look, Panel, Slots, slot
from dashboards.panels.heading import SILENT, figure_text, heading, in_parts, spoken
from dashboards.text.formats import number
from ioc.figures import CaseFigures
from ioc.snapshot import Scope, Snapshot

NAME = "stages"
STAGES = (
    ("in", ("received",)),
    ("open", ("open_in_time", "open_due_soon", "open_overdue", "paused")),
    ("out", ("finished_on_time", "finished_late", "withdrawn", "not_accepted")),
)
"""Steps from left to right, and the figures that stand in each."""
TONES = {"open_due_soon": "soon", "open_overdue": "over", "finished_late": "soon"}


def frame(look: Look) -> Component:
    """Three groups of figures with arrows between them."""
    groups: list[Component] = []
    for group, figures in STAGES:
        cells = [
            html.Li(
                [
                    figure_text(NAME, figure, "value"),
                    html.Span(look.t(f"stages.{figure}"), className="what"),
                ]
            )
            for figure in figures
        ]
        title = html.H3([look.t(f"stages.{group}"), " ", figure_text(NAME, f"sum-{group}", "sum")])
        groups.append(html.Div([title, html.Ol(cells)], className=f"stage {group}"))
        if group != "out":
            groups.append(html.Span(className="arrow", **SILENT))
    return html.Div(
        [heading(NAME, look.t("stages.title")), html.Div(groups, className="stage-row"), spoken(NAME)],
        className="stages",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Every figure of every step."""
    cases = snapshot.cases(scope)
    slots: Slots = {
        slot(NAME, figure): {
            "children": number(getattr(cases, figure), look.language),
            "className": f"value {TONES.get(figure, '')}".strip() if getattr(cases, figure) else "value",
        }
        for _, figures in STAGES
        for figure in figures
    }
    for group, figures in STAGES:
        slots[slot(NAME, f"sum-{group}")] = {"children": _sum(cases, figures, look) if len(figures) > 1 else ""}
    slots[slot(NAME, "note")] = {"children": in_parts(look.t("stages.note"))}
    slots[slot(NAME, "spoken")] = {
        "children": look.t(
            "stages.spoken",
            received=number(cases.received, look.language),
            open=number(cases.open, look.language),
            finished=number(cases.finished, look.language),
        )
    }
    return slots


def _sum(cases: CaseFigures, figures: tuple[str, ...], look: Look) -> str:
    return number(sum(int(getattr(cases, figure)) for figure in figures), look.language)


PANEL = Panel(NAME, (CASES,), frame, update)
