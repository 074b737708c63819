"""Statements that travel together: one transaction, wholly or not at all, whatever becomes of it on the way."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from ioc.errors import Transient
from ioc.store.connect import Connection, connect
from ioc.store.rows import Table, put
from ioc.store.together import numbered
from ioc.store.transaction import transaction

KEPT = Table.of("kept", "no, said", "int4 text")
ROWS: list[tuple[int, str | None]] = [(1, "một"), (2, None), (3, "ba")]


@pytest.fixture
def kept(conn: Connection) -> Connection:
    conn.execute("create table kept (no int primary key, said text)")
    return conn


def rows(conn: Connection) -> list[tuple[int, str | None]]:
    return conn.execute("select no, said from kept order by no").fetchall()


def is_idle(conn: Connection) -> bool:
    return conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


@pytest.mark.parametrize("together", [True, False])
def test_rows_arrive_either_way(kept: Connection, together: bool) -> None:
    with transaction(kept, together=together) as (run, _):
        put(run, KEPT, ROWS)
        put(run, KEPT, [])
    assert rows(kept) == ROWS
    assert is_idle(kept)


@pytest.mark.parametrize("together", [True, False])
def test_an_error_takes_everything_back_and_is_itself(kept: Connection, together: bool) -> None:
    def write() -> None:
        with transaction(kept, together=together) as (run, _):
            put(run, KEPT, ROWS)
            put(run, KEPT, [(1, "again")])
            put(run, KEPT, [(4, "never read by the server")])

    with pytest.raises(psycopg.errors.UniqueViolation):
        write()
    assert rows(kept) == []
    assert is_idle(kept)


@pytest.mark.parametrize("together", [True, False])
def test_who_gives_up_takes_everything_back(kept: Connection, together: bool) -> None:
    def write() -> None:
        with transaction(kept, together=together) as (run, wait):
            put(run, KEPT, ROWS)
            wait()
            put(run, KEPT, [(4, None)])
            raise LookupError

    with pytest.raises(LookupError):
        write()
    assert rows(kept) == []
    assert is_idle(kept)


def test_an_error_comes_with_the_answers_that_are_waited_for(kept: Connection) -> None:
    went_on = []

    def write() -> None:
        with transaction(kept, together=True) as (run, wait):
            run.execute("select 1 / 0")
            wait()
            went_on.append(True)

    with pytest.raises(psycopg.errors.DivisionByZero):
        write()
    assert not went_on
    assert is_idle(kept)


def test_a_commit_that_the_server_turned_into_a_rollback_is_no_commit(kept: Connection) -> None:
    def write() -> None:
        with transaction(kept, together=True) as (run, wait):
            put(run, KEPT, ROWS)
            run.execute("select 1 / 0")
            with suppress(psycopg.errors.DivisionByZero):
                wait()

    with pytest.raises(Transient, match="ROLLBACK"):
        write()
    assert rows(kept) == []
    assert is_idle(kept)


def test_a_connection_that_is_lost_says_so(kept: Connection, store: str) -> None:
    def write() -> None:
        with connect(store) as other, transaction(kept, together=True) as (run, wait):
            put(run, KEPT, ROWS)
            wait()
            other.execute("select pg_terminate_backend(%s, 5000)", [kept.info.backend_pid])
            put(run, KEPT, [(4, None)])

    with pytest.raises(psycopg.OperationalError):
        write()
    assert kept.closed
    with connect(store) as conn:
        assert rows(conn) == []


def test_between_groups_the_server_sees_a_session_that_is_idle_in_its_transaction(kept: Connection, store: str) -> None:
    """So that it ends one that stands still there, as `connect` asks for."""
    with connect(store) as other, transaction(kept, together=True) as (run, wait):
        put(run, KEPT, ROWS)
        wait()
        state = other.execute("select state from pg_stat_activity where pid = %s", [kept.info.backend_pid]).fetchone()
        assert state == ("idle in transaction",)


def test_places_are_numbered_as_the_server_counts_them() -> None:
    assert numbered("select %(a)s, %(b)s, %(a)s, 5 %% 2") == (b"select $1, $2, $1, 5 % 2", ("a", "b"))
    assert numbered("select %s::int, %s") == (b"select $1::int, $2", ())
    assert numbered("select 'none'") == (b"select 'none'", ())


def prepared(conn: Connection) -> list[str]:
    told = conn.execute("select statement from pg_prepared_statements where name like 'ioc%' order by prepare_time")
    return [statement for (statement,) in told.fetchall()]


def test_a_statement_is_prepared_once_for_each_kind_of_values(kept: Connection) -> None:
    asked: list[list[object]] = [["a"], ["b"], [1.5], [None], ["c"]]
    for values in asked:
        with transaction(kept, together=True) as (run, _):
            assert run.execute("select %s", values).fetchall() == [(values[0],)]
    assert prepared(kept).count("select $1") == 2, "words, whose type the server is left to find, and numbers"
    assert prepared(kept).count("begin") == 1


def test_what_could_not_be_prepared_is_prepared_when_it_can_be(kept: Connection, store: str) -> None:
    def ask() -> list[tuple[int]]:
        with transaction(kept, together=True) as (run, wait):
            run.execute("select 1 + 1")
            found = run.execute("select no from later")
            run.execute("select 2 + 2")  # behind an error the server prepares nothing
            wait()
            return found.fetchall()

    with pytest.raises(psycopg.errors.UndefinedTable):
        ask()
    with connect(store) as other:
        other.execute("create table later as select 7 as no")
    assert ask() == [(7,)]
    assert ask() == [(7,)]
    assert sorted(prepared(kept)) == ["begin", "commit", "select 1 + 1", "select 2 + 2", "select no from later"]


def test_more_than_any_buffer_holds_goes_both_ways(kept: Connection) -> None:
    """Who only sends while the server only sends would wait for ever."""
    long = "dài" * 1_000_000
    with transaction(kept, together=True) as (run, wait):
        answers = [run.execute("select %s::text, %s::int", [long, number]) for number in range(12)]
        wait()
    for number, answer in enumerate(answers):
        assert answer.fetchone() == (long, number)


def test_an_answer_that_is_asked_for_comes(kept: Connection) -> None:
    with transaction(kept, together=True) as (run, _):
        put(run, KEPT, ROWS)
        assert run.execute("select count(*) from kept").fetchone() == (3,)
        assert run.execute("select no from kept where no > 100").fetchone() is None
        assert run.execute("select no from kept order by no", binary=True).fetchall() == [(1,), (2,), (3,)]


def test_there_is_no_answer_where_its_group_failed(kept: Connection) -> None:
    def ask() -> None:
        with transaction(kept, together=True) as (run, wait):
            run.execute("select 1 / 0")
            behind = run.execute("select 1")
            with suppress(psycopg.errors.DivisionByZero):
                wait()
            behind.fetchall()

    with pytest.raises(psycopg.InterfaceError, match="its group failed"):
        ask()
    assert is_idle(kept)
