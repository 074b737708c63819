"""The database fails over to a standby that lacks the last seconds: they are read again, and every figure is exact."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import psycopg
import pytest

from ioc.settings import Settings
from streams.embedded.postgres import EmbeddedPostgres
from streams.embedded.process import wait_until
from tests.drill import Stream
from tests.lives import ordinary
from tests.servers import with_database
from tests.site import CONSUMED, PATIENCE_S, kill, kill_children, opened_for

RECEIVING = "select count(*) from pg_stat_wal_receiver where status = 'streaming'"


class Standby(EmbeddedPostgres):
    """A server whose data are another one's, followed as they change."""

    def copy(self, primary: EmbeddedPostgres) -> None:
        """Takes a base backup of a running server."""
        self.directory.mkdir()
        command = [
            str(primary._programs / "pg_basebackup"), f"--host={primary.sockets}", "--username=ioc",
            f"--pgdata={self.data}", "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        owner = primary.data.stat()
        for place, _, files in os.walk(self.data):
            for path in (place, *(os.path.join(place, name) for name in files)):
                os.chown(path, owner.st_uid, owner.st_gid)

    def create_database(self, name: str) -> None:
        """It has what the other one has."""


def hosts(*servers: EmbeddedPostgres) -> str:
    """The address of whichever of the servers takes writes."""
    places = ",".join(quote(str(server.sockets), safe="") for server in servers)
    return f"postgresql://ioc@/ioc?host={places}&target_session_attrs=read-write"


def test_a_promoted_standby_that_lacks_the_last_seconds(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Settings
) -> None:
    with opened_for(request, tmp_path, settings) as site:
        primary = site.server
        assert primary is not None
        standby = Standby(tmp_path / "standby")
        standby.copy(primary)
        with standby:
            site.dsn = hosts(primary, standby)
            process = site.ingest()
            with psycopg.connect(standby.dsn(), autocommit=True) as following:

                def followed(query: LiteralString) -> int:
                    row = following.execute(query).fetchone()
                    assert row is not None
                    return int(row[0])

                with Stream(site):
                    site.await_consumed(1000)
                    assert wait_until(lambda: followed(CONSUMED) >= 1000, PATIENCE_S)
                    following.execute("alter system set primary_conninfo = ''")
                    following.execute("select pg_reload_conf()")
                    assert wait_until(lambda: followed(RECEIVING) == 0, PATIENCE_S)
                    behind = followed(CONSUMED)
                    site.await_consumed(behind + 1000)
                    ahead = site.ask(CONSUMED)
                    assert primary.process is not None
                    kill_children(primary.process)
                    kill(primary.process)
                    following.execute("select pg_promote(true, 60)")
                    lacking = followed(CONSUMED)
                    assert behind <= lacking < ahead - 500, "the standby was meant to lack what was written last"
                    site.close()
                    site.settings = with_database(site.settings, standby.dsn())
                    site.await_consumed(ahead)
            site.send(ordinary(1, 50), poison=2)
            site.assert_exact()
            assert process.poll() is None, "a fail-over ends no process"
            site.end_all()
