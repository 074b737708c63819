"""What the statements of a connection really read, table by table: the server's own account of the plans it ran.

`auto_explain` tells the plan of each statement as it was executed, with the planner as it is, whoever sent it and by
whichever cursor. Rows alone would not do: a walk over a whole index for a few rows of it costs its blocks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

from psycopg import errors

from ioc.store.connect import Connection

RAW: tuple[LiteralString, ...] = (
    "usage_event",
    "case_event",
    "incident_event",
    "health_event",
    "indicator_event",
    "identity",
)
"""The tables that grow with every event that ever came."""
CHUNKS = ("_hyper_", "compress_hyper_")
"""How TimescaleDB names the parts of its hypertables; `usage_event` is the only one."""
TELL = """
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_analyze = on;
    set auto_explain.log_buffers = on;
    set auto_explain.log_timing = off;
    set auto_explain.log_format = 'json';
    set auto_explain.log_level = 'notice';
    set auto_explain.log_parameter_max_length = 0
"""
READ = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
"""What of a row's way through a node is told as a mean of its loops."""
APPEND = "ChunkAppend"
"""The node of a whole hypertable: what its parts read is told below it."""
BLOCKS = ("Shared Hit Blocks", "Shared Read Blocks")


@dataclass(slots=True)
class Reading:
    """One statement: its plan, and rows and blocks that were read of each raw table."""

    text: str
    plan: dict[str, Any]
    rows: Counter[str] = field(default_factory=Counter)
    blocks: Counter[str] = field(default_factory=Counter)

    def count(self, node: dict[str, Any]) -> None:
        """Adds what a node and those below it read."""
        table = raw_table(node.get("Relation Name", ""))
        if table and node.get("Custom Plan Provider") != APPEND:
            self.rows[table] += round(sum(node.get(part, 0) for part in READ) * node["Actual Loops"])
            self.blocks[table] += sum(node.get(part, 0) for part in BLOCKS)
        for below in node.get("Plans", ()):
            self.count(below)


def raw_table(name: str) -> str:
    """The raw table that a relation is, or is a part of; "" for every other one."""
    return "usage_event" if name.startswith(CHUNKS) else name if name in RAW else ""


@contextmanager
def readings(conn: Connection) -> Iterator[list[Reading]]:
    """While it lasts, everything that the connection asks; needs a superuser."""
    found: list[Reading] = []

    def told(diagnostic: errors.Diagnostic) -> None:
        _, plan, said = (diagnostic.message_primary or "").partition("plan:\n")
        if plan:
            one = json.loads(said)
            found.append(Reading(one["Query Text"], one["Plan"]))
            found[-1].count(one["Plan"])

    conn.execute(TELL)
    conn.add_notice_handler(told)
    try:
        yield found
    finally:
        conn.remove_notice_handler(told)
        conn.execute("set auto_explain.log_min_duration = -1")
