"""Targets: shall we make it? A dot on its way to the bar of the target, never a gauge."""

from __future__ import annotations

from datetime import tzinfo

from dash import html
from dash.development.base_component import Component

from dashboards.panel import INDICATORS, Look, Panel, Slots, age_tag, slot
from dashboards.panels.heading import SILENT, figure_text, spoken
from dashboards.text.formats import number, percent_sign
from ioc.figures import IndicatorFigure
from ioc.settings import Indicator
from ioc.snapshot import Scope, Snapshot
from ioc.world import World

NAME = "targets"
SHOWN = 8


def chosen(world: World) -> list[Indicator]:
    """The indicators of the strip: those with a target first, in the order declared."""
    declared = list(world.indicators.values())
    aimed = [one for one in declared if one.target is not None]
    return [*aimed, *(one for one in declared if one.target is None)][:SHOWN]


def met(one: Indicator, figure: IndicatorFigure | None) -> bool:
    """Whether the target is reached; without a target or a figure it is not."""
    if figure is None or one.target is None:
        return False
    return figure.value >= one.target if one.goal == "higher" else figure.value <= one.target


def frame(look: Look) -> Component:
    """A cell for each indicator of the strip."""
    t = look.t
    cells = [
        html.Li(
            [
                html.Span(one.en if look.language == "en" else one.vi, className="name"),
                html.Div(
                    [
                        figure_text(NAME, f"value-{at}", "value"),
                        html.Div(
                            [
                                html.Span(id=slot(NAME, f"target-{at}"), className="target"),
                                html.Span(id=slot(NAME, f"gap-{at}"), className="gap"),
                            ]
                        ),
                    ],
                    className="target-row",
                ),
                html.Div(
                    [html.I(className="now"), html.I(className="goal")],
                    id=slot(NAME, f"dot-{at}"),
                    className="dot-plot none",
                    **SILENT,
                ),
            ]
        )
        for at, one in enumerate(chosen(look.world))
    ]
    legend = html.Div(
        [
            html.H2(t("targets.title")),
            html.Span([html.I(className="dot"), t("targets.legend_now")]),
            html.Span([html.I(className="stick"), t("targets.legend_target")]),
            age_tag(),
        ],
        className="targets-legend",
    )
    return html.Div(
        [legend, html.Ol(cells) if cells else html.P(t("targets.none"), className="foot"), spoken(NAME)],
        className="targets",
    )


def indicator_value(value: float, one: Indicator, look: Look) -> str:
    """A value of an indicator with its decimals; per cent with its sign."""
    unit = one.unit_en if look.language == "en" else one.unit_vi
    text = number(value, look.language, one.decimals if value % 1 else 0)
    return text + percent_sign(look.language) if unit == "%" else text


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Values of the scope; those of the province where the scope has none of its own."""
    t = look.t
    own = snapshot.indicators(scope)
    whole = snapshot.indicators(Scope(snapshot.world.root.code))
    slots: Slots = {}
    shown = chosen(look.world)
    for at, one in enumerate(shown):
        figure = own.get(one.code) or whole.get(one.code)
        done = met(one, figure)
        tone = "none" if figure is None else "met" if done else "open"
        slots[slot(NAME, f"value-{at}")] = {"children": indicator_value(figure.value, one, look) if figure else "–"}
        slots[slot(NAME, f"target-{at}")] = {
            "children": t("targets.target", value=indicator_value(one.target, one, look))
            if one.target is not None
            else t("targets.no_target")
        }
        slots[slot(NAME, f"gap-{at}")] = {
            "children": target_gap(one, figure, look, snapshot.zone),
            "className": f"gap {tone}",
        }
        slots[slot(NAME, f"dot-{at}")] = {"style": dot_style(one, figure), "className": f"dot-plot {tone}"}
    n = sum(1 for one in shown if one.target is not None)
    reached = sum(met(one, own.get(one.code) or whole.get(one.code)) for one in shown)
    slots[slot(NAME, "spoken")] = {"children": t("targets.spoken", met=reached, n=n)}
    return slots


def target_gap(one: Indicator, figure: IndicatorFigure | None, look: Look, zone: tzinfo) -> str:
    """How far a figure is from its target, in words; where there is none, of which day in ``zone`` it is."""
    if figure is None:
        return look.t("targets.no_value")
    if one.target is None:
        return look.t("targets.as_of", date=f"{figure.occurred_at.astimezone(zone):%d/%m/%Y}")
    if met(one, figure):
        return look.t("targets.met")
    key = "targets.missing" if one.goal == "higher" else "targets.above"
    return look.t(key, value=number(abs(one.target - figure.value), look.language, one.decimals))


def dot_style(one: Indicator, figure: IndicatorFigure | None) -> dict[str, str]:
    """Where the dot and the bar of the target stand on their way, as the style of a `.dot-plot`."""
    if one.target is None or figure is None:
        return {}
    unit = one.unit_vi == "%"
    full = 100.0 if unit and max(one.target, figure.value) <= 100 else max(one.target, figure.value) * 1.15 or 1.0
    return {"--now": f"{figure.value / full * 100:.1f}%", "--goal": f"{one.target / full * 100:.1f}%"}


PANEL = Panel(NAME, (INDICATORS,), frame, update)
