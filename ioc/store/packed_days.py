"""Days of figures packed in a row each, as bytes, so that one look replaces the sums of all their minutes.

A packed day says the same as its sums. What is written for it later takes the row away in the same transaction, and
the watching process packs it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ioc.snapshot import local_midnight
from ioc.store.connect import Connection, translated
from ioc.store.locks import OPENING_LOCK

Cells = npt.NDArray[np.void]

STEP_S = 0.5

LOCK = "select pg_advisory_xact_lock(%(lock)s)"
OLDEST: LiteralString = "select min(bucket) from {sums}"
DAYS: LiteralString = "select day from {table} where metrics = %(metrics)s::int[]"
EVERY: LiteralString = "select day, cells from {table} where metrics = %(metrics)s::int[] order by day"
KEEP: LiteralString = """
    insert into {table} (day, metrics, cells) values (%(day)s, %(metrics)s, %(cells)s)
    on conflict (day) do update set metrics = excluded.metrics, cells = excluded.cells
"""


def next_midnight(midnight: datetime, zone: ZoneInfo) -> datetime:
    """The local midnight after a local midnight."""
    return local_midnight(midnight + timedelta(hours=36), zone)


@dataclass(frozen=True, slots=True)
class PackedDays:
    """The packed days of one ``table``, made from the rollup ``sums``; ``metrics`` is what their cells are of."""

    table: LiteralString
    sums: LiteralString
    metrics: list[int]

    def pack(
        self, conn: Connection, days: Callable[[datetime], Iterable[datetime]], cells: Callable[[datetime], Cells]
    ) -> bool:
        """Packs those of ``days`` that are not packed, in their order, for about `STEP_S`; whether there may be more.

        ``days`` is given the oldest moment that there are sums of, ``cells`` a day. Writers wait while one is packed.
        """
        began_s = time.monotonic()
        with translated():
            row = conn.execute(OLDEST.replace("{sums}", self.sums)).fetchone()
            if row is None or row[0] is None:
                return False
            asked = {"metrics": self.metrics}
            known = {day for (day,) in conn.execute(DAYS.replace("{table}", self.table), asked)}
            for day in days(row[0]):
                if day in known:
                    continue
                with conn.transaction():
                    conn.execute(LOCK, {"lock": OPENING_LOCK})
                    kept = asked | {"day": day, "cells": cells(day).tobytes()}
                    conn.execute(KEEP.replace("{table}", self.table), kept)
                if time.monotonic() - began_s > STEP_S:
                    return True
        return False

    def differences(
        self, conn: Connection, zone: ZoneInfo, cells: Callable[[datetime], Cells], truth: str
    ) -> list[str]:
        """Packed days that are not what ``cells`` makes of them, in words; ``truth`` says what that is."""
        every = conn.execute(EVERY.replace("{table}", self.table), {"metrics": self.metrics}).fetchall()
        wrong = [day for day, kept in every if cells(day).tobytes() != kept]
        return [f"{self.table}: {day.astimezone(zone):%Y-%m-%d} is not what {truth}" for day in wrong]
