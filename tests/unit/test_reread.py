"""For which reason a record beyond the cap was refused, where only counts and offsets are known."""

from __future__ import annotations

from typing import Any

import pytest

from ioc.store.passed_over import Span
from streams.reread import CHUNK_BYTES, Reread, Spans, chunks
from tests.feed_records import Rec


def span(reason: str, first: int, last: int, **other: Any) -> Span:
    counts = {"records": 9, "settled": 2, "intact": True} | other
    return Span(1, "c", 3, "t", 0, reason, first=first, last=last, **counts)


BOTH = Spans([span("future", 0, 50), span("unknown_unit", 20, 90)], [span("not_json", 10, 80)])


@pytest.mark.parametrize(
    ("offset", "reasons"), [(5, ["future"]), (30, ["unknown_unit", "future"]), (90, ["unknown_unit"]), (91, [])]
)
def test_only_the_reasons_whose_offsets_reach_there(offset: int, reasons: list[str]) -> None:
    assert BOTH.at(offset) == reasons


@pytest.mark.parametrize(
    ("offset", "now", "then"),
    [
        (30, "future", "future"),  # as before
        (30, "not_json", None),  # as before, and nobody asked for those
        (5, "not_json", "future"),  # garbage was refused elsewhere only
        (60, "unknown_service", "unknown_unit"),  # the unit is there now, the service is not
    ],
)
def test_what_is_refused_again_is_told_by_its_reason_of_now(offset: int, now: str, then: str | None) -> None:
    assert BOTH.refused_for(offset, now) == then


def test_a_transaction_takes_no_more_than_some_megabytes() -> None:
    records = [Rec(b"x" * (CHUNK_BYTES // 3), n) for n in range(8)]
    found = list(chunks(records))
    assert [len(chunk) for chunk in found] == [4, 4]
    assert [record.offset for chunk in found for record in chunk] == list(range(8))
    assert list(chunks([])) == []


def test_it_says_plainly_what_the_broker_has_no_longer() -> None:
    done = Reread(read=900, events=500, gone=17)
    done.refused["unknown_unit"] = 3
    assert str(done) == (
        "900 records beyond the cap read again from the broker: 500 driven again, 3 refused again (unknown_unit 3); "
        "up to 17 the broker no longer has: their sources must send them again"
    )
