"""The shape of production: what `docker-compose.yml` and the Dockerfile promise, read from the files themselves."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from ioc.settings import load
from streams.embedded.java import KAFKA_VERSION
from tests.compose import FILE, OURS, ROOT, SECRETS, environment, health_check, server_properties, services

SCHEMA = ROOT / "tests" / "data" / "compose-spec.json"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_file_is_what_the_compose_specification_allows() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    errors = Draft201909Validator(schema).iter_errors(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    assert [f"{list(error.absolute_path)}: {error.message}" for error in errors] == []


def test_the_schema_refuses_what_it_does_not_know() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    wrong = {"services": {"web": {"image": "ioc", "restrat": "always"}}}
    assert list(Draft201909Validator(schema).iter_errors(wrong))


def test_every_part_of_production_is_there() -> None:
    assert set(services()) == {"timescaledb", "kafka", *OURS}


def test_images_are_pinned() -> None:
    images = {name: service["image"] for name, service in services().items()}
    assert re.fullmatch(r"timescale/timescaledb:\d+\.\d+\.\d+-pg18", images["timescaledb"])
    assert images["kafka"] == f"apache/kafka:{KAFKA_VERSION}", "production and the tests run the same Kafka"
    assert {images[name] for name in OURS} == {f"ioc:{PROJECT['version']}"}


def test_no_secret_is_written_down() -> None:
    for name, service in services().items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET", key):
                assert re.fullmatch(r"\$\{\w+:\?set \w+ in \.env\}", str(value)), f"{name}: {key}"
    assert not re.search(r"://[^/\s:]+:[^/\s@]+@", FILE.read_text(encoding="utf-8")), "a password in an address"


def test_the_file_of_secrets_is_never_committed_or_built_in() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[1] == "*"


def test_every_variable_is_asked_for_and_named_in_the_head() -> None:
    text = FILE.read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)", text))
    assert asked == set(SECRETS)
    head = text.partition("\n\n")[0]
    assert all(name in head for name in asked)


@pytest.mark.parametrize("name", OURS)
def test_our_settings_are_known_and_complete(name: str) -> None:
    env = environment(services()[name])
    env.pop("IOC_CONFIG")
    settings = load(ROOT / "config.yaml", environ=env)
    assert settings.broker == "kafka"
    assert not settings.demo_mode
    assert settings.kafka.bootstrap_servers.partition(":")[0] in services()
    store = environment(services()["timescaledb"])
    address = f"postgresql://{store['POSTGRES_USER']}@timescaledb:5432/{store['POSTGRES_DB']}"
    assert settings.database.dsn == address
    assert env["PGPASSWORD"] == store["POSTGRES_PASSWORD"]


def test_the_configuration_is_where_the_processes_look_for_it() -> None:
    for name in OURS:
        service = services()[name]
        (mount,) = service["volumes"]
        source, target, mode = mount.split(":")
        assert (ROOT / source).resolve() == ROOT / "config.yaml"
        assert target == service["environment"]["IOC_CONFIG"]
        assert mode == "ro"


@pytest.mark.parametrize("name", OURS)
def test_our_processes_may_do_nothing_more_than_they_need(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    uid, gid = service["user"].split(":")
    assert uid == gid != "0"
    assert f"USER {uid}:{gid}" in DOCKERFILE
    assert service["command"][0] == "ioc"


def test_ports_are_open_on_this_machine_only() -> None:
    published = [port for service in services().values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert "ports" not in services()["timescaledb"]


def test_everything_comes_back_and_says_how_it_is() -> None:
    for name, service in services().items():
        assert service["restart"] == ("on-failure" if name == "migrate" else "unless-stopped")
        if name != "migrate":
            assert health_check(service)
            check = service["healthcheck"]
            assert {"interval", "timeout", "retries", "start_period"} <= set(check)
        assert service["logging"]["options"]["max-size"], "logs that grow for ever fill the disk"


def test_whom_a_service_waits_for_says_when_it_is_ready() -> None:
    for name, service in services().items():
        for other, wait in service.get("depends_on", {}).items():
            awaited = services()[other]
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in awaited, f"{name} would wait for ever for {other}"
            else:
                assert wait["condition"] == "service_completed_successfully"
                assert awaited["restart"] == "on-failure"


def test_data_outlive_their_containers() -> None:
    whole: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for name in ("timescaledb", "kafka"):
        (mount,) = services()[name]["volumes"]
        volume, place = mount.split(":")
        assert volume in whole["volumes"]
        data = environment(services()[name])
        kept = data["PGDATA"] if name == "timescaledb" else data["KAFKA_LOG_DIRS"]
        assert Path(place) == Path(kept) or Path(place) in Path(kept).parents


def test_kafka_is_one_node_that_makes_no_topic_by_itself() -> None:
    found = server_properties(environment(services()["kafka"]))
    assert found["process.roles"] == "broker,controller"
    assert found["auto.create.topics.enable"] == "false"
    assert found["controller.quorum.voters"] == f"{found['node.id']}@localhost:9093"
    named = {listener.partition("://")[0] for listener in found["listeners"].split(",")}
    mapped = {pair.partition(":")[0] for pair in found["listener.security.protocol.map"].split(",")}
    assert named == mapped == {"INSIDE", "OUTSIDE", "CONTROLLER"}


def test_the_image_holds_what_runs_and_not_what_builds() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    for stage in stages:
        assert re.match(r"python:3\.\d+-slim-bookworm\b", stage), "the minor version is pinned"
    assert not re.search(r"pip|apt-get|gcc", stages[1].partition("\n")[2])
    assert "COPY --from=build /opt/ioc /opt/ioc" in stages[1]


def test_the_build_gets_all_that_the_dockerfile_copies_and_nothing_else() -> None:
    kept = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    copied = [
        source
        for line in re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, flags=re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert sorted(copied) == sorted(kept)
    assert all((ROOT / source).exists() for source in copied)
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = packaged["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {*packages, PROJECT["readme"], *PROJECT["license-files"]} <= set(copied)
