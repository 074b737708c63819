"""Finds a place for each name on a map so that none covers another, and none stands on another's ground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

STEPS = (
    (0.0, 0.0),
    *((x, y) for y in (-0.4, 0.4) for x in (0.0, -0.3, 0.3)),
    *((x, 0.0) for x in (-0.35, 0.35, -0.6, 0.6, -0.9, 0.9, -1.2, 1.2)),
    *((x, y) for y in (-0.9, 0.9) for x in (0.0, -0.4, 0.4, -0.8, 0.8)),
    *((x, y) for y in (-1.6, 1.6) for x in (0.0, -0.5, 0.5, -1.0, 1.0)),
    *((x, y) for x in (-1.1, 1.1, -1.5, 1.5) for y in (0.0, -0.6, 0.6)),
)
"""Where a label may go, in parts of its own size from where it belongs."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text box in pixels from the top left: its middle, its width and its height."""

    x: float
    y: float
    width: float
    height: float


def spread(
    labels: Sequence[Label],
    width: float,
    height: float,
    *,
    avoid: Sequence[Label] = (),
    strange: Callable[[int, float, float], float] = lambda _at, _x, _y: 0.0,
) -> list[Label]:
    """The labels moved as little as needed to overlap little and to lie within ``width`` by ``height``.

    Boxes to ``avoid`` (marks) may be touched, but cost something. ``strange(at, x, y)`` is what it costs that the
    middle of label ``at`` lies on a point. Each in turn takes the best of `STEPS`, four times over; the same input
    gives the same places.
    """
    choices = []
    for at, wanted in enumerate(labels):
        own = []
        for step in STEPS:
            label = _moved(wanted, step, width, height)
            far = abs(label.x - wanted.x) / label.width + abs(label.y - wanted.y) / label.height
            own.append((far + _covered(label, avoid) * 6 + strange(at, label.x, label.y), label))
        choices.append(own)
    placed = list(labels)
    for _ in range(4):
        for at, own in enumerate(choices):
            others = placed[:at] + placed[at + 1 :]
            costs = [cost + _covered(label, others) * 60 for cost, label in own]
            placed[at] = own[costs.index(min(costs))][1]
    return placed


def _moved(label: Label, step: tuple[float, float], width: float, height: float) -> Label:
    x = min(max(label.x + step[0] * label.width, label.width / 2), width - label.width / 2)
    y = min(max(label.y + step[1] * label.height, label.height / 2), height - label.height / 2)
    return Label(x, y, label.width, label.height)


def _covered(label: Label, others: Sequence[Label]) -> float:
    covered = 0.0
    for other in others:
        wide = (label.width + other.width) / 2 - abs(label.x - other.x)
        high = (label.height + other.height) / 2 - abs(label.y - other.y)
        if wide > 0 and high > 0:
            covered += wide * high / (label.width * label.height)
    return covered
