"""The share on time by both formulas, by name: what was finished, and what should have been."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CASES, Look, Panel, Slots, slot
from dashboards.panels.bars import Bar, bar_rows, bar_slots
from dashboards.panels.heading import heading, spoken
from dashboards.panels.headline import LEAST_FINISHED
from dashboards.text.formats import number, percent
from ioc.snapshot import Scope, Snapshot

NAME = "ontime"


def frame(look: Look) -> Component:
    """A row for each formula, and what makes them differ."""
    return html.Div(
        [
            heading(NAME, look.t("ontime.title"), look.t("ontime.note")),
            bar_rows(NAME, 2),
            html.P(id=slot(NAME, "foot"), className="foot"),
            spoken(NAME),
        ],
        className="ontime",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Both shares of today; neither from fewer than ten finished cases."""
    cases, language = snapshot.cases(scope), look.language
    late_open = cases.open_overdue + cases.paused_overdue
    bars = []
    for key, share, whole in (
        ("ontime.honest", cases.on_time_pct, cases.finished + late_open),
        ("ontime.finished", cases.finished_on_time_pct, cases.finished),
    ):
        known = share is not None and cases.finished >= LEAST_FINISHED
        bars.append(
            Bar(
                look.t(key),
                percent(share, language) if known else "–",
                f"{number(cases.finished_on_time, language)}/{number(whole, language)}",
                share or 0 if known else 0,
                tone="calm" if key == "ontime.honest" else "",
            )
        )
    few = cases.finished < LEAST_FINISHED
    foot = (
        look.t("headline.few_finished", n=cases.finished, least=LEAST_FINISHED)
        if few
        else look.t("ontime.gap", n=number(late_open, language))
    )
    return {
        **bar_slots(NAME, bars, 2),
        slot(NAME, "foot"): {"children": foot},
        slot(NAME, "spoken"): {"children": ". ".join(f"{bar.name}: {bar.value}" for bar in bars)},
    }


PANEL = Panel(NAME, (CASES,), frame, update)
