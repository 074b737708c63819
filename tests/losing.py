"""Brokers that lose: brought back to an earlier day, a topic made anew, a directory wiped; and what is then found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Protocol

from ioc.settings import Settings
from ioc.store import findings
from ioc.store.connect import connect
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.process import wait_until
from streams.kafka_admin import administrator, ensure_topics
from tests.site import PATIENCE_S, Site, kill

SEEN = """
    select coalesce(sum(e.end_offset - s.next_offset), 0)
      from source s join source_end e on e.source = s.no
     where s.closed_at is null
"""
LOOKED_AT = "select count(*) from source_end where seen_at > clock_timestamp() - interval '2 seconds'"


class Past(Protocol):
    """What a broker was once, to be brought back."""

    def remember(self) -> None:
        """Keeps what is there now."""

    def bring_back(self) -> None:
        """Makes the broker forget everything since."""


class KafkaPast:
    """Its directory, copied while it stands still."""

    def __init__(self, site: Site, broker: EmbeddedKafka) -> None:
        self.site = site
        self.broker = broker
        self.kept = site.directory / "kept"

    def remember(self) -> None:
        self.broker.stop()
        shutil.copytree(self.broker.data, self.kept)
        self.broker.start()

    def bring_back(self) -> None:
        self.broker.stop()
        shutil.rmtree(self.broker.data)
        shutil.copytree(self.kept, self.broker.data)
        self.broker.start()
        self.site.another_producer()


CUT = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
     where datname = current_database() and application_name = 'ioc source log'
"""


class LogPast:
    """The ends of its partitions."""

    def __init__(self, settings: Settings) -> None:
        self.dsn = settings.database.dsn
        self.ends: list[tuple[int, int]] = []

    def remember(self) -> None:
        with connect(self.dsn) as conn:
            self.ends = conn.execute("select no, next_offset from source_log_head").fetchall()

    def bring_back(self) -> None:
        with connect(self.dsn) as conn, conn.transaction():
            for no, end in self.ends:
                conn.execute("update source_log_head set next_offset = %s where no = %s", (end, no))
                conn.execute("delete from source_log where head = %s and record_offset >= %s", (no, end))
            conn.execute(CUT)  # a database that was restored has no sessions


def past_of(site: Site) -> Past:
    return LogPast(site.settings) if site.broker is None else KafkaPast(site, site.broker)


def kinds(site: Site) -> set[str]:
    """What was found so far and nobody has settled."""
    with connect(site.settings.database.dsn) as conn:
        return {one.finding for one in findings.listed(conn)}


def ioc(site: Site, code: int, *words: str) -> str:
    """What the command says; ``code`` is how it must end."""
    done = subprocess.run(
        [sys.executable, "-m", "ioc", *words],
        capture_output=True,
        text=True,
        env=site.environment("none"),
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def make_anew(site: Site, topic: str) -> None:
    """Deletes a topic and makes it again, empty."""

    def made() -> bool:
        ensure_topics(site.settings)
        with administrator(site.settings) as client:
            return topic in client.list_topics()

    with administrator(site.settings) as client:
        client.delete_topics([topic])
        assert wait_until(lambda: topic not in client.list_topics(), PATIENCE_S)
    assert wait_until(made, PATIENCE_S)


def wipe(site: Site) -> None:
    """Another cluster in the place of the broker, with nothing in it."""
    assert site.broker is not None
    site.broker.stop()
    shutil.rmtree(site.broker.data)
    site.broker.start()
    ensure_topics(site.settings)
    site.another_producer()


def see_unread(site: Site, count: int) -> None:
    """An ingest that sees so many records, and is killed before any is written."""
    with connect(site.settings.database.dsn) as conn, conn.transaction():
        conn.execute("lock table identity in share mode")
        process = site.ingest()
        assert wait_until(lambda: site.ask(SEEN) == count, PATIENCE_S), f"{site.ask(SEEN)} of {count}\n{site.said()}"
        kill(process)
    nobody_looks(site)


def nobody_looks(site: Site) -> None:
    """Returns when no ingest has looked at the broker for a while."""
    assert wait_until(lambda: site.ask(LOOKED_AT) == 0, PATIENCE_S)
