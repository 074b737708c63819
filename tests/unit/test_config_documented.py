"""`config.yaml` and docs/configuration.md say everything that can be set, and say it right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest
import yaml

from ioc.section import Section
from ioc.settings import Settings, load
from ioc.world import read_indicators, read_services

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config.yaml"
LISTS = ("signs", "walls", "playlists", "incident_kinds", "services", "indicators")
ROW = re.compile(r"^\| (`[^|]+`) \| ([^|]*)\|(.*)\|$", re.MULTILINE)


def keys(kind: type[msgspec.Struct] = Settings, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key by its path with its default; the keys of a list's items as ``services.*.code``."""
    for field in msgspec.structs.fields(kind):
        path = prefix + field.encode_name
        items = [part for part in get_args(field.type) if isinstance(part, type) and issubclass(part, Section)]
        if isinstance(field.type, type) and issubclass(field.type, Section):
            yield from keys(field.type, f"{path}.")
            continue
        yield path, field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        if get_origin(field.type) in (tuple, dict) and items:
            yield from keys(items[0], f"{path}.*.")


SCALARS = {path: default for path, default in keys() if "*" not in path and path not in LISTS}
ITEMS = [path for path, _ in keys() if "*" in path]


def written(path: str) -> Any:
    found: Any = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    for name in path.split("."):
        found = found[name]
    return found


def described() -> dict[str, tuple[str, str]]:
    """Key to its default and meaning as docs/configuration.md has them."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    return {
        key: (default.strip(), meaning.strip())
        for names, default, meaning in ROW.findall(text.partition("## Variables")[0])
        for key in re.findall(r"`([^`]+)`", names)
    }


@pytest.mark.parametrize("path", SCALARS)
def test_config_yaml_holds_every_key_with_its_default(path: str) -> None:
    default = SCALARS[path]
    assert written(path) == (list(default) if isinstance(default, tuple) else default)


def test_config_yaml_holds_the_lists_that_come_with_the_program() -> None:
    settings, bare = load(CONFIG, environ={}, data_dir="/nowhere"), Settings()
    assert settings.services == read_services(bare)
    assert {one.code: one for one in settings.indicators} == read_indicators(bare)
    assert settings.incident_kinds == ()
    assert settings.signs


def test_every_key_or_its_section_has_a_comment() -> None:
    text = CONFIG.read_text(encoding="utf-8")
    lines = text.splitlines()
    bare = []

    def look(node: yaml.MappingNode, prefix: str, covered: bool) -> None:
        for key, value in node.value:
            path = f"{prefix}{key.value}"
            nested = isinstance(value, yaml.MappingNode) and not prefix and path not in LISTS and bool(value.value)
            last = (
                key.start_mark.line
                if nested
                else max(key.start_mark.line, value.end_mark.line - bool(not value.end_mark.column))
            )
            said = any("#" in line for line in lines[key.start_mark.line : last + 1])
            if nested:
                look(value, f"{path}.", said)
            elif not said and not covered:
                bare.append(path)

    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode)
    look(root, "", False)
    assert bare == []


def shown(value: Any) -> str:
    """A default as the table writes it."""
    match value:
        case "":
            return '`""`'
        case None:
            return "`null`"
        case bool():
            return f"`{str(value).lower()}`"
        case tuple():
            return f"`[{', '.join(value)}]`"
        case dict():
            return "`{}`"
        case _:
            return f"`{value}`"


def test_the_document_describes_every_key_and_no_other() -> None:
    assert set(described()) == {*SCALARS, *LISTS, *ITEMS}
    assert [key for key, (_, meaning) in described().items() if not meaning] == []


@pytest.mark.parametrize("path", [path for path in SCALARS if path != "ingest.personal_fields"])
def test_the_document_has_the_right_default(path: str) -> None:
    assert described()[path][0] == shown(SCALARS[path])


def test_the_document_has_the_right_defaults_of_items() -> None:
    for path, default in keys():
        if path in ITEMS and default not in (msgspec.NODEFAULT, ""):
            assert described()[path][0] == shown(default), path


def test_the_document_names_every_variable_that_is_no_setting() -> None:
    from ioc.settings import RESERVED

    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(IOC_\w+)`", text, re.MULTILINE)) >= RESERVED - {"IOC_DEMO"}
