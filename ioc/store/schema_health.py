"""Whether the schema is the one that the migrations make: what is missing, what is broken, which zone it tells time in.

The migrations are run again into temporary tables of a transaction that is rolled back, and the catalogue of the result
is compared with that of the real tables: so nobody keeps a second list of indexes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString, cast
from zoneinfo import ZoneInfo

import psycopg

from ioc.errors import Unstorable
from ioc.store import hypertables
from ioc.store.connect import Connection, translated
from ioc.store.migrate import migrations

SCHEMA = "select coalesce((select nspname from pg_namespace where oid = pg_my_temp_schema()), '')"
INDEXES = """
    select c.relname, i.relname, pg_get_indexdef(x.indexrelid), x.indisvalid and x.indisready and x.indislive
      from pg_index x
      join pg_class i on i.oid = x.indexrelid
      join pg_class c on c.oid = x.indrelid
     where c.relnamespace = coalesce(%(schema)s::text::regnamespace, current_schema()::regnamespace)
       and c.relkind in ('r', 'p')
"""
COLUMNS = """
    select c.relname, a.attname,
           format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid
     where c.relnamespace = coalesce(%(schema)s::text::regnamespace, current_schema()::regnamespace)
       and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
"""
CONSTRAINTS = """
    select c.relname, o.conname, pg_get_constraintdef(o.oid) || case when o.convalidated then '' else ' not valid' end
      from pg_constraint o
      join pg_class c on c.oid = o.conrelid
     where c.relnamespace = coalesce(%(schema)s::text::regnamespace, current_schema()::regnamespace)
       and c.relkind in ('r', 'p') and o.contype in ('c', 'f', 'p', 'u')
"""
TEMPORARY = re.compile(r"\bpg_temp(_\d+)?\.")
SESSION_ZONE = "select current_setting('timezone')"
OFFSETS = """
    select extract(epoch from at at time zone %(zone)s - at at time zone 'UTC')::bigint
      from unnest(%(moments)s::timestamptz[]) with ordinality as asked (at, turn)
     order by turn
"""
ENCODING = "select current_setting('server_encoding')"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a schema holds: (table, name) to its definition, and the indexes that are not usable."""

    columns: dict[tuple[str, str], str]
    indexes: dict[tuple[str, str], str]
    constraints: dict[tuple[str, str], str]
    broken: frozenset[str]


def catalogue(conn: Connection, schema: str | None = None) -> Catalogue:
    """The catalogue of ``schema``, of the current one where none is named."""
    wanted = {"schema": schema}
    indexes, broken = {}, set()
    for table, name, text, usable in conn.execute(INDEXES, wanted).fetchall():
        indexes[table, name] = _plain(text, schema)
        if not usable:
            broken.add(name)
    columns = {(table, name): text for table, name, text in conn.execute(COLUMNS, wanted).fetchall()}
    constraints = {
        (table, name): _plain(text, schema) for table, name, text in conn.execute(CONSTRAINTS, wanted).fetchall()
    }
    return Catalogue(columns, indexes, constraints, frozenset(broken))


def wanted(conn: Connection) -> Catalogue:
    """What the migrations of this program make; leaves nothing behind."""
    with conn.transaction(force_rollback=True):
        conn.execute("set local search_path to pg_temp")
        conn.execute("set local client_min_messages to error")
        for migration in migrations():
            conn.execute(cast("LiteralString", migration.text))  # type: ignore[redundant-cast]
        row = conn.execute(SCHEMA).fetchone()
        return catalogue(conn, row[0] if row else None)


def differences(conn: Connection) -> list[str]:
    """What differs from what the migrations make, each with what to do; empty where nothing does.

    What people added beside it is their own. An index of a hypertable is looked for by its name alone.
    """
    with translated():
        want, have = wanted(conn), catalogue(conn)
        hyper = {"usage_event"} if hypertables.is_made(conn) else set()
    return [*_missing(want, have, hyper), *_broken(want, have)]


def _missing(want: Catalogue, have: Catalogue, hyper: set[str]) -> Iterator[str]:
    lost = {table for table, _ in want.columns} - {table for table, _ in have.columns}
    for table in sorted(lost):
        yield f"table {table} is missing: restore it from a backup"
    for kind, wanted_ones, present in (
        ("column", want.columns, have.columns),
        ("constraint", want.constraints, have.constraints),
    ):
        for (table, name), text in sorted(wanted_ones.items()):
            found = present.get((table, name))
            if table in lost or found == text or (kind == "constraint" and table in hyper):
                continue
            state = "missing" if found is None else f"{found!r}"
            yield f"{kind} {table}.{name} is {state}, the migrations make it {text!r}: put it back"
    for (table, name), text in sorted(want.indexes.items()):
        found = have.indexes.get((table, name))
        if table in lost or (table, name) in want.constraints:
            continue
        if found is None:
            yield f"index {name} is missing: {text}"
        elif found != text and table not in hyper:
            yield f"index {name} is another one than the migrations make: drop index {name}; {text}"


def _broken(want: Catalogue, have: Catalogue) -> Iterator[str]:
    for table, name in sorted(want.indexes):
        if name in have.broken:
            yield f"index {name} of {table} is not valid: reindex index {name}"


def _plain(text: str, schema: str | None) -> str:
    """A definition without the name of its schema."""
    text = TEMPORARY.sub("", text)
    return text if schema else re.sub(r"\b(on|references) (only )?[a-z_]\w*\.", r"\1 \2", text, flags=re.IGNORECASE)


def encoding(conn: Connection) -> str:
    """How the database keeps text: only UTF8 holds every name."""
    with translated():
        row = conn.execute(ENCODING).fetchone()
    return str(row[0]) if row else ""


def session_zone(conn: Connection) -> str:
    """The time zone of this session: UTC, unless something between us and the server drops what we ask for."""
    with translated():
        row = conn.execute(SESSION_ZONE).fetchone()
    return str(row[0]) if row else ""


def default_zone(dsn: str) -> str:
    """The time zone of whoever asks for none: of the database, of the role, or of the server."""
    with translated(), psycopg.connect(dsn, connect_timeout=5, application_name="ioc doctor") as conn:
        return session_zone(conn)


def offset_at_odds(conn: Connection, zone: ZoneInfo, now: datetime) -> str:
    """ "" where database and program agree about the province's clock for the next year; else what differs."""
    moments = [now + timedelta(days=30 * month) for month in range(13)]
    try:
        with translated():
            rows = conn.execute(OFFSETS, {"zone": zone.key, "moments": moments}).fetchall()
    except Unstorable as error:
        return f"the database does not know the zone {zone.key} ({error})"
    for (offset_s,), at in zip(rows, moments, strict=True):
        ours = at.astimezone(zone).utcoffset()
        if ours is None or ours.total_seconds() != offset_s:
            return f"on {at:%Y-%m-%d} the database puts {zone.key} at {offset_s} s from UTC, this program at {ours}"
    return ""
