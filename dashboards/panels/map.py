"""The map of a scope: where is it late, where did something happen?

On walls it is the hero, with the worst places beside it and an inset where units are too small to read; on tablets each
place is a link into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from dashboards.marks import map as marks
from dashboards.marks.outlines import Box, Place, View, atlas, fitted, grown, project
from dashboards.pages.addresses import unit_address
from dashboards.panel import CASES, Look, Panel, Slots, age_tag, slot
from dashboards.panels.heading import SILENT, figure_text, heading, icon, in_parts, spoken
from dashboards.panels.map_labels import NAME, Stage, Wanted, label, placed, wanted_labels
from dashboards.panels.map_layers import LAYERS, Layer
from dashboards.panels.map_worst import TOP, TOP_BESIDE_INSET, first, spoken_of, spoken_overdue, top, top_slots, worst
from dashboards.text.formats import number
from dashboards.theme import config
from ioc.facts import Topic
from ioc.figures import SEVERITIES
from ioc.snapshot import Scope, Snapshot

CROWD = 12
"""Open incidents up to which those of low severity are drawn too: more would hide the names of places."""
STAGES = {"wall": (1000, 1040), "tablet": (332, 332), "desk": (332, 332)}
"""Nominal width and height of the map in pixels: labels are placed for it, the stylesheet keeps its shape."""
INSET = (464, 464)
"""An inset is at least so large: 29 rem of a wall, see `.map-inset`."""
LABELS = 16
INSET_LABELS = 6
AREAS = 48


def frame(look: Look, layer: Layer = LAYERS["overdue"]) -> Component:
    """Title, legends, the stage with the chart and its labels, on walls the inset and the worst places."""
    wall = look.device == "wall"
    title = look.t(f"map.title_{layer.name}")
    parts: list[Component] = [heading(NAME, title), _legends(look, layer), _stage(look)]
    if wall:
        parts.append(html.Div([top(look, layer), _inset(look)], className="map-side"))
    else:
        parts.append(html.P(id=slot(NAME, "worst"), className="map-worst"))
    return html.Div([*parts, spoken(NAME)], className="map")


def _legends(look: Look, layer: Layer) -> Component:
    t = look.t
    classes = [html.Span([html.I(className=f"key {name}"), t(f"map.{key}")]) for name, key in layer.legend]
    title = html.Span(t(f"map.legend_{layer.name}"), className="legend-title")
    shares = html.Div([title, *classes] if classes else [], className="legend")
    if look.device != "wall" and classes:
        return shares
    if look.device != "wall":
        shapes = [html.Span([icon(f"sev-{name}", f"sev {name}"), t(f"severity.{name}")]) for name in SEVERITIES[::-1]]
        return html.Div(shapes, className="legend")
    if not layer.pins:
        return html.Div([shares], className="legends")
    severities = [
        html.Span([icon(f"sev-{name}", f"sev {name}"), t(f"severity.{name}"), figure_text(NAME, f"count-{name}", "n")])
        for name in reversed(SEVERITIES)
    ]
    pins = html.Div(
        [html.Span(t("map.incidents"), className="legend-title"), *severities, age_tag(Topic.CAMERAS.title)],
        className="legend",
    )
    return html.Div([shares, pins], className="legends")


def _chart(look: Look, part: str) -> Component:
    return html.Div(
        dcc.Graph(
            id=slot(NAME, part),
            figure=marks.blank(look),
            config=config(look),
            className="plot",
            responsive=True,
        ),
        className="plot-box",
        **SILENT,
    )


def _stage(look: Look) -> Component:
    inner = [_chart(look, "chart"), *(label("label", at) for at in range(LABELS))]
    if look.device != "wall":
        inner += [
            dcc.Link("", href="/", id=slot(NAME, f"area-{at}"), className="map-area hidden") for at in range(AREAS)
        ]
    inner.append(html.P(id=slot(NAME, "empty"), className="map-empty"))
    return html.Div(html.Div(inner, className="map-inner"), className="map-stage")


def _inset(look: Look) -> Component:
    return html.Div(
        [_chart(look, "inset-chart"), *(label("inset", at) for at in range(INSET_LABELS))],
        id=slot(NAME, "inset"),
        className="map-inset hidden",
    )


def update(snapshot: Snapshot, scope: Scope, look: Look, layer: Layer = LAYERS["overdue"]) -> Slots:
    """Colours, labels, pins and the worst places of the scope as it is now."""
    known = atlas(snapshot.world, look.settings)
    view = known.view(scope.unit)
    units = [place.unit for place in view.places]
    spots = layer.spots(snapshot, units, look)
    classes = {code: spot.ground for code, spot in spots.items()}
    words = f"map.label_{layer.name}"
    width, height = STAGES[look.device]
    box = fitted(view.box, width / height)
    if look.device != "wall":
        box = grown(box, 0.04)
    everything = snapshot.own_incidents(scope)
    dim = {"low"} if len(everything) > CROWD else set()
    if look.device != "wall" and layer.name == "overdue":  # so small a map is the overdue cases' own: see /cameras
        dim = {"low", "medium"}
    open_now = [row for row in everything if row.severity == "critical" or (layer.pins and row.severity not in dim)]
    points = _points(snapshot, look)
    near = (box[2] - box[0]) / width * (42 if look.device == "wall" else 18)
    dense = view.dense if look.device == "wall" else None
    window = dense and fitted(dense, INSET[0] / INSET[1])
    found = marks.pins(open_now, points, box, near, window)
    slots: Slots = {
        slot(NAME, "chart"): {"figure": marks.figure(view, classes, found, box, look, window=window)},
        slot(NAME, "empty"): {"children": "" if view.places else look.t("map.none_below")},
        slot(NAME, "note"): {"children": in_parts(_note(view, look))},
    }
    wanted = wanted_labels(view, {code: spot.count for code, spot in spots.items()}, look)
    outside = [one for one in wanted if not marks.inside(one.at, window)]
    stage = Stage(scope.unit, box, STAGES[look.device])
    slots |= placed("label", LABELS, outside, stage, look, known, found, words, classes)
    if look.device == "wall":
        slots |= _inset_slots(scope.unit, view, classes, dense, look, open_now, points, wanted, words)
        slots |= top_slots(spots, units, look, layer, TOP_BESIDE_INSET if dense else TOP)
        if layer.pins:
            slots |= _counts(snapshot, scope, look, whole=len(open_now) == len(everything))
    else:
        slots |= _areas(view, box, look)
        slots |= worst(snapshot.rows(units), look) if layer.name == "overdue" else first(spots, units, look, layer)
    if not snapshot.spoke(layer.feed):  # nothing found is then no news
        slots[slot(NAME, "top-none" if look.device == "wall" else "worst")] = {"children": look.t("live.never")}
    if layer.name != "overdue":
        return slots | spoken_of(spots, units, look, layer, len(everything))
    return slots | spoken_overdue(snapshot.rows(units), len(everything), look)


def _counts(snapshot: Snapshot, scope: Scope, look: Look, *, whole: bool) -> Slots:
    counts = snapshot.incidents(scope).open_by_severity
    told: dict[str, str] = {name: number(counts.get(name, 0), look.language) for name in SEVERITIES}
    if not whole:
        told["low"] = look.t("map.not_drawn", n=told["low"])
    return {slot(NAME, f"count-{name}"): {"children": told[name]} for name in SEVERITIES}


def _points(snapshot: Snapshot, look: Look) -> Mapping[str, tuple[float, float]]:
    known = atlas(snapshot.world, look.settings)
    found = {code: outline.at for code, outline in known.outlines.items()}
    for unit in snapshot.world.units:
        if unit.code not in found and unit.lat is not None and unit.lon is not None:
            found[unit.code] = project(unit.lat, unit.lon)
    return found


def _inset_slots(
    code: str,
    view: View,
    classes: Mapping[str, str],
    dense: Box | None,
    look: Look,
    open_now: Any,
    points: Mapping[str, tuple[float, float]],
    wanted: Sequence[Wanted],
    words: str,
) -> Slots:
    known = atlas(look.world, look.settings)
    if dense is None:
        return {
            slot(NAME, "inset"): {"className": "map-inset hidden"},
            slot(NAME, "inset-chart"): {"figure": marks.blank(look)},
            **placed("inset", INSET_LABELS, [], Stage(code, (0, 0, 1, 1), INSET), look, known),
        }
    box = fitted(dense, INSET[0] / INSET[1])
    found = marks.pins(open_now, points, box, (box[2] - box[0]) / INSET[0] * 40)
    return {
        slot(NAME, "inset"): {"className": "map-inset"},
        slot(NAME, "inset-chart"): {"figure": marks.figure(view, classes, found, box, look)},
        **placed(
            "inset",
            INSET_LABELS,
            [one for one in wanted if marks.inside(one.at, box)],
            Stage(code, box, INSET),
            look,
            known,
            found,
            words,
            classes,
        ),
    }


def _areas(view: View, box: Box, look: Look) -> Slots:
    slots: Slots = {}
    here = [place for place in view.places if len(view.places) > 1]
    for at in range(AREAS):
        place = here[at] if at < len(here) else None
        slots[slot(NAME, f"area-{at}")] = {
            "className": "map-area" if place else "map-area hidden",
            "href": unit_address(place.unit.code) if place else "/",
            "title": place.unit.name(look.language) if place else "",
            "style": {"clipPath": _clip(place, box)} if place else {},
        }
    return slots


def _clip(place: Place, box: Box) -> str:
    width, height = box[2] - box[0], box[3] - box[1]

    def of(x: float, y: float) -> str:
        return f"{(x - box[0]) / width * 100:.1f}% {(box[3] - y) / height * 100:.1f}%"

    if not place.rings:
        return f"circle(7% at {of(*place.at)})"
    ring = max(place.rings, key=len)
    every = np.unique(np.linspace(0, len(ring) - 1, min(len(ring), 40)).astype(int))
    return f"polygon({','.join(of(x, y) for x, y in ring[every])})"


def _note(view: View, look: Look) -> str:
    if not view.places:
        return ""
    if look.device != "wall":
        return look.t("map.note_touch") if len(view.places) > 1 else ""
    n = len(view.places)
    if view.how != "outlines":
        return look.t(f"map.note_{view.how}", n=n)
    return look.t("map.note_district" if view.places[0].unit.kind == "district" else "map.note_commune", n=n)


def on_layer(name: str) -> Panel:
    """The map of a layer."""
    layer = LAYERS[name]
    return Panel(
        f"map-{name}",
        (layer.feed,),
        lambda look: frame(look, layer),
        lambda snapshot, scope, look: update(snapshot, scope, look, layer),
        every_s=5,
    )


PANEL = Panel(NAME, (CASES,), frame, update, every_s=5)
INCIDENTS, USAGE, CAMERAS = (on_layer(name) for name in ("incidents", "usage", "cameras"))
