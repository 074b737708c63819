"""What the documents say is so: links, commands, files, words, lists."""

from __future__ import annotations

import argparse
import io
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from ioc import __version__
from ioc.__main__ import parser
from ioc.figures import CameraFigures, CaseFigures, FeedFigure, IncidentFigures, Overview, UsageFigures, percent

ROOT = Path(__file__).parents[2]
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
ADR = sorted((ROOT / "docs" / "adr").glob("0*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONTRACTS = ROOT / "ioc" / "data" / "contracts"


def read(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("paper", PAPERS, ids=named)
def test_every_link_leads_somewhere(paper: Path) -> None:
    broken = []
    for link in LINK.findall(paper.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = (paper.parent / file).resolve() if file else paper
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("paper", PAPERS, ids=named)
def test_every_file_that_is_named_exists(paper: Path) -> None:
    text = BLOCK.sub("", paper.read_text(encoding="utf-8"))
    words = re.findall(r"`((?:ioc|streams|dashboards|tests|docs)/[\w./-]*)`", text)
    missing = [word for word in words if not re.search(r"NNNN|NAME|XX", word) and not (ROOT / word).exists()]
    missing += [word for word in words if word.endswith("kafka_…") and not list(ROOT.glob("streams/kafka_*.py"))]
    assert missing == []


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every call of `ioc` in a shell block of a paper, and every one in running text that has more than a verb."""
    for paper in PAPERS:
        text = paper.read_text(encoding="utf-8")
        shell = "\n".join(body for language, body in BLOCK.findall(text) if language == "sh")
        shell = re.sub(r"'[^']*'", lambda quoted: quoted[0].replace("\n", " "), shell.replace("\\\n", " "))
        for line in shell.splitlines():
            for part in re.split(r"[|;]|&&", re.sub(r"\s+#.*", "", line)):
                words = part.split()
                if words and words[0] in {"ioc", ".venv/bin/ioc"}:
                    yield named(paper), shlex.split(part)[1:]
        for words_text in re.findall(r"`ioc ([a-z]+[^`]*)`", BLOCK.sub("", text)):
            if not re.search(r"[…\[·]|[A-Z]{2}", words_text):
                yield named(paper), shlex.split(words_text)


@pytest.mark.parametrize(("paper", "words"), list(commands()))
def test_every_command_can_be_typed(paper: str, words: list[str]) -> None:
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            parser().parse_args(words)
    except SystemExit:
        several = {"rejects": "list", "produce": "cases", "bench": "ingest", "replay": "permits"}
        assert len(words) == 1, f"{paper}: ioc {' '.join(words)}: {said.getvalue()}"
        assert words[0] in several, f"{paper}: there is no verb {words[0]}"


def verbs() -> set[str]:
    actions = [action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return set(actions[0].choices)


def test_the_readme_names_every_verb() -> None:
    table = read("README.md").partition("## Commands")[2].partition("\n## ")[0]
    assert [verb for verb in sorted(verbs()) if not re.search(rf"`ioc {verb}\b", table)] == []


def test_make_has_every_target_that_is_named() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    asked = {target for paper in PAPERS for target in re.findall(r"\bmake ([a-z]+)\b", re.sub("#.*", "", code(paper)))}
    assert asked
    assert asked <= targets


def code(paper: Path) -> str:
    """What stands in a paper as code, in blocks and in lines."""
    text = paper.read_text(encoding="utf-8")
    return "\n".join([body for _, body in BLOCK.findall(text)] + re.findall(r"`([^`\n]+)`", BLOCK.sub("", text)))


def test_the_example_of_the_readme_is_a_good_event() -> None:
    (event,) = re.findall(r"printf '(\{.*?\})'", read("README.md"), re.DOTALL)
    event = event.replace("%s", "2026-11-23T08:45:00+07:00")
    schema = json.loads((CONTRACTS / "case-event.schema.json").read_text(encoding="utf-8"))
    checker = Draft202012Validator.FORMAT_CHECKER
    assert list(Draft202012Validator(schema, format_checker=checker).iter_errors(json.loads(event))) == []


def test_every_page_is_in_the_readme_and_in_the_list_of_screens() -> None:
    from dashboards.pages.registry import pages

    for page in pages(lambda: None):  # type: ignore[arg-type,return-value]
        path = "/wall/NAME" if page.path.startswith("/wall/") else page.path
        assert f"| `{path}` |" in read("README.md")
        assert f"| `{path}` |" in read("docs/screens.md")


def test_every_parameter_of_the_overview_is_described() -> None:
    from dashboards.api import PARAMETERS

    listed = set(re.findall(r"^\| `(\w+)` \|", read("docs/api.md").partition("## Health")[0], re.MULTILINE))
    assert listed == PARAMETERS - {"token"}


def test_the_example_of_an_overview_has_every_field_and_adds_up() -> None:
    (text,) = [body for language, body in BLOCK.findall(read("docs/api.md")) if language == "json"]
    cases = json.loads(text)["cases"]
    assert set(cases) == {field.name for field in msgspec.structs.fields(CaseFigures)}
    assert set(json.loads(text)) == {field.encode_name for field in msgspec.structs.fields(Overview)}
    late = cases["open_overdue"] + cases["paused_overdue"]
    assert cases["on_time_pct"] == percent(cases["finished_on_time"], cases["finished"] + late)
    assert cases["finished_on_time_pct"] == percent(cases["finished_on_time"], cases["finished"])
    assert cases["open"] == cases["open_in_time"] + cases["open_due_soon"] + cases["open_overdue"]
    assert cases["received"] == sum(cases["received_by_channel"].values())


def test_every_metric_is_described() -> None:
    names = set(re.findall(r'"(ioc_[a-z_]+)"', read("dashboards/metrics.py")))
    assert names
    assert [name for name in sorted(names) if f"`{name}`" not in read("docs/api.md")] == []


def test_every_size_of_board_is_in_the_list_of_screens() -> None:
    from dashboards.sign.boards import BOARDS

    for board in BOARDS:
        assert f"{board.width} × {board.height}" in read("docs/screens.md")


def test_every_figure_is_defined() -> None:
    text = read("docs/figures.md")
    names = {
        field.name
        for kind in (CaseFigures, IncidentFigures, CameraFigures, UsageFigures, FeedFigure)
        for field in msgspec.structs.fields(kind)
        if field.name not in {"topic", "last_event_at", "last_arrival_at"}
    }
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_the_rooms_of_an_overview_are_all_described() -> None:
    about = {"unit", "scope", "as_of", "from_", "from", "to"}
    rooms = {field.encode_name for field in msgspec.structs.fields(Overview)} - about
    assert rooms == {"cases", "incidents", "cameras", "usage", "indicators", "feeds"}
    headings = " ".join(re.findall(r"^## (.*)$", read("docs/figures.md"), re.MULTILINE)).lower()
    assert [room for room in rooms if room not in headings] == []


def properties(schema: dict[str, Any]) -> set[str]:
    """Every field that a contract names, with the words that it may hold."""
    found: set[str] = set()
    for part in (schema, *schema.get("oneOf", ())):
        for name, rule in part.get("properties", {}).items():
            found.add(name)
            found |= {word for word in rule.get("enum", ()) if isinstance(word, str)}
    return found


@pytest.mark.parametrize("contract", ["case", "camera", "usage", "indicator"])
def test_every_field_and_word_of_a_contract_is_described(contract: str) -> None:
    schema = json.loads((CONTRACTS / f"{contract}-event.schema.json").read_text(encoding="utf-8"))
    text = read("docs/feeds.md")
    assert [name for name in sorted(properties(schema)) if f"`{name}`" not in text] == []


def test_every_reason_of_refusal_is_described_in_its_order() -> None:
    listed = re.findall(r"^\| `([a-z_]+)` \|", read("docs/feeds.md").partition("## What is refused")[2], re.MULTILINE)
    lines = (CONTRACTS / "bad-examples.jsonl").read_text(encoding="utf-8").splitlines()
    reasons = {json.loads(line)["reason"] for line in lines}
    assert reasons <= set(listed)
    assert [*listed[:4], *listed[-5:]] == [
        "undecodable", "too_large", "not_json", "schema", "past", "future", "conflict", "too_many_steps", "unstorable",
    ]  # fmt: skip


def test_every_dependency_has_its_reason() -> None:
    wanted = {
        re.split(r"[\[<>=~! ]", line, maxsplit=1)[0].lower()
        for line in [
            *PROJECT["dependencies"],
            *(one for more in PROJECT["optional-dependencies"].values() for one in more),
        ]
    }
    listed = set(re.findall(r"^\| `([\w-]+)` \|", read("docs/adr/0008-libraries.md"), re.MULTILINE))
    assert listed == wanted


def test_decisions_are_numbered_dated_and_listed() -> None:
    assert [int(path.name[:4]) for path in ADR] == list(range(1, len(ADR) + 1))
    index = read("docs/adr/README.md")
    for path in ADR:
        text = path.read_text(encoding="utf-8")
        assert re.match(rf"# {path.name[:4]} .+\n\n\d{{4}}-\d\d-\d\d\n", text), path.name
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence")), path.name
        title = text.partition("\n")[0].removeprefix(f"# {path.name[:4]} ").partition(",")[0]
        assert f"[{path.name[:4]}]({path.name})" in index
        assert title.split()[0] in index


def test_there_is_one_version() -> None:
    assert PROJECT["version"] == __version__
    assert re.search(rf"^## ({re.escape(__version__)}\b|Unreleased)", read("CHANGELOG.md"), re.MULTILINE)


def test_what_others_made_is_named_with_its_licence() -> None:
    notice = read("NOTICE")
    for word in (
        "Be Vietnam Pro",
        "Inter",
        "efont",
        "misc-fixed",
        "Bootstrap",
        "vietnamadminunits",
        "4TU.ResearchData",
    ):
        assert word in notice
    licences = {path.name for path in (ROOT / "dashboards").rglob("*") if re.search(r"LICENSE|OFL", path.name)}
    assert licences
    assert read("LICENSE").lstrip().startswith("Apache License")
    assert len(read("LICENSE").splitlines()) > 190
    for name in ("OFL.txt", "EFONT-LICENSE.txt", "LICENSE-bootstrap.txt", "LICENSE-bootstrap-icons.txt"):
        assert name in notice
        assert name in licences
