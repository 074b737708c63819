"""What `ioc reconcile` prints of partitions."""

from __future__ import annotations

import pytest

from ioc.store.reconcile import Report, SourceCount
from ioc.verbs import print_report


def source(partition: int, **counts: int) -> SourceCount:
    numbers = dict.fromkeys(SourceCount.__dataclass_fields__, 0)
    words = {"cluster": "c", "topic": 3, "partition": partition, "finding": "", "found_at": None, "settled_at": None}
    return SourceCount(**(numbers | words | counts))  # type: ignore[arg-type]


def test_offsets_without_a_record_are_said_by_partition(capsys: pytest.CaptureFixture[str]) -> None:
    full, holed = source(0, consumed=9, events=9), source(1, consumed=9, events=5, empty=4)
    print_report(Report((full, holed), (), was_deep=False))
    said = capsys.readouterr().out
    assert "4 offsets of ioc.usage.v1 1 held no record" in said
    assert said.count("held no record") == 1
    assert said.endswith("0 differences\n")


def test_what_was_lost_has_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(Report((source(0, lost=712),), (), was_deep=False))
    head, row, _ = capsys.readouterr().out.splitlines()
    assert row[head.index("lost") + len("lost") - 10 : head.index("lost") + len("lost")].strip() == "712"
