"""One transaction whose statements travel together: the server is waited for only where an answer is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus

from ioc.errors import Transient
from ioc.store.connect import Connection


@contextmanager
def transaction(conn: Connection, *, together: bool) -> Iterator[None]:
    """A transaction, wholly or not at all.

    ``together`` sends statements without waiting for each one's answer (libpq's pipeline mode): a statement's own error
    is raised at the next answer that is asked for, at the latest here. COPY cannot travel so.
    """
    if not together:
        with conn.transaction():
            yield
        return
    try:
        with conn.pipeline() as pipeline:
            conn.execute("begin")
            try:
                yield
                ended = conn.execute("commit")
            except BaseException:
                with suppress(psycopg.Error):  # what was under way is taken back below; its first error is known
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
