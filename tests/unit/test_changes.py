"""Changes of values: small, and enough to make the new value out of the old one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.changes import WORTH_BYTES, change, difference
from dashboards.encode import changed_slot, encode_slot

LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "1.204", "Thuận An"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner), max_leaves=12
)


def patched(old: Any, found: Any) -> Any:
    """What the browser does with a change."""
    if isinstance(found, list):
        return found[0]
    made = list(old) if isinstance(old, list) else dict(old)
    for key, inner in found.items():
        at = int(key) if isinstance(made, list) else key
        made[at] = patched(made[at], inner)
    return made


@given(VALUES, VALUES)
def test_a_change_makes_the_new_value_of_the_old(old: Any, new: Any) -> None:
    found = difference(old, new)
    made = old if found is None else patched(old, found)
    assert json.dumps(made, sort_keys=True) == json.dumps(new, sort_keys=True)  # 1 is not true


@given(VALUES)
def test_what_is_the_same_has_no_change(value: Any) -> None:
    assert difference(value, json.loads(json.dumps(value))) is None


@pytest.mark.parametrize("length", [3, WORTH_BYTES])
def test_a_row_of_a_long_list_is_sent_alone(length: int) -> None:
    def rows(third: str) -> list[dict[str, Any]]:
        return [{"type": "Li", "props": {"children": third if n == 2 else "x" * length}} for n in range(9)]

    old, new = msgspec.json.encode(rows("4")), msgspec.json.encode(rows("5"))
    assert json.loads(change(old, new)) == {"2": {"props": {"children": ["5"]}}}


def test_a_value_of_which_most_changed_is_sent_whole() -> None:
    old, new = (msgspec.json.encode([f"{name}{n}" for n in range(50)]) for name in "ab")
    assert json.loads(change(old, new)) == [json.loads(new)]


def test_a_slot_says_what_changed_in_its_children() -> None:
    def children(second: str) -> list[dict[str, Any]]:
        return [{"props": {"children": "x" * WORTH_BYTES}}, {"props": {"children": second}}]

    before = encode_slot({"children": children("1"), "title": "a"})
    found = changed_slot(encode_slot({"children": children("2"), "title": "a"}), before)
    assert found is not None
    assert json.loads(found) == {"children~": {"1": {"props": {"children": ["2"]}}}}
