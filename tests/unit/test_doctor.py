"""Every check of the doctor can be named, and is described in its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ioc.__main__ import parser
from streams.doctor import NAMES

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def test_every_check_can_be_asked_for_alone() -> None:
    assert tuple(parser().parse_args(["doctor", "--only", *NAMES]).only) == NAMES
    with pytest.raises(SystemExit):
        parser().parse_args(["doctor", "--only", "nothing"])


def test_every_check_is_described_in_its_order() -> None:
    part = OPERATIONS.read_text(encoding="utf-8").partition("## The doctor")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| `([a-z-]+)` \|", part, re.MULTILINE)) == NAMES
