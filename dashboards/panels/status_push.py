"""How this web process does: latency to the glass, screens, ticks; and which versions run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Panel, Slots, slot
from dashboards.panels.heading import figure_text, heading
from dashboards.text.formats import DASH, number
from dashboards.vitals import PushVitals, StoreVitals, Vitals
from ioc.snapshot import Scope, Snapshot

NAME = "status-push"
VERSIONS = "status-versions"
PUSH_ROWS = ("latency", "tick", "screens", "sent", "cut_off", "panel_errors")
VERSION_ROWS = (
    "version_program",
    "version_build",
    "version_database",
    "version_schema",
    "version_broker",
    "uses_from",
    "started",
)


def listing(name: str, title: str, rows: tuple[str, ...], look: Look) -> Component:
    """Names and values, one a line."""
    lines = [
        html.Div([html.Dt(look.t(f"status.{row}")), html.Dd(figure_text(name, row))], className="pair") for row in rows
    ]
    return html.Div([heading(name, title), html.Dl(lines, className="pairs")])


def push_texts(push: PushVitals, look: Look) -> Mapping[str, str]:
    """The values of `PUSH_ROWS`."""
    t, language = look.t, look.language

    def n(value: float) -> str:
        return number(value, language)

    ticks = np.array(push.tick_ms)
    latency = push.latency
    return {
        "latency": t("status.latency_none")
        if latency is None
        else t("status.latency_value", p50=n(latency.p50_ms), p95=n(latency.p95_ms), p99=n(latency.p99_ms)),
        "tick": t("status.tick_value", p50=n(float(np.median(ticks))), most=n(float(ticks.max())))
        if len(ticks)
        else DASH,
        "screens": t("status.screens_value", n=n(push.screens), places=n(push.places)),
        "sent": t("status.sent_value", messages=n(push.messages), kb=n(push.characters / 1000)),
        "cut_off": n(push.cut_off),
        "panel_errors": n(push.panel_errors),
    }


def version_texts(push: PushVitals, store: StoreVitals | None, look: Look) -> Mapping[str, str]:
    """The values of `VERSION_ROWS`."""
    found = store.versions if store else None
    database = DASH
    if found:
        database = f"PostgreSQL {found.server}" + (f" · TimescaleDB {found.timescale}" if found.timescale else "")
    return {
        "version_program": push.version,
        "version_build": push.build,
        "version_database": database,
        "version_schema": str(found.schema) if found else DASH,
        "version_broker": look.t(f"status.broker_{look.settings.broker}"),
        "uses_from": _day(store.uses_from, look) if store else DASH,
        "started": f"{push.started_at.astimezone(look.settings.zone):%d/%m/%Y %H:%M:%S}",
    }


def _day(at: datetime | None, look: Look) -> str:
    return look.t("status.uses_all") if at is None else f"{at.astimezone(look.settings.zone):%d/%m/%Y %H:%M}"


def _slots(name: str, texts: Mapping[str, str]) -> Slots:
    return {slot(name, row): {"children": text} for row, text in texts.items()}


def panel(vitals: Callable[[], Vitals]) -> Panel:
    """The live push of this process."""

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        del snapshot, scope
        return _slots(NAME, push_texts(vitals().push, look))

    return Panel(NAME, (), lambda look: listing(NAME, look.t("status.push"), PUSH_ROWS, look), update, every_s=1)


def versions_panel(vitals: Callable[[], Vitals]) -> Panel:
    """What runs."""

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        del snapshot, scope
        now = vitals()
        return _slots(VERSIONS, version_texts(now.push, now.store, look))

    return Panel(
        VERSIONS, (), lambda look: listing(VERSIONS, look.t("status.versions"), VERSION_ROWS, look), update, every_s=1
    )
