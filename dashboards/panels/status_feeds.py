"""Feeds as an operator sees them: age, what is unread, what became of the records."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.freshness import BEHIND_RECORDS
from dashboards.panel import Look, Panel, Slots, age_tag, data, slot
from dashboards.panels.heading import heading
from dashboards.text.formats import DASH, number
from ioc.facts import TOPICS
from ioc.figures import FeedFigure
from ioc.snapshot import Scope, Snapshot

NAME = "status-feeds"
COLUMNS = ("feed", "age", "lag", "drain", "events", "duplicates", "rejected", "last_event")
COUNTS = ("events", "duplicates", "rejected")


def frame(look: Look) -> Component:
    """One row a feed."""
    t = look.t

    def cell(topic: str, name: str) -> Component:
        return html.Td(html.Span(id=slot(NAME, f"{name}-{short(topic)}"), **data(figure="")), className="number")

    rows = [
        html.Tr(
            [
                html.Th([html.Span(t(f"feed.{topic}")), html.Code(topic)], scope="row"),
                html.Td(age_tag(topic)),
                cell(topic, "lag"),
                cell(topic, "drain"),
                *(cell(topic, name) for name in COUNTS),
                cell(topic, "last"),
            ],
            **data(feeds=topic),
        )
        for topic in TOPICS
    ]
    head = html.Thead(html.Tr([html.Th(t(f"status.{name}"), scope="col") for name in COLUMNS]))
    return html.Div(
        [
            heading(NAME, t("status.feeds"), t("status.feeds_note")),
            html.Table([head, html.Tbody(rows)], className="list"),
        ]
    )


def short(topic: str) -> str:
    """The middle of a topic's name: ids hold no dots."""
    return topic.split(".")[1]


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """Counts of each feed since the store exists."""
    del scope
    slots: Slots = {}
    for feed in snapshot.feeds:
        name = short(feed.topic)
        lag = look.t("status.unknown") if feed.lag is None else number(feed.lag, look.language)
        doubt = "doubt" if feed.lag is None else "doubt" if feed.lag > BEHIND_RECORDS else ""
        slots[slot(NAME, f"lag-{name}")] = {"children": lag, "className": doubt}
        slots[slot(NAME, f"drain-{name}")] = {"children": until_read(feed, look)}
        for column in COUNTS:
            slots[slot(NAME, f"{column}-{name}")] = {"children": number(getattr(feed, column), look.language)}
        at = feed.last_event_at
        slots[slot(NAME, f"last-{name}")] = {
            "children": f"{at.astimezone(snapshot.zone):%d/%m %H:%M:%S}" if at else DASH
        }
    return slots


def until_read(feed: FeedFigure, look: Look) -> str:
    """How long the unread will take; a dash where there is next to nothing, or nobody knows."""
    if feed.drain_s is not None:
        return lasting(feed.drain_s, look)
    outrun = feed.lag is not None and feed.lag > BEHIND_RECORDS
    return look.t("status.drain_never") if outrun else DASH


def lasting(seconds: float, look: Look) -> str:
    """A length of time in the unit that fits it."""
    for least, word, size in ((86400, "days", 86400), (3600, "hours", 3600), (60, "minutes", 60)):
        if seconds >= least:
            return look.t(f"live.{word}", n=number(seconds / size, look.language))
    return look.t("live.seconds", n=number(max(1.0, seconds), look.language))


PANEL = Panel(NAME, (), frame, update)
