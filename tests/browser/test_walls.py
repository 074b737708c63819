"""Walls as they are composed: at every size, in both languages, nothing is cut, covered or empty; playlists turn."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser

from dashboards.panel import slot
from ioc.settings import load
from ioc.snapshot import local_midnight
from tests import pictures
from tests.browser.composed import with_settings
from tests.browser.conftest import Screen
from tests.browser.test_axe import grave
from tests.feeding import Feeder
from tests.web import ROOT, WebServer, until

WALLS = tuple(load(ROOT / "config.yaml", environ={}, data_dir="/nowhere").walls)
UNITS = ("718", "721", "720", "719", "723", "722", "725", "724", "726")
DEPARTMENTS = ("D-STP", "D-SXD", "D-SYT")
KINDS = ("red_light", "no_helmet", "illegal_parking", "congestion", "wrong_way", "fire_smoke", "crowd", "speeding")
SIZES = ((1920, 1080), (3840, 2160), (7680, 3240))
LOOKS = ("lang=vi&theme=dark", "lang=en&theme=light")
OTHER_LOOKS = ("lang=vi&theme=light", "lang=en&theme=dark")
PAINT_MS = 120_000
"""25 million pixels are painted without a graphics card, beside whatever else the machine does."""
STATES = ("detected", "acknowledged", "verified", "dispatched", "in_progress")

CUT = (Path(__file__).parent / "fits.js").read_text(encoding="utf-8")


def province(now: datetime, midnight: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """A little of everything, none of it after now: cases, incidents in every state, cameras, uses, indicators."""
    at = max(midnight, now - timedelta(minutes=25))
    old = at - timedelta(days=12)
    for number in range(420):
        unit = (*UNITS, *DEPARTMENTS)[number % 12]
        late = number % 12 in (6, 10) and number % 5 == 0
        case = {
            "case_code": f"000.00.12.H09-261122-{number:04}",
            "procedure_code": "1.001193",
            "receiving_unit": UNITS[number % 9],
            "handling_unit": unit,
            "channel": ("online", "counter", "online", "postal")[number % 4],
        }
        began = (old if number % 3 == 0 or late else at) + timedelta(seconds=number)
        due = old + timedelta(days=2 + number % 9) if late else now + timedelta(hours=20 if number % 17 == 0 else 120)
        yield (
            "ioc.cases.v1",
            {
                **case,
                "event_id": f"c-{number}",
                "occurred_at": began.isoformat(),
                "status": "received",
                "due_at": due.isoformat(),
            },
        )
        if number % 4 == 1:
            done = at + timedelta(seconds=600 + number)
            yield (
                "ioc.cases.v1",
                {**case, "event_id": f"f-{number}", "occurred_at": done.isoformat(), "status": "finished"},
            )
    for number in range(26):
        severity = ("low", "medium", "high")[number % 3] if number else "critical"
        yield (
            "ioc.cameras.v1",
            {
                "type": "incident",
                "event_id": f"i-{number}",
                "occurred_at": (at + timedelta(seconds=number)).isoformat(),
                "camera_id": f"CAM-{number}",
                "unit": UNITS[number * 4 % 9],
                "incident_id": f"in-{number}",
                "kind": KINDS[number % 8] if number else "fire_smoke",
                "severity": severity,
                "state": STATES[number % 5],
            },
        )
    for number in range(90):
        yield (
            "ioc.cameras.v1",
            {
                "type": "health",
                "event_id": f"h-{number}",
                "occurred_at": (at + timedelta(seconds=number)).isoformat(),
                "camera_id": f"CAM-{number}",
                "unit": UNITS[number % 9],
                "status": "offline" if number % 13 == 0 else "tampered" if number % 29 == 0 else "online",
            },
        )
    services = ("portal", "app", "payment", "eid", "hotline_1022", "lgsp", "mooc", "ecommerce")
    for number, unit in enumerate(itertools.chain.from_iterable([UNITS] * 8)):
        yield (
            "ioc.usage.v1",
            {
                "event_id": f"u-{number}",
                "occurred_at": (at + timedelta(seconds=number)).isoformat(),
                "service": services[number // 9],
                "action": "visit",
                "unit": unit,
                "count": 18_000 - 173 * number,
                **({"amount_vnd": 35_000_000} if number // 9 in (0, 2) else {}),
                **({"outcome": "error"} if number % 31 == 0 else {}),
            },
        )
    for code, value in (("k_remote", 57.3), ("k_cashless", 61.6), ("satisfaction", 96.4), ("k_eid", 98.1)):
        for place, unit in enumerate(("74", *UNITS)):
            yield (
                "ioc.indicators.v1",
                {
                    "event_id": f"k-{code}-{unit}",
                    "occurred_at": at.isoformat(),
                    "indicator": code,
                    "unit": unit,
                    "value": round(min(value - 6 + 1.9 * place, 99.9), 1),
                },
            )


@pytest.fixture
def lively(feeder: Feeder) -> Feeder:
    """A store in which every panel has something to show."""
    now = datetime.now(UTC)
    feeder.feed(province(now, local_midnight(now, feeder.settings.zone)))
    return feeder


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("name", WALLS)
@pytest.mark.usefixtures("lively", "pipeline")
def test_every_wall_fits_at_every_size_in_both_languages_and_themes(
    screens: Callable[..., Screen], name: str, size: tuple[int, int]
) -> None:
    screen = screens(*size)
    screen.tab.set_default_timeout(PAINT_MS)
    faults: list[str] = []
    for look in (*LOOKS, *OTHER_LOOKS) if size == SIZES[0] else LOOKS:
        language = look[5:7]
        screen.tab.goto(f"{screen.web.url}/wall/{name}?{look}")
        screen.wait("window.iocLive?.painted > 0 && iocLive.charts === 0", PAINT_MS)
        screen.wait("document.documentElement.dataset.state === 'live'", PAINT_MS)
        screen.wait(f"document.fonts.status === 'loaded' && {pictures.DRAWN}", PAINT_MS)
        if look in LOOKS:
            screen.keep(f"wall_{name}_{language}_{size[0]}")
        faults += [f"{name} {look}: {fault}" for fault in screen.tab.evaluate(CUT)]
        if size == SIZES[0]:  # what axe-core looks at does not depend on the size of a screen
            faults += [f"{name} {look}: {fault}" for fault in grave(screen)]
        assert screen.value("document.documentElement.scrollWidth") <= size[0]
    assert faults == [], "\n".join(faults)


@pytest.mark.usefixtures("lively")
def test_a_wall_follows_what_happens(screens: Callable[..., Screen], feeder: Feeder) -> None:
    wall = screens().open("/wall/cameras")
    before = int(wall.value(f"document.getElementById('{slot('lifecycle', 'n-detected')}').textContent"))
    now = datetime.now(UTC)
    feeder.feed(
        [
            (
                "ioc.cameras.v1",
                {
                    "type": "incident",
                    "event_id": "new-1",
                    "occurred_at": now.isoformat(),
                    "camera_id": "CAM-1",
                    "unit": "725",
                    "incident_id": "new",
                    "kind": "fire_smoke",
                    "severity": "critical",
                    "state": "detected",
                },
            )
        ]
    )
    wall.wait_text(slot("lifecycle", "n-detected"), str(before + 1))


@pytest.mark.parametrize("state", ["broken", "quiet", "behind", "lost", "trial", "trial-en", "trial-behind"])
def test_a_wall_that_doubts_itself_is_whole(browser: Browser, tmp_path: Path, state: str) -> None:
    (scene,) = (each for each in pictures.scenes() if each[0] == f"wall-{state}")
    faults = pictures.take(browser, scene, tmp_path)
    told = {fault.split()[1].rstrip(":") for fault in faults if fault.startswith("broken ")}
    assert told == set(scene[3].get("broken", ()))
    assert [fault for fault in faults if not fault.startswith("broken ")] == []


@pytest.mark.usefixtures("lively")
def test_a_playlist_turns_without_loading_again_and_watches_no_more_than_two(
    start_web: Callable[..., WebServer], screens: Callable[..., Screen], tmp_path: Path
) -> None:
    steps = [{"wall": name, "seconds": 5} for name in ("overview", "cases", "services")]
    web = start_web(
        IOC_CONFIG=with_settings(tmp_path, playlists={"round": {"jitter_s": 0, "steps": steps}}, wall="round")
    )
    screen = screens()
    screen.web = web
    screen.tab.goto(web.url + "/wall?lang=en")
    screen.wait("window.iocPlaylist?.at === 0")
    front = "document.querySelector('iframe.shown').contentWindow"
    seen = "document.querySelectorAll('iframe.shown').length"
    screen.wait(f"{front}.iocLive.painted > 0")
    screen.value("window.sameTab = [...document.querySelectorAll('iframe')].map(f => f.contentWindow.sameTab = true)")
    most = 0
    for turn, name in enumerate(("cases", "services", "overview"), 1):
        look = (
            f"[{front}.location.pathname, {front}.iocLive.painted > 0, {front}.document.documentElement.lang, {seen}]"
        )
        turned = screen.tab.wait_for_function(f"() => iocPlaylist.turns === {turn} && {look}", timeout=60_000)
        assert turned.json_value() == [f"/wall/{name}", True, "en", 1], "painted before it is turned to"
        most = max(most, web.json("/readyz") is not None and screens_of(web))
    assert most <= 2
    assert screen.value(f"{front}.iocLive.fulls") >= 1
    until(lambda: screens_of(web) <= 2, "what is not shown watches nothing")


def screens_of(web: WebServer) -> int:
    """How many screens are connected, as the metrics say."""
    text = web.get("/metrics")[2].decode()
    return int(float(next(line.split()[-1] for line in text.splitlines() if line.startswith("ioc_screens "))))


@pytest.mark.usefixtures("lively")
def test_a_campaign_wall_comes_from_the_configuration_alone(
    start_web: Callable[..., WebServer], screens: Callable[..., Screen], tmp_path: Path, feeder: Feeder
) -> None:
    today = datetime.now(feeder.settings.zone).date()
    tree = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    indicator = {
        "code": "vneid_camp",
        "vi": "Tài khoản VNeID kích hoạt",
        "en": "VNeID accounts",
        "target": 5000,
        "roll_up": "sum",
    }
    wall = {
        "title_vi": "Chiến dịch 45 ngày",
        "title_en": "45 days",
        "grid": {
            "areas": ["campaign campaign", "accounts map", "ticker ticker"],
            "columns": [90, 140],
            "rows": [20, 94, 5],
        },
        "panels": [
            {"panel": "campaign", "text_vi": "Kích hoạt tài khoản định danh"},
            {"panel": "indicator", "area": "accounts", "indicator": "vneid_camp"},
            {"panel": "map"},
            {"panel": "ticker"},
        ],
        "from": today - timedelta(days=5),
        "until": today + timedelta(days=3),
    }
    over = {**wall, "from": today - timedelta(days=9), "until": today - timedelta(days=1)}
    config = with_settings(
        tmp_path,
        indicators=[*tree["indicators"], indicator],
        walls={**tree["walls"], "campaign": wall, "over": over},
    )
    web = start_web(IOC_CONFIG=config)
    screen = screens()
    screen.web = web
    screen.open("/wall/campaign")
    declared = load(config, environ={}, data_dir=str(tmp_path))
    with closing(Feeder(feeder.settings.database.dsn, declared, datetime.now(UTC), partition=1)) as own:
        own.feed(told(unit, 100 * (number + 1)) for number, unit in enumerate(UNITS[:3]))
    screen.wait_text(slot("indicator-accounts", "whole"), "600")
    screen.wait_text(slot("campaign", "days"), "4")
    assert screen.tab.evaluate(CUT) + grave(screen) == []
    screen.keep("wall_campaign_1920")
    screen.open(f"/wall/campaign?{LOOKS[1]}")
    screen.wait_text(slot("indicator-accounts", "whole"), "600")
    assert screen.tab.evaluate(CUT) + grave(screen) == []
    screen.open("/wall/over?lang=vi")
    screen.wait("document.querySelector('.curtain:not(.open)') !== null")
    assert "Đã kết thúc" in screen.value("document.querySelector('.curtain').innerText")
    assert screen.value("document.querySelector('.wall-grid').getClientRects().length") == 0


def told(unit: str, value: float) -> tuple[str, dict[str, Any]]:
    """A value of the campaign's indicator, which the configuration alone declares."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    event = {"event_id": f"camp-{unit}", "occurred_at": at.isoformat(), "indicator": "vneid_camp"}
    return "ioc.indicators.v1", {**event, "unit": unit, "value": value, "mode": "set"}
