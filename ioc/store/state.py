"""A few words that must outlive every process."""

from __future__ import annotations

from ioc.store.connect import Connection, translated

GET = "select value from state where key = %(key)s"
SET = (
    "insert into state (key, value) values (%(key)s, %(value)s) on conflict (key) do update set value = excluded.value"
)
SET_ONCE = "insert into state (key, value) values (%(key)s, %(value)s) on conflict (key) do nothing"


def get(conn: Connection, key: str) -> str | None:
    """The value kept under ``key``, or None."""
    with translated():
        row = conn.execute(GET, {"key": key}).fetchone()
    return None if row is None else str(row[0])


def put(conn: Connection, key: str, value: str) -> None:
    """Keeps ``value`` under ``key``, whatever was there."""
    with translated():
        conn.execute(SET, {"key": key, "value": value})


def set_once(conn: Connection, key: str, value: str) -> str:
    """Keeps ``value`` unless the key has one already; returns what is kept."""
    with translated():
        conn.execute(SET_ONCE, {"key": key, "value": value})
    return get(conn, key) or value
