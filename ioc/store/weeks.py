"""The days of today's name in the weeks before: read as a whole once a day, then patched like the rest of a picture."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
import numpy.typing as npt

from ioc.days import BIN_US, BINS_A_DAY, WEEKS_BACK, day_end, week_starts
from ioc.facts import us_of
from ioc.snapshot import LEVELS, SERIES_FIGURES, Weeks
from ioc.store import balances, series
from ioc.store.connect import Connection

Numbers = npt.NDArray[np.int64]

LEVEL_AT = [at for at, figure in enumerate(SERIES_FIGURES) if figure in LEVELS]


class PastWeeks:
    """Their series; ``figure_at`` gives the figure of a metric and ``places`` the positions of units, -1 for none."""

    def __init__(self, units: int, figure_at: Numbers, places: Callable[[npt.NDArray[np.int32]], Numbers]) -> None:
        self._figure_at, self._places = figure_at, places
        days = len(WEEKS_BACK)
        self.now = Weeks(
            np.zeros((len(SERIES_FIGURES), units, days, BINS_A_DAY), dtype=np.int64),
            np.zeros((len(SERIES_FIGURES), units, days), dtype=np.int64),
        )
        self._begin_us = self._end_us = np.zeros(days, dtype=np.int64)

    def read(self, conn: Connection, midnight: datetime) -> None:
        """Reads those before today's local ``midnight`` into an empty object; a packed day is two rows."""
        starts = week_starts(midnight)
        self._begin_us = np.array([us_of(start) for start in starts], dtype=np.int64)
        self._end_us = np.array([us_of(day_end(start)) for start in starts], dtype=np.int64)
        oldest = series.oldest(conn)
        told = [day for day, end_us in enumerate(self._end_us) if oldest is not None and end_us > us_of(oldest)]
        for day, cells in zip(told, series.whole_days(conn, [starts[day] for day in told]), strict=True):
            kept, figure, place = self._known(cells["metric"], cells["unit"])
            np.add.at(self.now.bins[:, :, day], (figure, place, cells["bin"][kept]), cells["value"][kept])
            standing = balances.at_midnight(conn, starts[day])
            kept, figure, place = self._known(standing["metric"], standing["handling"])
            np.add.at(self.now.before[:, :, day], (figure, place), standing["value"][kept])

    def _known(
        self, metric: npt.NDArray[np.int32], unit: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.bool_], Numbers, Numbers]:
        small = metric < len(self._figure_at)
        figure, place = np.where(small, self._figure_at[np.where(small, metric, 0)], -1), self._places(unit)
        kept = (figure >= 0) & (place >= 0)
        return kept, figure[kept], place[kept]

    def add(self, figure: Numbers, place: Numbers, at_us: Numbers, delta: Numbers) -> None:
        """Adds changes that lie before the remembered days."""
        level = np.isin(figure, LEVEL_AT)
        for day, (begin, end) in enumerate(zip(self._begin_us, self._end_us, strict=True)):
            older = level & (at_us < begin)
            np.add.at(self.now.before[:, :, day], (figure[older], place[older]), delta[older])
            own = (at_us >= begin) & (at_us < end)
            bins = np.minimum((at_us[own] - begin) // BIN_US, BINS_A_DAY - 1)
            np.add.at(self.now.bins[:, :, day], (figure[own], place[own], bins), delta[own])
