"""Where the hub's snapshots come from."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ioc.errors import IocError, OperatorError
from ioc.settings import Settings, seconds
from ioc.snapshot import Snapshot
from ioc.store import notify
from ioc.store.connect import Connection, bounded, connect
from ioc.store.live import Live
from ioc.store.migrate import check
from ioc.store.units import load


class Source(Protocol):
    """Gives the picture at a moment, and a hint when it changed. Used by one thread."""

    def advance(self, as_of: datetime) -> Snapshot:
        """The picture at ``as_of``. Raises an IocError where the store does not answer."""

    def wait(self, timeout_s: float) -> bool:
        """Whether a change was announced within ``timeout_s``."""

    def close(self) -> None:
        """Gives everything back; never raises."""


def refuse_another_schema(settings: Settings) -> None:
    """Raises OperatorError where the schema is not the one of this program. A store that is away comes later."""
    try:
        with connect(settings.database.dsn, settings, name="ioc web") as conn:
            check(conn)
    except OperatorError:
        raise
    except IocError:
        return  # the hub tells it, and tries again


PATIENCE = 2
"""A picture may take so many times as long as one statement; what takes longer hangs."""


class StoreSource:
    """The store: one connection for reading, another that listens."""

    def __init__(self, settings: Settings) -> None:
        self._open: list[Connection] = []
        self._longest_s = PATIENCE * seconds(settings.database.statement_timeout)
        try:
            self._reading = self._connect(settings, "ioc web hub")
            with bounded(self._reading, self._longest_s):
                check(self._reading)
                self._live = Live(self._reading, load(self._reading, settings), settings)
            self._listening = self._connect(settings, "ioc web listen")
            with bounded(self._listening, self._longest_s):
                notify.listen(self._listening)
        except IocError:
            self.close()
            raise

    def _connect(self, settings: Settings, name: str) -> Connection:
        conn = connect(settings.database.dsn, settings, name=name)
        self._open.append(conn)
        return conn

    def advance(self, as_of: datetime) -> Snapshot:
        """One transaction, however many screens look."""
        with bounded(self._reading, self._longest_s):
            return self._live.advance(as_of)

    def wait(self, timeout_s: float) -> bool:
        """Costs the database nothing."""
        return notify.wait(self._listening, timeout_s)

    def close(self) -> None:
        """Closes both connections."""
        for conn in self._open:
            conn.close()
