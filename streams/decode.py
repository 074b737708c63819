"""One record to one fact, or to the reason why not. Never an exception, whatever the bytes.

The fast way reads bytes straight into the feed's struct. What it refuses is read again the careful way, which decides:
CloudEvents are opened, a field said twice counts once, and the reason is the contract's (`not_json`, `schema`,
`unknown_…`, `past`, `future`, in this order; `undecodable` and `too_large` before all, unread).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any

import msgspec

from ioc.errors import ConfigError, Rejected
from ioc.facts import TOMBSTONE, Arrival, Fact, Reject, Topic, digest_of
from ioc.settings import Settings, seconds
from ioc.store.rejects import KeptReject
from ioc.world import World
from streams.cloudevents import PLAIN, Envelope, data_of, envelope
from streams.feeds import FEEDS
from streams.feeds.wire import Feed, Places
from streams.json_text import LONGEST_RECORD, NotJson, parse
from streams.redact import Redactor
from streams.source import Record, Unreadable

PAST_US = 946_684_800_000_000
"""2000-01-01T00:00:00Z: nothing that we count happened before."""

Decode = Callable[[Sequence[Record], int, int], list[Arrival]]
"""``decode(records, source, now_us)``"""


class Decoder:
    """Decodes the records of all feeds in one world. Holds no state of the stream."""

    def __init__(self, settings: Settings, world: World) -> None:
        """Raises ConfigError where the personal fields include one that a feed cannot do without."""
        self._redactor = Redactor(settings.ingest.personal_fields)
        self._skew_us = round(seconds(settings.ingest.clock_skew) * 1_000_000)
        places = Places(world)
        self._feeds = {feed.topic: _FeedDecoder(feed, places, self._redactor, self._skew_us) for feed in FEEDS}

    def of(self, topic: Topic) -> Decode:
        """The function that decodes many records of one topic."""
        return self._feeds[topic].arrivals

    def decode(self, record: Record, topic: Topic, source: int, now_us: int) -> Arrival:
        """What the record turned out to be. ``source`` is `Claim.source`; ``now_us`` judges the future."""
        return self._feeds[topic].arrivals((record,), source, now_us)[0]

    def again(self, kept: KeptReject, now_us: int) -> Arrival:
        """The same for a record that was refused before, from what was kept of it."""
        head = Envelope.of_kept(kept.headers)
        return self._feeds[Topic(kept.topic)].arrival(
            kept.body, kept.key, head, kept.source, kept.record_offset, now_us
        )


class _FeedDecoder:
    def __init__(self, feed: Feed, places: Places, redactor: Redactor, skew_us: int) -> None:
        self._feed = feed
        self._wire = feed.wire
        self._place = feed.place
        self._fast = msgspec.json.Decoder(feed.wire).decode
        self._places = places
        self._redactor = redactor
        self._skew_us = skew_us
        self._drops = self._own_personal_fields()

    def _own_personal_fields(self) -> bool:
        """Whether a contract field of this feed is to be dropped too; then only the careful way will do."""
        drops = False
        for struct in getattr(self._wire, "__args__", (self._wire,)):
            for field in msgspec.structs.fields(struct):
                if self._redactor.names(field.encode_name):
                    if field.required:
                        raise ConfigError(
                            f"ingest.personal_fields: {self._feed.topic.title} cannot do without {field.encode_name!r}"
                        )
                    drops = True
        return drops

    def arrivals(self, records: Sequence[Record], source: int, now_us: int) -> list[Arrival]:
        """What the records turned out to be, in their order. The loop is the fast way; whatever it does not take as it
        is, `_one` decides from the beginning."""
        fast, place, places, refuse, carefully = self._fast, self._place, self._places, self._refuse, self._drops
        latest_us = now_us + self._skew_us
        found = []
        for record in records:
            raw = record.value
            if raw is None or carefully or record.headers or len(raw) > LONGEST_RECORD or b"\\" in raw:
                found.append(self._one(record, source, now_us))
                continue
            try:
                if not raw.isascii():
                    raw.decode("utf-8")
                fact, said = place(fast(raw), places)
                taken = PAST_US <= fact.at_us <= latest_us
            except (ValueError, RecursionError, Rejected):
                taken = False
            if taken:
                found.append(
                    Arrival(
                        source,
                        record.offset,
                        fact,
                        blake2b(_canonical(said), digest_size=16).digest(),
                        partial(refuse, raw, record.key, PLAIN),
                        blake2b(fact.event_id.encode(), digest_size=16).digest(),  # `digest_of`, spelled out
                    )
                )
            else:
                found.append(self._one(record, source, now_us))
        return found

    def _one(self, record: Record, source: int, now_us: int) -> Arrival:
        raw = record.value
        head = envelope(record.headers) if record.headers else PLAIN
        if isinstance(record, Unreadable):
            refused = self._refuse(record.left, record.key, head, "undecodable", record.why)
            return Arrival(source, record.offset, refused)
        if raw is None:
            return Arrival(source, record.offset, TOMBSTONE)
        return self.arrival(raw, record.key, head, source, record.offset, now_us)

    def arrival(self, raw: bytes, key: bytes | None, head: Envelope, source: int, offset: int, now_us: int) -> Arrival:
        try:
            if len(raw) > LONGEST_RECORD:
                raise Rejected("too_large", f"{len(raw)} bytes, more than {LONGEST_RECORD}")
            fact, said = self._read(raw, head)
            at_us = fact.at_us
            if at_us < PAST_US:
                raise Rejected("past", "before the year 2000")
            if at_us > now_us + self._skew_us:
                raise Rejected("future", f"{(at_us - now_us) // 1_000_000} s ahead of our clock")
        except Rejected as why:
            return Arrival(source, offset, self._refuse(raw, key, head, why.reason, why.detail))
        content = blake2b(_canonical(said), digest_size=16).digest()
        return Arrival(source, offset, fact, content, partial(self._refuse, raw, key, head), digest_of(fact.event_id))

    def _refuse(self, raw: bytes, key: bytes | None, head: Envelope, reason: str, detail: str) -> Reject:
        return self._redactor.reject(raw, key, b"" if head is PLAIN else head.kept(), reason, detail)

    def _read(self, raw: bytes, head: Envelope) -> tuple[Fact, tuple[Any, ...]]:
        if head.structured or self._drops:
            return self._read_carefully(raw, head)
        try:
            if not raw.isascii():
                raw.decode("utf-8")
            wire = self._fast(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._read_carefully(raw, head)
        if b"\\" in raw and b"\\u0000" in raw:
            _no_nul(wire)
        return self._placed(wire)

    def _read_carefully(self, raw: bytes, head: Envelope) -> tuple[Fact, tuple[Any, ...]]:
        try:
            tree = parse(raw)
        except NotJson as error:
            raise Rejected("not_json", str(error)) from None
        try:
            tree = data_of(tree, head)
            if self._drops:
                tree = self._redactor.tree(tree)
            wire = msgspec.convert(tree, self._wire, strict=True)
        except (ValueError, RecursionError) as error:
            raise Rejected("schema", str(error)) from None
        _no_nul(wire)
        return self._placed(wire)

    def _placed(self, wire: Any) -> tuple[Fact, tuple[Any, ...]]:
        try:
            return self._place(wire, self._places)
        except ValueError:
            raise Rejected("schema", "a time is not RFC 3339 with an offset and up to six digits of a second") from None


_canonical = msgspec.msgpack.Encoder().encode


def _no_nul(wire: Any) -> None:
    for name in wire.__struct_fields__:
        value = getattr(wire, name)
        if isinstance(value, str) and "\x00" in value:
            raise Rejected("schema", f"NUL in {name}")
