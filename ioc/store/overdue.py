"""The open cases of a scope that are overdue at a moment, or due soon, by due moment: whose turn is it, and when?

Which cases they are is read from the effects by an index; their steps by the index of cases. No figure is counted
again, so a list has exactly as many cases as `open_overdue` or `open_due_soon` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
         where metric = {metric} and {unit} = any(%(units)s)
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
LATE_HANDLING: LiteralString = OVERDUE.replace("{unit}", "handling")
LATE_RECEIVING: LiteralString = OVERDUE.replace("{unit}", "receiving")
# each case is due soon for a while, in time or done in the end: what still has to end began. So neither the cases of all
# years are read nor an index of their own kept
SOON: LiteralString = LATE.replace("{metric}", "10 and at >= %(as_of)s").replace("{standing}", "< 0")
SOON_HANDLING: LiteralString = SOON.replace("{unit}", "handling")
SOON_RECEIVING: LiteralString = SOON.replace("{unit}", "receiving")
STATEMENTS: Mapping[tuple[Kind, str], LiteralString] = {
    ("overdue", "handling"): LATE_HANDLING,
    ("overdue", "receiving"): LATE_RECEIVING,
    ("soon", "handling"): SOON_HANDLING,
    ("soon", "receiving"): SOON_RECEIVING,
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
    """The open cases of a scope that are overdue, or due soon, at ``as_of``: by due moment, then by code; at most
    ``most``.

    Costs the overdue effects of the scope's units, or the effects still to come, and the steps of the cases in the
    list, however many cases there are beside them. KeyError for an unknown unit; Transient where the server failed.
    """
    units = [world.units[at].no for at in world.subtree(scope.unit)]
    with translated():
        rows = conn.execute(STATEMENTS[kind, scope.by], {"as_of": as_of, "units": units}).fetchall()
    found = sorted(_cases(rows, world, settings, as_of), key=lambda case: (case.due_at, case.code))
    return OverdueList(as_of, len(found), tuple(found[:most]))


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
