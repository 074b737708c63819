"""A batch is halved without losing a record, an offset or the order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.errors import Unstorable
from ioc.facts import TOMBSTONE, Advance, Arrival, Batch, Reject, Topic, UsageEvent, Written
from streams.halving import pieces, together

TOPIC_OF = {1: Topic.CASES, 2: Topic.USAGE, 3: Topic.USAGE, 4: Topic.CAMERAS}


def kept(reason: str, detail: str) -> Reject:
    return Reject(reason, detail, b"key", b"body", b"digest")


def use(source: int, offset: int) -> Arrival:
    return Arrival(source, offset, UsageEvent(f"{source}/{offset}", 0, 1, "a", 1), b"", kept)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    arrivals: dict[Topic, list[Arrival]] = {}
    moves = []
    for source in draw(st.lists(st.sampled_from(sorted(TOPIC_OF)), unique=True, min_size=1)):
        offsets = sorted(draw(st.sets(st.integers(0, 60), max_size=20)))
        for offset in offsets:
            arrivals.setdefault(TOPIC_OF[source], []).append(use(source, offset))
        moves.append(Advance(source, 0, 61 + draw(st.integers(0, 3)), 7))
    return Batch(arrivals, tuple(moves))


@given(batches(), st.data())
def test_every_piece_goes_on_where_the_last_one_ended(batch: Batch, data: st.DataObject) -> None:
    """Written as a store does: each move must start where its partition stands, and only culprits are refused."""
    records = [(one.source, one.offset) for found in batch.arrivals.values() for one in found]
    culprits = data.draw(st.sets(st.sampled_from(records))) if records else set()
    stand = dict.fromkeys((move.source for move in batch.advances), 0)
    written: list[tuple[int, int]] = []
    refused: set[tuple[int, int]] = set()
    tries = 0
    waiting = [batch]
    while waiting:
        piece = waiting.pop()
        tries += 1
        ones = [one for found in piece.arrivals.values() for one in found]
        bad = {(o.source, o.offset) for o in ones if not isinstance(o.what, Reject)} & culprits
        if bad:
            waiting += reversed(pieces(piece, Unstorable("too much")))
            continue
        for move in piece.advances:
            assert move.expected == stand[move.source] <= move.next_offset
            assert all(move.expected <= o.offset < move.next_offset for o in ones if o.source == move.source)
            stand[move.source] = move.next_offset
        assert {o.source for o in ones} <= {move.source for move in piece.advances}
        for topic, found in piece.arrivals.items():
            assert all(TOPIC_OF[o.source] == topic for o in found)
        written += [(o.source, o.offset) for o in ones]
        refused |= {(o.source, o.offset) for o in ones if isinstance(o.what, Reject)}
    assert refused == culprits
    assert sorted(written) == sorted(records)
    assert [r for r in written if r[0] == 2] == sorted(r for r in written if r[0] == 2)
    assert stand == {move.source: move.next_offset for move in batch.advances}
    assert tries <= 1 + len(culprits) * 2 * (3 + len(records).bit_length())


def test_a_reject_that_cannot_be_kept_is_kept_without_its_bytes_and_then_given_up() -> None:
    full = Arrival(1, 5, kept("schema", "words"))
    moves = (Advance(1, 5, 6, 1),)
    (bare,) = pieces(Batch({Topic.CASES: [full]}, moves), Unstorable("no"))
    ((one,),) = bare.arrivals.values()
    assert isinstance(one.what, Reject)
    assert (one.what.reason, one.what.body, one.what.key, one.what.digest) == ("unstorable", b"", None, b"digest")
    assert bare.advances == moves
    with pytest.raises(Unstorable, match="no"):
        pieces(bare, Unstorable("no"))


@pytest.mark.parametrize("batch", [Batch({}), Batch({Topic.CASES: [Arrival(1, 5, TOMBSTONE)]})])
def test_what_has_no_record_to_refuse_is_raised(batch: Batch) -> None:
    with pytest.raises(Unstorable):
        pieces(batch, Unstorable("a bug"))


def test_what_the_pieces_came_to_is_added_up() -> None:
    assert together([Written(1, 2, 3, 4, 5), Written(10, 20, 30, 40, 50)]) == Written(11, 22, 33, 44, 55)
