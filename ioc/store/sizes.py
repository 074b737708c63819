"""How much room each table takes, indexes included, on either engine."""

from __future__ import annotations

from typing import LiteralString

from ioc.store import hypertables
from ioc.store.connect import Connection, translated

PLAIN: LiteralString = """
    select c.relname, pg_total_relation_size(c.oid), greatest(c.reltuples, 0)::bigint
      from pg_class c
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
     order by 2 desc, 1
"""
HYPER: LiteralString = "select hypertable_size('usage_event'), approximate_row_count('usage_event')"
ENGINE: LiteralString = "select current_setting('server_version')"
SWEEP: LiteralString = "vacuum (analyze)"
NOTHING_READ: LiteralString = "select not exists (select from source)"


def is_empty(conn: Connection) -> bool:
    """Whether no feed was ever read into this database."""
    with translated():
        row = conn.execute(NOTHING_READ).fetchone()
    return row is not None and bool(row[0])


def sizes(conn: Connection) -> dict[str, tuple[int, int]]:
    """Bytes and about how many rows of each table that has any, the largest first; chunks are counted in their table."""
    with translated():
        found = {str(name): (int(size), int(rows)) for name, size, rows in conn.execute(PLAIN).fetchall()}
        if hypertables.is_made(conn) and (row := conn.execute(HYPER).fetchone()):
            found["usage_event"] = (int(row[0]), int(row[1]))
    return dict(sorted(((name, one) for name, one in found.items() if one[1]), key=lambda item: -item[1][0]))


def engine(conn: Connection) -> str:
    """The database's name and version, TimescaleDB's beside PostgreSQL's."""
    with translated():
        row = conn.execute(ENGINE).fetchone()
        extension = hypertables.version(conn)
    named = f"PostgreSQL {str(row[0]).partition(' ')[0] if row else '?'}"
    return f"TimescaleDB {extension} on {named}" if extension else f"plain {named}"


def settle(conn: Connection) -> None:
    """Does at once what the server does by itself in time: statistics, dead rows, old chunks kept by column."""
    with translated():
        hypertables.compress_now(conn)
        conn.execute(SWEEP)
