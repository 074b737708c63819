"""What the ground of a map tells of each place: overdue cases, incidents, use of services, cameras.

Every layer has fixed classes, so that an hour's colours compare with yesterday's. Where a share would rest on too few
cases, uses or cameras, the ground is hatched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dashboards.comparison import usual_total
from dashboards.marks.map import class_of
from dashboards.panel import CAMERAS, CASES, USAGE, Look
from dashboards.panels.cameras import blind
from dashboards.panels.ranks import LEAST
from dashboards.text.formats import number, percent
from ioc.snapshot import Scope, Snapshot
from ioc.world import Unit

BLIND = ((0.0, "map-0"), (5.0, "map-1"), (10.0, "map-2"), (20.0, "map-3"))
"""Upper edges of the share of cameras that show nothing, in per cent; above the last is `map-4`."""
FEW_CAMERAS = 10
"""Below so many cameras a share of them says nothing."""
USE = ((-50.0, "map-3"), (-20.0, "map-1"), (20.0, "map-0"))
"""Upper edges of the distance of uses from the usual, in per cent; above the last it is more than usual."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a layer: the token of its ground, the count of its label, and how the list of the highest ranks it
    (``rank`` None: not at all), shows it (``share``, ``of``) and whether in heat."""

    ground: str
    count: int
    rank: float | None
    share: str = ""
    of: str = ""
    heat: bool = False


@dataclass(frozen=True)
class Layer:
    """``name`` is part of text keys (``map.title_NAME`` …); ``legend`` are tokens with the ends of their text keys.
    Where incidents are another matter (``pins`` false), only critical ones are drawn: those belong on every map."""

    name: str
    feed: str
    legend: tuple[tuple[str, str], ...]
    spots: Callable[[Snapshot, Sequence[Unit], Look], Mapping[str, Spot]]
    pins: bool = True


def _overdue(snapshot: Snapshot, units: Sequence[Unit], look: Look) -> dict[str, Spot]:
    found = {}
    for row in snapshot.rows(units):
        cases = row.cases
        share = cases.overdue_share_pct
        ranks = cases.open_overdue and cases.open >= LEAST and share is not None
        found[row.unit.code] = Spot(
            class_of(cases),
            cases.open_overdue,
            share if ranks else None,
            percent(share, look.language),
            look.t(
                "map.share", overdue=number(cases.open_overdue, look.language), open=number(cases.open, look.language)
            ),
            share is not None and share >= 3,
        )
    return found


def _incidents(snapshot: Snapshot, units: Sequence[Unit], look: Look) -> dict[str, Spot]:
    found = {}
    for unit in units:
        figures = snapshot.incidents(Scope(unit.code))
        grave = figures.open_by_severity.get("critical", 0) + figures.open_by_severity.get("high", 0)
        found[unit.code] = Spot(
            "map-0",
            figures.open,
            grave * 1000 + figures.unacknowledged + figures.open / 1000 if figures.open else None,
            number(figures.open, look.language),
            look.t("map.of_incidents", n=number(figures.unacknowledged, look.language)),
            grave > 0,
        )
    return found


def _usage(snapshot: Snapshot, units: Sequence[Unit], look: Look) -> dict[str, Spot]:
    found = {}
    for unit in units:
        scope = Scope(unit.code)
        uses = sum(one.uses for one in snapshot.usage(scope).values())
        usual = usual_total(snapshot, scope, "uses")
        if usual is None or usual < LEAST:
            found[unit.code] = Spot("few", uses, None)
            continue
        change = (uses - usual) * 100 / usual
        token = next((token for edge, token in USE if change < edge), "map-more")
        sign = "−" if change < 0 else "+"
        found[unit.code] = Spot(
            token,
            uses,
            -change,
            f"{sign}{percent(abs(change), look.language, 0)}",
            look.t("map.of_usage", n=number(uses, look.language)),
            change < -20,
        )
    return found


def _cameras(snapshot: Snapshot, units: Sequence[Unit], look: Look) -> dict[str, Spot]:
    found = {}
    for unit in units:
        of = snapshot.cameras(Scope(unit.code))
        lost = blind(of)
        whole = of.online + lost
        if whole < FEW_CAMERAS:
            found[unit.code] = Spot("few", lost, None)
            continue
        share = lost * 100 / whole
        token = next((token for edge, token in BLIND if share <= edge), "map-4")
        found[unit.code] = Spot(
            token,
            lost,
            share if lost else None,
            percent(share, look.language),
            look.t("map.of_cameras", n=number(lost, look.language), whole=number(whole, look.language)),
            share >= 10,
        )
    return found


_CLASSES = ("map-0", "map-1", "map-2", "map-3", "map-4")
LAYERS: Mapping[str, Layer] = {
    "overdue": Layer(
        "overdue",
        CASES,
        (*((token, f"class_{at}") for at, token in enumerate(_CLASSES)), ("map-few", "class_few")),
        _overdue,
    ),
    "incidents": Layer("incidents", CAMERAS, (), _incidents),
    "usage": Layer(
        "usage",
        USAGE,
        (
            ("map-3", "use_far"),
            ("map-1", "use_less"),
            ("map-0", "use_same"),
            ("map-more", "use_more"),
            ("map-few", "use_few"),
        ),
        _usage,
        pins=False,
    ),
    "cameras": Layer(
        "cameras",
        CAMERAS,
        (*((token, f"blind_{at}") for at, token in enumerate(_CLASSES)), ("map-few", "blind_none")),
        _cameras,
    ),
}
"""Every layer by its name in a wall's composition."""
