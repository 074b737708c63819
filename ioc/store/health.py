"""What an operator asks of the store itself: who writes, which versions run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from psycopg.rows import class_row

from ioc.facts import Topic
from ioc.store.connect import Connection, translated


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a partition: the ingest process, since when, and how often it changed hands."""

    source: int
    owner: str
    epoch: int
    claimed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Versions:
    """Of the server and of our schema."""

    server: str
    timescale: str | None
    schema: int


HOLDERS = "select no as source, owner, epoch, claimed_at from source order by no"
VERSIONS = """
    select current_setting('server_version') as server,
           (select extversion from pg_extension where extname = 'timescaledb') as timescale,
           (select max(version) from migration)::int as schema
"""
CLOCK = "select clock_timestamp()"


def clock(conn: Connection) -> datetime:
    """What time it is where the database runs."""
    with translated():
        row = conn.execute(CLOCK).fetchone()
    if row is None:
        raise LookupError("the database does not know the time")
    return cast(datetime, row[0])


DATA_DIRECTORY = "select setting from pg_settings where name = 'data_directory'"


def data_directory(conn: Connection) -> str:
    """Where the server keeps its data, by its own paths; "" where this role may not know."""
    with translated():
        row = conn.execute(DATA_DIRECTORY).fetchone()
    return str(row[0]) if row and row[0] else ""


TRANSACTIONS = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"
SESSIONS = "select count(*) from pg_stat_activity where application_name like %(like)s and datname = current_database()"


def holders(conn: Connection) -> list[Holder]:
    """Every partition that was ever claimed."""
    with translated(), conn.cursor(row_factory=class_row(Holder)) as cursor:
        return cursor.execute(HOLDERS).fetchall()


def versions(conn: Connection) -> Versions:
    """What runs."""
    with translated(), conn.cursor(row_factory=class_row(Versions)) as cursor:
        return cursor.execute(VERSIONS).fetchone() or Versions("", None, 0)


def transactions(conn: Connection) -> int:
    """Transactions of this database since its statistics began; each session reports its own at most a second late."""
    with translated():
        row = conn.execute(TRANSACTIONS).fetchone()
    return int(row[0]) if row else 0


def sessions(conn: Connection, name: str) -> int:
    """Sessions in this database whose application name begins with ``name``."""
    with translated():
        row = conn.execute(SESSIONS, {"like": f"{name}%"}).fetchone()
    return int(row[0]) if row else 0


KNOWN = """
    select partition from source
     where cluster = %(cluster)s and topic = %(topic)s and topic_id = %(topic_id)s and closed_at is null
"""


def known_partitions(conn: Connection, cluster: str, topic: Topic, topic_id: str) -> set[int]:
    """The partitions of a topic that were ever claimed."""
    with translated():
        wanted = {"cluster": cluster, "topic": int(topic), "topic_id": topic_id}
        return {int(partition) for (partition,) in conn.execute(KNOWN, wanted).fetchall()}
