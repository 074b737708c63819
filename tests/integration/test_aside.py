"""What is written beside the batches: nobody waits for it, and nothing that goes wrong there is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from ioc.errors import Transient
from ioc.store.connect import Connection, connect, translated
from streams.aside import Aside
from tests.web import until

pytestmark = pytest.mark.database


@pytest.fixture
def aside(store: str) -> Iterator[Aside]:
    found = Aside(lambda: connect(store))
    yield found
    found.close()


def note(said: str) -> Callable[[Connection], None]:
    def write(conn: Connection) -> None:
        with translated():
            conn.execute("insert into noted values (%s, pg_backend_pid())", [said])

    return write


@pytest.fixture
def noting(conn: Connection) -> Connection:
    conn.execute("create table noted (said text, pid int)")
    return conn


def noted(conn: Connection) -> list[str]:
    return [said for (said,) in conn.execute("select said from noted order by said")]


def test_one_at_a_time_and_nobody_waits(aside: Aside, noting: Connection) -> None:
    with noting.transaction():
        noting.execute("lock table noted")
        assert aside.write(note("a"))
        assert not aside.write(note("b")), "the former stands at the lock"
    until(lambda: noted(noting) == ["a"], "it is written")
    until(lambda: aside.write(note("c")), "the next may come")
    until(lambda: noted(noting) == ["a", "c"], "it is written too")


def test_a_lost_connection_costs_one_write(aside: Aside, noting: Connection) -> None:
    aside.write(note("a"))
    until(lambda: noted(noting) == ["a"], "it is written")
    noting.execute("select pg_terminate_backend(pid, 5000) from noted")
    until(lambda: aside.write(note("b")) and "b" in noted(noting), "it goes on with another connection")


def test_a_server_that_is_away_is_no_error(store: str, noting: Connection) -> None:
    away = [True, False]

    def connected() -> Connection:
        if away.pop(0):
            raise Transient("away")
        return connect(store)

    aside = Aside(connected)
    aside.write(note("a"))
    until(lambda: aside.write(note("b")) and "b" in noted(noting), "it tries again")
    aside.close()


def test_what_else_goes_wrong_is_said_with_the_next(aside: Aside) -> None:
    def broken(conn: Connection) -> None:
        conn.execute("select nothing")

    aside.write(broken)
    with pytest.raises(psycopg.errors.UndefinedColumn):
        until(lambda: aside.write(broken), "the next one says it")
