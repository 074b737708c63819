"""Keeping what was refused, in the transaction of its batch: the writing side of `ioc.store.rejects`."""

from __future__ import annotations

from collections.abc import Sequence

from ioc.facts import Arrival, Reject, Topic
from ioc.store.connect import Connection

COPY_REJECTS = """
    copy reject (topic, source, record_offset, reason, detail, key, body, headers, digest, redrivable) from stdin (format binary)
"""
REJECT_TYPES = ("int2", "int4", "int8", "text", "text", "bytea", "bytea", "bytea", "bytea", "bool")


def write_rejects(conn: Connection, rejects: Sequence[tuple[Topic, Arrival, Reject]]) -> None:
    """Keeps what was refused."""
    if not rejects:
        return
    with conn.cursor() as cursor, cursor.copy(COPY_REJECTS) as copy:
        copy.set_types(REJECT_TYPES)
        for topic, arrival, reject in rejects:
            copy.write_row(
                (
                    int(topic), arrival.source, arrival.offset, reject.reason, reject.detail, reject.key, reject.body,
                    reject.headers, reject.digest, reject.redrivable,
                )
            )  # fmt: skip
