"""Pictures of every page at every size from a plausible snapshot: ``python -m tests.pictures OUT [NAME]``.

No server of ours runs: each page is rendered once with its slots filled in, by a throwaway Dash application.
"""

from __future__ import annotations

import logging
import threading
from argparse import ArgumentParser
from collections.abc import Collection
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import dash
import msgspec
import numpy as np
import yaml
from dash import html
from dash.development.base_component import Component
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab
from werkzeug.serving import make_server

from dashboards.bench.browser import chromium
from dashboards.broken import broken_tile
from dashboards.pages import leader, wall
from dashboards.pages.registry import pages
from dashboards.panel import Language, Look, Page, Slots, Theme, slot
from dashboards.panels.heading import in_parts
from dashboards.text import translate
from dashboards.theme import ASSETS
from ioc.settings import Settings
from ioc.snapshot import Scope, Snapshot
from tests import plausible, plausible_lists

Scene = tuple[str, Page, tuple[int, int], dict[str, Any]]
"""Name, page, size and what is special of a picture."""

INDEX = """<!DOCTYPE html>
<html lang="{language}" data-bs-theme="{theme}" data-device="{device}">
<head>{%metas%}<title>IOC</title>{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body></html>"""

DRAWN = (
    "document.querySelectorAll('.js-plotly-plot').length === document.querySelectorAll('.dash-graph').length"
    " && !document.querySelector('.dash-graph--pending')"
)
"""Whether every chart of a page is drawn."""

FITTED = """() => [...document.querySelectorAll('.plot-box')].every(box => {
  const [outer, inner] = [box, box.querySelector('.main-svg')].map(e => e.getBoundingClientRect().height);
  return !outer || Math.abs(outer - inner) < 3;
})"""
"""Whether every chart has followed its box."""

FILL = """(args) => {
  const [fresh, now, band] = args;
  document.querySelector('.switch [data-mine=off]')?.setAttribute('aria-pressed', 'true'); // as assets/mine.js does
  document.querySelectorAll('[data-spark]').forEach(e => { e.dataset.spark = e.dataset.spark; });
  if (band) {
    document.documentElement.dataset.state = 'offline';
    const [strong, span, small] = ['strong', 'span', 'small'].map(name => document.createElement(name));
    [strong.textContent, span.textContent, small.textContent] = band;
    const over = Object.assign(document.createElement('div'), { id: 'connection' });
    over.append(strong, span, small);
    document.body.append(over);
  }
  document.querySelectorAll('[data-clock]').forEach(e => { e.textContent = now[e.dataset.clock] ?? '10:24:36'; });
  document.querySelectorAll('[data-panel], [data-age]').forEach(e => { e.dataset.fresh = 'live'; });
  document.querySelectorAll('[data-age]').forEach(e => { e.textContent = now.age; });
  document.querySelectorAll('[data-since]').forEach(e => {
    const s = e.dataset.since ? Math.floor((Date.parse(now.at) - Date.parse(e.dataset.since)) / 1000) : -1;
    const two = n => String(n).padStart(2, '0');
    const hours = s >= 3600 ? two(Math.floor(s / 3600)) + ':' : '';
    e.textContent = s < 0 ? '' : hours + two(Math.floor(s / 60) % 60) + ':' + two(s % 60);
  });
  document.querySelectorAll('[data-latency]').forEach(e => { e.textContent = '310 ms'; });
  for (const [topic, state, words] of fresh) {
    document.querySelectorAll(`[data-panel][data-feeds~="${topic}"]`).forEach(e => {
      e.dataset.fresh = state;
      e.querySelectorAll('[data-age=""]').forEach(a => { a.dataset.fresh = state; a.textContent = words; });
    });
    document.querySelectorAll(`[data-age="${topic}"]`).forEach(a => {
      a.dataset.fresh = state;
      a.textContent = words;
    });
  }
}"""


def look_of(page: Page, snapshot: Snapshot, settings: Settings, language: Language, theme: Theme) -> Look:
    """How the page's device wants to be spoken to."""
    return Look(language, page.device, theme, translate(language), snapshot.world, settings)


def filled(page: Page, look: Look, scope: Scope, snapshot: Snapshot, broken: Collection[str] = ()) -> Component:
    """The page's layout with every slot as its update says; an update of an unknown slot is a KeyError. The panels
    named in ``broken`` say what those say that fail."""
    layout: Any = page.layout(look, scope)
    found = {each.id: each for each in layout._traverse() if getattr(each, "id", None)}
    slots: Slots = {}
    for panel in page.panels:
        if panel.name in broken:
            slots[slot(panel.name, "error")] = {"children": broken_tile("7F3A", snapshot.as_of, look)}
        else:
            slots |= panel.update(snapshot, scope, look)
    for name, props in slots.items():
        for prop, value in props.items():
            setattr(found[name], prop, _plain(value))
    filled_in: Component = layout
    return filled_in


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, msgspec.Raw):
        return msgspec.json.decode(value)
    if isinstance(value, np.generic):
        return value.item()
    return value


def serve(layout: Component, page: Page, language: str, theme: str) -> Any:
    """A running throwaway server on a free port; call ``shutdown`` on it."""
    ignored = r"^(?!spark\.js$).*\.js$|playlist\.css$"
    app = dash.Dash("pictures", assets_folder=str(ASSETS), assets_ignore=ignored, serve_locally=True)
    index = INDEX.replace("{language}", language).replace("{theme}", theme).replace("{device}", page.device)
    app.index_string = index
    app.layout = html.Div([dash.dcc.Location(id="address"), layout])
    server = make_server("127.0.0.1", 0, app.server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def shoot(tab: Tab, address: str, file: Path, special: dict[str, Any], now: dict[str, str]) -> list[str]:
    """One picture, taken when every chart is drawn and the fonts are there; gives what does not fit in it."""
    tab.goto(address)
    tab.wait_for_selector("main")
    tab.wait_for_function(f"() => document.fonts.status === 'loaded' && {DRAWN}")
    tab.add_script_tag(path=str(ASSETS / "spark.js"))
    tab.evaluate(FILL, [special.get("fresh", []), now, special.get("band")])
    if "band" in special:
        tab.wait_for_function(FITTED)
    tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    tab.screenshot(path=str(file))
    found: list[str] = tab.evaluate(FITS if tab.query_selector(".wall") else CUT)
    return found


CUT = """() => [...document.querySelectorAll('main *')].filter(e => e.children.length === 0 && e.textContent.trim()
    && getComputedStyle(e).display !== 'none' && !e.closest('.visually-hidden') && e.getBoundingClientRect().width
    && (e.scrollWidth > e.clientWidth + 2 && e.clientWidth && getComputedStyle(e).overflowX !== 'visible'
        || e.getBoundingClientRect().right > innerWidth + 1
        || (e.getBoundingClientRect().bottom > innerHeight + 1 && document.querySelector('.wall'))))
    .map(e => (e.className || e.tagName) + ': ' + e.textContent.trim().slice(0, 40)).slice(0, 12)"""

FITS = (Path(__file__).parent / "browser" / "fits.js").read_text(encoding="utf-8")
SIZES = {
    "wall": ((3840, 2160), (1920, 1080)),
    "tablet": ((1180, 820), (820, 1180), (1024, 768), (768, 1024), (1366, 768)),
}
PACKS: dict[str, dict[str, str]] = {
    "binhduong": {},
    "binhphuoc": {"pack": "binhphuoc", "outlines": "binh_phuoc_districts"},
    "wards": {"pack": "binhduong_2025", "outlines": "binh_duong_wards_2025"},
    "tiles": {"outlines": ""},
}
STALE = [
    ("ioc.usage.v1", "stale", "SỐ LIỆU CŨ 7 phút"),
    ("ioc.cameras.v1", "stale", "SỐ LIỆU CŨ 21 phút"),
    ("ioc.indicators.v1", "quiet", "yên 14 phút"),
]
OLD = [(f"ioc.{name}.v1", "stale", "SỐ LIỆU CŨ 12 giây") for name in ("cases", "cameras", "usage", "indicators")]
BEHIND = [("ioc.cases.v1", "behind", in_parts("còn 12.345 bản ghi chờ đọc · khoảng 40 giây nữa là kịp"))]
CATCHING = [
    (f"ioc.{name}.v1", "behind", in_parts("còn 128.981 bản ghi chờ đọc · khoảng 40 giây nữa là kịp"))
    for name in ("cases", "cameras")
]
QUIET = [(f"ioc.{name}.v1", "quiet", in_parts("yên 14 phút")) for name in ("cases", "cameras", "usage")]
LOST = ["MẤT KẾT NỐI", "00:12", "đang giữ hình cuối cùng, nối lại lần 7"]
BROKEN = ("headline-finished", "flow", "map", "incidents", "targets", "ticker")


CAMPAIGN: dict[str, Any] = {
    "title_vi": "45 ngày nộp hồ sơ từ xa",
    "title_en": "45 days of filing from home",
    "from": date(2026, 11, 15),
    "until": date(2026, 12, 29),
    "grid": {
        "areas": ["campaign campaign", "remote map", "ticker ticker"],
        "columns": [90, 140],
        "rows": [20, 94, 5],
    },
    "panels": [
        {"panel": "campaign", "text_vi": "Nộp hồ sơ trực tuyến tại nhà", "text_en": "Cases filed online, from home"},
        {"panel": "indicator", "area": "remote", "indicator": "k_remote"},
        {"panel": "map", "layer": "usage"},
        {"panel": "ticker"},
    ],
}
ROOT = Path(__file__).parents[1]
SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
WALLS = {"walls": SHIPPED["walls"] | {"campaign": CAMPAIGN}, "playlists": SHIPPED["playlists"]}


def scenes() -> list[Scene]:
    """Every picture."""
    found: list[Scene] = []
    huge, wide = SIZES["wall"]
    for own in wall.pages(plausible.settings(**WALLS))[1:]:
        found += [
            (f"{own.name}-{language}-{theme}", own, wide, {"language": language, "theme": theme})
            for language in ("vi", "en")
            for theme in ("dark", "light")
        ]
        found += [(f"{own.name}-{size[0]}", own, size, {}) for size in (huge, (2560, 1080), (7680, 3240))]
        found.append((f"{own.name}-empty", own, wide, {"empty": True}))
    found += [
        ("wall-broken", wall.PAGE, wide, {"broken": BROKEN}),
        ("wall-stale", wall.PAGE, wide, {"fresh": STALE}),
        ("wall-quiet", wall.PAGE, wide, {"fresh": QUIET}),
        ("wall-behind", wall.PAGE, wide, {"fresh": BEHIND}),
        ("wall-lost", wall.PAGE, wide, {"fresh": OLD, "band": LOST}),
        ("wall-trial", wall.PAGE, wide, {"trial": True, "fresh": OLD}),
        ("wall-trial-en", wall.PAGE, wide, {"trial": True, "language": "en"}),
        ("wall-trial-behind", wall.PAGE, wide, {"trial": True, "fresh": CATCHING}),
        ("wall-sunday", wall.PAGE, wide, {"as_of": plausible.SUNDAY}),
        ("wall-evening", wall.PAGE, wide, {"as_of": plausible.EVENING}),
        ("wall-binhphuoc", wall.PAGE, wide, {"pack": "binhphuoc"}),
        ("wall-wards", wall.PAGE, wide, {"pack": "wards"}),
        ("wall-tiles", wall.PAGE, wide, {"pack": "tiles"}),
    ]
    return found + tablets()


def tablets() -> list[Scene]:
    """Every picture of a tablet; the first ones are those of the documents."""
    own = {page.name: page for page in pages(lambda: None) if page.device == "tablet"}  # type: ignore[arg-type,return-value]
    wide, upright, *_ = SIZES["tablet"]
    found: list[Scene] = [
        ("leader", leader.PAGE, wide, {"demo": True}),
        ("leader-light", leader.PAGE, wide, {"theme": "light", "demo": True}),
        ("leader-unit", leader.PAGE, wide, {"unit": "725", "demo": True}),
        ("tablet-upright", leader.PAGE, upright, {"demo": True}),
        ("tablet-cases", own["cases"], upright, {"theme": "light", "demo": True}),
        ("tablet-soon", own["cases-soon"], upright, {"demo": True}),
        ("tablet-services", own["services"], wide, {"demo": True}),
        ("tablet-kpi", own["kpi"], upright, {"theme": "light", "demo": True}),
        ("tablet-cameras", own["cameras"], wide, {"demo": True}),
        ("leader-stale", leader.PAGE, wide, {"fresh": STALE}),
        ("leader-quiet", leader.PAGE, wide, {"fresh": QUIET}),
        ("leader-empty", leader.PAGE, wide, {"empty": True}),
        ("leader-commune", leader.PAGE, wide, {"unit": "25966"}),
        ("leader-department", leader.PAGE, wide, {"unit": "D-SXD"}),
        ("leader-wards", leader.PAGE, wide, {"pack": "wards"}),
        ("leader-sunday", leader.PAGE, wide, {"as_of": plausible.SUNDAY}),
    ]
    for name, page in own.items():
        for width, height in SIZES["tablet"]:
            for language, theme in (("vi", "dark"), ("en", "light")):
                look = {"language": language, "theme": theme}
                found.append((f"{name}-{width}x{height}-{language}-{theme}", page, (width, height), look))
                if name == "leader":
                    district = look | {"unit": "725"}
                    found.append((f"district-{width}x{height}-{language}-{theme}", page, (width, height), district))
    return found


def take(browser: Browser, scene: Scene, folder: Path) -> list[str]:
    """Takes the picture of a scene; gives what does not fit in it, and what the browser complained of."""
    name, page, size, special = scene
    trial = {"demo_mode": True, "broker": "log"} if special.get("trial") else {"demo_mode": "demo" in special}
    walls = WALLS if page.device == "wall" else {}
    settings = plausible.settings(units=PACKS[special.get("pack", "binhduong")], **trial, **walls)
    as_of = special.get("as_of", plausible.MONDAY)
    snapshot = plausible.snapshot(settings, plausible.world(settings), as_of, empty=special.get("empty", False))
    if page.device == "tablet":  # the same with what is in its lists
        late, soon = (partial(plausible_lists.cases, snapshot, kind) for kind in plausible_lists.METRICS)
        made = pages(lambda: None, late, settings, soon=soon)  # type: ignore[arg-type,return-value]
        page = next(own for own in made if own.name == page.name)
    language, theme = special.get("language", "vi"), special.get("theme", "dark")
    look = look_of(page, snapshot, settings, language, theme)
    scope = Scope(special.get("unit", snapshot.world.root.code))
    layout = filled(page, look, scope, snapshot, special.get("broken", ()))
    server = serve(layout, page, language, theme)
    tab = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, has_touch=page.device == "tablet", reduced_motion="reduce"
    )
    tab.set_default_timeout(120_000)
    faults: list[str] = []
    tab.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    now = {
        "at": as_of.isoformat(),
        "time": f"{as_of:%H:%M}",
        "seconds": f"{as_of:%H:%M:%S}",
        "date": f"{'Thứ hai' if language == 'vi' else 'Monday'} {as_of:%d/%m/%Y}",
        "age": "3 giây" if language == "vi" else "3 s",
    }
    faults += shoot(tab, f"http://127.0.0.1:{server.port}/", folder / f"{name}.png", special, now)
    tab.close()
    server.shutdown()
    return faults


def main(out: str, only: str = "") -> None:
    """Takes the pictures whose name contains ``only``."""
    folder = Path(out)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for scene in scenes():
            if only in scene[0]:
                print(scene[0], *take(browser, scene, folder), sep="\n  ")


if __name__ == "__main__":
    asked = ArgumentParser(description="Takes pictures of pages as they would be on a Monday morning.")
    asked.add_argument("out", help="the folder they are put into, made where there is none")
    asked.add_argument("only", nargs="?", default="", help="what their names contain")
    main(**vars(asked.parse_args()))
