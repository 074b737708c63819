"""A look at single records, beside the group: what lies where a partition was read last."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from kafka import KafkaConsumer
from kafka import errors as kafka_errors

from ioc.errors import Transient
from ioc.settings import Settings
from streams.kafka_admin import PATIENCE_MS, made, translated
from streams.kafka_unreadable import read_on
from streams.source import Unreadable

LOOK_MS = 200
LOOK_BYTES = 64 << 10
"""Enough for a batch as a rule; of a larger one the broker gives the whole all the same."""


def beside_the_group(settings: Settings, most_bytes: int, wait_ms: int) -> Any:
    """A consumer without a group: it fetches so much of a partition at a time, or what there is after ``wait_ms``.

    Raises ConfigError, Transient.
    """
    consumer: Any = made(
        settings,
        KafkaConsumer,
        group_id=None,
        auto_offset_reset="none",
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=most_bytes,
        fetch_max_wait_ms=wait_ms,
        request_timeout_ms=PATIENCE_MS,
    )
    read_on(consumer)
    return consumer


def records_at(settings: Settings, offsets: Mapping[Any, int]) -> dict[Any, Any]:
    """The record at an offset of each partition, None where there is none that can be read.

    A consumer of its own looks: pausing and seeking in the group's would leave fetched records behind in it. Raises
    Transient, also where an offset has gone meanwhile.
    """
    if not offsets:
        return {}
    found: dict[Any, Any] = {}
    consumer = beside_the_group(settings, LOOK_BYTES, LOOK_MS)
    ends_s = time.monotonic() + PATIENCE_MS / 1000
    with closing(consumer), translated():
        consumer.assign(list(offsets))
        for pair, offset in offsets.items():
            consumer.seek(pair, offset)
        while len(found) < len(offsets):
            if time.monotonic() > ends_s:
                raise Transient("kafka: what was read last could not be looked at in time")
            for pair, records in _polled(consumer).items():
                there = records[0].offset == offsets[pair] and not isinstance(records[0], Unreadable)
                found.setdefault(pair, records[0] if there else None)
            for pair in offsets.keys() - found.keys():
                position = consumer.position(pair, timeout_ms=0)
                if position is not None and position > offsets[pair]:
                    found[pair] = None  # only markers and what was taken back
    return found


def _polled(consumer: Any) -> dict[Any, list[Any]]:
    try:
        return consumer.poll(timeout_ms=LOOK_MS, max_records=LOOK_BYTES)  # type: ignore[no-any-return]
    except kafka_errors.OffsetOutOfRangeError as error:
        raise Transient(f"kafka: what was read last is gone: {error}") from error
