"""`docker-compose.yml` as Compose reads it: anchors merged, variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(\w+)(?::\?[^}]*)?\}")
OURS = ("migrate", "ingest", "watch", "web")
SECRETS = {"DATABASE_PASSWORD": "the-database-of-the-tests", "IOC_WEB__TOKEN": "the-screens-of-the-tests"}


def services() -> dict[str, dict[str, Any]]:
    """Every service with its anchors merged, variables as they are written."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    return found


def environment(service: Mapping[str, Any], secrets: Mapping[str, str] = SECRETS) -> dict[str, str]:
    """What the service's processes find in their environment; KeyError for a variable that ``secrets`` lacks."""
    return {
        name: VARIABLE.sub(lambda found: secrets[found[1]], str(value))
        for name, value in service["environment"].items()
    }


def health_check(service: Mapping[str, Any]) -> list[str]:
    """The words of the health check's command."""
    kind, *words = service["healthcheck"]["test"]
    assert kind == "CMD", "a check without a shell can be run anywhere as it is written"
    return [str(word) for word in words]


def server_properties(env: Mapping[str, str]) -> dict[str, str]:
    """Kafka's settings as its image makes them of ``KAFKA_…`` variables: ``___`` is -, ``__`` is _, ``_`` is a dot."""
    found = {}
    for name, value in env.items():
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS":
            key = name.removeprefix("KAFKA_").lower()
            found[key.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")] = value
    return found
