"""Targets one by one: how far, who answers for it, what is being done, by when?

What nobody has written down is said to be missing: no name, deadline or forecast is made up here.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from dash import html
from dash.development.base_component import Component

from dashboards.panel import INDICATORS, Look, Panel, Slots, age_tag, slot
from dashboards.panels.heading import SILENT, figure_text, icon, spoken
from dashboards.panels.targets import dot_style, indicator_value, met
from dashboards.text.formats import DASH, number
from ioc.figures import IndicatorFigure
from ioc.settings import Indicator
from ioc.snapshot import Scope, Snapshot
from ioc.world import World

NAME = "kpi"
Verdict = Literal["met", "open", "late", "none", "free"]
VERDICTS: tuple[tuple[Verdict, str], ...] = (
    ("met", "check-circle-fill"),
    ("open", "circle-fill"),
    ("late", "sev-critical"),
    ("none", "clock-history"),
)
PICTURES = {**dict(VERDICTS), "free": "circle"}


def ordered(world: World) -> list[Indicator]:
    """Every declared indicator: those with a target first, in the order declared."""
    declared = list(world.indicators.values())
    return [*(one for one in declared if one.target is not None), *(one for one in declared if one.target is None)]


def verdict(one: Indicator, figure: IndicatorFigure | None, today: date) -> Verdict:
    """``free`` without a target, ``none`` without a value, ``late`` when the day has passed and it is not met."""
    if figure is None:
        return "none"
    if one.target is None:
        return "free"
    if met(one, figure):
        return "met"
    return "late" if one.due is not None and today > one.due else "open"


def frame(look: Look) -> Component:
    """Counts by verdict, then a row for each indicator."""
    t = look.t
    counts = [
        html.Li(
            [icon(picture, f"verdict {name}"), html.Span(t(f"kpi.{name}")), figure_text(NAME, f"count-{name}", "n")],
            className="chip",
        )
        for name, picture in VERDICTS
    ]
    rows = [_row(one, at, look) for at, one in enumerate(ordered(look.world))]
    heads = [html.Span(t(f"kpi.head_{name}")) for name in ("what", "way", "owner", "work", "due")]
    return html.Div(
        [
            html.Header(
                [
                    html.Div([html.H2(t("kpi.title")), html.Span(t("kpi.note"), className="note"), age_tag()]),
                    html.Ol(counts),
                ],
                className="kpi-head",
            ),
            html.Div(
                [html.Div(heads, className="kpi-row heads", **SILENT), html.Ol(rows)]
                if rows
                else html.P(t("targets.none"), className="foot"),
                className="kpi-table",
            ),
            spoken(NAME),
        ],
        className="kpi",
    )


def _row(one: Indicator, at: int, look: Look) -> Component:
    t = look.t
    said = {
        "owner": look.world.named(one.source, look.language),
        "work": (look.language == "en" and one.work_en) or one.work,
        "due": f"{one.due:%d/%m/%Y}" if one.due else "",
    }
    left = html.Span(id=slot(NAME, f"left-{at}"), className="of")
    told = [
        html.Div(
            [html.Span(t(f"kpi.head_{key}"), className="label"), html.B(text), *([left] if key == "due" else [])],
            className=f"cell {key}",
        )
        for key, text in said.items()
        if text
    ]
    missing = [key for key, text in said.items() if not text]
    if missing:  # said once, where the first of them would stand
        first = list(said).index(missing[0])
        over = next((n for n, key in enumerate([*list(said)[first:], "owner"]) if said.get(key)), len(said) - first)
        words = t("kpi.unwritten", parts=", ".join(t(f"kpi.part_{key}") for key in missing))
        gap = [html.Span(words), *([left] if one.due is None else [])]
        place = {"--at": str(first + 3), "--over": str(over)}
        told.insert(first, html.Div(gap, className="cell unwritten", style=place))
    return html.Li(
        [
            html.Div(
                [
                    html.B(one.en if look.language == "en" else one.vi, className="what"),
                    html.Span(id=slot(NAME, f"as-of-{at}"), className="of"),
                    html.Span(
                        [
                            html.Span(id=slot(NAME, f"icon-{at}"), **SILENT),
                            html.Span(id=slot(NAME, f"verdict-{at}")),
                        ],
                        id=slot(NAME, f"tone-{at}"),
                        className="tone",
                    ),
                ],
                className="cell",
            ),
            html.Div(
                [
                    html.Div(
                        [html.I(className="now"), html.I(className="goal")],
                        id=slot(NAME, f"dot-{at}"),
                        className="dot-plot none",
                        **SILENT,
                    ),
                    html.Div(
                        [figure_text(NAME, f"value-{at}", "value"), html.Span(_aim(one, look), className="of")],
                        className="kpi-value",
                    ),
                ],
                className="cell way",
            ),
            *told,
        ],
        className="kpi-row",
    )


def _aim(one: Indicator, look: Look) -> str:
    if one.target is None:
        return look.t("targets.no_target")
    key = "kpi.at_least" if one.goal == "higher" else "kpi.at_most"
    return look.t(key, value=indicator_value(one.target, one, look))


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Values of the scope; those of the province where the scope has none of its own."""
    t = look.t
    today = snapshot.as_of.astimezone(snapshot.zone).date()
    own = snapshot.indicators(Scope(snapshot.world.root.code)) | snapshot.indicators(scope)
    slots: Slots = {}
    counts = {name: 0 for name, _ in VERDICTS}
    for at, one in enumerate(ordered(look.world)):
        figure = own.get(one.code)
        judged = verdict(one, figure, today)
        if judged in counts:
            counts[judged] += 1
        word = t("kpi.gap", value=_gap(one, figure, look)) if judged == "open" and figure else t(f"kpi.{judged}")
        left = (one.due - today).days if one.due else None
        slots |= {
            slot(NAME, f"value-{at}"): {"children": indicator_value(figure.value, one, look) if figure else DASH},
            slot(NAME, f"as-of-{at}"): {
                "children": t("targets.as_of", date=f"{figure.occurred_at.astimezone(snapshot.zone):%d/%m/%Y}")
                if figure
                else t("targets.no_value")
            },
            slot(NAME, f"icon-{at}"): {"className": f"i i-{PICTURES[judged]}"},
            slot(NAME, f"verdict-{at}"): {"children": word},
            slot(NAME, f"tone-{at}"): {"className": f"tone {judged}"},
            slot(NAME, f"dot-{at}"): {
                "style": dot_style(one, figure),
                "className": f"dot-plot {'none' if figure is None or one.target is None else judged}",
            },
            slot(NAME, f"left-{at}"): {
                "children": ""
                if left is None
                else t("kpi.left", n=number(left, look.language))
                if left >= 0
                else t("kpi.past", n=number(-left, look.language))
            },
        }
    for name, n in counts.items():
        slots[slot(NAME, f"count-{name}")] = {"children": number(n, look.language)}
    aimed = sum(1 for one in ordered(look.world) if one.target is not None)
    slots[slot(NAME, "spoken")] = {"children": t("targets.spoken", met=counts["met"], n=aimed)}
    return slots


def _gap(one: Indicator, figure: IndicatorFigure, look: Look) -> str:
    return indicator_value(abs((one.target or 0) - figure.value), one, look)


PANEL = Panel(NAME, (INDICATORS,), frame, update)
