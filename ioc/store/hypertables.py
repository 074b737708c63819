"""Turns the event tables that only grow into hypertables where TimescaleDB is there; nothing on plain PostgreSQL.

Re-runnable: a filled plain table is moved in place. Figures never read these tables but for the part of a minute at the
edge of a window, so both engines answer alike (ADR 0004).
"""

from __future__ import annotations

from ioc.store.connect import Connection

AVAILABLE = "select 1 from pg_available_extensions where name = 'timescaledb'"
CREATE = "create extension if not exists timescaledb"
MAKE = """
    select create_hypertable(%(name)s::regclass, by_range('at', interval '1 day'),
                             create_default_indexes => false, if_not_exists => true, migrate_data => true)
"""


def ensure(conn: Connection) -> bool:
    """Whether the event tables are hypertables now."""
    if conn.execute(AVAILABLE).fetchone() is None:
        return False
    conn.execute(CREATE)
    conn.execute(MAKE, {"name": "usage_event"})
    return True
