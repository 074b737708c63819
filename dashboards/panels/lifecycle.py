"""Who holds what: open incidents by the step of their life, the gravest and longest waiting first."""

from __future__ import annotations

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from dashboards.panel import CAMERAS, Look, Panel, Slots, data, slot
from dashboards.panels.heading import SILENT, figure_text, heading, spoken
from dashboards.text.formats import number, sentence
from dashboards.text.names import listed
from ioc.figures import SEVERITIES
from ioc.snapshot import IncidentRow, Scope, Snapshot
from ioc.world import Unit

NAME = "lifecycle"
STEPS = ("detected", "acknowledged", "verified", "dispatched", "in_progress")
CARDS = 6
"""Cards that a step has in the page."""
COLUMN = 5
"""A column holds at most so many; the others are counted in its head."""
LINES = 9
"""On an upright board the steps share so many lines of two cards."""


def frame(look: Look) -> Component:
    """A column for each step, with room for its cards."""
    columns = [
        html.Div(
            [
                html.H3(
                    [
                        html.Span(sentence(look.t(f"state.{step}"))),
                        html.Span(id=slot(NAME, f"more-{step}"), className="more-cards"),
                        html.Span(id=slot(NAME, f"beyond-{step}"), className="more-cards of-lines"),
                        figure_text(NAME, f"n-{step}", "n"),
                    ]
                ),
                html.Ol([_card(step, at) for at in range(CARDS)]),
            ],
            id=slot(NAME, f"step-{step}"),
            className=f"step {step}",
        )
        for step in STEPS
    ]
    return html.Div(
        [
            heading(NAME, look.t("lifecycle.title"), look.t("lifecycle.note")),
            html.Div(columns, id=slot(NAME, "board"), className="board"),
            spoken(NAME),
        ],
        className="lifecycle",
    )


def _card(step: str, at: int) -> Component:
    return html.Li(
        [
            html.Span(id=slot(NAME, f"icon-{step}-{at}"), **SILENT),
            html.Span(id=slot(NAME, f"kind-{step}-{at}"), className="kind"),
            html.Span(id=slot(NAME, f"place-{step}-{at}"), className="place"),
            html.Span(id=slot(NAME, f"age-{step}-{at}"), className="since", **data(since="")),
        ],
        id=slot(NAME, f"card-{step}-{at}"),
        className="hidden",
    )


def board(rows: list[IncidentRow]) -> dict[str, list[IncidentRow]]:
    """The incidents of each step: gravest first, then those that stand there longest."""
    return {
        step: sorted(
            (row for row in rows if row.state == step),
            key=lambda row: (-SEVERITIES.index(row.severity), row.state_at),
        )
        for step in STEPS
    }


def lines(counts: Mapping[str, int]) -> dict[str, int]:
    """How many lines of two cards each step gets on an upright board: one each in turn while any needs more, `LINES`
    in all, none more than its cards can fill."""
    wants = {step: min(-(-count // 2), CARDS // 2) for step, count in counts.items()}
    given = dict.fromkeys(counts, 0)
    for _ in range(CARDS // 2):
        for step in counts:
            if given[step] < wants[step] and sum(given.values()) < LINES:
                given[step] += 1
    return given


def update(snapshot: Snapshot, scope: Scope, look: Look) -> Slots:
    """The cards of the scope as they stand now."""
    steps = board(snapshot.own_incidents(scope))
    given = lines({step: len(rows) for step, rows in steps.items()})
    most = min(max(len(rows) for rows in steps.values()), COLUMN) or 1
    slots: Slots = {slot(NAME, "board"): {"className": f"board most-{most}"}}
    for step, rows in steps.items():
        slots[slot(NAME, f"n-{step}")] = {"children": number(len(rows), look.language)}
        slots[slot(NAME, f"step-{step}")] = {"className": f"step {step} lines-{given[step]}"}
        for part, shown in (("more", COLUMN), ("beyond", 2 * given[step])):
            more = len(rows) - shown
            slots[slot(NAME, f"{part}-{step}")] = {
                "children": look.t("lifecycle.more", n=number(more, look.language)) if more > 0 else ""
            }
        for at in range(CARDS):
            slots |= _card_slots(step, at, rows[at] if at < len(rows) else None, snapshot, look)
    slots[slot(NAME, "spoken")] = {
        "children": look.t(
            "lifecycle.spoken",
            n=sum(len(rows) for rows in steps.values()),
            new=len(steps["detected"]),
        )
    }
    return slots


def _card_slots(step: str, at: int, row: IncidentRow | None, snapshot: Snapshot, look: Look) -> Slots:
    unit = snapshot.world.by_code.get(row.unit) if row else None
    alarm = row is not None and row.severity == "critical" and row.state == "detected"
    named = f"card {row.severity}{' alarm' if alarm else ''}" if row else "hidden"
    return {
        slot(NAME, f"card-{step}-{at}"): {"className": named},
        slot(NAME, f"icon-{step}-{at}"): {"className": f"i sev {row.severity} i-sev-{row.severity}" if row else ""},
        slot(NAME, f"kind-{step}-{at}"): {"children": _kind(row.kind, look) if row else ""},
        slot(NAME, f"place-{step}-{at}"): {
            "children": "" if row is None else _placed(unit, look) if unit else row.unit
        },
        slot(NAME, f"age-{step}-{at}"): {"data-since": row.state_at.isoformat() if row else ""},
    }


def _kind(kind: str, look: Look) -> str:
    found = look.world.kinds.get(kind)
    return found.short(look.language) if found else kind.replace("_", " ")


def _placed(unit: Unit, look: Look) -> str:
    """A card is narrow: English names stand without their kind of unit, which Vietnamese shortens."""
    return unit.short("en") if look.language == "en" else listed(unit, look.language)


PANEL = Panel(NAME, (CAMERAS,), frame, update)
