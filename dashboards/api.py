"""The HTTP API: ``GET /api/v1/overview`` as the contract defines it, and its OpenAPI document."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboards.openapi import document
from dashboards.source import PATIENCE
from ioc.errors import IocError, Transient
from ioc.settings import Settings, seconds
from ioc.snapshot import Scope, local_midnight
from ioc.store.connect import Connection, bounded, one_line, parameters
from ioc.store.overdue import OverdueList, overdue_lists
from ioc.store.overview import overview
from ioc.store.units import load
from ioc.world import World

MOST_CONNECTIONS = 4
WAIT_S = 5.0
CHECK_S = 1.0
PARAMETERS = frozenset({"unit", "scope", "as_of", "from", "to", "token"})


class BadRequest(Exception):
    """A query that asks for nothing; ``status`` and a text that says what is wrong."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Reading:
    """A few connections for reads of people and programs, opened when first needed and again after any failure."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._longest_s = PATIENCE * seconds(settings.database.statement_timeout)
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            settings.database.dsn,
            min_size=0,
            max_size=MOST_CONNECTIONS,
            timeout=WAIT_S,
            max_idle=60.0,
            reconnect_timeout=WAIT_S,
            check=_check,
            open=False,
            name="ioc web api",
            kwargs=parameters(settings, name="ioc web api"),
        )
        self._world: World | None = None

    def open(self) -> None:
        """Starts the pool; does not wait for the database."""
        self._pool.open()

    def close(self) -> None:
        """Closes every connection."""
        self._pool.close()

    @contextmanager
    def connection(self, *, proving: bool = False) -> Iterator[Connection]:
        """A connection; Transient where there is none within `WAIT_S`, and in its midst where the server says nothing
        for long. Who is ``proving`` may take as long as it takes."""
        try:
            with self._pool.connection() as conn, bounded(conn, 0 if proving else self._longest_s):
                yield conn
        except PoolTimeout as error:
            raise Transient("the database does not answer") from error
        except psycopg.OperationalError as error:
            raise Transient(one_line(error)) from error

    def overdue(self, scopes: Collection[Scope], as_of: datetime) -> dict[Scope, OverdueList]:
        """The overdue cases of each scope; Transient where the store does not answer."""
        with self.connection() as conn:
            return overdue_lists(conn, self.world(conn), self.settings, scopes, as_of)

    def due_soon(self, scopes: Collection[Scope], as_of: datetime) -> dict[Scope, OverdueList]:
        """The cases of each scope that fall due next; Transient where the store does not answer."""
        with self.connection() as conn:
            return overdue_lists(conn, self.world(conn), self.settings, scopes, as_of, kind="soon")

    def world(self, conn: Connection) -> World:
        """The world with the store's numbers; read once."""
        if self._world is None:
            self._world = load(conn, self.settings)
        return self._world


def _check(conn: Connection) -> None:
    """Whether a connection of the pool still lives; it has a moment to say so."""
    with bounded(conn, CHECK_S):
        ConnectionPool.check_connection(conn)


def routes(reading: Reading) -> list[Route]:
    """The API's routes. Their functions are plain, so they run in worker threads."""

    def get_overview(request: Request) -> Response:
        try:
            return json_response(ask(request, reading))
        except BadRequest as error:
            return problem(error.status, str(error))
        except IocError as error:
            return problem(503, str(error))

    def get_document(_: Request) -> Response:
        return json_response(document(reading.settings))

    return [
        Route("/api/v1/overview", get_overview),
        Route("/api/v1/openapi.json", get_document),
    ]


def ask(request: Request, reading: Reading) -> object:
    """The overview that a query asks for. Raises BadRequest, and IocError where the store does not answer."""
    query = request.query_params
    unknown = set(query) - PARAMETERS
    if unknown:
        raise BadRequest(f"unknown parameter {min(unknown)!r}; there are unit, scope, as_of, from and to")
    zone = reading.settings.zone
    as_of = moment(query.get("as_of"), "as_of") or datetime.now(UTC)
    try:
        from_ = moment(query.get("from"), "from") or local_midnight(as_of, zone)
    except OverflowError:
        raise BadRequest("as_of is too far away") from None
    to = moment(query.get("to"), "to") or as_of
    scope: Literal["handling", "receiving"]
    match query.get("scope", "handling"):
        case "handling":
            scope = "handling"
        case "receiving":
            scope = "receiving"
        case other:
            raise BadRequest(f"scope {other!r} is unknown: handling or receiving")
    with reading.connection() as conn:
        world = reading.world(conn)
        unit = query.get("unit") or world.root.code
        if unit not in world.by_code:
            raise BadRequest(f"there is no unit {unit!r} in the pack {world.pack!r}", 404)
        return overview(conn, world, reading.settings, unit=unit, scope=scope, as_of=as_of, from_=from_, to=to)


def moment(text: str | None, name: str) -> datetime | None:
    """An ISO 8601 time with its offset (``Z`` or ``+07:00``), None where the parameter is absent.

    A plus sign that a careless client left unescaped arrives as a blank; it is taken for what was meant.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
        offset = found.utcoffset()
        if offset is not None and not 1 < found.astimezone(UTC).year < 9999:  # every zone's days must exist
            raise OverflowError(text)
    except (ValueError, OverflowError):
        raise BadRequest(f"{name} {text!r} is no time: write 2026-11-23T10:15:00+07:00") from None
    if offset is None:
        raise BadRequest(f"{name} {text!r} has no offset: write {text}+07:00 or …Z")
    return found


def json_response(body: object, status: int = 200) -> Response:
    """JSON by msgspec; never cached."""
    return Response(msgspec.json.encode(body), status, {"Cache-Control": "no-store"}, media_type="application/json")


def problem(status: int, text: str) -> Response:
    """An error of the API: its status and what to do."""
    return json_response({"error": {"status": status, "message": text}}, status)
