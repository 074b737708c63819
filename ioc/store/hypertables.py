"""Turns the event table that only grows into a hypertable where TimescaleDB is there; nothing on plain PostgreSQL.

Re-runnable: a filled plain table is moved in place, settings are put back where they were changed. Chunks of a day;
after a week they are kept by column, grouped by unit, as the key (`usage_event_key`) is, so that a late use stays cheap.
Figures never read this table but for the part of a minute at the edge of a window, so both engines answer alike
(ADR 0004). Old chunks are dropped by `ioc.store.retention`, which counts them, and by no policy.
"""

from __future__ import annotations

import psycopg

from ioc.errors import OperatorError
from ioc.store.connect import Connection

AVAILABLE = "select 1 from pg_available_extensions where name = 'timescaledb'"
CREATE = "create extension if not exists timescaledb"
VERSION = "select extversion from pg_extension where extname = 'timescaledb'"
LICENSE = "select current_setting('timescaledb.license', true)"
MAKE = """
    select create_hypertable('usage_event', by_range('at', interval '1 day'),
                             create_default_indexes => false, if_not_exists => true, migrate_data => true)
"""
IS_MADE = """
    select 1 from timescaledb_information.hypertables
     where hypertable_schema = current_schema() and hypertable_name = 'usage_event'
"""
BY_COLUMN = """
    alter table usage_event set (timescaledb.enable_columnstore, timescaledb.segmentby = 'unit', timescaledb.orderby = 'at desc')
"""
IS_BY_COLUMN = """
    select 1 from timescaledb_information.hypertable_columnstore_settings
     where hypertable = 'usage_event'::regclass and segmentby = 'unit' and orderby = 'at DESC'
"""
IS_A_DAY = """
    select 1 from timescaledb_information.dimensions
     where hypertable_schema = current_schema() and hypertable_name = 'usage_event' and time_interval = interval '1 day'
"""
A_DAY = "select set_chunk_time_interval('usage_event', interval '1 day')"
IS_AFTER_A_WEEK = """
    select 1 from timescaledb_information.jobs
     where proc_name in ('policy_compression', 'policy_columnstore') and hypertable_schema = current_schema()
       and hypertable_name = 'usage_event' and scheduled and (config ->> 'compress_after')::interval = interval '7 days'
"""
NO_POLICY = "call remove_columnstore_policy('usage_event', if_exists => true)"
AFTER_A_WEEK = "call add_columnstore_policy('usage_event', after => interval '7 days')"

POLICIES = """
    select job_id from timescaledb_information.jobs
     where proc_name in ('policy_compression', 'policy_columnstore') and hypertable_name = 'usage_event'
"""


def is_available(conn: Connection) -> bool:
    """Whether the server has the extension, used or not."""
    return conn.execute(AVAILABLE).fetchone() is not None


def version(conn: Connection) -> str | None:
    """The version of TimescaleDB in this database; None where it is not."""
    row = conn.execute(VERSION).fetchone()
    return None if row is None else str(row[0])


def is_made(conn: Connection) -> bool:
    """Whether the usage table is a hypertable in this database."""
    return version(conn) is not None and conn.execute(IS_MADE).fetchone() is not None


def has_columnstore(conn: Connection) -> bool:
    """Whether this build of TimescaleDB keeps old chunks by column; one under the Apache license alone does not."""
    row = conn.execute(LICENSE).fetchone()
    return row is not None and row[0] == "timescale"


def ensure(conn: Connection) -> None:
    """Makes what this database can have. OperatorError where the role may not create the extension."""
    if conn.execute(AVAILABLE).fetchone() is None:
        return
    try:
        with conn.transaction():
            conn.execute(CREATE)
    except psycopg.errors.InsufficientPrivilege as error:
        raise OperatorError(
            "this role may not create the extension: have an administrator run 'create extension timescaledb' in the "
            "database, then 'ioc migrate' again"
        ) from error
    conn.execute(MAKE)
    if conn.execute(IS_A_DAY).fetchone() is None:
        conn.execute(A_DAY)
    if has_columnstore(conn):
        if conn.execute(IS_BY_COLUMN).fetchone() is None:
            conn.execute(BY_COLUMN)
        if conn.execute(IS_AFTER_A_WEEK).fetchone() is None:  # none, with another age, or halted
            conn.execute(NO_POLICY)
            conn.execute(AFTER_A_WEEK)


def in_words(conn: Connection) -> str:
    """What this database has, in one line; "" on plain PostgreSQL."""
    if not is_made(conn):
        return ""
    named = f"TimescaleDB {version(conn)}: usage_event is a hypertable by day"
    if has_columnstore(conn):
        return f"{named}, kept by column after 7 days"
    return f"{named}; this build keeps nothing by column (Apache license alone), so old days take more room"


def compress_now(conn: Connection) -> None:
    """Runs the policy that keeps old chunks by column, where there is one, and waits for it; outside of a transaction."""
    if not is_made(conn):
        return
    for (job,) in conn.execute(POLICIES).fetchall():
        conn.execute("call run_job(%(job)s)", {"job": job})
