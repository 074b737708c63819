"""How a poll comes by its records: each call of the driver's own thread is a good part of a small record's way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from streams.embedded.process import wait_until
from streams.kafka_prompt import Asking
from streams.kafka_source import KafkaSource
from tests.contract.brokers import PATIENCE_S, KafkaBroker, Reader, member, sender


def send(broker: KafkaBroker, value: bytes) -> None:
    with sender(broker) as out:
        out.send("ioc.cases.v1", "k", value)
        out.flush()


def test_no_poll_waits_for_the_drivers_thread_but_for_records(
    on_kafka: KafkaBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with member(on_kafka) as source:
        assert isinstance(source, KafkaSource)
        reader = Reader(source)
        reader.join()
        net = source._consumer._net
        run, waits = net.run, []

        def counted(coro: Callable[..., Any], *args: Any) -> Any:
            waits.append(coro)
            return run(coro, *args)

        monkeypatch.setattr(net, "run", counted)
        for n in range(5):
            send(on_kafka, b"%d" % n)
            reader.until(lambda wanted=n + 1: len(reader.seen) == wanted)  # type: ignore[misc]
        assert waits == []


def test_what_lands_while_more_is_asked_for_is_not_waited_for(on_kafka: KafkaBroker) -> None:
    with member(on_kafka) as source:
        assert isinstance(source, KafkaSource)
        reader = Reader(source)
        reader.join()
        reader.turn(0.01)  # leaves a question with the broker
        consumer = source._consumer
        send(on_kafka, b"x")
        assert wait_until(lambda: consumer._fetcher._completed_fetches, PATIENCE_S)
        come = threading.Event()
        assert consumer._manager.run(Asking(consumer)._ask, come) is True
        assert come.is_set()
        reader.until(lambda: [record.value for _, record in reader.seen] == [b"x"])
