"""Cases received and finished through the day: do we finish what comes in?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from dash import dcc, html
from dash.development.base_component import Component

from dashboards.comparison import office_hours, usual_band
from dashboards.marks import flow
from dashboards.panel import Look, Panel, Slots, slot
from dashboards.panels.heading import SILENT, figure_text, heading, spoken
from dashboards.text.formats import number
from dashboards.theme import config
from ioc.snapshot import Figure, Scope, Snapshot

NAME = "flow"
FIGURES: tuple[Figure, Figure] = ("received", "finished")


def frame(look: Look) -> Component:
    """Two named lines over one chart."""
    t = look.t
    legends = [
        html.Div(
            [figure_text(NAME, figure, "n"), html.Span(t(f"flow.{figure}"))],
            className=f"flow-name {figure}",
        )
        for figure in FIGURES
    ]
    chart = dcc.Graph(
        id=slot(NAME, "chart"),
        figure=flow.blank(look),
        config=config(look),
        className="plot",
        responsive=True,
    )
    return html.Div(
        [
            heading(NAME, t("flow.title")),
            html.Div([*legends, html.Div(chart, className="plot-box", **SILENT)], className="flow-box"),
            spoken(NAME),
        ],
        className="flow",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The chart, the count of the latest full ten minutes of each line, and the days behind the band."""
    series = {figure: snapshot.series(scope, figure) for figure in FIGURES}
    bands = {figure: usual_band(snapshot, scope, figure) for figure in FIGURES}
    local = snapshot.as_of.astimezone(snapshot.zone)
    at = snapshot.now_bin
    latest = {figure: number(values[at - 1] if at else 0, look.language) for figure, values in series.items()}
    days = max((band.days for band in bands.values() if band), default=0)
    wall = look.device == "wall"
    note = look.t("flow.note", days=days) if days and wall else look.t("flow.no_band") if wall else ""
    chart = flow.figure(
        series,
        bands,
        now=local.hour + local.minute / 60,
        now_bin=at,
        hours=_hours(snapshot, series),
        look=look,
    )
    return {
        slot(NAME, "chart"): {"figure": chart},
        slot(NAME, "received"): {"children": latest["received"]},
        slot(NAME, "finished"): {"children": latest["finished"]},
        slot(NAME, "note"): {"children": note},
        slot(NAME, "spoken"): {"children": look.t("flow.spoken", **latest)},
    }


def _hours(snapshot: Snapshot, series: Mapping[Figure, npt.NDArray[np.float64]]) -> tuple[int, int]:
    first, last = office_hours(snapshot)
    early = any(np.nansum(values[:36]) > 0.1 * np.nansum(values) for values in series.values())
    return (0 if early else first), last


PANEL = Panel(NAME, ("ioc.cases.v1",), frame, update, every_s=2)
