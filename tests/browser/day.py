"""A morning of a province: enough of everything that no part of a screen is empty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ioc.settings import Settings
from ioc.snapshot import local_midnight
from tests.web import received

UNITS = ("725", "25963", "25966", "25978", "718", "25747", "D-SXD", "D-VPUB", "D-STP")
LATE_AT = "25978"
"""A commune of district 725 with three of the overdue cases."""


def morning(settings: Settings) -> list[tuple[str, dict[str, Any]]]:
    """Cases in time, due soon, overdue and finished; incidents of every severity, cameras, uses, indicators."""
    now = datetime.now(UTC)
    early = max(local_midnight(now, settings.zone).astimezone(UTC), now - timedelta(minutes=30))
    day = timedelta(days=1)
    found: list[tuple[str, dict[str, Any]]] = []
    for at in range(300):
        unit = UNITS[at % len(UNITS)]
        began = now - 9 * day if at % 3 else early
        due = now + (3 if at % 4 else 0.5) * day
        found.append(received(at, began, unit, due_at=due.isoformat(), channel=("online", "counter", "postal")[at % 3]))
        if at % 5 == 0:
            done = {**found[-1][1], "event_id": f"d-{at}", "status": "finished", "occurred_at": early.isoformat()}
            found.append((found[-1][0], done))
    for at in range(9):
        unit = LATE_AT if at < 2 else UNITS[at]
        due = now - (at + 2) * day
        found.append(received(1000 + at, now - 20 * day, unit, due_at=due.isoformat()))
    for at, severity in enumerate(("critical", "high", "medium", "low", "low")):
        incident = {
            "type": "incident",
            "incident_id": f"i-{at}",
            "kind": "accident",
            "severity": severity,
            "state": "detected",
        }
        found.append(_camera(at, early, incident))
    for at in range(12):
        health = {"type": "health", "status": ("online", "online", "online", "offline")[at % 4]}
        found.append(_camera(100 + at, early, health))
    for at, service in enumerate(("portal", "app", "payment", "eid", "hotline_1022", "lgsp", "mooc")):
        for outcome, count in (("ok", 900 - at * 90), ("error", 9 + at)):
            use = {"service": service, "action": "use", "unit": "725", "outcome": outcome, "count": count}
            paid = {"amount_vnd": 1_500_000} if service == "payment" and outcome == "ok" else {}
            found.append(
                ("ioc.usage.v1", {"event_id": f"u-{at}-{outcome}", "occurred_at": early.isoformat(), **use, **paid})
            )
    for code, value in (
        ("k_online_eligible", 96.4),
        ("k_eid", 98.1),
        ("k_remote", 57.3),
        ("dti_rank", 19),
        ("satisfaction", 96),
    ):
        told = {"indicator": code, "unit": "74", "value": value, "mode": "set"}
        found.append(("ioc.indicators.v1", {"event_id": f"n-{code}", "occurred_at": early.isoformat(), **told}))
    return found


def _camera(at: int, when: datetime, what: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    where = {"camera_id": f"QL13-{at:03}", "unit": UNITS[at % 6]}
    return "ioc.cameras.v1", {"event_id": f"c-{at}", "occurred_at": when.isoformat(), **where, **what}
