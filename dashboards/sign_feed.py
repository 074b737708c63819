"""What a LED sign shows, from the snapshot: what was received at its place, by the unit that must decide."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

import msgspec

from dashboards.freshness import CLOSES, OPENS, Freshness, arrived_at, freshness
from dashboards.hub import Hub
from dashboards.panel import Language
from dashboards.sign.data import Figures, Note, SignData, SignRow, mask_code
from dashboards.sign.routes import Provider
from dashboards.text.names import listed
from ioc.facts import Topic
from ioc.figures import CaseFigures
from ioc.settings import Settings, Sign
from ioc.snapshot import Scope, Snapshot, local_midnight
from ioc.world import Unit, World, load_world

log = logging.getLogger("ioc.web")

MOST_CODES = 24
"""Masked codes that a sign turns through."""
DEFAULT = "main"
"""The sign that exists where none is declared or in force: what the whole province received."""


def figures(cases: CaseFigures) -> Figures:
    """A sign's counts from the published ones; *in progress* is everything received and not ended, paused included."""
    return Figures(
        received=cases.received,
        in_progress=cases.open + cases.paused,
        finished=cases.finished,
        overdue=cases.open_overdue + cases.paused_overdue,
        on_time=cases.finished_on_time,
        judged=cases.finished + cases.open_overdue + cases.paused_overdue,
    )


def initials(name: str) -> str:
    """The first letter of each word: "Sở Tài nguyên và Môi trường" gives "STNMT"; words in lower case that only join
    are left out."""
    joining = {"và", "and", "of", "the", "&"}
    return "".join(word[0].upper() for word in name.split() if word.lower() not in joining)


def sign_row(unit: Unit, counts: Figures, language: Language) -> SignRow:
    """One handling unit in three lengths."""
    return SignRow(unit.name(language), listed(unit, language), initials(unit.name(language)), counts)


def grouped(snapshot: Snapshot, receiving: str) -> dict[Unit, Figures]:
    """What was received at a unit, by who must decide: each department by itself, places as a sign has room for them.

    A place below the sign's unit counts with the one right below it (at a province: its district); any other place with
    its own district.
    """
    world = snapshot.world
    found: dict[Unit, Figures] = {}
    for row in snapshot.handled_for(receiving):
        path = [unit.code for unit in world.path(row.unit.code)]
        at = path.index(receiving) + 1 if receiving in path else 1
        unit = row.unit
        if unit.kind not in ("department", "branch"):
            unit = world.by_code[path[min(at, len(path) - 1)]]
        counts = figures(row.cases)
        before = found.get(unit)
        found[unit] = (
            counts if before is None else Figures(*map(sum, zip(astuple(before), astuple(counts), strict=True)))
        )
    return found


def note(state: Freshness, snapshot: Snapshot, now: datetime) -> Note:
    """What a sign says of figures that are not old: outside office hours nothing is expected, which is no failure."""
    if state == "behind":
        return "behind"
    midnight = local_midnight(now, snapshot.zone)
    working_day = snapshot.working_days[-1] and snapshot.as_of.astimezone(snapshot.zone).date() == midnight.date()
    in_hours = working_day and midnight + OPENS <= now < midnight + CLOSES
    return "closed" if state == "quiet" and not in_hours else ""


def sign_data(snapshot: Snapshot, sign: Sign, settings: Settings, now: datetime, lag_unknown_s: float) -> SignData:
    """One sign at ``now``. KeyError for a unit that the world does not have."""
    unit = snapshot.world.by_code[sign.unit] if sign.unit else snapshot.world.root
    language = sign.language
    scope = Scope(unit.code, "receiving")
    rows = sorted(
        (sign_row(one, counts, language) for one, counts in grouped(snapshot, unit.code).items()),
        key=lambda row: (-row.figures.received, -row.figures.in_progress, row.full),
    )
    feed = snapshot.feed(Topic.CASES.title)
    at = arrived_at(feed) if feed else None
    state = (
        freshness(feed, now, settings, working_day=snapshot.working_days[-1], lag_unknown_s=lag_unknown_s)
        if feed
        else "none"
    )
    title = sign.title_en if language == "en" else sign.title_vi
    return SignData(
        title=title or unit.name(language),
        place=unit.name(language),
        as_of=now.astimezone(snapshot.zone),
        age_s=None if at is None else max(0.0, (now - at).total_seconds()),
        stale=state in ("stale", "none"),
        totals=figures(snapshot.cases(scope)),
        rows=tuple(rows),
        ready_codes=tuple(mask_code(result.case_code) for result in snapshot.results_ready(scope, MOST_CODES)),
        url=settings.province.lookup_url,
        hotline=settings.province.hotline,
        language=language,
        demo_log_badge=settings.broker == "log",
        note=note(state, snapshot, now),
    )


def in_force(settings: Settings, world: World) -> dict[str, Sign]:
    """The signs whose units the world has; one of the whole province where none is left. Others are told in the log."""
    found = {}
    for name, sign in settings.signs.items():
        if not sign.unit or sign.unit in world.by_code:
            found[name] = sign
        else:
            log.warning("signs.%s: the pack %s has no unit %r; the sign is left out", name, world.pack, sign.unit)
    return found or {DEFAULT: Sign(language=settings.province.language)}


def provider(hub: Hub, settings: Settings, signs: Mapping[str, Sign]) -> Provider:
    """Gives a sign's data by its name, from memory, in its own language or the one asked for; None for an unknown name
    and before the first snapshot."""

    def of(name: str, language: str | None = None) -> SignData | None:
        sign = signs.get(name)
        if sign is None:
            return None
        if language in ("vi", "en"):
            sign = msgspec.structs.replace(sign, language=language)
        topic = Topic.CASES.title
        return hub.read(
            lambda snapshot: sign_data(snapshot, sign, settings, datetime.now(UTC), hub.lag_unknown_s(topic))
        )

    return of


def measured(settings: Settings) -> dict[str, dict[str, Any]]:
    """`ioc bench signs`: draw times and sizes of frames, by board, for a sign with every department of the province."""
    from dashboards.sign import bench

    now = datetime.now(settings.zone)
    units = [unit for unit in load_world(settings, now.date()).units if unit.kind == "department"]
    nothing = Figures(0, 0, 0, 0, 0, 0)
    return bench.measure(tuple(sign_row(unit, nothing, settings.province.language) for unit in units), now)
