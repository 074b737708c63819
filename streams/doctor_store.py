"""`ioc doctor` on the database: its schema, its clocks, what is refused, who reads, and how far behind."""

from __future__ import annotations

from datetime import UTC, datetime

from ioc.errors import Unseen
from ioc.facts import Topic
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import feeds, health, housekeeping, hypertables, rejects, schema_health, sizes, units
from ioc.store import findings as noted
from ioc.store.connect import Connection
from ioc.store.migrate import check, check_rules

CLOCK_SKEW_S = 1.0
LONG_LAG = 100_000
UNREAD_S = 10.0
"""Ingest looks at every partition each second; a pause of the broker is no reason to call it gone."""
OLDEST_POSTGRES = 15
TESTED_TIMESCALE = (2, 29)
TOLD = 3
"""So many differences are told at once."""


def engine(conn: Connection, settings: Settings) -> str:  # noqa: ARG001
    """Which database this is, and whether it is one that this program was tested on."""
    encoding = schema_health.encoding(conn)
    if encoding != "UTF8":
        raise OSError(f"the database keeps text as {encoding}, which has not every letter: make one with encoding UTF8")
    found = health.versions(conn)
    if int(found.server.partition(".")[0]) < OLDEST_POSTGRES:
        raise OSError(f"PostgreSQL {found.server} is older than {OLDEST_POSTGRES}: update the server")
    return f"PostgreSQL {found.server}, " + (f"TimescaleDB {found.timescale}" if found.timescale else "no TimescaleDB")


def schema(conn: Connection, settings: Settings) -> str:
    """Whether the schema, the units and the definitions are those of this program and its settings."""
    check(conn)
    check_rules(conn, Rules.of(settings))
    return f"{len(units.load(conn, settings).units)} units in force"


def tables(conn: Connection, settings: Settings) -> str:  # noqa: ARG001
    """Whether every table, column, constraint and index is there and valid, as the migrations make them."""
    check(conn)
    wrong = schema_health.differences(conn)
    if wrong:
        more = f" (and {len(wrong) - TOLD} more)" if len(wrong) > TOLD else ""
        raise OSError("; ".join(wrong[:TOLD]) + more)
    return "tables and indexes are those that the migrations make"


def timescale(conn: Connection, settings: Settings) -> str:  # noqa: ARG001
    """Whether TimescaleDB, where it is there, is used, and one that this program was tested on."""
    version = hypertables.version(conn)
    if version is None:
        if hypertables.is_available(conn):
            raise OSError("TimescaleDB is installed on the server and not used: run 'ioc migrate'")
        return "plain PostgreSQL"
    parts = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
    if parts < TESTED_TIMESCALE:
        wanted = ".".join(map(str, TESTED_TIMESCALE))
        raise OSError(
            f"TimescaleDB {version} is older than {wanted}, the oldest that was tested: install a newer one, then "
            "'alter extension timescaledb update'"
        )
    if not hypertables.is_made(conn):
        raise OSError("TimescaleDB is there, but usage_event is no hypertable: run 'ioc migrate'")
    return hypertables.in_words(conn)


def clocks(conn: Connection, settings: Settings) -> str:  # noqa: ARG001
    """How far this machine's clock is from the database's."""
    return clock_at(datetime.now(UTC), conn)


def clock_at(now: datetime, conn: Connection) -> str:
    """The same for a machine whose clock says ``now``."""
    skew_s = abs((now - health.clock(conn)).total_seconds())
    if skew_s > CLOCK_SKEW_S:
        raise OSError(f"this machine and the database differ by {skew_s:.1f} s; let both follow one time server")
    return f"{skew_s * 1000:.0f} ms apart"


def zones(conn: Connection, settings: Settings) -> str:
    """Whether session, database and program mean the same by a day of the province."""
    zone = settings.province.zone
    session = schema_health.session_zone(conn)
    if session != "UTC":
        raise OSError(f"sessions are in {session}, not in UTC as asked for: let the pooler pass 'options' on")
    default = schema_health.default_zone(settings.database.dsn)
    if default not in ("UTC", "Etc/UTC", "GMT", zone):
        raise OSError(
            f"the database's own zone is {default}: 'alter database {conn.info.dbname} set timezone to ''UTC''', or "
            "the role's, or the server's, wherever it was set"
        )
    odds = schema_health.offset_at_odds(conn, settings.zone, datetime.now(UTC))
    if odds:
        raise OSError(f"{odds}: update the time zone data of both machines (tzdata)")
    return f"database in {default}, days of {zone}"


def refusals(conn: Connection, settings: Settings) -> str:
    """Whether some source sends what is refused, and whether all of it can be kept."""
    wrong = []
    for feed in feeds.feeds(conn):
        if feed.refuses_most:
            wrong.append(
                f"{feed.recent_rejected} of the last {feed.recent_records} records of {feed.topic} were refused: "
                f"'ioc rejects list --topic {feed.topic}' says why; tell its source"
            )
    for gone in rejects.overflows(conn):
        topic = Topic(gone.topic).title
        wrong.append(
            f"{gone.open} records of {topic} {gone.partition} from {gone.first_offset} to {gone.last_offset} were "
            f"refused ({gone.reason}) and not kept: once the reason is gone, 'ioc rejects redrive' reads them again as "
            f"long as the broker has them; or 'ioc rejects discard --topic {topic} --reason {gone.reason}'"
        )
    for topic_no, records in rejects.open_by_topic(conn).items():
        if records >= settings.ingest.rejects_kept:
            wrong.append(
                f"{records} rejects of {Topic(topic_no).title} are open, all that are kept: 'ioc rejects redrive' once "
                "the reason is gone, or 'discard'"
            )
    if wrong:
        raise OSError("; ".join(wrong[:TOLD]) + (f" (and {len(wrong) - TOLD} more)" if len(wrong) > TOLD else ""))
    return f"{sum(rejects.open_by_topic(conn).values())} rejects are open"


def findings(conn: Connection, settings: Settings) -> str:  # noqa: ARG001
    """Whether the broker lost or deleted something that nobody has looked at."""
    found = noted.listed(conn)
    if found:
        told = "; ".join(f"{one.title} {one.partition}: {one.says}" for one in found[:TOLD])
        more = f" (and {len(found) - TOLD} more)" if len(found) > TOLD else ""
        raise OSError(f"{told}{more}: see docs/operations.md, then 'ioc findings settle'")
    return "the broker lost nothing"


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
    if sizes.is_empty(conn):
        raise Unseen("nothing was ever read into this database: start 'ioc ingest'")
    found = feeds.feeds(conn, UNREAD_S)
    late = [f"{feed.topic} by {feed.lag}" for feed in found if feed.lag is not None and feed.lag > LONG_LAG]
    unknown = [feed.topic for feed in found if feed.lag is None]
    wrong = [f"ingest is behind: {', '.join(late)}; start more of 'ioc ingest'"] if late else []
    if unknown:
        wrong.append(f"how far ingest is behind is unknown for {', '.join(unknown)}: is 'ioc ingest' running?")
    if wrong:
        raise OSError("; ".join(wrong))
    return "ingest is up to date"
