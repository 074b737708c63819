"""What holds for every module, whoever wrote it. The direction of imports is import-linter's."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import panels as panel_package
from dashboards.pages import wall
from dashboards.pages.registry import pages
from dashboards.panel import Panel
from dashboards.text import LANGUAGES
from dashboards.vitals import Vitals
from ioc.settings import load
from streams.feeds import FEEDS

ROOT = Path(__file__).parents[2]
ROOMS = ("ioc", "streams", "dashboards")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOST_LINES = 400
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def holds_code(path: Path) -> bool:
    return bool(path.read_text(encoding="utf-8").strip())


def public(
    tree: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Public functions, classes and methods of a module; what overrides a documented method may be silent."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node, f"{node.name}.")


@pytest.mark.parametrize("path", [path for path in MODULES + TESTS if holds_code(path)], ids=named)
def test_every_module_says_what_it_is_and_is_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name != "__init__.py" or len(text.splitlines()) > 3:
        assert ast.get_docstring(ast.parse(text)), "a module begins with what it is for"
    if path in MODULES:
        assert len(text.splitlines()) <= MOST_LINES, "a module is one concept; this one holds more"


def test_names_say_what_is_in_a_module() -> None:
    assert [named(path) for path in MODULES + TESTS if path.stem in VAGUE] == []


def test_nothing_is_left_to_be_done() -> None:
    left = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
    assert [named(path) for path in MODULES + TESTS if left.search(path.read_text(encoding="utf-8"))] == []


def test_every_public_thing_has_a_docstring() -> None:
    bare = [
        f"{named(path)}: {name}"
        for path in MODULES
        for name, node in public(ast.parse(path.read_text(encoding="utf-8")))
        if not ast.get_docstring(node)
    ]
    assert bare == []


def test_only_the_modules_named_after_it_import_kafka() -> None:
    importing = {
        named(path)
        for path in MODULES
        if re.search(r"^\s*(from|import) kafka\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert importing
    assert [name for name in importing if not name.startswith("streams/kafka_")] == []


def test_everything_is_caught_only_where_a_broken_panel_must_not_black_out_a_wall() -> None:
    catching = {
        named(path) for path in MODULES if re.search(r"except Exception\b|except:", path.read_text(encoding="utf-8"))
    }
    assert catching <= {"dashboards/channel.py"}


def test_sql_is_in_the_store_alone() -> None:
    statement = re.compile(r"[\"']{1,3}\s*(select|insert into|update|delete from|with \w+ as) ", re.IGNORECASE)
    outside = [
        named(path)
        for path in MODULES
        if "ioc/store/" not in named(path) and statement.search(path.read_text(encoding="utf-8"))
    ]
    assert outside == []


def modules_of(package: str) -> set[str]:
    return {path.stem for path in (ROOT / package.replace(".", "/")).glob("*.py") if path.stem != "__init__"}


def test_every_feed_is_registered() -> None:
    assert {feed.topic.name.lower() for feed in FEEDS} == modules_of("streams.feeds") - {"wire"}


def test_every_page_is_registered() -> None:
    def vitals() -> Vitals:
        raise AssertionError("asked when a page is shown, not when it is made")

    registered = {page.layout.__module__.rpartition(".")[2] for page in pages(vitals)}
    assert registered == modules_of("dashboards.pages") - {"addresses", "registry"}


def test_every_panel_is_on_a_page() -> None:
    composed = load(ROOT / "config.yaml", environ={}, data_dir="/nowhere")
    shown = {panel.name for page in pages(lambda: None, settings=composed) for panel in page.panels}  # type: ignore[arg-type,return-value]
    shown |= {panel.name for panel in wall.MAPS.values()}  # layers that a wall may name
    made = set()
    for module in modules_of("dashboards.panels"):
        found = importlib.import_module(f"{panel_package.__name__}.{module}")
        made |= {value.name for value in vars(found).values() if isinstance(value, Panel)}
    assert made
    assert made <= shown


def test_every_language_is_registered_and_says_the_same_things() -> None:
    files = modules_of("dashboards.text") - {"formats", "names", "walls"}
    assert set(LANGUAGES) == files
    fields = re.compile(r"\{(\w+)")
    first, *others = LANGUAGES.values()
    for words in others:
        assert words.keys() == first.keys()
        for key, text in words.items():
            assert sorted(set(fields.findall(text))) == sorted(set(fields.findall(first[key]))), key


def test_migrations_are_numbered_without_a_gap_and_named_by_what_they_do() -> None:
    names = sorted(path.name for path in (ROOT / "ioc" / "store" / "migrations").glob("*.sql"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert [name for name in names if not re.fullmatch(r"\d{4}_[a-z]+_[a-z0-9_]+\.sql", name)] == []
