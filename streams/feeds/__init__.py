"""The inbound feeds: one file each, listed here by hand.

A file says what the source sends (a msgspec struct), what it means here (`place`) and what a plausible record looks
like (`sample`). A new feed is a file, a line below, and a `Topic` of `ioc.facts`.
"""

from streams.feeds.cameras import CAMERAS
from streams.feeds.cases import CASES
from streams.feeds.indicators import INDICATORS
from streams.feeds.usage import USAGE
from streams.feeds.wire import Feed

FEEDS: tuple[Feed, ...] = (CASES, CAMERAS, USAGE, INDICATORS)

__all__ = ["CAMERAS", "CASES", "FEEDS", "INDICATORS", "USAGE", "Feed"]
