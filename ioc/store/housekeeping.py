"""What one watching process does for all: opening balances, old changes and old ids."""

from __future__ import annotations

from datetime import datetime, timedelta

from ioc.facts import Topic
from ioc.figures import STATE_METRICS
from ioc.settings import Settings
from ioc.snapshot import local_midnight
from ioc.store.connect import Connection, translated
from ioc.store.locks import OPENING_LOCK

LEASE = """
    insert into lease (name, owner, epoch, until)
    values (%(name)s, %(owner)s, 1, clock_timestamp() + interval '5 seconds')
    on conflict (name) do update
       set owner = excluded.owner, until = excluded.until,
           epoch = lease.epoch + case when lease.owner = excluded.owner then 0 else 1 end
     where lease.owner = excluded.owner or lease.until < clock_timestamp()
    returning epoch
"""
LEADER = "select owner from lease where name = %(name)s and until > clock_timestamp()"
FORMER = "select max(at) from opening where at < %(at)s"
OPEN_BOOK = "insert into opening (at) values (%(at)s) on conflict (at) do nothing"
BALANCE = """
    insert into opening_balance (at, metric, handling, receiving, value)
    select %(at)s, metric, handling, receiving, sum(value)
      from (
        select metric, handling, receiving, value from opening_balance where at = %(former)s
        union all
        select metric, handling, receiving, value
          from rollup_day
         where bucket >= coalesce(%(former)s, '-infinity'::timestamptz) and bucket < %(at)s and metric = any(%(states)s)
      ) as parts
     group by metric, handling, receiving
    having sum(value) <> 0
"""
FORGET_CHANGES = "delete from change where written_at < clock_timestamp() - interval '10 minutes'"
FORGET_IDS = """
    with gone as (
        delete from identity
         where ctid = any(array(
             select ctid from identity where topic = any(%(topics)s) and arrived_at < %(before)s limit 20000))
        returning source
    ), counted as (
        select source, count(*) as ids from gone group by source
    ), noted as (
        update source s set forgotten = s.forgotten + c.ids from counted c where s.no = c.source
    )
    select coalesce(sum(ids), 0)::bigint from counted
"""
OLDEST_DAY = "select min(bucket) from rollup_day"


def lead(conn: Connection, name: str, owner: str) -> int | None:
    """The epoch under which ``owner`` leads for the next five seconds, by the database's clock; None if another does."""
    with translated():
        row = conn.execute(LEASE, {"name": name, "owner": owner}).fetchone()
    return None if row is None else int(row[0])


def leader(conn: Connection, name: str) -> str | None:
    """Who leads now (host and process), by the database's clock; None where nobody does."""
    with translated():
        row = conn.execute(LEADER, {"name": name}).fetchone()
    return None if row is None else str(row[0])


def open_books(conn: Connection, settings: Settings, now: datetime) -> list[datetime]:
    """Makes the opening balance of every month's first local midnight up to ``now`` that has none; returns them.

    Writers wait for it, and from then on correct it when something older arrives.
    """
    with translated():
        row = conn.execute(OLDEST_DAY).fetchone()
        oldest = row[0] if row else None
        if oldest is None:
            return []
        month = local_midnight(now, settings.zone).replace(day=1)
        made: list[datetime] = []
        while month > oldest and len(made) < 240:
            made.append(month)
            month = local_midnight(month - timedelta(days=1), settings.zone).replace(day=1)
        kept = []
        for at in reversed(made):
            with conn.transaction():
                conn.execute("select pg_advisory_xact_lock(%(lock)s)", {"lock": OPENING_LOCK})
                if conn.execute(OPEN_BOOK, {"at": at}).rowcount:
                    former = conn.execute(FORMER, {"at": at}).fetchone()
                    wanted = {"at": at, "former": former and former[0], "states": STATE_METRICS}
                    conn.execute(BALANCE, wanted)
                    kept.append(at)
    return kept


def forget(conn: Connection, settings: Settings, now: datetime) -> int:
    """Drops changes that no picture can need any more, and ids older than the promise; returns the ids dropped."""
    before = now - timedelta(days=settings.ingest.dedupe_days)
    dropped = 0
    with translated():
        conn.execute(FORGET_CHANGES)
        topics = [int(Topic.USAGE), int(Topic.INDICATORS)]
        while True:
            row = conn.execute(FORGET_IDS, {"topics": topics, "before": before}).fetchone()
            batch = int(row[0]) if row else 0
            dropped += batch
            if batch < 20_000:
                return dropped
