"""Promises of measurements: kept, missed, not measured; each stands in the code once, and in the document with it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from dashboards.bench import latency, screens, soak
from ioc.promises import Promise, missed, table, tell
from streams import bench, bench_history

BENCHMARKS = Path(__file__).parents[2] / "docs" / "benchmarks.md"
ALL = (
    *bench.PROMISES,
    *bench_history.PROMISES,
    *latency.PROMISES,
    *screens.PROMISES,
    *screens.PROMISES_STALLED,
    *screens.PROMISES_RECONNECT,
    *soak.PROMISES,
)
MEASURED: dict[str, Any] = {"per_s": 9_000.0, "ms": {"p50": 1.0, "p99": 20.0}, "backlog": None, "gaps": 0, "ratio": 1.0}


def test_what_is_kept_missed_and_not_measured() -> None:
    kept = [Promise("per_s", least=9_000), Promise("ms.p99", most=20), Promise("ratio", least=0.95, most=1.05)]
    assert missed(MEASURED, [*kept, Promise("gaps", most=0), Promise("backlog.ms.p99", most=1)]) == []
    wrong = [Promise("per_s", least=12_000), Promise("ms.p99", most=19), Promise("ratio", least=0.5, most=0.9)]
    assert missed(MEASURED, wrong) == [
        "per_s is 9,000.00, promised >= 12,000",
        "ms.p99 is 20.00, promised <= 19",
        "ratio is 1.00, promised 0.5 to 0.9",
    ]
    assert missed({"ms": math.nan}, [Promise("ms", most=1)])
    with pytest.raises(KeyError):
        missed(MEASURED, [Promise("no_such_figure", most=1)])


def test_the_table_has_a_column_of_promises() -> None:
    lines = list(table(MEASURED, [Promise("per_s", least=12_000), Promise("ms.p99", most=19)]))
    assert [line.split() for line in lines] == [
        ["per_s", "9,000.00", ">=", "12,000"],
        ["ms"],
        ["p50", "1.00"],
        ["p99", "20.00", "<=", "19"],
        ["backlog", "-"],
        ["gaps", "0"],
        ["ratio", "1.00"],
    ]


@pytest.mark.parametrize("as_json", [False, True])
def test_the_exit_code_is_1_only_where_it_is_checked_and_missed(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    wrong, right = [Promise("per_s", least=12_000)], [Promise("per_s", least=1)]
    assert tell(MEASURED, wrong, as_json=as_json, check=False) == 0
    assert tell(MEASURED, right, as_json=as_json, check=True) == 0
    assert "missed" not in capsys.readouterr().err
    assert tell(MEASURED, wrong, as_json=as_json, check=True) == 1
    assert capsys.readouterr().err == "missed: per_s is 9,000.00, promised >= 12,000\n"


def said_as(value: float) -> list[str]:
    """A bound in its own unit, or in one a thousand times as large."""
    return [f"{value:g}", f"{value:,.0f}", f"{value:.2f}", f"{value / 1000:g}"]


def promised() -> Iterator[tuple[set[str], str]]:
    """The figures that a row of the document names, and its cell of promises."""
    column = 0
    for line in BENCHMARKS.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if "promise" in cells:
            column = cells.index("promise")
        elif line.startswith("|") and "figure of" not in line:
            yield set(re.findall(r"`([a-z0-9_.]+)`", line)), cells[column]
        elif not line:
            column = 0


@pytest.mark.parametrize("promise", ALL, ids=lambda promise: promise.figure)
def test_the_document_says_the_same_promise(promise: Promise) -> None:
    whole = promise.figure.rpartition(".")[0]  # a row of percentiles names them together
    said = [cell for names, cell in promised() if names & {promise.figure, whole}]
    assert said, promise.figure
    bounds = [bound for bound in (promise.least, promise.most) if bound is not None]
    wanted = ["1 ± 0.05"] if bounds == [0.95, 1.05] else list(chain.from_iterable(map(said_as, bounds)))
    assert any(re.search(rf"(?<![\d.,]){re.escape(word)}(?![\d.,]*\d)", cell) for cell in said for word in wanted), said
