"""Ranking by overdue share: who is late, relative to load?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboards.panel import Look
from dashboards.text.formats import collation_key
from dashboards.text.names import listed
from ioc.figures import CaseFigures
from ioc.snapshot import UnitRow
from ioc.world import Unit

LEAST = 30
"""Ranked are units with so many open cases: with ten, two late ones would lead the list."""
CUT = 20.0
"""Bars end at so many per cent of the open cases: the late part stays comparable, the rest is cut and said to be."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """``late``: enough open cases and some overdue, worst first; ``few``: too few to rank but overdue; the others have
    nothing overdue: ``clean`` (by name), of which ``idle`` have no open case at all."""

    late: tuple[UnitRow, ...]
    few: tuple[UnitRow, ...]
    clean: tuple[UnitRow, ...]
    idle: int

    @property
    def all(self) -> tuple[UnitRow, ...]:
        """Every unit once: ranked, then too few, then clean."""
        return (*self.late, *self.few, *self.clean)


def ranked(rows: Iterable[UnitRow], look: Look) -> Ranking:
    """The ranking of some units; equal shares by number, then by name."""
    found = sorted(rows, key=lambda row: collation_key(listed(row.unit, look.language)))
    late = [row for row in found if row.cases.open_overdue and row.cases.open >= LEAST]
    few = [row for row in found if row.cases.open_overdue and row.cases.open < LEAST]
    late.sort(key=lambda row: (-(row.cases.overdue_share_pct or 0), -row.cases.open_overdue))
    few.sort(key=lambda row: -row.cases.open_overdue)
    clean = [row for row in found if not row.cases.open_overdue]
    clean.sort(key=lambda row: -row.cases.open)
    return Ranking(tuple(late), tuple(few), tuple(clean), sum(1 for row in clean if row.cases.open == 0))


def load_bar(cases: CaseFigures) -> dict[str, str]:
    """The style of a `.load` bar: overdue from the baseline, then due soon, then the rest up to `CUT` per cent."""
    if cases.open == 0:
        return {"--a": "0%", "--b": "0%", "--c": "0%"}
    overdue = cases.open_overdue * 100 / cases.open / CUT * 100
    soon = overdue + cases.open_due_soon * 100 / cases.open / CUT * 100
    return {"--a": f"{min(overdue, 100):.1f}%", "--b": f"{min(soon, 100):.1f}%", "--c": "100%"}


def departments(units: Sequence[Unit]) -> list[Unit]:
    """Those that are departments or branches of one."""
    return [unit for unit in units if unit.kind in ("department", "branch")]


def places(units: Sequence[Unit]) -> list[Unit]:
    """Those that are places: districts, communes, one-stop points."""
    return [unit for unit in units if unit.kind not in ("department", "branch")]
