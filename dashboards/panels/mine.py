"""The units that a leader pinned, worst first: which of mine is worst?

What is pinned is known to the browser alone (`assets/mine.js`): the server sends the three figures of every unit, each
only when it changed, so that all screens of a place still share one message.
"""

from __future__ import annotations

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboards.pages.addresses import unit_address
from dashboards.panel import CASES, Look, Panel, Slots, data, slot
from dashboards.panels.heading import heading, icon
from dashboards.panels.ranks import CUT, LEAST
from dashboards.text.names import listed
from ioc.figures import Metric
from ioc.snapshot import Scope, Snapshot

NAME = "mine"
FIGURES = (Metric.OPEN, Metric.DUE_SOON, Metric.OVERDUE)


def frame(look: Look) -> Component:
    """An empty list that the browser fills, and what it fills it from."""
    world, t = look.world, look.t
    units = [world.units[at] for at in world.subtree(world.root.code)]
    known = [
        html.Span(
            id=slot(NAME, f"unit-{unit.code}"),
            **data(unit=unit.code, name=listed(unit, look.language), href=unit_address(unit.code), figures=""),
        )
        for unit in units
        if unit.code != world.root.code
    ]
    few = t("ranking.few", open="{open}", least=LEAST)
    words = data(open=t("ranking.open", open="{open}"), few=few, unpin=t("mine.unpin"))
    return html.Div(
        [
            heading(NAME, t("mine.title"), t("ranking.note")),
            html.Ol(id=slot(NAME, "list"), className="mine-list", **words, **data(least=str(LEAST), cut=str(int(CUT)))),
            html.P([icon("star"), html.Span(t("mine.none"))], className="mine-none"),
            html.Div(known, hidden=True),
        ],
        className="ranking mine",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Overdue, due soon and open of every unit with all below it."""
    del look
    world = snapshot.world
    own = snapshot.pair[list(FIGURES)].sum(axis=2 if scope.by == "handling" else 1)
    slots: Slots = {}
    for at in world.subtree(world.root.code):
        code = world.units[at].code
        if code != world.root.code:
            n_open, soon, overdue = (int(n) for n in np.sum(own[:, world.subtree(code)], axis=1))
            slots[slot(NAME, f"unit-{code}")] = {"data-figures": f"{overdue} {soon} {n_open}"}
    return slots


PANEL = Panel(NAME, (CASES,), frame, update)
