"""How fresh the figures of a feed are: the states that every panel shows.

*live*: something came within the last minute. *quiet*: nothing came for longer, and nothing had to. *stale*: the feed
should have spoken by now (it was silent for longer than ``feeds`` allows, counted in working hours only), or nobody
knows how far it was read. *behind*: thousands of records wait at the broker, so the figures will still change.
*none*: nothing ever came.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from ioc.figures import FeedFigure
from ioc.settings import Settings, seconds
from ioc.snapshot import local_midnight

Freshness = Literal["live", "quiet", "behind", "stale", "none"]

QUIET_AFTER_S = 60.0
STORE_SILENT_S = 3.5
"""A picture that is older is the store's doubt, whatever the feeds say. With a second more until every screen has
heard, figures are called old within five seconds of the last sign of life; so they are for ingest and the broker:"""
LAG_UNKNOWN_S = 1.5
"""How long the lag of a feed may be unknown. It is known for a second after ingest looked at the broker, the hub sees a
second later at most that it is not (`Hub.lag_unknown_s` leaves that out), and a second later every screen knows. Ingest
looks each 0.4 s: what it leaves out must last 2.5 s to be told."""
UNREAD_S = 10.0
"""After so long a feed that nobody reads is an alarm, and a web process not ready: a restart of ingest is neither."""
BEHIND_RECORDS = 5000
"""More unread records than this are a backlog: about half a second of work, so none in normal operation."""
OPENS = timedelta(hours=7, minutes=30)
CLOSES = timedelta(hours=17)
"""Office hours in which feeds are expected to speak; local time of working days."""


def arrived_at(feed: FeedFigure) -> datetime | None:
    """When the newest record of a feed arrived; its event time where the arrival is not known."""
    return feed.last_arrival_at or feed.last_event_at


def allowed_silence_s(topic: str, settings: Settings) -> float:
    """How long a feed may say nothing in working hours; 0 = for ever."""
    return seconds(getattr(settings.feeds, topic.split(".")[1], 0))


def freshness(
    feed: FeedFigure, now: datetime, settings: Settings, *, working_day: bool, lag_unknown_s: float
) -> Freshness:
    """The state of one feed; ``lag_unknown_s`` is how long its lag has not been known (0 while it is)."""
    at = arrived_at(feed)
    if feed.lag is not None and feed.lag > BEHIND_RECORDS:
        return "behind"
    if at is None:
        return "none"
    if lag_unknown_s > LAG_UNKNOWN_S:
        return "stale"
    silence_s = (now - at).total_seconds()
    if silence_s <= QUIET_AFTER_S:
        return "live"
    allowed_s = allowed_silence_s(feed.topic, settings)
    opened_at = local_midnight(now, settings.zone) + OPENS
    closes_at = local_midnight(now, settings.zone) + CLOSES
    in_hours = working_day and opened_at <= now < closes_at
    if allowed_s and in_hours and min(silence_s, (now - opened_at).total_seconds()) > allowed_s:
        return "stale"
    return "quiet"
