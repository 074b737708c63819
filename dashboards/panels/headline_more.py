"""Headline figures that fields ask for beside the six of the overview: states of cases, cameras, services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from dash.development.base_component import Component

from dashboards.comparison import before, office_hours
from dashboards.marks.spark import BLANK, spark
from dashboards.panel import CAMERAS, CASES, USAGE, Look, Panel, Slots, slot
from dashboards.panels.headline import (
    compared,
    finished_bins,
    headline_frame,
    headline_slots,
    running_total,
    turn_of,
)
from dashboards.panels.headline_parts import parts_picture, parts_slots, severity_picture, spark_slot
from dashboards.text.formats import number, percent, percent_sign, short_number
from ioc.figures import SEVERITIES
from ioc.snapshot import Scope, Snapshot
from ioc.usual import usual

Update = Callable[[Snapshot, Scope, Look], Slots]
Picture = Callable[[str], Callable[[], Component]]
LEAST_USES = 30
"""From so many uses on, a share of failures is a figure."""


def _open(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    cases = snapshot.cases(scope)
    then = before(snapshot, scope, "open")
    change = cases.open - round(then.value) if then else None
    return headline_slots(
        "headline-open",
        look,
        title="headline.open",
        value=number(cases.open, look.language),
        delta="" if not change else number(abs(change), look.language),
        turn=turn_of(change),
        note=compared(then, look),
        picture=spark(
            snapshot.series(scope, "open"),
            usual(snapshot, scope, "open"),
            look,
            colour="tide",
            hours=office_hours(snapshot),
        ),
    )


def _soon(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    cases = snapshot.cases(scope)
    share = cases.open_due_soon * 100 / cases.open if cases.open else None
    slots = headline_slots(
        "headline-soon",
        look,
        title="headline.soon",
        value=number(cases.open_due_soon, look.language),
        delta=look.t("headline.soon_share", pct=percent(share, look.language)) if share is not None else "",
        note=look.t("headline.paused", n=number(cases.paused, look.language)),
        picture=None,
    )
    counts = (cases.open_in_time, cases.open_due_soon, cases.open_overdue)
    words = [look.t(f"stages.open_{part}") for part in ("in_time", "due_soon", "overdue")]
    return slots | parts_slots("headline-soon", counts, words)


def _unaccepted(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    rows = [row for row in snapshot.own_incidents(scope) if row.state == "detected"]
    n = snapshot.incidents(scope).unacknowledged
    grave = sum(1 for row in rows if row.severity in ("critical", "high"))
    oldest = max((snapshot.as_of - row.since for row in rows), default=timedelta())
    none = "headline.all_accepted" if snapshot.incidents(scope).open else "headline.no_incidents"
    if not snapshot.spoke(CAMERAS):
        none = "live.never"
    slots = headline_slots(
        "headline-unaccepted",
        look,
        title="headline.unaccepted_title",
        value=number(n, look.language),
        tone="alarm" if any(row.severity == "critical" for row in rows) else "",
        delta=look.t("headline.grave", n=number(grave, look.language)) if n else look.t(none),
        note=look.t("headline.oldest", length=_length(oldest, look)) if rows else "",
        picture=None,
    )
    for severity in SEVERITIES:
        count = sum(1 for row in rows if row.severity == severity)
        slots[slot("headline-unaccepted", f"count-{severity}")] = {"children": number(count, look.language)}
    return slots


def _length(length: timedelta, look: Look) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 120:
        return look.t("live.minutes", n=minutes)
    return look.t("live.hours", n=minutes // 60) if minutes < 2880 else look.t("live.days", n=minutes // 1440)


def _cameras(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    found = snapshot.cameras(scope)
    whole = found.online + found.offline + found.tampered + found.silent
    lost = found.offline + found.silent
    slots = headline_slots(
        "headline-cameras",
        look,
        title="headline.cameras",
        value=number(found.online, look.language),
        delta=look.t("headline.lost", n=number(lost, look.language)) if whole else look.t("headline.no_cameras"),
        turn="heat" if lost else "",
        note=look.t("headline.of_cameras", whole=number(whole, look.language)) if whole else "",
        picture=None,
    )
    counts = (found.online, found.tampered, lost)
    words = [
        look.t(f"headline.{part}_part", n=number(n, look.language))
        for part, n in zip(("online", "tampered", "lost"), counts, strict=True)
    ]
    return slots | parts_slots("headline-cameras", counts, words)


def _errors(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    used = snapshot.usage(scope).values()
    uses, errors = sum(one.uses for one in used), sum(one.errors for one in used)
    share = errors * 100 / uses if uses >= LEAST_USES else None
    shown = percent(share, look.language)
    then = before(snapshot, scope, "errors")
    return headline_slots(
        "headline-errors",
        look,
        title="headline.errors_title",
        value=shown.removesuffix(percent_sign(look.language)),
        sign=percent_sign(look.language).strip() if share is not None else "",
        delta=look.t("headline.errors_n", n=number(errors, look.language)),
        note=compared(then, look),
        picture=spark(
            finished_bins(snapshot, scope, "errors"),
            usual(snapshot, scope, "errors"),
            look,
            colour="heat-over" if share is not None and share >= 2 else "tide",
            hours=office_hours(snapshot),
        ),
    )


def _amount(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    used = snapshot.usage(scope).values()
    paid = [one for one in used if one.amount_vnd]
    total = sum(one.amount_vnd for one in paid)
    return headline_slots(
        "headline-amount",
        look,
        title="headline.amount",
        value=short_number(total, look.language),
        delta=look.t("headline.dong"),
        note=look.t("headline.amount_services", n=len(paid)) if paid else look.t("headline.no_amount"),
        picture=BLANK,
    )


def _panel(name: str, title: str, feed: str, update: Update, picture: Picture = spark_slot) -> Panel:
    return Panel(name, (feed,), headline_frame(name, title, picture(name)), update)


OPEN = _panel("headline-open", "headline.open", CASES, _open)
SOON = _panel("headline-soon", "headline.soon", CASES, _soon, parts_picture)
DETECTED = running_total("headline-detected", "headline.detected", "detected", "tide", CAMERAS)
UNACCEPTED = _panel("headline-unaccepted", "headline.unaccepted_title", CAMERAS, _unaccepted, severity_picture)
CAMERAS_ONLINE = _panel("headline-cameras", "headline.cameras", CAMERAS, _cameras, parts_picture)
ERRORS = _panel("headline-errors", "headline.errors_title", USAGE, _errors)
AMOUNT = _panel("headline-amount", "headline.amount", USAGE, _amount)
