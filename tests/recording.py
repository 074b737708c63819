"""Records a store of the newest schema for tests of migrations: ``python -m tests.recording``.

Writes `tests/data/store_N`: the rows in the text form of `copy`, and the events that went into them. In it is what no
week of ordinary events makes: a partition that lost records and was read again, records that expired, more refusals
than are kept, redriven and discarded ones, measured figures, opened books, packed days, dropped uses, a leader, records
of the log that stands in for Kafka.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from psycopg import sql

from ioc.facts import TOPICS, Topic
from ioc.settings import Settings, load
from ioc.store import balances, findings, generations, housekeeping, offsets, rejects, retention, series
from ioc.store.batch import write_batch
from ioc.store.connect import Connection, connect
from ioc.store.migrate import migrate, migrations
from ioc.store.refused import Cap
from streams.embedded.postgres import EmbeddedPostgres
from streams.producer import open_producer
from tests.batches import batch, claim, garbage
from tests.feeding import Feeder
from tests.lives import DAYS, INDICATORS, MONDAY, UNITS, Event, ordinary, written

ROOT = Path(__file__).parents[1]
SEED, CASES = 11, 24
AFTER = MONDAY + timedelta(days=DAYS + 25)
"""In the month after: one book is open."""
KEPT_REJECTS = 20

TABLES = """
    select c.relname from pg_class c
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname <> 'migration'
     order by c.relname
"""
COLUMNS = """
    select array_agg(attname::text order by attnum) from pg_attribute
     where attrelid = %(table)s::text::regclass and attnum > 0 and not attisdropped
"""
SEQUENCES = "select sequencename, last_value from pg_sequences where schemaname = current_schema() and last_value > 0"
DEPENDENT = ("opening_balance", "reject_kept", "reject_minute", "reject_overflow", "source_end")
"""They refer to others and are filled after them."""


def measured() -> list[tuple[str, Event]]:
    """Levels and changes of two indicators."""
    found: list[tuple[str, Event]] = []
    for no in range(12):
        event: Event = {
            "event_id": f"m-{no}",
            "occurred_at": written(MONDAY + timedelta(hours=11 * no)),
            "indicator": ("k_eid", "digital_addresses")[no % 2],
            "unit": UNITS[no % 3],
            "value": no / 4,
            "mode": "set" if no < 6 else "add",
        }
        found.append((INDICATORS, event))
    return found


def fill(dsn: str, settings: Settings) -> list[tuple[str, Event]]:
    """Writes everything; the events that are in the store."""
    feeder = Feeder(dsn, settings)
    conn = feeder.writing
    try:
        sent = [*ordinary(SEED, CASES), *measured()]
        half = len(sent) // 2
        feeder.feed(sent[:half])
        lose_and_read_again(feeder, sent[:half])
        for first in range(half, len(sent), 60):
            feeder.feed(sent[first : first + 60])
        refuse(conn, feeder)
        claim(conn, Topic.CAMERAS, 3)
        claim(conn, Topic.CAMERAS, 3, begin=700)
        housekeeping.open_books(conn, settings, AFTER)
        for pack in (balances.pack, series.pack):
            while pack(conn, settings, AFTER):
                continue
        few = msgspec.structs.replace(settings, database=msgspec.structs.replace(settings.database, keep_usage_days=1))
        assert retention.step(conn, few, MONDAY + timedelta(days=2, hours=12)) > 0
        assert housekeeping.lead(conn, "watch", "recorder 1") is not None
        ends = {claimed.source: feeder.at[topic] + 5 for topic, claimed in feeder.claims.items()}
        offsets.note_ends(conn, ends, datetime.now(MONDAY.tzinfo), dict.fromkeys(ends, 2.5))
        log_records(settings)
        return sent
    finally:
        feeder.close()


def lose_and_read_again(feeder: Feeder, sent: list[tuple[str, Event]]) -> None:
    """The broker loses the end of a partition of cases; all that it has is read again by a new generation."""
    topic = TOPICS["ioc.cases.v1"]
    lost = feeder.claims[topic]
    feeder.claims[topic] = generations.reopen(feeder.writing, lost, begin=0, finding="truncated")
    feeder.at[topic] = 0
    findings.settle(feeder.writing)
    feeder.feed([one for one in sent if TOPICS[one[0]] is topic])


def refuse(conn: Connection, feeder: Feeder) -> None:
    """More than is kept, of which some are discarded, and an event at a unit that nobody knows."""
    claimed = claim(conn, Topic.USAGE, 1)
    write_batch(conn, batch(claimed, [garbage(body=b"%d" % no) for no in range(90)]), feeder.rules, Cap(KEPT_REJECTS))
    rejects.discard(conn, nos=[one.no for one in rejects.listed(conn)[:4]])
    unknown = ordinary(SEED + 1, 1)[0]
    feeder.feed([("ioc.cases.v1", unknown[1] | {"event_id": "odd", "handling_unit": "nowhere"})])


def log_records(settings: Settings) -> None:
    """Three records of the log that stands in for Kafka, which nobody has read."""
    producer = open_producer(msgspec.structs.replace(settings, broker="log"))
    for no in range(3):
        producer.send(Topic.USAGE.title, f"key-{no}".encode(), b"{}")
    producer.flush(60)
    producer.close()


def rows(conn: Connection) -> dict[str, Any]:
    """Every table but the ledger of migrations, and the sequences."""
    tables: dict[str, Any] = {}
    names = [name for (name,) in conn.execute(TABLES).fetchall()]
    for name in sorted(names, key=lambda name: (name in DEPENDENT, name)):
        row = conn.execute(COLUMNS, {"table": name}).fetchone()
        assert row is not None
        columns = sql.SQL(", ").join(map(sql.Identifier, row[0]))
        reading = sql.SQL("copy {} ({}) to stdout").format(sql.Identifier(name), columns)
        with conn.cursor() as cursor, cursor.copy(reading) as copy:
            content = b"".join(copy).decode().splitlines()
        if content:
            tables[name] = {"columns": row[0], "rows": content}
    sequences = {name: int(last) for name, last in conn.execute(SEQUENCES).fetchall()}
    return {"version": migrations()[-1].version, "tables": tables, "sequences": sequences}


def main() -> None:
    """Writes the two files, in a directory that is not there yet."""
    place = ROOT / "tests" / "data" / f"store_{migrations()[-1].version}"
    place.mkdir()
    with tempfile.TemporaryDirectory() as scratch, EmbeddedPostgres(Path(scratch)) as server:
        settings = load(ROOT / "config.yaml", data_dir=scratch, environ={})
        database = msgspec.structs.replace(settings.database, dsn=server.dsn())
        settings = msgspec.structs.replace(settings, database=database)
        with connect(server.dsn()) as conn:
            migrate(conn, settings)
            sent = fill(server.dsn(), settings)
            found = rows(conn)
    (place / "rows.json").write_text(json.dumps(found, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    lines = [json.dumps({"topic": topic, "value": event}, ensure_ascii=False) for topic, event in sent]
    (place / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print({name: len(table["rows"]) for name, table in found["tables"].items()}, file=sys.stderr)


if __name__ == "__main__":
    main()
