"""What changed inside a value of JSON, so that one new number in a long list does not send the list again.

A *change* is ``[value]``, the new value; or an object that says, for keys of an object or places of a list, how each
changed: ``{"props": {"children": {"3": ["1.204"]}}}``. ``patched`` in ``live.js`` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

WORTH_BYTES = 160
"""Shorter values are sent as they are."""
SAVES = 0.8
"""A change must be shorter than this part of the value, or the value itself is sent."""


def difference(old: Any, new: Any) -> Any:
    """The change from ``old`` to ``new``, both as decoded from JSON; None where they are the same."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        members: Iterable[tuple[str, Any, Any]] = ((key, old[key], value) for key, value in new.items())
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        members = ((str(at), before, value) for at, (before, value) in enumerate(zip(old, new, strict=True)))
    else:
        return None if old == new and type(old) is type(new) else [new]
    found = {key: inner for key, before, value in members if (inner := difference(before, value)) is not None}
    return found or None


def change(old: bytes, new: bytes) -> bytes:
    """The change between two values in JSON, in JSON; the new value where that is about as short."""
    whole = b"[" + new + b"]"
    if len(new) < WORTH_BYTES:
        return whole
    found = msgspec.json.encode(difference(msgspec.json.decode(old), msgspec.json.decode(new)) or {})
    return found if len(found) < SAVES * len(new) else whole
