"""One transaction whose statements travel together: the server is waited for only where an answer is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus

from ioc.errors import Transient
from ioc.store.connect import Connection

Wait = Callable[[], None]
"""Waits for the answers to everything that was sent so far, and raises the first error among them."""


@contextmanager
def transaction(conn: Connection, *, together: bool) -> Iterator[Wait]:
    """A transaction, wholly or not at all.

    ``together`` sends statements without waiting for each one's answer (libpq's pipeline mode, in which there is no
    COPY): an error is raised where an answer is asked for, at the latest here. Call what is given before the answers of
    a whole group are read: between groups the server sees a session that is idle in its transaction, and ends it where
    it stands still for too long; in the middle of a group it would wait.
    """
    if not together:
        with conn.transaction():
            yield lambda: None
        return
    try:
        with conn.pipeline() as pipeline:
            conn.execute("begin")
            try:
                yield pipeline.sync
                ended = conn.execute("commit")
            except BaseException:
                with suppress(psycopg.Error):  # the first error is known, and what was under way is taken back below
                    pipeline.sync()
                raise
    except BaseException:
        if conn.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
            with suppress(psycopg.OperationalError):
                conn.rollback()
        raise
    if ended.statusmessage != "COMMIT":
        raise Transient(f"the server answered {ended.statusmessage} to a commit")


def travels_together(conn: Connection) -> bool:
    """Whether statements of this connection are sent without waiting, so that COPY is not to be had."""
    return bool(conn.pgconn.pipeline_status != PipelineStatus.OFF)
