"""Apache Kafka for one machine: a single KRaft node in a JVM of 256 MB, a direct child that ends with us.

Its listeners are on loopback only and its ports are remembered beside its data. The default replication of every
internal topic is one, and topics are never made by asking for them: a misspelt name is an error.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import uuid
from contextlib import suppress
from pathlib import Path

import psutil

from ioc.errors import OperatorError
from streams.embedded.java import KAFKA_VERSION, fetch_jars, find_java
from streams.embedded.process import end, free_ports, last_lines, port_is_free, spawn
from streams.embedded.server import EmbeddedServer

LOG_SETTINGS = Path(__file__).with_name("kafka-log4j2.properties")
STARTED = b"Kafka Server started"
START_PATIENCE_S = 120.0
"""A start after a crash checks the logs of every partition first."""

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
broker.heartbeat.interval.ms=1000
broker.session.timeout.ms=5000
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.segment.bytes=134217728
log.cleaner.dedupe.buffer.size=16777216
"""
"""The cleaner's buffer is 128 MB by default: half of our heap. A killed broker is let in after its session."""


class EmbeddedKafka(EmbeddedServer):
    """One Kafka broker in ``directory``, which holds its data, its ports, its log and its lock.

    ``java`` and ``jars`` default to what `find_java` and `fetch_jars` give. New objects have so much of the heap that
    at 200 events a second they are collected every four seconds, by two threads: everybody waits meanwhile, 3 to 10 ms.
    """

    name = "kafka"
    title = "Kafka"

    def __init__(
        self, directory: Path, *, java: Path | None = None, jars: Path | None = None, heap_mb: int = 256
    ) -> None:
        super().__init__(directory)
        self.heap_mb = heap_mb
        self._java = java
        self._jars = jars
        self._port = 0

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect; known once it has been started."""
        return f"127.0.0.1:{self._port}"

    def _start(self) -> None:
        self._java = self._java or find_java()
        self._jars = self._jars or fetch_jars(lambda _: None)
        refuse_newer(self.directory / "version.json", KAFKA_VERSION)
        self._end_orphans()
        broker, controller = self._choose_ports()
        settings = self.directory / "server.properties"
        if not (self.data / "meta.properties").exists():
            self._format(broker, controller)
        settings.write_text(properties(broker, controller, self.data), encoding="ascii")
        (self.directory / "version.json").write_text(json.dumps({"kafka": KAFKA_VERSION}), encoding="utf-8")
        said_before = self.log.stat().st_size if self.log.exists() else 0
        self.process = self._spawn("kafka.Kafka", str(settings), death=signal.SIGTERM)
        self._await(lambda: self._has_started(said_before), START_PATIENCE_S)
        self._port = broker

    def stop(self) -> None:
        """Ends the broker; its partitions are closed cleanly."""
        if self.process is not None:
            end(self.process, ((signal.SIGTERM, 20.0),))
            self.process = None
        self._lock.release()

    def _spawn(self, main: str, *words: str, death: signal.Signals) -> subprocess.Popen[bytes]:
        command = [
            str(self._java), f"-Xms{self.heap_mb * 3 // 4}m", f"-Xmx{self.heap_mb}m", f"-Xmn{self.heap_mb * 3 // 8}m",
            "-XX:+UseParallelGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={LOG_SETTINGS.as_uri()}", self._mark,
            "-cp", f"{self._jars}/*", main, *words,
        ]  # fmt: skip
        env = {**os.environ, "LC_ALL": "C.UTF-8"}  # Java reads the names of files by it
        return spawn(command, death=death, log=self.log, env=env)

    @property
    def _mark(self) -> str:
        return f"-Dioc.kafka={self.directory}"

    def _has_started(self, said_before: int) -> bool:
        try:
            with self.log.open("rb") as file:
                size = self.log.stat().st_size
                file.seek(said_before if size >= said_before else 0)
                return STARTED in file.read()
        except FileNotFoundError:
            return False

    def _choose_ports(self) -> tuple[int, int]:
        remembered = self.directory / "ports.json"
        try:
            broker, controller = json.loads(remembered.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            broker, controller = free_ports(2)
        if not port_is_free(broker) or not port_is_free(controller):
            broker, controller = free_ports(2)
        remembered.write_text(json.dumps([broker, controller]), encoding="utf-8")
        return int(broker), int(controller)

    def _format(self, broker: int, controller: int) -> None:
        new = self.directory / "data.new"  # renamed when whole: what an interrupted format left is no data
        shutil.rmtree(new, ignore_errors=True)
        settings = self.directory / "format.properties"
        settings.write_text(properties(broker, controller, new), encoding="ascii")
        cluster = "c" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]  # "-" first would be an option
        words = ("format", "-t", cluster, "-c", str(settings))
        if self._spawn("kafka.tools.StorageTool", *words, death=signal.SIGKILL).wait() != 0:
            raise OperatorError(f"Kafka could not format its storage: {last_lines(self.log)} ({self.log})")
        shutil.rmtree(self.data, ignore_errors=True)
        new.rename(self.data)
        settings.unlink()

    def _end_orphans(self) -> None:
        left = [p for p in psutil.process_iter(["cmdline"]) if self._mark in (p.info["cmdline"] or ())]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in psutil.wait_procs(left, timeout=20)[1]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
            process.wait(10)


def properties(broker: int, controller: int, data: Path) -> str:
    """The broker's settings; Java reads such files as Latin-1, so what isn't ASCII in ``data`` is escaped."""
    path = "".join(char if char.isascii() else f"\\u{ord(char):04x}" for char in str(data).replace("\\", "\\\\"))
    return PROPERTIES.format(broker=broker, controller=controller, data=path)


def refuse_newer(record: Path, version: str) -> None:
    """Raises OperatorError where ``record`` says that a Kafka newer than ``version`` has written the data beside it."""
    try:
        wrote = str(json.loads(record.read_text(encoding="utf-8"))["kafka"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        raise OperatorError(f"{record} is damaged; choose another --data-dir") from None
    if _numbers(wrote) > _numbers(version):
        raise OperatorError(
            f"{record.parent} was written by Kafka {wrote}, newer than {version}; choose another --data-dir"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
