"""Random generators that any process can make again: one for each (seed, stream, day)."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]


def generator(seed: int, stream: str, day: int = 0) -> np.random.Generator:
    """The generator of a stream's day (its position in `OfficeDays`); the same three always give the same draws."""
    entropy = np.random.SeedSequence([seed & 0xFFFFFFFF, crc32(stream.encode()), day])
    return np.random.Generator(np.random.PCG64(entropy))


def pick(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """``size`` positions drawn by weight; weights need not sum to one."""
    edges = np.cumsum(weights)
    found = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    within: Ints = np.minimum(found, len(edges) - 1).astype(np.int64)
    return within


def by_rank(a_day: float, members: int, steepness: float = 1.0) -> Floats:
    """How ``a_day`` spreads over so many, the first being the most common."""
    ranks = 1.0 / np.arange(1, members + 1) ** steepness
    return a_day * ranks / ranks.sum() if members else ranks


def drawn(rng: np.random.Generator, demand: Floats, factor: float) -> Ints:
    """What is asked for on a day of ``factor`` usual ones: positions in ``demand``, which may be empty."""
    size = int(rng.poisson(demand.sum() * factor)) if len(demand) else 0
    return pick(rng, demand, size) if size else np.zeros(0, dtype=np.int64)


def delays_ms(rng: np.random.Generator, size: int) -> Ints:
    """How long after it happened each event leaves its source, in milliseconds.

    Most leave within a second; about 1 % are 1 to 90 minutes late (a counter without network), a few come the next
    day (a batch file).
    """
    delay = rng.integers(40, 900, size)
    luck = rng.random(size)
    late = luck < 0.0105
    delay[late] = (60_000 + rng.beta(1.1, 3.0, int(late.sum())) * 89 * 60_000).astype(np.int64)
    lost = luck < 0.0004
    delay[lost] = rng.integers(14 * 3_600_000, 26 * 3_600_000, int(lost.sum()))
    return delay.astype(np.int64)
