"""Old records read again beside the group, on real Kafka and on the log."""

from __future__ import annotations

from contextlib import closing

import pytest

from ioc.errors import Transient
from streams.members import open_reader
from streams.source import Place
from tests.contract.brokers import Broker, Reader, member, sender


def test_a_span_is_read_again_and_nothing_else(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source, closing(open_reader(broker.settings)) as again:
        reader = Reader(source)
        ends = reader.join()
        place = reader.numbered(out, 250)
        first = ends[place]
        assert again.identity() == source.identity()
        assert again.bounds(place)[1] == first + 250
        for of, upto in ((5, 230), (249, 249), (0, 249), (7, 6)):
            found = [record for part in again.read(place, first + of, first + upto) for record in part]
            assert [record.offset - first for record in found] == list(range(of, upto + 1))
            assert [record.value for record in found] == [b"%d" % n for n in range(of, upto + 1)]
        assert again.bounds(Place(place.topic, 99)) == (0, 0)


def test_what_was_deleted_is_not_passed_over(broker: Broker) -> None:
    with sender(broker) as out, member(broker) as source, closing(open_reader(broker.settings)) as again:
        reader = Reader(source)
        ends = reader.join()
        place = reader.numbered(out, 50)
        first = ends[place]
        broker.forget(place, first + 20)
        assert again.bounds(place)[0] == first + 20
        with pytest.raises(Transient, match="begin again"):
            list(again.read(place, first, first + 30))
        assert sum(map(len, again.read(place, first + 20, first + 49))) == 30
