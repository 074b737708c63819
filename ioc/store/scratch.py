"""A database for a while, beside the one that is there: what a measurement compares with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege

from ioc.errors import OperatorError
from ioc.store.connect import connect, translated


@contextmanager
def beside(dsn: str) -> Iterator[str]:
    """The address of an empty database of the same server; it is dropped in the end. OperatorError where the role may
    make none."""
    name = f"ioc_scratch_{time.time_ns():x}"
    with connect(dsn, name="ioc scratch") as conn:
        try:
            with translated():
                conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        except InsufficientPrivilege:
            raise OperatorError(f"{conn.info.user} may not make the database to compare with: grant CREATEDB") from None
        try:
            yield make_conninfo(dsn, dbname=name)
        finally:
            with translated():
                conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
