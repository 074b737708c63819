"""The recorded permit log of a municipality as the case feed that its one-stop software would send.

1,434 real cases of October 2010 to January 2012 ("Receipt phase of an environmental permit application process",
CoSeLoG project, 4TU.ResearchData). One event a step (8,577) and one a recorded end (1,329), in units of their own
(`ioc/data/units/permits.csv`, root ``permits``), so that they mix with nothing and can be recounted there.

How the source's words become ours:

- Every case is received at the municipality's front desk, its department "Customer contact", whatever the channel:
  Desk and Intern are the counter, Post is postal, Internet and e-mail are online.
- It is handled by the group that owns it (``case:group``), or by its department where no group is named. A step of
  internal advice done by another group (12 to 15) hands the case to those advisers until the next step: these are the
  log's transfers. Groups 1 to 4 are stations on the way of every case (register, check, decide, print), not owners.
  That the advisers belong to "Experts" is our reading of the log.
- "Confirmation of receipt" is ``received``, every other step ``processing``. T20 sends the applicant the notice that
  the request is held: ``stopped``, and so is each later step, because the log never says that a hold was lifted.
- The planned end is the due moment. The recorded end is ``finished``, wherever it lies: in 117 cases it is before the
  first step, and the steps that follow an end stay steps.
- Officials' pseudonyms (``case:responsible``, ``org:resource``) are not read.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from streams.sent import CASES, Sent

PROCEDURE = "permits.receipt"
ROOT = "permits"
FRONT_DESK = "P-CONTACT"
CHANNELS = {"Internet": "online", "e-mail": "online", "Desk": "counter", "Intern": "counter", "Post": "postal"}
DEPARTMENTS = {"General": "P-GENERAL", "Experts": "P-EXPERTS", "Customer contact": "P-CONTACT"}
ADVISERS = {f"Group {no}": f"P-EXPERTS-{no}" for no in (12, 13, 14, 15)}
RECEIPT = "Confirmation of receipt"
HOLD_NOTICE = "T20 "
WEEK = timedelta(weeks=1)


def permit_events(shift: timedelta) -> list[Sent]:
    """The whole log, moved by ``shift`` (`fixed_shift`), in order of time.

    The same shift gives the same events to the byte: ids come from the log's task and case numbers. Instants are
    moved, offsets stay those of the source (+01:00 and +02:00).
    """
    held: set[str] = set()
    events: list[Sent] = []
    ends: dict[str, dict[str, str]] = {}
    for row in _rows():
        case = row["case:concept:name"]
        step = row["concept:name"]
        if step.startswith(HOLD_NOTICE):
            held.add(case)
        status = "received" if step == RECEIPT else "stopped" if case in held else "processing"
        handling = ADVISERS.get(row["org:group"]) or _owner(row)
        says = {"event_id": f"permits-{row['concept:instance']}", "status": status, "handling_unit": handling}
        events.append(_sent(row, row["time:timestamp"], shift, {**says, "stage": step}))
        if row["case:enddate"]:
            ends[case] = row
    for case, row in ends.items():
        says = {"event_id": f"permits-{case}-end", "status": "finished", "handling_unit": _owner(row)}
        events.append(_sent(row, row["case:enddate"], shift, {**says, "stage": "End of case"}))
    events.sort(key=lambda sent: (sent.at, str(sent.value["event_id"])))
    return events


def last_moment() -> datetime:
    """When the log, unshifted, ends: the latest of its steps and recorded ends."""
    return max(
        datetime.fromisoformat(moment)
        for row in _rows()
        for moment in (row["time:timestamp"], row["case:enddate"])
        if moment
    )


def fixed_shift(last_event: datetime, now: datetime, zone: ZoneInfo) -> timedelta:
    """The whole weeks by which the log moves so that it ends before today's local midnight, as late as can be.

    Whole weeks keep weekdays. Whoever replays stores the first answer and uses it for ever: another shift would send
    the same event ids with other times, which the store refuses as conflicts.
    """
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return ((midnight - last_event - timedelta(microseconds=1)) // WEEK) * WEEK


def _rows() -> Iterator[dict[str, str]]:
    source = files("ioc") / "data" / "permits" / "permit_receipt_log.csv.gz"
    with source.open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def _owner(row: dict[str, str]) -> str:
    department = DEPARTMENTS[row["case:department"]]
    group = row["case:group"]
    return f"{department}-{group.removeprefix('Group ')}" if group else department


def _sent(row: dict[str, str], recorded: str, shift: timedelta, says: dict[str, str]) -> Sent:
    at = datetime.fromisoformat(recorded) + shift
    value: dict[str, object] = {
        "occurred_at": at.isoformat(),
        "case_code": row["case:concept:name"],
        "procedure_code": PROCEDURE,
        "receiving_unit": FRONT_DESK,
        "channel": CHANNELS[row["case:channel"]],
        "due_at": (datetime.fromisoformat(row["case:enddate_planned"]) + shift).isoformat(),
        **says,
    }
    return Sent(at, CASES, row["case:concept:name"], value)
