"""Statements that travel together, in libpq's pipeline mode: sent at once, and one wait for the answers of a group.

The driver's own pipeline makes a cursor for each statement, and looks for answers after each, which costs a small batch
more than its work. Here a statement is prepared the first time that a connection sends it, and sent by name from then on.
"""

from __future__ import annotations

import re
import select
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, LiteralString
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg.abc import Transformer
from psycopg.adapt import PyFormat
from psycopg.adapt import Transformer as Values
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult

from ioc.store.connect import Connection

Parameters = Mapping[str, Any] | Sequence[Any]
Key = tuple[str, tuple[int, ...]]
"""A statement and the types of its parameters: what is prepared."""

PLACE = re.compile(r"%(?:\((\w+)\)s|(s)|(%))")
GOOD = frozenset((ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK))


@lru_cache(maxsize=1000)
def numbered(query: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement with the places of its parameters as the server counts them, and their names in that order."""
    names: list[str] = []
    places = 0

    def place(found: re.Match[str]) -> str:
        nonlocal places
        name, _, percent = found.groups()
        if percent:
            return "%"
        if name is None:
            places += 1
            return f"${places}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return PLACE.sub(place, query).encode(), tuple(names)


@dataclass(slots=True)
class Prepared:
    """What a connection has prepared, and how it writes and reads values."""

    values: Transformer
    names: dict[Key, bytes] = field(default_factory=dict)
    made: int = 0


_PREPARED: WeakKeyDictionary[Connection, Prepared] = WeakKeyDictionary()


class Answer:
    """What one statement came to; asking for it waits for its group."""

    def __init__(self, together: Together, key: Key | None) -> None:
        self._together = together
        self._key = key
        """Of what only this preparing makes known."""
        self._result: PGresult | None = None

    def take(self, result: PGresult, prepared: Prepared) -> psycopg.Error | None:
        """The server's answer; the error that it is, if it is one."""
        self._result = result
        if result.status in GOOD:
            return None
        if self._key is not None:
            prepared.names.pop(self._key, None)
        if result.status == ExecStatus.PIPELINE_ABORTED:
            return errors.PipelineAborted("an earlier statement of the group failed")
        return errors.error_from_result(result)

    @property
    def statusmessage(self) -> str:
        """The command's tag: COMMIT, INSERT 0 3."""
        return (self._taken().command_status or b"").decode()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Every row."""
        result = self._taken()
        values = self._together.prepared.values
        values.set_pgresult(result)
        return values.load_rows(0, result.ntuples, tuple)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, None where there is none."""
        rows = self.fetchall()
        return rows[0] if rows else None

    def _taken(self) -> PGresult:
        if self._result is None:
            self._together.wait()
        if self._result is None or self._result.status not in GOOD:
            raise psycopg.InterfaceError("there is no answer: its group failed")
        return self._result


class Together:
    """A connection in pipeline mode: `execute` sends, and does not look for answers before `wait`, or before one is asked
    for."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._wire = conn.pgconn
        found = _PREPARED.get(conn)
        if found is None:
            found = _PREPARED[conn] = Prepared(Values(conn))
        self.prepared = found
        self._asked: deque[Answer] = deque()
        self._syncs = 0
        self._poll = select.poll()
        self._poll.register(self._wire.socket, select.POLLIN)

    def __enter__(self) -> Together:
        self._wire.enter_pipeline_mode()
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever is under way comes to its end, unless the connection is lost."""
        try:
            if self._asked or self._syncs:
                self._settle()
            self._wire.exit_pipeline_mode()
        except psycopg.OperationalError:
            self._conn.close()
            raise

    def execute(self, query: LiteralString, params: Parameters | None = None, *, binary: bool = False) -> Answer:
        """Adds a statement to the group. Its errors come with the answers; see `psycopg.Connection.execute`."""
        text, names = numbered(query)
        values = [params[name] for name in names] if isinstance(params, Mapping) else list(params or ())
        writer = self.prepared.values
        raw = writer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        key = (query, writer.types or ())
        name = self.prepared.names.get(key)
        if name is None:
            self.prepared.made += 1
            name = self.prepared.names[key] = b"ioc%d" % self.prepared.made
            self._wire.send_prepare(name, text, key[1])
            self._asked.append(Answer(self, key))
        self._wire.send_query_prepared(name, raw, writer.formats, Format.BINARY if binary else Format.TEXT)
        answer = Answer(self, None)
        self._asked.append(answer)
        self._wire.flush()
        return answer

    def wait(self) -> None:
        """Sends the group and waits for its answers; raises the first error among them."""
        error = self._settle()
        if error is not None:
            raise error

    def _settle(self) -> psycopg.Error | None:
        if self._asked or not self._syncs:
            self._wire.pipeline_sync()
            self._syncs += 1
        first: psycopg.Error | None = None
        while self._syncs:
            result = self._next()
            if result is None:  # the end of a statement's answers
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                self._syncs -= 1
                continue
            if not self._asked:  # the session was ended between two groups
                raise errors.error_from_result(result)
            error = self._asked.popleft().take(result, self.prepared)
            first = first or error
        return first

    def _next(self) -> PGresult | None:
        """The next answer. Sends what is left to send while the server's answers are taken from the wire."""
        while self._wire.flush():
            self._poll.modify(self._wire.socket, select.POLLIN | select.POLLOUT)
            for _, ready in self._poll.poll():
                if ready & ~select.POLLOUT:
                    self._wire.consume_input()
            self._poll.modify(self._wire.socket, select.POLLIN)
        while self._wire.is_busy():
            self._poll.poll()
            self._wire.consume_input()
        result = self._wire.get_result()
        if result is None and self._wire.status == ConnStatus.BAD:
            raise psycopg.OperationalError("the connection is lost")
        return result


Writing = Connection | Together
"""Where a batch's statements go: one after the other, or together."""
