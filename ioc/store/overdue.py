"""The open cases of scopes that are overdue at a moment, or due soon, by due moment: whose turn is it, and when?

Which cases they are is read from the effects by an index; their steps by the index of cases. No figure is counted
again, so a list has exactly as many cases as `open_overdue` or `open_due_soon` says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, LiteralString

from ioc.due import DueStep, days_late, due_at
from ioc.facts import Channel, Status
from ioc.settings import Settings
from ioc.snapshot import Scope
from ioc.store.connect import Connection, translated
from ioc.world import World

Kind = Literal["overdue", "soon"]
MOST = 200
"""Cases of a list; the others are counted, and said to be there."""

LATE: LiteralString = """
    with late as (
        select subject, handling, receiving
          from effect
         where metric = {metric} and {ours}
         group by subject, handling, receiving
        having sum(delta) {standing}
    )
    select c.code, l.handling, l.receiving, e.at, e.event_id, e.status, e.channel, e.due_at, e.procedure
      from late l
      join case_file c on c.no = l.subject
      join case_event e on e.case_no = l.subject and e.at < %(as_of)s
     order by c.code collate "C", e.at, e.event_id collate "C"
"""
OVERDUE: LiteralString = LATE.replace("{metric}", "11 and at < %(as_of)s").replace("{standing}", "> 0")
# each case is due soon for a while, in time or done in the end: what still has to end began. So neither the cases of all
# years are read nor an index of their own kept
SOON: LiteralString = LATE.replace("{metric}", "10 and at >= %(as_of)s").replace("{standing}", "< 0")
HANDLING: LiteralString = "handling = any(%(handling)s)"
RECEIVING: LiteralString = "receiving = any(%(receiving)s)"
EITHER: LiteralString = "(" + HANDLING + " or " + RECEIVING + ")"
STATEMENTS: Mapping[tuple[Kind, str], LiteralString] = {
    ("overdue", "handling"): OVERDUE.replace("{ours}", HANDLING),
    ("overdue", "receiving"): OVERDUE.replace("{ours}", RECEIVING),
    ("overdue", "either"): OVERDUE.replace("{ours}", EITHER),
    ("soon", "handling"): SOON.replace("{ours}", HANDLING),
    ("soon", "receiving"): SOON.replace("{ours}", RECEIVING),
    ("soon", "either"): SOON.replace("{ours}", EITHER),
}


@dataclass(frozen=True, slots=True)
class OverdueCase:
    """An open case that is overdue or due soon. ``handling`` and ``receiving`` are unit codes, ``days_late`` calendar
    days: 0 or less of a case that is due soon."""

    code: str
    due_at: datetime
    days_late: int
    handling: str
    receiving: str
    channel: str
    status: str
    procedure: str


@dataclass(frozen=True, slots=True)
class OverdueList:
    """What was overdue, or due soon, at ``as_of``: ``total`` cases, of which the list holds those due first."""

    as_of: datetime
    total: int
    cases: tuple[OverdueCase, ...]


def overdue_list(
    conn: Connection,
    world: World,
    settings: Settings,
    scope: Scope,
    as_of: datetime,
    most: int = MOST,
    *,
    kind: Kind = "overdue",
) -> OverdueList:
    """The list of one scope: see `overdue_lists`."""
    return overdue_lists(conn, world, settings, (scope,), as_of, most, kind=kind)[scope]


def overdue_lists(
    conn: Connection,
    world: World,
    settings: Settings,
    scopes: Iterable[Scope],
    as_of: datetime,
    most: int = MOST,
    *,
    kind: Kind = "overdue",
) -> dict[Scope, OverdueList]:
    """Of each scope the open cases that are overdue, or due soon, at ``as_of``: by due moment, then by code; at most
    ``most``.

    One statement, however many scopes: it costs the overdue effects of all their units, or the effects still to come,
    and the steps of those cases, however many cases there are beside them. KeyError for an unknown unit; Transient where
    the server failed.
    """
    wanted = {scope: [world.units[at] for at in world.subtree(scope.unit)] for scope in scopes}
    units: dict[str, set[int]] = {"handling": set(), "receiving": set()}
    looking: dict[tuple[str, str], list[Scope]] = defaultdict(list)
    for scope, own in wanted.items():
        units[scope.by].update(unit.no for unit in own)
        for unit in own:
            looking[scope.by, unit.code].append(scope)
    side = "either" if all(units.values()) else "receiving" if units["receiving"] else "handling"
    with translated():
        asked = {"as_of": as_of, **{by: sorted(numbers) for by, numbers in units.items()}}
        rows = conn.execute(STATEMENTS[kind, side], asked).fetchall()
    found: dict[Scope, list[OverdueCase]] = {scope: [] for scope in wanted}
    for case in sorted(_cases(rows, world, settings, as_of), key=lambda case: (case.due_at, case.code)):
        for scope in (*looking["handling", case.handling], *looking["receiving", case.receiving]):
            found[scope].append(case)
    return {scope: OverdueList(as_of, len(own), tuple(own[:most])) for scope, own in found.items()}


def _cases(rows: list[tuple[Any, ...]], world: World, settings: Settings, as_of: datetime) -> Iterator[OverdueCase]:
    for code, steps in groupby(rows, key=itemgetter(0)):
        own = list(steps)
        _, handling, receiving, _, _, status, channel, _, procedure = own[-1]
        due = due_at(
            (DueStep(at, event, kind, said) for _, _, _, at, event, kind, _, said, _ in own), settings.cases.stopped
        )
        if (
            due is None or handling not in world.by_no
        ):  # overdue without a due moment cannot be; a unit of another pack can
            continue
        yield OverdueCase(
            code=code,
            due_at=due.astimezone(settings.zone),
            days_late=days_late(due, as_of, settings.zone),
            handling=world.by_no[handling].code,
            receiving=world.by_no[receiving].code if receiving in world.by_no else "",
            channel=Channel(channel).name.lower(),
            status=Status(status).name.lower(),
            procedure=procedure,
        )
