"""The embedded PostgreSQL: ends with its supervisor, keeps what was committed, refuses what it can't read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from ioc.errors import OperatorError
from streams.embedded.postgres import EmbeddedPostgres, refuse_other_major
from streams.embedded.process import wait_until

SUPERVISOR = """
import signal, sys
from pathlib import Path
from streams.embedded import {module}, process
if "orphan" in sys.argv:
    process.die_with_parent = lambda number: lambda: None
server = {module}.{name}(Path(sys.argv[1]))
server.start()
print(server.process.pid, flush=True)
signal.pause()
"""


def supervisor(name: str, directory: Path, *words: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A process of its own that supervises a server in ``directory``, and the server's process."""
    code = SUPERVISOR.format(module=name.removeprefix("Embedded").lower(), name=name)
    process = subprocess.Popen([sys.executable, "-c", code, str(directory), *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        return process, psutil.Process(int(said.readline()))


def write(server: EmbeddedPostgres, value: int) -> None:
    with psycopg.connect(server.dsn()) as connection:
        connection.execute("create table if not exists kept (value int)")
        connection.execute("insert into kept values (%s)", [value])


def values(server: EmbeddedPostgres) -> list[int]:
    with psycopg.connect(server.dsn()) as connection:
        return [row[0] for row in connection.execute("select value from kept order by value")]


@pytest.mark.database
def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    with server:
        write(server, 1)
    assert not server.alive()
    with server:
        write(server, 2)
        assert values(server) == [1, 2]


@pytest.mark.database
def test_only_its_own_user_can_reach_the_server(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg") as server:
        assert server.sockets.stat().st_mode & 0o077 == 0
        assert server.data.stat().st_mode & 0o077 == 0
        assert server.process is not None
        assert psutil.Process(server.process.pid).net_connections("inet") == []


@pytest.mark.database
def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / ("long" * 25) / "pg") as server:
        write(server, 1)
        sockets = server.sockets
        assert sockets.exists()
    assert not sockets.exists()


@pytest.mark.database
def test_a_path_in_vietnamese_works(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "dữ liệu của tỉnh") as server:
        write(server, 1)


@pytest.mark.database
def test_a_killed_server_recovers(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    with server:
        write(server, 1)
        assert server.process is not None
        server.process.kill()
        assert wait_until(lambda: not server.alive(), 10)
        server.start()
        assert values(server) == [1]


@pytest.mark.database
def test_a_killed_supervisor_takes_the_server_with_it(tmp_path: Path) -> None:
    process, server = supervisor("EmbeddedPostgres", tmp_path / "pg")
    process.kill()
    process.wait()
    if sys.platform == "linux":
        assert psutil.wait_procs([server], timeout=20)[1] == []
    with EmbeddedPostgres(tmp_path / "pg") as again:
        write(again, 1)


@pytest.mark.database
def test_a_server_left_behind_is_ended_by_the_next_start(tmp_path: Path) -> None:
    process, left = supervisor("EmbeddedPostgres", tmp_path / "pg", "orphan")
    process.kill()
    process.wait()
    assert left.is_running()
    with EmbeddedPostgres(tmp_path / "pg") as again:
        assert not left.is_running()
        write(again, 1)


@pytest.mark.database
def test_a_pid_file_that_names_another_program_is_no_obstacle(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    server.start()
    assert server.process is not None
    pid_file = server.data / "postmaster.pid"
    stale = pid_file.read_text().split("\n")
    server.stop()
    pid_file.write_text("\n".join([str(os.getppid()), *stale[1:]]))
    with server:
        write(server, 1)


@pytest.mark.database
def test_an_interrupted_first_start_is_no_obstacle(tmp_path: Path) -> None:
    left = tmp_path / "pg" / "data.new"
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(tmp_path / "pg") as server:
        write(server, 1)
    assert not left.exists()


@pytest.mark.database
def test_a_second_supervisor_is_refused_and_names_the_first(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg"), pytest.raises(OperatorError, match=f"in use by process {os.getpid()}"):
        EmbeddedPostgres(tmp_path / "pg").start()


@pytest.mark.database
def test_a_supervisor_that_was_told_to_stop_leaves_nothing(tmp_path: Path) -> None:
    process, server = supervisor("EmbeddedPostgres", tmp_path / "pg")
    process.send_signal(signal.SIGTERM)
    process.wait()
    assert psutil.wait_procs([server], timeout=20)[1] == []


@pytest.mark.parametrize(("made_by", "said"), [("19", "newer than the installed 18"), ("17", "pg_upgrade")])
def test_data_of_another_major_version_are_refused(tmp_path: Path, made_by: str, said: str) -> None:
    (tmp_path / "PG_VERSION").write_text(f"{made_by}\n")
    with pytest.raises(OperatorError, match=said):
        refuse_other_major(tmp_path, 18)


@pytest.mark.database
def test_a_start_on_newer_data_says_so_and_holds_no_lock(tmp_path: Path) -> None:
    data = tmp_path / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("99\n")
    server = EmbeddedPostgres(tmp_path / "pg")
    for _ in range(2):
        with pytest.raises(OperatorError, match="was made by PostgreSQL 99"):
            server.start()
