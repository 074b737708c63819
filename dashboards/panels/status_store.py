"""What the store proves of itself: reconciliation by partition with who writes it, and the refused records."""

from __future__ import annotations

from collections.abc import Callable

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look, Panel, Slots, slot
from dashboards.panels.heading import heading
from dashboards.text.formats import number
from dashboards.vitals import StoreVitals, Vitals
from ioc.facts import Topic
from ioc.snapshot import Scope, Snapshot
from ioc.store.health import Holder
from ioc.store.reconcile import Report, SourceCount

NAME = "status-store"
REJECTS = "status-rejects"
COUNTS = ("consumed", "events", "duplicates", "rejects", "tombstones", "difference")
HEADS = ("consumed", "events", "duplicates", "rejected", "tombstones", "difference")


def frame(look: Look) -> Component:
    """A verdict, then a row a partition."""
    t = look.t
    names = ("partition", *HEADS, "owner", "epoch", "finding")
    head = html.Thead(html.Tr([html.Th(t(f"status.{name}"), scope="col") for name in names]))
    return html.Div(
        [
            heading(NAME, t("status.reconcile"), t("status.reconcile_note")),
            html.P(id=slot(NAME, "verdict"), className="verdict"),
            html.Table([head, html.Tbody(id=slot(NAME, "rows"))], className="list"),
            html.P(id=slot(NAME, "checked"), className="foot"),
        ]
    )


def verdict(report: Report, look: Look) -> tuple[str, str]:
    """The proof in one line, and its class."""
    off = sum(abs(source.difference) for source in report.sources) + len(report.deep)
    if off:
        return look.t("status.reconcile_off", n=number(off, look.language)), "verdict over"
    consumed = sum(source.consumed for source in report.sources)
    if not consumed:
        return look.t("status.reconcile_none"), "verdict"
    return look.t("status.reconcile_ok", consumed=number(consumed, look.language)), "verdict met"


def row(source: SourceCount, holder: Holder | None, look: Look) -> Component:
    """One partition."""
    finding = look.t(f"status.finding_{source.finding}") if source.finding else ""
    if finding and source.found_at:
        finding += f" ({source.found_at.astimezone(look.settings.zone):%d/%m %H:%M})"
    place = f"{source.partition}.{source.generation}" if source.generation else source.partition
    return html.Tr(
        [
            html.Th([html.Span(look.t(f"feed.{source.title}")), html.Code(place)], scope="row"),
            *(html.Td(number(getattr(source, name), look.language), className="number") for name in COUNTS),
            html.Td(holder.owner if holder else ""),
            html.Td(number(holder.epoch, look.language) if holder else "", className="number"),
            html.Td(finding, className="doubt" if finding and source.settled_at is None else ""),
        ]
    )


def store_slots(store: StoreVitals, snapshot: Snapshot, look: Look) -> Slots:
    """What was examined, and when."""
    at = f"{store.checked_at.astimezone(snapshot.zone):%H:%M:%S}"
    if store.report is None:
        return {slot(NAME, "checked"): {"children": look.t("status.unchecked", why=store.why)}}
    text, class_name = verdict(store.report, look)
    holders = {holder.source: holder for holder in store.holders}
    return {
        slot(NAME, "verdict"): {"children": text, "className": class_name},
        slot(NAME, "rows"): {
            "children": [row(source, holders.get(source.source), look) for source in store.report.sources]
        },
        slot(NAME, "checked"): {"children": look.t("status.checked", at=at)},
    }


def panel(vitals: Callable[[], Vitals]) -> Panel:
    """The panel of this process's store."""

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        del scope
        store = vitals().store
        return store_slots(store, snapshot, look) if store else {}

    return Panel(NAME, (), frame, update)


def rejects_frame(look: Look) -> Component:
    """A row for each reason of each feed."""
    t = look.t
    return html.Div(
        [
            heading(REJECTS, t("status.rejects")),
            html.Table(html.Tbody(id=slot(REJECTS, "rows")), className="list"),
            html.P(id=slot(REJECTS, "none"), className="foot"),
        ]
    )


def rejects_panel(vitals: Callable[[], Vitals]) -> Panel:
    """Refused records by feed and reason."""

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        del snapshot, scope
        store = vitals().store
        if store is None or store.report is None:
            return {}
        rows = [
            html.Tr(
                [
                    html.Th(look.t(f"feed.{Topic(count.topic).title}"), scope="row"),
                    html.Td(html.Code(count.reason)),
                    html.Td(number(count.records, look.language), className="number"),
                ]
            )
            for count in store.open_rejects
        ]
        return {
            slot(REJECTS, "rows"): {"children": rows},
            slot(REJECTS, "none"): {"children": "" if rows else look.t("status.rejects_none")},
        }

    return Panel(REJECTS, (), rejects_frame, update)
