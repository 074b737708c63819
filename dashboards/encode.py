"""Props of slots as JSON bytes, made once for every screen, and the part of them that a screen does not have yet.

A prop is encoded whole, but for ``figure``: that is kept in parts (each key of each trace, each key of the layout), so
that a map sends its colours without its outlines. On the wire a slot is an object of props; ``"figure~"`` is a change
(`dashboards.changes`) of the figure that the browser has, ``"children~"`` one of its children.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from dashboards.changes import WORTH_BYTES, change


def _plain(value: Any) -> Any:
    """What msgspec does not know by itself."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "to_plotly_json"):
        return value.to_plotly_json()
    raise TypeError(f"a slot cannot hold a {type(value).__name__}")


ENCODER = msgspec.json.Encoder(enc_hook=_plain)


@dataclass(frozen=True, slots=True)
class FigureParts:
    """A figure as the bytes of its parts; frames and config of a figure are not for slots."""

    data: tuple[dict[str, bytes], ...]
    layout: dict[str, bytes]

    def whole(self) -> bytes:
        """The figure as one JSON object."""
        traces = b",".join(_members(trace) for trace in self.data)
        return b'{"data":[' + traces + b'],"layout":' + _members(self.layout) + b"}"

    def since(self, before: FigureParts) -> bytes | None:
        """What changed, as the value of ``figure~``; None where only the whole figure says it."""
        if len(self.data) != len(before.data) or self.layout.keys() != before.layout.keys():
            return None
        traces: dict[str, bytes] = {}
        for at, (new, old) in enumerate(zip(self.data, before.data, strict=True)):
            if new.keys() != old.keys():
                return None
            changed = {key: change(old[key], value) for key, value in new.items() if old[key] != value}
            if changed:
                traces[str(at)] = _members(changed)
        layout = {
            # axes come whole: Plotly writes into the ones that it was given
            key: change(before.layout[key], value) if value.startswith(b"[") else b"[" + value + b"]"
            for key, value in self.layout.items()
            if before.layout[key] != value
        }
        parts = {"data": _members(traces)} if traces else {}
        if layout:
            parts["layout"] = _members(layout)
        return _members(parts)


Encoded = bytes | FigureParts
"""One prop of a slot."""
EncodedSlot = Mapping[str, Encoded]
"""All props of a slot; never changed once made."""


def _members(parts: Mapping[str, bytes]) -> bytes:
    return b"{" + b",".join(ENCODER.encode(key) + b":" + value for key, value in parts.items()) + b"}"


def encode_prop(name: str, value: Any) -> Encoded:
    """One prop. Raises TypeError or msgspec.EncodeError for what JSON cannot say."""
    if name != "figure" or value is None:
        return ENCODER.encode(value)
    if hasattr(value, "to_plotly_json"):
        value = value.to_plotly_json()
    data = tuple({key: ENCODER.encode(part) for key, part in _object(trace).items()} for trace in value.get("data", ()))
    layout = {key: ENCODER.encode(part) for key, part in _object(value.get("layout") or {}).items()}
    return FigureParts(data, layout)


def _object(value: Any) -> dict[str, Any]:
    found = value.to_plotly_json() if hasattr(value, "to_plotly_json") else value
    if not isinstance(found, dict):
        raise TypeError(f"a figure holds traces and a layout, not a {type(found).__name__}")
    return found


def encode_slot(props: Mapping[str, Any]) -> dict[str, Encoded]:
    """All props of a slot."""
    return {name: encode_prop(name, value) for name, value in props.items()}


def whole_slot(props: EncodedSlot) -> bytes:
    """A slot in full, as one JSON object."""
    return _members({name: p.whole() if isinstance(p, FigureParts) else p for name, p in props.items()})


def changed_slot(props: EncodedSlot, before: EncodedSlot | None) -> bytes | None:
    """The props that differ from ``before`` as one JSON object; None where none does."""
    if before is None:
        return whole_slot(props)
    changed: dict[str, bytes] = {}
    for name, prop in props.items():
        old = before.get(name)
        if prop == old:
            continue
        if isinstance(prop, FigureParts):
            part = prop.since(old) if isinstance(old, FigureParts) else None
            changed["figure" if part is None else "figure~"] = prop.whole() if part is None else part
        elif isinstance(old, bytes) and len(prop) >= WORTH_BYTES:
            changed[name + "~"] = change(old, prop)
        else:
            changed[name] = prop
    return _members(changed) if changed else None


def slots_object(slots: Mapping[str, bytes]) -> bytes:
    """Slots by id as one JSON object."""
    return _members(slots)
