"""The tiny hint that something changed; never the payload, and never needed: the version can be polled."""

from __future__ import annotations

from ioc.store.connect import Connection, translated

CHANNEL = "ioc_change"
VERSION = "select coalesce(max(no), 0) from change"


def listen(conn: Connection) -> None:
    """Makes a connection hear the hints."""
    with translated():
        conn.execute("listen ioc_change")


def wait(conn: Connection, timeout_s: float) -> bool:
    """Whether a hint came within ``timeout_s``; returns at the first one and swallows those that came with it."""
    with translated():
        heard = False
        for _ in conn.notifies(timeout=timeout_s, stop_after=1):
            heard = True
        return heard


def version(conn: Connection) -> int:
    """The number of the newest change; one row, whatever the size of the store."""
    with translated():
        row = conn.execute(VERSION).fetchone()
    return int(row[0]) if row else 0
