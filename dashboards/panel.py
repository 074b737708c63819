"""The protocol between pages and the live push: a panel is a frame built once and a pure update of its slots.

A *slot* is one component of a frame with a stable id; an update says which props each slot should have now, and the hub
sends the browser only those that differ from what it sent before. So:

* a slot never remounts: never push ``children`` that contain a chart; a chart is a ``dcc.Graph`` with the id of a slot
  and gets a new ``figure``; text slots get ``children``; colours and shapes get ``className`` or ``style``;
* an update returns *all* props that it ever sets, in full, each time: a screen that joins gets exactly these;
* values may hold numpy arrays and numbers, NaN (becomes null), aware datetimes, Dash components, Plotly figures or
  plain dicts in Plotly's shape (much cheaper).

The browser itself fills elements with ``data-age`` (`age_tag`), ``data-clock`` (`clock_tag`), ``data-since`` (an ISO
time: how long ago, running) and ``data-latency`` ("p95": from arrival to paint). Elements with
``data-figure`` brighten (class ``changed``, 600 ms) when a push changes their slot's ``children``; set it with
``**data(figure="")``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from ioc.facts import Topic
from ioc.settings import Settings
from ioc.snapshot import Scope, Snapshot
from ioc.world import World

CASES, CAMERAS, USAGE, INDICATORS = (topic.title for topic in Topic)
"""The feeds that a panel may say it depends on."""

Language = Literal["vi", "en"]
Theme = Literal["dark", "light"]
Device = Literal["wall", "tablet", "desk"]

Slots = dict[str, dict[str, Any]]
"""Slot id to the props it should have."""


class Translate(Protocol):
    """The text of a key in one language; values fill its ``{names}``. An unknown key is a KeyError: a test finds it."""

    def __call__(self, key: str, /, **values: object) -> str: ...


@dataclass(frozen=True)
class Look:
    """How a screen wants to be spoken to.

    ``world`` and ``settings`` are those of the process, for frames that need rows for units or services before the
    first snapshot.
    """

    language: Language
    device: Device
    theme: Theme
    t: Translate
    world: World = field(compare=False, repr=False)
    settings: Settings = field(compare=False, repr=False)


@dataclass(frozen=True)
class Panel:
    """One question and its answer.

    ``name`` is unique in the project (lower-case, hyphens). ``feeds`` are topics such as ``ioc.cases.v1``: the age of
    the one that has been silent longest is the age of the panel. ``frame(look)`` is built once per page load and holds
    every slot with its empty state; ``update(snapshot, scope, look)`` is pure. ``every_s`` makes a costly panel (a map)
    update less often; such panels are staggered, so that they do not all repaint in the same second.
    """

    name: str
    feeds: tuple[str, ...]
    frame: Callable[[Look], Component]
    update: Callable[[Snapshot, Scope, Look], Slots]
    every_s: float = 0


@dataclass(frozen=True)
class Page:
    """A screen: its panels, and the layout that places their tiles.

    ``path`` is the URL (``/``, ``/wall``, ``/wall/cameras``); ``title`` a text key. ``layout(look, scope)`` is called
    at page load and when the scope in the URL changes; it uses `tile` for each panel exactly once. ``asks`` holds what
    an address of the page means where it does not say so itself (unit, by, lang, theme); ``titles`` by language stand
    instead of ``title``: those of a composed wall. Where an address also says what is in ``when``, this page is meant
    and not another one of the same path.
    """

    name: str
    path: str
    title: str
    device: Device
    panels: tuple[Panel, ...]
    layout: Callable[[Look, Scope], Component]
    asks: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    when: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The path with what makes it this page's: ``/cases?late=soon``."""
        return f"{self.path}?{urlencode(self.when)}" if self.when else self.path

    def titled(self, language: Language, t: Translate) -> str:
        """The page's title in a language."""
        return self.titles.get(language) or t(self.title)


def slot(panel: str, name: str) -> str:
    """The id of a slot: the only place where ids are made."""
    return f"{panel}--{name}"


def data(**attributes: str) -> dict[str, Any]:
    """``data-*`` attributes for a Dash component: ``html.Div(**data(figure=""))``; an underscore becomes a hyphen."""
    return {f"data-{name.replace('_', '-')}": value for name, value in attributes.items()}


def tile(panel: Panel, look: Look, class_name: str = "") -> Component:
    """A panel's frame in the element that carries its freshness and its error text.

    The browser keeps ``data-fresh`` (live, quiet, stale) up to date from the heartbeats; the hub fills the error slot
    when the update raises, and empties it when it works again.
    """
    return html.Section(
        [panel.frame(look), html.Div(id=slot(panel.name, "error"), className="panel-error", role="status")],
        id=slot(panel.name, "tile"),
        className=f"panel {class_name}".strip(),
        **data(feeds=" ".join(panel.feeds), panel=panel.name),
    )


def age_tag(*feeds: str) -> Component:
    """The running age of the figures beside it ("3 s", "yên 14 phút", "SỐ LIỆU CŨ 21 phút"): the browser fills it each
    second and sets its ``data-fresh``. Without feeds those of the tile around it count."""
    return html.Span(className="age", **data(age=" ".join(feeds)))


def clock_tag(what: Literal["time", "seconds", "date"] = "time") -> Component:
    """A clock in the province's zone that the browser keeps by the server's time: 10:15, 10:15:07, Thứ hai 23/11/2026.

    ``what`` is "time", "seconds" or "date".
    """
    return html.Time(className="clock", **data(clock=what))
