"""What a claim found odd at the broker, until a person has seen it: an alarm, never papered over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ioc.facts import Topic
from ioc.store.connect import Connection, translated

WORDS = {
    "expired": "the broker deleted records before they were read",
    "truncated": "the broker's log ended before what had been read; all it still had was read again",
    "replaced": "the broker had other records where some had been read; all it had was read again",
    "shortened": "the broker lost records that it had acknowledged and that were not read yet",
    "remade": "the topic was deleted and made anew; what of the former one was unread is gone",
    "reset": "another broker is in the place of the former one; what of that was unread is gone",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One partition's finding: ``finding`` is a key of `WORDS`, ``expired`` and ``lost`` the records that nobody can read
    any more, ``seen_at`` when somebody last looked how far the broker's log reached."""

    no: int
    topic: int
    partition: int
    generation: int
    finding: str
    found_at: datetime
    settled_at: datetime | None
    next_offset: int
    expired: int
    lost: int = 0
    seen_at: datetime | None = None

    @property
    def gone(self) -> int:
        """The records that were unread, as far as they are known."""
        return self.expired + self.lost

    @property
    def title(self) -> str:
        """The topic's name."""
        return Topic(self.topic).title

    @property
    def says(self) -> str:
        """What happened, in words."""
        found = WORDS.get(self.finding, self.finding)
        if self.finding == "expired":
            return f"{found} ({self.expired} records)"
        unread = f", {self.gone} unread" if self.gone else ""
        if self.finding in ("remade", "reset"):
            looked = f"{self.seen_at:%Y-%m-%d %H:%M:%S} UTC" if self.seen_at else "never"
            unread = f", {self.gone} known to be unread when it was last looked at: {looked}"
        return f"{found} (read up to {self.next_offset}{unread})"


LIST = """
    select no, topic, partition, generation, finding, found_at, settled_at, next_offset, expired, lost, seen_at
      from source
      left join source_end on source = no
     where finding <> '' and (%(settled)s or settled_at is null)
     order by found_at, no
"""
SETTLE = """
    update source set settled_at = clock_timestamp()
     where finding <> '' and settled_at is null and (%(nos)s::int[] is null or no = any(%(nos)s))
"""


def listed(conn: Connection, *, settled: bool = False) -> list[Finding]:
    """What nobody has settled yet, oldest first; with ``settled`` also what was."""
    with translated(), conn.cursor(row_factory=class_row(Finding)) as cursor:
        return cursor.execute(LIST, {"settled": settled}).fetchall()


def settle(conn: Connection, nos: Sequence[int] | None = None) -> int:
    """Notes that a person has seen findings (all where ``nos`` is None); returns how many. Nothing else changes."""
    with translated():
        return conn.execute(SETTLE, {"nos": None if nos is None else list(nos)}).rowcount
