"""How many statements each program sends, counted in the server's own log: for measurements, never in production."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from ioc.store.connect import Connection, translated

ON = "alter system set log_statement = 'all'"
OFF = "alter system reset log_statement"
RELOAD = "select pg_reload_conf()"
LINE = re.compile(rb"\((ioc[^)]*)\) LOG:  (?:statement|execute)")
"""A statement in the log of the embedded server, whose lines name the program in brackets."""


def log_statements(conn: Connection, on: bool) -> None:
    """Makes the server write every statement into its log, or stop it; needs a superuser.

    Sessions see the change at their next statement.
    """
    with translated():
        conn.execute(ON if on else OFF)
        conn.execute(RELOAD)


def counted(log: Path, begin: int) -> Counter[str]:
    """Statements by application name that were logged behind ``begin`` bytes; begin and commit count."""
    found: Counter[str] = Counter()
    with log.open("rb") as file:
        file.seek(begin)
        for line in file:
            said = LINE.search(line[:200])
            if said:
                found[said[1].decode()] += 1
    return found
