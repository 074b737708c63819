"""Finds a place for each name on a map so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (
    (0.0, 0.0),
    (0, -0.5),
    (0, 0.5),
    (-0.35, 0),
    (0.35, 0),
    (0, -1),
    (0, 1),
    (-0.6, -0.4),
    (0.6, -0.4),
    (-0.6, 0.4),
    (0.6, 0.4),
    (-0.9, 0),
    (0.9, 0),
    (-0.8, -0.9),
    (0.8, -0.9),
    (-0.8, 0.9),
    (0.8, 0.9),
    (0, -1.6),
    (0, 1.6),
    (-1.2, 0.4),
    (1.2, 0.4),
    (-1.2, -0.4),
    (1.2, -0.4),
)
"""Where a label may go, in parts of its own size from where it belongs."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text box in pixels from the top left: its middle, its width and its height."""

    x: float
    y: float
    width: float
    height: float


def spread(labels: Sequence[Label], width: float, height: float, avoid: Sequence[Label] = ()) -> list[Label]:
    """The labels moved as little as needed to overlap little and to lie within ``width`` by ``height``.

    Boxes to ``avoid`` (marks) may be touched, but cost something.
    Each in turn takes the best of `STEPS`, three times over; the same input gives the same places.
    """
    placed = list(labels)
    for _ in range(3):
        for at, wanted in enumerate(labels):
            others = [other for index, other in enumerate(placed) if index != at]
            placed[at] = min(
                (_moved(wanted, step, width, height) for step in STEPS),
                key=lambda label, wanted=wanted, others=others: _cost(label, wanted, others, avoid),  # type: ignore[misc]
            )
    return placed


def _moved(label: Label, step: tuple[float, float], width: float, height: float) -> Label:
    x = min(max(label.x + step[0] * label.width, label.width / 2), width - label.width / 2)
    y = min(max(label.y + step[1] * label.height, label.height / 2), height - label.height / 2)
    return Label(x, y, label.width, label.height)


def _cost(label: Label, wanted: Label, others: Sequence[Label], avoid: Sequence[Label]) -> float:
    far = abs(label.x - wanted.x) / label.width + abs(label.y - wanted.y) / label.height
    return _covered(label, others) * 12 + _covered(label, avoid) * 4 + far


def _covered(label: Label, others: Sequence[Label]) -> float:
    covered = 0.0
    for other in others:
        wide = (label.width + other.width) / 2 - abs(label.x - other.x)
        high = (label.height + other.height) / 2 - abs(label.y - other.y)
        if wide > 0 and high > 0:
            covered += wide * high / (label.width * label.height)
    return covered
