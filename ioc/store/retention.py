"""Drops raw uses after `database.keep_usage_days`, counted, so that the proof stays whole.

No figure is made from raw uses but the part of a minute at the edge of a window: sums by minute and day stay for ever
and are never touched here. What is dropped is counted per partition (`source.dropped`), and from which moment on rows
are kept is noted in the same transaction (`state.usage_from`, always a UTC midnight): before it sums cannot be counted
again, and `ioc reconcile --deep` and `ioc rebuild` leave them as they are.

On TimescaleDB a step drops one chunk, on plain PostgreSQL it deletes a bounded piece. A step never waits for whoever
proves or dumps: it lets go and is tried again a minute later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from ioc.errors import Transient
from ioc.settings import Settings
from ioc.store import hypertables
from ioc.store.connect import Connection, translated
from ioc.store.locks import OPENING_LOCK, PROOF_LOCK

PIECE = 10_000
"""Rows that a step deletes where there are no chunks."""

HORIZON = "select value from state where key = 'usage_from'"
RAISE_HORIZON = """
    insert into state (key, value) values ('usage_from', %(at)s)
    on conflict (key) do update set value = greatest(state.value collate "C", excluded.value collate "C")
"""
OLDEST_CHUNK = """
    select range_start, range_end
      from timescaledb_information.chunks
     where hypertable_schema = current_schema() and hypertable_name = 'usage_event' and range_end <= %(until)s
     order by range_start
     limit 1
"""
COUNT_CHUNK = "select source, count(*) from usage_event where at >= %(start)s and at < %(end)s group by source"
DROP_CHUNK = (
    "select drop_chunks('usage_event', older_than => %(end)s::timestamptz, newer_than => %(start)s::timestamptz)"
)
DELETE_PIECE = """
    with gone as (
        delete from usage_event
         where ctid = any(array(select ctid from usage_event where at < %(until)s order by at limit %(piece)s))
        returning source
    )
    select source, count(*) from gone group by source
"""
LOCK_COUNTERS = "select no from source where no = any(%(nos)s) order by no for no key update"
COUNT_DROPPED = """
    update source s set dropped = s.dropped + v.uses
      from unnest(%(nos)s::int[], %(uses)s::bigint[]) as v (no, uses)
     where s.no = v.no
"""


def horizon(conn: Connection) -> datetime | None:
    """From which moment on every raw use is kept; None where none was ever dropped."""
    row = conn.execute(HORIZON).fetchone()
    return None if row is None else datetime.fromisoformat(row[0])


def kept_from(settings: Settings, now: datetime) -> datetime | None:
    """The UTC midnight before which raw uses may go; None where they are kept for ever."""
    days = settings.database.keep_usage_days
    if not days:
        return None
    return (now.astimezone(UTC) - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def step(conn: Connection, settings: Settings, now: datetime) -> int:
    """Drops one chunk, or one bounded piece; returns the rows dropped, 0 when nothing is left or somebody is in the way."""
    until = kept_from(settings, now)
    if until is None:
        return 0
    try:
        with translated(), conn.transaction():
            conn.execute("set local lock_timeout = '1s'")
            row = conn.execute("select pg_try_advisory_xact_lock(%(lock)s)", {"lock": PROOF_LOCK}).fetchone()
            if row is None or not row[0]:
                return 0
            dropped = _drop_chunk(conn, until) if hypertables.is_made(conn) else _delete_piece(conn, until)
            if dropped:
                nos = sorted(dropped)
                conn.execute(LOCK_COUNTERS, {"nos": nos})
                conn.execute(COUNT_DROPPED, {"nos": nos, "uses": [dropped[no] for no in nos]})
                conn.execute(RAISE_HORIZON, {"at": until.isoformat()})
            return sum(dropped.values())
    except Transient:
        if conn.closed:
            raise
        return 0


def _drop_chunk(conn: Connection, until: datetime) -> dict[int, int]:
    """Rows by source of the oldest chunk that lies wholly before ``until``, which is gone then."""
    while chunk := conn.execute(OLDEST_CHUNK, {"until": until}).fetchone():
        bounds = {"start": chunk[0], "end": chunk[1]}
        # no batch may write into it between the count and the drop
        conn.execute("select pg_advisory_xact_lock(%(lock)s)", {"lock": OPENING_LOCK})
        found = {int(no): int(uses) for no, uses in conn.execute(COUNT_CHUNK, bounds).fetchall()}
        conn.execute(DROP_CHUNK, bounds)
        if found:
            return found
    return {}


def _delete_piece(conn: Connection, until: datetime) -> dict[int, int]:
    """Rows by source of a piece of the oldest rows before ``until``, which are gone then."""
    rows = conn.execute(DELETE_PIECE, {"until": until, "piece": PIECE}).fetchall()
    return {int(no): int(uses) for no, uses in rows}


@contextmanager
def nothing_dropped(conn: Connection) -> Iterator[None]:
    """While it lasts no raw use is dropped: for whoever counts them again. Enter it outside of a transaction."""
    with translated():
        conn.execute("select pg_advisory_lock_shared(%(lock)s)", {"lock": PROOF_LOCK})
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("select pg_advisory_unlock_shared(%(lock)s)", {"lock": PROOF_LOCK})
