"""Many records at once are decoded as each would be alone, the fast way and the careful way alike."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as some

from ioc.facts import Arrival, Reject, digest_of
from ioc.settings import Settings
from streams.decode import Decoder
from tests.feed_records import NOW_US, Rec, bad_examples, examples, world

DECODER = Decoder(Settings(), world())
RECORDS = [
    *((topic, json.dumps(value).encode()) for topic, value in examples()),
    *(
        (topic, json.dumps(value, ensure_ascii=True).replace("ioc", "\\u0069oc").encode())
        for topic, value in examples()
    ),
    *((topic, raw) for topic, _, raw in bad_examples()),
    *((topic, None) for topic, _ in examples()),
    *((topic, json.dumps(value | {"event_id": "Hồ sơ \u0001"}).encode()) for topic, value in examples()),
]


def told(arrival: Arrival) -> tuple[object, ...]:
    what = arrival.what
    reject = what if isinstance(what, Reject) else arrival.refuse and arrival.refuse("conflict", "")
    return arrival.source, arrival.offset, what, arrival.content, arrival.identity, reject


@given(some.lists(some.sampled_from(RECORDS), min_size=1, max_size=12))
def test_together_and_the_careful_way_say_the_same(drawn: list[tuple[int, bytes | None]]) -> None:
    for topic in {topic for topic, _ in drawn}:
        records = [Rec(raw, n, b"key") for n, (of, raw) in enumerate(drawn) if of == topic]
        together = DECODER.of(topic)(records, 3, NOW_US)  # type: ignore[arg-type]
        feed = DECODER._feeds[topic]  # type: ignore[index]
        assert [told(one) for one in together] == [told(feed._one(record, 3, NOW_US)) for record in records]


def test_the_id_is_digested_once_and_only_of_events() -> None:
    for topic, raw in RECORDS:
        arrival = DECODER.decode(Rec(raw), topic, 1, NOW_US)
        event_id = getattr(arrival.what, "event_id", None)
        assert arrival.identity == (b"" if event_id is None else digest_of(event_id))
