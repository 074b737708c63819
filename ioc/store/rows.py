"""Rows on their way into a table: by COPY where they are many, by one insert where statements travel together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from ioc.store.columns import few_of
from ioc.store.together import Together, Writing

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Some columns of a table, and both ways into it. Moments are microseconds since 1970."""

    copy: LiteralString
    insert: LiteralString
    types: tuple[LiteralString, ...]

    @staticmethod
    def of(name: LiteralString, columns: LiteralString, types: LiteralString) -> Table:
        """``columns`` with commas between them, and their ``types`` in the same order."""
        kinds = tuple(types.split())
        arrays = ", ".join(["%s::" + kind + "[]" for kind in kinds])
        into = name + " (" + columns + ")"
        return Table(
            "copy " + into + " from stdin (format binary)",
            "insert into " + into + " select * from unnest(" + arrays + ")",
            kinds,
        )


def put(conn: Writing, table: Table, rows: Sequence[Row]) -> None:
    """Writes the rows. Raises OverflowError, struct.error or UnicodeError for a value that its column cannot hold."""
    if not rows:
        return
    if isinstance(conn, Together):
        conn.execute(
            table.insert,
            [few_of(kind, column) for kind, column in zip(table.types, zip(*rows, strict=True), strict=True)],
        )
        return
    with conn.cursor() as cursor, cursor.copy(table.copy) as copy:
        copy.set_types(table.types)
        for row in rows:
            copy.write_row(row)
