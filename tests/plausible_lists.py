"""The cases behind the figures of a plausible snapshot: as many in each list as its figure says, all invented."""

from __future__ import annotations

from datetime import timedelta

from ioc.figures import Metric
from ioc.snapshot import Scope, Snapshot
from ioc.store.overdue import Kind, OverdueCase, OverdueList

METRICS: dict[Kind, Metric] = {"overdue": Metric.OVERDUE, "soon": Metric.DUE_SOON}
STATUSES = ("received", "processing", "processing")
CHANNELS = ("online", "counter", "online", "postal")


def cases(snapshot: Snapshot, kind: Kind, scope: Scope) -> OverdueList:
    """The list of a scope, in the order of due moments."""
    world = snapshot.world
    by_unit = snapshot.pair[METRICS[kind]].sum(axis=1)
    procedures = sorted(world.procedures)
    found = []
    for place in world.subtree(scope.unit):
        for n in range(int(by_unit[place])):
            seed = int(place) * 37 + n * 11
            if kind == "overdue":
                late = 1 + seed % 23 * (seed % 3) // 2
                due = (snapshot.as_of - timedelta(days=late)).replace(hour=16, minute=30, second=0)
            else:
                late = 0
                due = snapshot.as_of.replace(second=0) + timedelta(minutes=40 + seed * 7 % 1380)
            found.append(
                OverdueCase(
                    code=f"000.00.12.H09-261103-{seed % 10_000:04}",
                    due_at=due,
                    days_late=late,
                    handling=world.units[place].code,
                    receiving=world.units[place].code,
                    channel=CHANNELS[seed % 4],
                    status=STATUSES[seed % 3],
                    procedure=procedures[seed % len(procedures)],
                )
            )
    found.sort(key=lambda case: (case.due_at, case.code))
    return OverdueList(snapshot.as_of - timedelta(seconds=4), len(found), tuple(found[:200]))
