"""`ioc demo`: everything on one machine, in the foreground, until Ctrl-C.

The order is that of dependence: PostgreSQL, Kafka, the schema, then ingest, watch and web, and last what feeds them.
Every other verb finds the running demo by ``DATA_DIR/run.json``. The directory can be started again after any end,
kill -9 and power cuts included.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

from ioc.errors import OperatorError
from ioc.settings import Settings
from ioc.store.connect import connect
from ioc.store.migrate import migrate
from streams.embedded.java import fetch_jars, find_java
from streams.embedded.kafka import EmbeddedKafka
from streams.embedded.lock import DirectoryLock
from streams.embedded.postgres import EmbeddedPostgres
from streams.embedded.process import free_ports, port_is_free, wait_until
from streams.embedded.supervise import Ended, Program, Supervisor, ended_by_signals

Broker = Literal["auto", "kafka", "log"]
Input = Literal["simulator", "permits", "both", "none"]

HOST = "127.0.0.1"
LEAST_FREE_BYTES = 500_000_000
PORT_PATIENCE_S = 5.0
"""A killed demo's web process may hold the port for a moment."""
READY_PATIENCE_S = 120.0
READY_PATHS = ("/readyz", "/api/v1/overview")


def run(
    settings: Settings,
    *,
    port: int,
    data_dir: Path,
    broker: Broker,
    speed: float,
    input: Input,
    config: Path | None = None,
) -> int:
    """Runs the demo until a signal ends it, and returns the exit code 0.

    ``port`` 0 takes a free one. ``broker`` ``auto`` is Kafka, or the log source where Kafka can't be had. ``config``
    names the file that ``settings`` were read from, for the demo's own processes. Prints progress, and
    ``ready http://127.0.0.1:PORT`` alone on its line when the first live figure can be seen. Raises OperatorError with
    one line where a person must help; everything that had been started is ended then too.
    """
    data_dir = data_dir.resolve()
    supervisor = Supervisor(say)
    lock = DirectoryLock(data_dir / "lock")
    with ended_by_signals():
        try:
            port = check_place(data_dir, port)
            lock.acquire()
            kafka = prepare_kafka(data_dir, broker)
            env = start_servers(supervisor, settings, kafka, port=port, data_dir=data_dir, config=config)
            start_programs(supervisor, programs(settings, env, data_dir / "log", speed, input), port)
            supervisor.watch()
        except Ended:
            say("ending …")
        finally:
            supervisor.stop()
            if lock.held:
                (data_dir / "run.json").unlink(missing_ok=True)
            lock.release()
    say("ended")
    return 0


def say(line: str) -> None:
    """Prints a line at once; a closed terminal is no reason to end the demo."""
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - nobody reads any more, until the end


def check_place(data_dir: Path, port: int) -> int:
    """The port to use. Raises OperatorError where it is busy, or the disk too full or not ours to write."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"{data_dir} cannot be made: {error.strerror}; choose another --data-dir") from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise OperatorError(f"{data_dir} cannot be written; choose another --data-dir")
    free = shutil.disk_usage(data_dir).free
    if free < LEAST_FREE_BYTES:
        raise OperatorError(
            f"only {free // 1_000_000} MB free at {data_dir}, the demo needs {LEAST_FREE_BYTES // 1_000_000} MB; "
            "make room or choose another --data-dir"
        )
    if port == 0:
        return free_ports(1)[0]
    if not wait_until(lambda: port_is_free(port), PORT_PATIENCE_S if (data_dir / "run.json").exists() else 0.0):
        raise OperatorError(f"port {port} is busy; stop what uses it or choose another --port")
    return port


def start_servers(
    supervisor: Supervisor,
    settings: Settings,
    kafka: EmbeddedKafka | None,
    *,
    port: int,
    data_dir: Path,
    config: Path | None,
) -> dict[str, str]:
    """Starts what the programs need, leaves its addresses in ``run.json``, and gives the programs' environment."""
    say("starting PostgreSQL …")
    postgres = EmbeddedPostgres(data_dir / "postgres")
    supervisor.add(postgres)
    if kafka:
        say("starting Kafka …")
        supervisor.add(kafka)
    with connect(postgres.dsn()) as connection:
        for name in migrate(connection, settings):
            say(f"schema: {name}")
    found = {
        "dsn": postgres.dsn(),
        "broker": "kafka" if kafka else "log",
        "bootstrap_servers": kafka.bootstrap_servers if kafka else None,
        "web_url": f"http://{HOST}:{port}",
        "pid": os.getpid(),
    }
    write_whole(data_dir / "run.json", json.dumps(found, indent=1))
    ours = {
        "IOC_DATA_DIR": str(data_dir),
        "IOC_DATABASE__DSN": postgres.dsn(),
        "IOC_BROKER": "kafka" if kafka else "log",
        "IOC_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers if kafka else None,
        "IOC_WEB__HOST": HOST,
        "IOC_WEB__PORT": str(port),
        "IOC_DEMO": "1",
        "IOC_DEMO_MODE": "true",
        "IOC_CONFIG": str(config.resolve()) if config else os.environ.get("IOC_CONFIG"),
        "PYTHONUNBUFFERED": "1",
    }
    return {name: value for name, value in {**os.environ, **ours}.items() if value is not None}


def start_programs(supervisor: Supervisor, parts: Iterable[Program], port: int) -> None:
    """Starts our own processes and returns when the first live figure can be seen; says so."""
    say("starting ingest, watch and web …")
    for program in parts:
        supervisor.add(program)
    supervisor.await_ready(lambda: all(answers(port, path) for path in READY_PATHS), READY_PATIENCE_S)
    say(f"ready http://{HOST}:{port}")


def programs(
    settings: Settings,
    env: Mapping[str, str],
    logs: Path,
    speed: float,
    input: Input,
) -> list[Program]:
    """Our own processes in the order of their start."""

    def verb(*words: str, repeat: bool = True, echo: Callable[[str], bool] | None = None) -> Program:
        command = [sys.executable, "-m", "ioc", *words]
        return Program(words[0], command, env=env, log=logs / f"{words[0]}.log", repeat=repeat, echo=echo)

    def progress(line: str) -> bool:
        return line.startswith(("simulate: ", "replay permits: "))

    def behind(line: str) -> bool:
        return "records behind" in line

    found = [verb("ingest", echo=behind), verb("watch"), verb("web")]
    if input in {"simulator", "both"}:
        days = str(settings.demo.days)
        words = ("simulate", "--speed", f"{speed:g}", "--seed", str(settings.demo.seed), "--backfill-days", days)
        found.append(verb(*words, echo=progress))
    if input in {"permits", "both"}:
        pace = "max" if speed == 1 else f"{speed:g}"  # at its own pace the log would take 15 months
        found.append(verb("replay", "permits", "--speed", pace, repeat=False, echo=progress))
    return found


def prepare_kafka(data_dir: Path, broker: Broker) -> EmbeddedKafka | None:
    """Kafka with all it needs, not yet started; None where the log source takes its place.

    Raises OperatorError where ``broker`` insists on Kafka and it can't be had.
    """
    if broker == "log":
        return None
    try:
        java = find_java()
        return EmbeddedKafka(data_dir / "kafka", java=java, jars=fetch_jars(say))
    except OperatorError as error:
        if broker == "kafka":
            raise
        say(f"Kafka can't be had here ({error}); the log source in PostgreSQL takes its place")
        return None


def write_whole(path: Path, text: str) -> None:
    """Writes a file so that readers see the old text or the new one, never a part."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def answers(port: int, path: str) -> bool:
    """Whether the web process answers ``path`` with 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
