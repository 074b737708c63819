"""The one line that answers the page's question: does the machine do its work, and if not, who must do what?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from dash import html
from dash.development.base_component import Component

from dashboards.freshness import freshness
from dashboards.panel import Look, Panel, Slots, slot
from dashboards.panels.heading import icon
from dashboards.panels.status_feeds import lasting
from dashboards.text.formats import number
from dashboards.vitals import StoreVitals, Vitals
from dashboards.watchdog import ScreenSeen
from ioc.facts import Topic
from ioc.snapshot import Scope, Snapshot

NAME = "status-alarms"
MOST = 6
ICONS = {"over": "sev-high", "soon": "sev-medium", "doubt": "clock-history"}


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody should look at: *over* is broken now, *soon* will be, *doubt* makes figures doubtful."""

    grave: Literal["over", "soon", "doubt"]
    text: str


def frame(look: Look) -> Component:
    """A list that is one calm line when there is nothing."""
    del look
    return html.Div(html.Ol(id=slot(NAME, "list"), className="alarms"), role="status")


def feed_alarms(snapshot: Snapshot, nobody: Sequence[str], look: Look) -> Iterator[Alarm]:
    """Feeds that are old, unread, behind, or refuse what they are sent."""
    unread = [look.t(f"feed.{topic}") for topic in nobody]
    if unread:
        yield Alarm("over", look.t("status.alarm_unread", feed=", ".join(unread)))
    for feed in snapshot.feeds:
        name = look.t(f"feed.{feed.topic}")
        working = snapshot.working_days[-1]
        state = freshness(feed, snapshot.as_of, look.settings, working_day=working, lag_unknown_s=0.0)
        if feed.lag is not None and state == "behind":
            told = {"feed": name, "n": number(feed.lag, look.language)}
            if feed.drain_s is None:
                yield Alarm("doubt", look.t("status.alarm_outrun", **told))
            else:
                soon = look.t("live.drains", n=lasting(feed.drain_s, look))
                yield Alarm("doubt", look.t("status.alarm_behind", **told, soon=soon))
        elif feed.topic not in nobody and state == "stale":
            yield Alarm("doubt", look.t("status.alarm_stale", feed=name))
        if feed.refuses_most:
            pct = number(100 * feed.recent_rejected / feed.recent_records, look.language)
            yield Alarm("over", look.t("status.alarm_refusing", feed=name, pct=pct))
        if feed.not_kept:
            yield Alarm("over", look.t("status.alarm_not_kept", feed=name, n=number(feed.not_kept, look.language)))


def screen_alarms(roll: tuple[ScreenSeen, ...], look: Look) -> Iterator[Alarm]:
    """Screens that do not paint or have vanished, by name."""
    for state in ("frozen", "gone"):
        names = [screen.name or screen.address for screen in roll if screen.state == state]
        if names:
            shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
            yield Alarm("over", look.t(f"status.alarm_{state}", n=len(names), names=shown))


def store_alarms(store: StoreVitals, look: Look) -> Iterator[Alarm]:
    """What the store found of itself."""
    if store.report is None:
        yield Alarm("over", look.t("status.unchecked", why=store.why))
        return
    off = sum(abs(source.difference) for source in store.report.sources)
    if off:
        yield Alarm("over", look.t("status.reconcile_off", n=number(off, look.language)))
    odds = sorted(store.findings, key=lambda odd: (odd.topic, odd.finding, odd.partition))
    for (topic, word), alike in groupby(odds, key=lambda odd: (odd.topic, odd.finding)):
        found = list(alike)
        where = f"{look.t(f'feed.{Topic(topic).title}')} {', '.join(str(odd.partition) for odd in found)}"
        at = f"{max(odd.found_at for odd in found).astimezone(look.settings.zone):%d/%m %H:%M}"
        finding = look.t(f"status.finding_{word}")
        gone = sum(odd.gone for odd in found)
        if gone:
            finding = look.t("status.gone_unread", finding=finding, n=number(gone, look.language))
        yield Alarm("over", look.t("status.alarm_finding", where=where, finding=finding, at=at))
    for count in store.open_rejects:
        feed = look.t(f"feed.{Topic(count.topic).title}")
        what = {"feed": feed, "reason": count.reason, "n": number(count.records, look.language)}
        yield Alarm("soon", look.t("status.alarm_rejects", **what))


def panel(vitals: Callable[[], Vitals]) -> Panel:
    """The panel of this process and its store."""

    def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
        del scope
        now = vitals()
        found = [*feed_alarms(snapshot, now.push.unread, look), *screen_alarms(tuple(now.push.roll), look)]
        if now.store is not None:
            found += store_alarms(now.store, look)
        found.sort(key=lambda alarm: list(ICONS).index(alarm.grave))
        items = [
            html.Li([icon(ICONS[alarm.grave]), html.Span(alarm.text)], className=alarm.grave) for alarm in found[:MOST]
        ]
        if len(found) > MOST:
            items.append(html.Li(look.t("status.alarms_more", n=len(found) - MOST)))
        if not found:
            items = [html.Li([icon("check-circle"), html.Span(look.t("status.alarms_none"))], className="met")]
        return {slot(NAME, "list"): {"children": items}}

    return Panel(NAME, (), frame, update, every_s=1)
