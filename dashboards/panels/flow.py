"""Two figures through the day: do we finish what comes in, is more detected than usual, do uses fail?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from dash import dcc, html
from dash.development.base_component import Component

from dashboards.comparison import days_told, office_hours
from dashboards.marks import flow
from dashboards.marks.flow import Line, Pair
from dashboards.panel import Look, Panel, Slots, slot
from dashboards.panels.heading import SILENT, figure_text, heading, in_parts, spoken
from dashboards.text.formats import number
from dashboards.theme import config
from ioc.facts import Topic
from ioc.snapshot import LEVELS, Figure, Scope, Snapshot
from ioc.usual import Alike, Band, usual

NAME = "flow"


def through_the_day(name: str, feed: str, pair: Pair) -> Panel:
    """A panel of the two lines of ``pair``; its words are ``NAME.title``, ``NAME.spoken`` and ``flow.FIGURE``."""
    figures = (pair.upper.figure, pair.lower.figure)

    def frame(look: Look) -> Component:
        """Two named lines over one chart."""
        t = look.t
        legends = [
            html.Div(
                [figure_text(name, line.figure, "n"), html.Span(t(f"flow.{line.figure}"))],
                id=slot(name, f"name-{where}"),
                className=f"flow-name {where} {line.token}",
            )
            for line, where in ((pair.upper, "upper"), (pair.lower, "lower"))
        ]
        chart = dcc.Graph(
            id=slot(name, "chart"),
            figure=flow.blank(look),
            config=config(look),
            className="plot",
            responsive=True,
        )
        return html.Div(
            [
                heading(name, t(f"{name}.title")),
                html.Div([*legends, html.Div(chart, className="plot-box", **SILENT)], className="flow-box"),
                spoken(name),
            ],
            className="flow",
        )

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        """The chart, the count of the latest full ten minutes of each line (of a level, the one now), and the days
        behind the band."""
        series = {figure: snapshot.series(scope, figure) for figure in figures}
        bands = {figure: usual(snapshot, scope, figure) for figure in figures}
        local = snapshot.as_of.astimezone(snapshot.zone)
        at = snapshot.now_bin
        latest = {}
        for figure, values in series.items():
            value = values[at] if figure in LEVELS else values[at - 1] if at else 0
            latest[figure] = number(value, look.language)
        days = _days(bands.values())
        note = look.t("flow.note" if days else "flow.no_band", days=days_told(days, snapshot, look))
        hours = _hours(snapshot, series)
        peaks = {figure: flow.peak(values, bands[figure], at) for figure, values in series.items()}
        names = {
            slot(name, f"name-{where}"): {
                "className": f"flow-name {where} {line.token} {flow.side(peaks[line.figure], hours)}"
            }
            for line, where in ((pair.upper, "upper"), (pair.lower, "lower"))
        }
        chart = flow.figure(
            series,
            bands,
            peaks,
            now=local.hour + local.minute / 60,
            now_bin=at,
            hours=hours,
            look=look,
            pair=pair,
        )
        return {
            **names,
            slot(name, "chart"): {"figure": chart},
            slot(name, figures[0]): {"children": latest[figures[0]]},
            slot(name, figures[1]): {"children": latest[figures[1]]},
            slot(name, "note"): {"children": in_parts(note)},
            slot(name, "spoken"): {"children": look.t(f"{name}.spoken", **latest)},
        }

    return Panel(name, (feed,), frame, update, every_s=0.7)


def _days(bands: Iterable[Band | None]) -> Alike | None:
    """The days behind the bands: those of the figure that has most."""
    return max((band.alike for band in bands if band), key=lambda alike: len(alike.back), default=None)


def _hours(snapshot: Snapshot, series: Mapping[Figure, npt.NDArray[np.float64]]) -> tuple[int, int]:
    first, last = office_hours(snapshot)
    early = any(np.nansum(values[:36]) > 0.1 * np.nansum(values) for values in series.values())
    return (0 if early else first), last


PANEL = through_the_day(NAME, Topic.CASES.title, flow.CASES)
DETECTIONS = through_the_day(
    "detections",
    Topic.CAMERAS.title,
    Pair(Line("detected", "tide"), Line("incidents_open", "heat-soon"), shared=False),
)
USAGE = through_the_day(
    "usage", Topic.USAGE.title, Pair(Line("uses", "tide"), Line("errors", "heat-over"), shared=False)
)
update = PANEL.update
