"""One transaction whose statements travel together: the server is waited for only where an answer is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.pq import TransactionStatus

from ioc.errors import Transient
from ioc.store.connect import Connection
from ioc.store.together import Together, Writing

Wait = Callable[[], None]
"""Waits for the answers to everything that was sent so far, and raises the first error among them."""


@contextmanager
def transaction(conn: Connection, *, together: bool) -> Iterator[tuple[Writing, Wait]]:
    """A transaction, wholly or not at all: where its statements go, and how to wait for them.

    ``together`` sends statements without waiting for each one's answer (there is no COPY then): an error is raised where
    an answer is asked for, at the latest here. Between groups the server sees a session that is idle in its transaction,
    and ends it where it stands still for too long.
    """
    if not together:
        with conn.transaction():
            yield conn, lambda: None
        return
    try:
        with Together(conn) as group:
            group.execute("begin")
            yield group, group.wait
            ended = group.execute("commit")
            group.wait()
    except BaseException:
        if conn.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
            with suppress(psycopg.OperationalError):
                conn.rollback()
        raise
    if ended.statusmessage != "COMMIT":
        raise Transient(f"the server answered {ended.statusmessage} to a commit")
