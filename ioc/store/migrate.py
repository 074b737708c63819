"""Brings the schema up to date: numbered files, forward only, hashed, under one lock; twice at once is safe.

The same files serve both engines. `ioc.store.hypertables` then turns the event tables into hypertables where
TimescaleDB is there; it may be run again at any time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import LiteralString, cast

from ioc.errors import ConfigError, OperatorError
from ioc.life import Rules
from ioc.settings import Settings
from ioc.store import hypertables, units
from ioc.store.connect import Connection, translated
from ioc.store.locks import SCHEMA_LOCK

CREATE_LEDGER = """
    create table if not exists migration (
        version integer primary key,
        name text not null,
        digest text not null,
        applied_at timestamptz not null default now()
    )
"""
APPLIED = "select version, digest from migration order by version"
RECORD = "insert into migration (version, name, digest) values (%(version)s, %(name)s, %(digest)s)"
CHANGED = "migration {name} was changed after it was applied: restore the file"
NOTE_RULES = "insert into state (key, value) values ('rules', %(rules)s) on conflict (key) do nothing"


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of the schema."""

    version: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """A hash of the text: an applied migration never changes."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Every migration of this version of the code, in order."""
    found = []
    for path in sorted((files("ioc.store") / "migrations").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".sql"):
            found.append(
                Migration(int(path.name[:4]), path.name.removesuffix(".sql"), path.read_text(encoding="utf-8"))
            )
    return found


def check(conn: Connection) -> None:
    """Raises OperatorError unless the schema is exactly the one that this code was written for, made by these files."""
    with translated():
        there = {int(version): digest for version, digest in conn.execute(APPLIED).fetchall()}
    known = {migration.version: migration for migration in migrations()}
    if there.keys() - known.keys():
        raise OperatorError(
            f"the database's schema is newer (version {max(there)}) than this program ({max(known)}): "
            "update the program, or give it another database"
        )
    if known.keys() - there.keys():
        raise OperatorError("the database's schema is older than this program: run 'ioc migrate'")
    for version, digest in sorted(there.items()):
        if known[version].digest != digest:
            raise OperatorError(CHANGED.format(name=known[version].name))


def migrate(conn: Connection, settings: Settings, upto: int | None = None) -> list[str]:
    """Applies what is missing, then units, services and hypertables; returns the names of what was applied.

    Raises OperatorError where the database is newer than the code, or an applied file was changed since.
    """
    done: list[str] = []
    with translated(), conn.transaction():
        conn.execute("set local statement_timeout = 0")
        conn.execute("select pg_advisory_xact_lock(%(lock)s)", {"lock": SCHEMA_LOCK})
        conn.execute(CREATE_LEDGER)
        applied: dict[int, str] = {int(version): digest for version, digest in conn.execute(APPLIED).fetchall()}
        known = migrations()
        newest = max(migration.version for migration in known)
        if applied and max(applied) > newest:
            raise OperatorError(
                f"the database's schema is newer (version {max(applied)}) than this program ({newest}): "
                "update the program, or give it another database"
            )
        for migration in known:
            if upto is not None and migration.version > upto:
                break
            if migration.version in applied:
                if applied[migration.version] != migration.digest:
                    raise OperatorError(CHANGED.format(name=migration.name))
                continue
            conn.execute(cast("LiteralString", migration.text))  # type: ignore[redundant-cast]
            conn.execute(RECORD, {"version": migration.version, "name": migration.name, "digest": migration.digest})
            done.append(migration.name)
        if upto is None:
            units.sync(conn, settings)
            rules = Rules.of(settings).fingerprint
            conn.execute(NOTE_RULES, {"rules": rules})
            hypertables.ensure(conn)
    return done


def check_rules(conn: Connection, rules: Rules) -> None:
    """Raises ConfigError where the stored figures were made by other definitions than the settings now choose."""
    with translated():
        row = conn.execute("select value from state where key = 'rules'").fetchone()
    if row is not None and row[0] != rules.fingerprint:
        raise ConfigError(
            "the settings under 'cases', 'cameras' or 'province.zone' changed the definitions of figures: "
            "run 'ioc rebuild' to make the stored figures by the new ones, or put the settings back"
        )
