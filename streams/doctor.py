"""`ioc doctor`: looks at everything a centre depends on, and says what to do about what is wrong."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ioc.errors import IocError
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import feeds, health, housekeeping, units
from ioc.store.connect import Connection, connect
from ioc.store.migrate import check, check_rules

CLOCK_SKEW_S = 1.0
LEAST_FREE_BYTES = 2_000_000_000
LONG_LAG = 100_000
UNREAD_S = 10.0
"""Ingest looks at every partition each second; a pause of the broker is no reason to call it gone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    says: str


def examine(settings: Settings, only: Collection[str] = ()) -> list[Finding]:
    """Every finding, in order, or those named in ``only``; a check that cannot be made is a finding too."""
    places = [(what, look) for what, look in PLACES if not only or what in only]
    looks = [(what, look) for what, look in LOOKS if not only or what in only]
    found = [attempt(what, partial(look, settings)) for what, look in places]
    if looks:
        try:
            with connect(settings.database.dsn, settings, name="ioc doctor") as conn:
                found += [attempt(what, partial(look, conn, settings)) for what, look in looks]
        except IocError as error:
            found.append(Finding("database", False, str(error)))
    return found


def attempt(what: str, look: Callable[[], str]) -> Finding:
    """Makes one check; a raised IocError is its bad end."""
    try:
        return Finding(what, True, look())
    except IocError as error:
        return Finding(what, False, str(error))
    except OSError as error:
        return Finding(what, False, str(error))


def disk(settings: Settings) -> str:
    """Room where the data directory is."""
    place = Path(settings.data_dir).resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE_BYTES:
        raise OSError(f"only {free // 1_000_000} MB free at {place}; make room")
    return f"{free // 1_000_000_000} GB free at {place}"


def broker(settings: Settings) -> str:
    """Whether one of the broker's addresses takes a connection."""
    if settings.broker == "log":
        return "the log source in the database stands in for Kafka"
    addresses = [address.strip() for address in settings.kafka.bootstrap_servers.split(",") if address.strip()]
    if not addresses:
        raise OSError("kafka.bootstrap_servers is not set; set IOC_KAFKA__BOOTSTRAP_SERVERS")
    refused = []
    for address in addresses:
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=3).close()
        except OSError as error:
            refused.append(f"{address} ({error})")
        else:
            return f"{address} takes connections"
    raise OSError(f"no broker answers: {', '.join(refused)}; start it or correct kafka.bootstrap_servers")


def engine(conn: Connection, settings: Settings) -> str:  # noqa: ARG001
    """Which database this is."""
    found = health.versions(conn)
    return f"PostgreSQL {found.server}, " + (f"TimescaleDB {found.timescale}" if found.timescale else "no TimescaleDB")


def schema(conn: Connection, settings: Settings) -> str:
    """Whether the schema, the units and the definitions are those of this program and its settings."""
    check(conn)
    check_rules(conn, Rules.of(settings))
    return f"{len(units.load(conn, settings).units)} units in force"


def clocks(conn: Connection, settings: Settings) -> str:
    """How far this machine's clock is from the database's."""
    skew_s = abs((datetime.now(UTC) - health.clock(conn)).total_seconds())
    if skew_s > CLOCK_SKEW_S:
        raise OSError(f"this machine and the database differ by {skew_s:.1f} s; let both follow one time server")
    return f"{skew_s * 1000:.0f} ms apart, zone {settings.province.zone}"


def readers(conn: Connection, settings: Settings) -> str:  # noqa: ARG001
    """Whether ingest reads every feed."""
    silent = feeds.unread(conn, UNREAD_S)
    if silent:
        raise OSError(f"nobody reads {', '.join(topic.title for topic in silent)}; start 'ioc ingest'")
    return "ingest reads every feed"


def leader(conn: Connection, settings: Settings) -> str:  # noqa: ARG001
    """Whether one of the watching processes leads."""
    owner = housekeeping.leader(conn, "watch")
    if owner is None:
        raise OSError("nobody watches: no opening balances are made and nothing old is dropped; start 'ioc watch'")
    return f"{owner} leads"


def lag(conn: Connection, settings: Settings) -> str:  # noqa: ARG001
    """How far ingest is behind."""
    behind = [(feed.topic, feed.lag or 0) for feed in feeds.feeds(conn)]
    late = [f"{topic} by {records}" for topic, records in behind if records > LONG_LAG]
    if late:
        raise OSError(f"ingest is behind: {', '.join(late)}; start more of 'ioc ingest'")
    return "ingest is up to date"


PLACES: tuple[tuple[str, Callable[[Settings], str]], ...] = (("disk", disk), ("broker", broker))
LOOKS: tuple[tuple[str, Callable[[Connection, Settings], str]], ...] = (
    ("database", engine),
    ("schema", schema),
    ("clocks", clocks),
    ("readers", readers),
    ("leader", leader),
    ("lag", lag),
)
