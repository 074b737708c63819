"""Connections, and the one place where driver errors become ours.

Moments cross this border as microseconds (int64): the loader and dumper here read and write `timestamptz` as the number
that PostgreSQL itself keeps, so nothing is lost and nothing is slow. `connect` is for people's reads (aware datetimes),
`connect_us` for the writing side.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import psycopg
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format

from ioc.errors import ConfigError, OperatorError, Transient, Unstorable
from ioc.settings import Settings, seconds

Connection: TypeAlias = psycopg.Connection[Any]
Cursor: TypeAlias = psycopg.Cursor[Any]

TIMESTAMPTZ = 1184
VANISHED_MS = 10_000
"""How long a host may leave unanswered what was sent to it."""
EPOCH_2000_US = 946_684_800_000_000
PACK = struct.Struct("!q")


class Us(int):
    """Microseconds since 1970 that travel as `timestamptz`."""


class UsDumper(Dumper):
    """Writes microseconds since 1970 as a binary `timestamptz`."""

    format = Format.BINARY
    oid = TIMESTAMPTZ

    def dump(self, obj: int) -> bytes:
        """Eight bytes, counted from 2000 as the server does."""
        return PACK.pack(obj - EPOCH_2000_US)


class UsLoader(Loader):
    """Reads a binary `timestamptz` as microseconds since 1970."""

    format = Format.BINARY

    def load(self, data: bytes | bytearray | memoryview) -> int:
        """Exact for every moment the server can hold."""
        found: int = PACK.unpack(data)[0]
        return found + EPOCH_2000_US


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors, by class: servers that do not answer or lost a race are Transient, wrong addresses ConfigError."""
    try:
        yield
    except (psycopg.errors.InvalidPassword, psycopg.errors.InvalidAuthorizationSpecification) as error:
        raise ConfigError(f"database.dsn: {one_line(error)}") from error
    except psycopg.errors.InvalidCatalogName as error:
        raise ConfigError(f"database.dsn: {one_line(error)}; create it or correct the name") from error
    except psycopg.errors.UndefinedTable as error:
        raise OperatorError("the database has no schema yet: run 'ioc migrate'") from error
    except psycopg.errors.DiskFull as error:
        raise Transient(f"the database's disk is full: {one_line(error)}") from error
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded) as error:
        raise Unstorable(one_line(error)) from error
    except (
        psycopg.OperationalError,
        psycopg.InterfaceError,
        psycopg.errors.IdleInTransactionSessionTimeout,
    ) as error:
        raise Transient(one_line(error)) from error


class Key(bytes):
    """Sixteen bytes that travel as `uuid`."""


class KeyDumper(Dumper):
    """Writes sixteen bytes as a binary `uuid`."""

    format = Format.BINARY
    oid = 2950

    def dump(self, obj: bytes) -> bytes:
        """The bytes as they are."""
        return obj


class KeyLoader(Loader):
    """Reads a binary `uuid` as sixteen bytes."""

    format = Format.BINARY

    def load(self, data: bytes | bytearray | memoryview) -> bytes:
        """The bytes as they are."""
        return bytes(data)


def one_line(error: BaseException) -> str:
    """The first line of what the driver says."""
    return str(error).strip().partition("\n")[0]


def parameters(settings: Settings | None = None, *, name: str = "ioc", longest_pause_s: float = 0.0) -> dict[str, Any]:
    """How every connection is opened: in autocommit, with the session in UTC.

    The server ends the session of a client that has vanished, and of one that stands still between two statements of a
    transaction for more than ``longest_pause_s`` (0 = never): its locks would keep everyone else waiting. The client
    ends its own when the server's host has vanished: idle after `VANISHED_MS`, and with a statement on its way too,
    which keepalives do not watch. A server that is still there and says nothing is for `bounded`. Who writes
    (``longest_pause_s``) sends much, and a busy server may leave that unread for as long as a statement may take.
    """
    timeout_ms = round(1000 * seconds(settings.database.statement_timeout)) if settings else 0
    return {
        "autocommit": True,
        "application_name": name,
        "connect_timeout": 5,
        "options": (
            f"-c timezone=UTC -c statement_timeout={timeout_ms}"
            f" -c idle_in_transaction_session_timeout={round(1000 * longest_pause_s)}"
            " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
        ),
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": max(VANISHED_MS, timeout_ms if longest_pause_s else 0),
    }


def connect(
    dsn: str, settings: Settings | None = None, *, name: str = "ioc", longest_pause_s: float = 0.0
) -> Connection:
    """A connection as `parameters` describes it. Raises ConfigError or Transient."""
    if not dsn:
        raise ConfigError("database.dsn is not set: set IOC_DATABASE__DSN, or start 'ioc demo' and name its --data-dir")
    with translated():
        return psycopg.connect(dsn, **parameters(settings, name=name, longest_pause_s=longest_pause_s))


@contextmanager
def bounded(conn: Connection, longest_s: float) -> Iterator[None]:
    """Hangs up where the block takes longer than ``longest_s`` (0 = never), so that who waits in it gets Transient.

    The server's own ``statement_timeout`` ends what takes long; this is for a server that no longer ends anything: a
    stopped process, a disk that is gone, a proxy that has lost the other side.
    """
    if not longest_s:
        yield
        return
    with translated(), socket.socket(fileno=os.dup(conn.fileno())) as wire:
        late = threading.Timer(longest_s, _hang_up, (wire,))
        late.daemon = True
        late.start()
        try:
            yield
        finally:
            late.cancel()
            late.join()


def _hang_up(wire: socket.socket) -> None:
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)


def connect_us(dsn: str, settings: Settings | None = None, *, name: str = "ioc") -> Connection:
    """A connection whose `timestamptz` are microseconds since 1970 both ways (binary cursors only)."""
    conn = connect(dsn, settings, name=name)
    with_microseconds(conn)
    return conn


def with_microseconds(conn: Connection) -> None:
    """Makes a connection speak microseconds and plain keys; safe to repeat, and costs nothing then."""
    if conn.adapters.get_loader(TIMESTAMPTZ, Format.BINARY) is UsLoader:
        return
    conn.adapters.register_loader("timestamptz", UsLoader)
    conn.adapters.register_loader("uuid", KeyLoader)
    conn.adapters.register_dumper(Us, UsDumper)
    conn.adapters.register_dumper(Key, KeyDumper)
