"""What the simulated province looks like: volumes, hours, lateness, incidents, within what is known of real ones."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from ioc.facts import TOPICS, Reject, us_of
from ioc.settings import Settings, Units
from ioc.world import World, load_world
from streams.decode import Decoder
from streams.sent import CAMERAS, CASES, INDICATORS, USAGE, Sent
from streams.simulate.simulation import Simulation
from tests.unit.simulate_kit import Told, finished_on_time, lives

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = date(2026, 11, 16)
PACKS = ("binhduong", "binhphuoc", "binhduong_2025", "binhphuoc_2025")
SCHEMAS = {CASES: "case", CAMERAS: "camera", USAGE: "usage", INDICATORS: "indicator"}


@cache
def world_of(pack: str) -> World:
    return load_world(Settings(units=Units(pack=pack)), date(2026, 11, 23))


@cache
def simulation_of(pack: str) -> Simulation:
    return Simulation(world_of(pack), 7, ZONE)


@pytest.fixture(scope="module")
def week() -> dict[date, list[Sent]]:
    """The whole lives that begin on each day of a week without holidays."""
    simulation = simulation_of("binhduong")
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    return {on: simulation.day(on) for on in days}


def cases_by_family(week: dict[date, list[Sent]]) -> dict[str, list[bool]]:
    """Whether each finished case was on time, by family."""
    found: dict[str, list[bool]] = {}
    for events in week.values():
        for steps in lives(events).values():
            on_time = finished_on_time(steps)
            if on_time is not None:
                family = world_of("binhduong").procedures[str(steps[0].value["procedure_code"])].family
                found.setdefault(family, []).append(on_time)
    return found


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("on", [date(2026, 11, 18), date(2026, 11, 22), date(2026, 11, 24)], ids=str)
def test_every_event_keeps_its_contract_in_every_pack(pack: str, on: date) -> None:
    events = simulation_of(pack).day(on)
    world = world_of(pack)
    validators = {
        topic: Draft202012Validator(
            json.loads((files("ioc") / "data" / "contracts" / f"{name}-event.schema.json").read_text()),
            format_checker=FormatChecker(),
        )
        for topic, name in SCHEMAS.items()
    }
    assert {event.topic for event in events} == set(SCHEMAS)
    seen: Counter[tuple[object, ...]] = Counter()
    for event in events:
        value = event.value
        shape = (event.topic, value.get("status"), value.get("service"), value.get("kind"), value.get("indicator"))
        seen[shape] += 1
        if seen[shape] <= 12 or seen[shape] % 97 == 0:
            validators[event.topic].validate(json.loads(json.dumps(value)))
        for unit in ("unit", "handling_unit", "receiving_unit"):
            assert value.get(unit) is None or value[unit] in world.by_code
        key = {CASES: "case_code", CAMERAS: "camera_id", USAGE: "unit", INDICATORS: "indicator"}[event.topic]
        assert event.key == value[key]
        assert event.at >= datetime.fromisoformat(str(value["occurred_at"]))


@dataclass
class Wire:
    """A record as a broker would give it."""

    value: bytes
    key: bytes = b""
    offset: int = 0
    timestamp: int = 0
    headers: tuple[tuple[str, bytes | None], ...] = ()


@pytest.mark.parametrize("pack", PACKS)
def test_the_door_refuses_none_of_it(pack: str) -> None:
    settings = Settings(units=Units(pack=pack))
    decoder = Decoder(settings, world_of(pack))
    for event in simulation_of(pack).day(date(2026, 11, 18)):
        record = Wire(msgspec.json.encode(event.value), event.key.encode())
        arrival = decoder.decode(record, TOPICS[event.topic], 1, us_of(event.at))
        assert not isinstance(arrival.what, Reject), (event.value, arrival.what)


@pytest.mark.parametrize("pack", PACKS)
def test_ids_are_unique_within_their_topic(pack: str) -> None:
    simulation = simulation_of(pack)
    ids = [
        (event.topic, event.value["event_id"])
        for on in (date(2026, 11, 17), date(2026, 11, 18))
        for event in simulation.day(on)
    ]
    assert len(set(ids)) == len(ids)


def test_the_day_has_the_volume_of_the_province(week: dict[date, list[Sent]]) -> None:
    usual = week[date(2026, 11, 18)]
    cases = lives(usual)
    assert 5_300 <= len(cases) <= 7_000
    assert 50_000 <= len(usual) <= 90_000
    world = world_of("binhduong")
    levels = Counter(world.procedures[str(steps[0].value["procedure_code"])].level for steps in cases.values())
    families = Counter(world.procedures[str(steps[0].value["procedure_code"])].family for steps in cases.values())
    assert 850 <= levels["tinh"] <= 1_250
    assert 230 <= families["petition"] <= 380
    assert 0.6 <= families["certification"] / (levels["xa"] + levels["huyen"]) <= 0.75


def test_a_smaller_province_is_smaller(week: dict[date, list[Sent]]) -> None:
    smaller = len(lives(simulation_of("binhphuoc").day(date(2026, 11, 18))))
    assert 1_600 <= smaller <= 3_200
    assert smaller < len(lives(week[date(2026, 11, 18)])) / 2


def test_mondays_are_heavy_fridays_light_and_sundays_nearly_empty(week: dict[date, list[Sent]]) -> None:
    came = {on: len(lives(events)) for on, events in week.items()}
    monday, wednesday, friday, saturday, sunday = (came[MONDAY + timedelta(days=n)] for n in (0, 2, 4, 5, 6))
    assert 1.06 <= monday / wednesday <= 1.25
    assert 0.84 <= friday / wednesday <= 0.99
    assert saturday < wednesday * 0.2
    assert sunday < wednesday * 0.15


def test_a_public_holiday_has_no_counter() -> None:
    events = simulation_of("binhduong").day(date(2026, 11, 24))
    petitions = {code for code, p in world_of("binhduong").procedures.items() if p.family == "petition"}
    desks = [steps for steps in lives(events).values() if steps[0].value["procedure_code"] not in petitions]
    assert desks
    assert {steps[0].value["channel"] for steps in desks} == {"online"}
    assert not any(step.status == "finished" and step.at.date() == date(2026, 11, 24) for s in desks for step in s)


def test_counters_rest_at_noon_and_peak_twice(week: dict[date, list[Sent]]) -> None:
    hours: Counter[int] = Counter()
    outside = online = evening = 0
    for steps in lives(week[date(2026, 11, 18)]).values():
        first = steps[0]
        if str(first.value["procedure_code"]).startswith("PAKN"):
            continue
        if first.value["channel"] == "counter":
            hours[first.at.hour] += 1
        elif first.status == "submitted":
            online += 1
            minute = first.at.hour * 60 + first.at.minute
            outside += not (450 <= minute < 690 or 780 <= minute < 1020)
            evening += 19 <= first.at.hour < 22
    assert hours[12] == 0
    assert hours[9] > 2 * hours[11]
    assert hours[14] > 2 * hours[16]
    assert min(hours) >= 7
    assert max(hours) <= 16
    assert 0.14 <= outside / online <= 0.3
    assert evening / outside > 0.3


def test_nearly_all_is_on_time_and_lateness_gathers_in_land_and_construction(week: dict[date, list[Sent]]) -> None:
    families = cases_by_family(week)
    everything = [on_time for found in families.values() for on_time in found]
    assert 0.98 <= sum(everything) / len(everything) <= 0.997
    late = {family: found.count(False) / len(found) for family, found in families.items() if len(found) > 300}
    worst = sorted(late, key=lambda family: late[family])[-2:]
    assert set(worst) == {"land", "construction"}


def test_lives_have_the_usual_turns(week: dict[date, list[Sent]]) -> None:
    instant = {code for code, p in world_of("binhduong").procedures.items() if p.working_days == 0}
    provincial = {code for code, p in world_of("binhduong").procedures.items() if p.level == "tinh"}
    steps = [s for events in week.values() for s in lives(events).values()]
    long = [s for s in steps if s[0].value["procedure_code"] not in instant]
    quick = [s for s in steps if s[0].value["procedure_code"] in instant]

    def share(word: str, among: list[list[Told]]) -> float:
        return sum(any(step.status == word for step in s) for s in among) / len(among)

    assert 0.03 <= share("supplement_requested", long) <= 0.065
    assert 0.0 < share("withdrawn", steps) < 0.01
    assert 0.008 <= share("not_accepted", steps) <= 0.02
    assert 3.0 <= sum(map(len, quick)) / len(quick) <= 4.2
    whole = [s for s in long if s[0].value["procedure_code"] in provincial and s[-1].status == "returned"]
    assert 5.0 <= sum(map(len, whole)) / len(whole) <= 8.0
    assert any(step.value.get("extension_no") == 1 for s in long for step in s)
    assert {step.value.get("payment_method") for s in steps for step in s} >= {"cash", "transfer", "online"}


def test_a_pause_ends_with_the_answer_and_nothing_else(week: dict[date, list[Sent]]) -> None:
    answers = {"supplement_requested": "Đã bổ sung giấy tờ", "payment_requested": "Đã thực hiện nghĩa vụ tài chính"}
    pauses = 0
    for events in week.values():
        for steps in lives(events).values():
            for step, following in pairwise(steps):
                if step.status in answers:
                    pauses += 1
                    petition = str(step.value["procedure_code"]).startswith("PAKN")
                    assert (
                        following.status == "withdrawn" or petition or following.value["stage"] == answers[step.status]
                    )
    assert pauses > 300


def test_provincial_cases_are_received_elsewhere_than_decided(week: dict[date, list[Sent]]) -> None:
    world = world_of("binhduong")
    received, decided = Counter[str](), Counter[str]()
    for step in (step for s in lives(week[MONDAY]).values() for step in s if step.status == "received"):
        procedure = world.procedures[str(step.value["procedure_code"])]
        if procedure.level == "tinh" and procedure.family != "petition":
            received[world.by_code[str(step.value["receiving_unit"])].kind] += 1
            decided[world.by_code[str(step.value["handling_unit"])].kind] += 1
    assert set(received) == {"province", "district", "commune"}
    assert set(decided) == {"department", "branch"}


def test_petitions_are_handed_on_once(week: dict[date, list[Sent]]) -> None:
    for steps in lives(week[MONDAY]).values():
        if str(steps[0].value["procedure_code"]).startswith("PAKN"):
            holders = [step.value["handling_unit"] for step in steps]
            assert sum(a != b for a, b in pairwise(holders)) <= 1
            assert holders[0] == steps[0].value["receiving_unit"]


def test_cameras_see_thousands_and_few_matter(week: dict[date, list[Sent]]) -> None:
    for events in week.values():
        first = [e.value for e in events if e.topic == CAMERAS and e.value.get("state") == "detected"]
        severity = Counter(str(value["severity"]) for value in first)
        assert 5_000 <= len(first) <= 15_000
        assert 18 <= severity["high"] + severity["critical"] <= 62
        assert severity["low"] > len(first) / 2
        wrong = sum(e.value.get("state") == "false_alarm" for e in events)
        assert 0.15 <= wrong / len(first) <= 0.3


def test_traffic_is_seen_at_rush_hours_and_helmets_at_night(week: dict[date, list[Sent]]) -> None:
    hours: dict[str, Counter[int]] = {"red_light": Counter(), "no_helmet": Counter()}
    for event in week[MONDAY]:
        if event.value.get("state") == "detected" and event.value["kind"] in hours:
            hours[str(event.value["kind"])][datetime.fromisoformat(str(event.value["occurred_at"])).hour] += 1
    assert hours["red_light"][17] > 2 * hours["red_light"][14]
    assert hours["no_helmet"][22] > 2 * hours["no_helmet"][10]


def test_about_a_dozen_incidents_are_open_at_any_hour(week: dict[date, list[Sent]]) -> None:
    ended = {"false_alarm", "resolved", "closed"}
    for hour in (8, 12, 17, 20):
        at = datetime(2026, 11, 18, hour, 20, tzinfo=ZONE)
        latest: dict[str, tuple[datetime, str, str]] = {}
        for event in (e for on in (17, 18) for e in week[date(2026, 11, on)] if "state" in e.value):
            moment = datetime.fromisoformat(str(event.value["occurred_at"]))
            if moment < at:
                told = (moment, str(event.value["event_id"]), str(event.value["state"]))
                incident = str(event.value["incident_id"])
                latest[incident] = max(latest.get(incident, told), told)
        assert 4 <= sum(state not in ended for _, _, state in latest.values()) <= 35


def test_a_few_cameras_are_dark(week: dict[date, list[Sent]]) -> None:
    latest: dict[str, tuple[str, str]] = {}
    for event in (e for events in week.values() for e in events if e.value.get("type") == "health"):
        told = (str(event.value["occurred_at"]), str(event.value["status"]))
        latest[event.key] = max(latest.get(event.key, told), told)
    status = Counter(told for _, told in latest.values())
    assert 400 <= status.total() <= 440
    assert 1 <= status["offline"] <= 20
    assert status["online"] > 390


@pytest.mark.parametrize(
    ("pack", "outlines"), [("binhduong", "binh_duong"), ("binhphuoc", "binh_phuoc"), ("binhduong_2025", "binh_duong")]
)
def test_cameras_stand_inside_the_province(pack: str, outlines: str) -> None:
    shapes = json.loads((files("ioc") / "data" / "geo" / f"{outlines}_wards_2025.geojson").read_text())
    rings = [
        ring
        for feature in shapes["features"]
        for ring in (
            feature["geometry"]["coordinates"]
            if feature["geometry"]["type"] == "Polygon"
            else [ring for polygon in feature["geometry"]["coordinates"] for ring in polygon]
        )
    ]

    def inside(lon: float, lat: float) -> bool:
        crossings = 0
        for ring in rings:
            for (x1, y1), (x2, y2) in pairwise(ring):
                if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                    crossings += 1
        return crossings % 2 == 1

    cameras = simulation_of(pack).cameras
    assert len({camera.camera_id for camera in cameras}) == len(cameras) >= 40
    placed = [camera for camera in cameras if camera.lat is not None and camera.lon is not None]
    assert len(placed) == len(cameras)
    assert sum(not inside(c.lon or 0.0, c.lat or 0.0) for c in placed) <= len(cameras) * 0.02


def test_services_fail_now_and_then_and_payments_have_amounts(week: dict[date, list[Sent]]) -> None:
    uses: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for event in (e for events in week.values() for e in events if e.topic == USAGE):
        service, count = str(event.value["service"]), int(str(event.value["count"]))
        uses[service] += count
        errors[service] += count * (event.value["outcome"] != "ok")
        assert ("amount_vnd" in event.value) == (service in ("payment", "ecommerce") and event.value["outcome"] == "ok")
    assert set(uses) == {service.code for service in world_of("binhduong").services}
    for service, number in uses.items():
        assert 0.001 <= errors[service] / number <= 0.05


def test_indicators_are_told_every_day_for_every_declared_code(week: dict[date, list[Sent]]) -> None:
    declared = world_of("binhduong").indicators
    for on, events in week.items():
        told = [event.value for event in events if event.topic == INDICATORS]
        assert {value["indicator"] for value in told} == set(declared)
        assert {str(value["occurred_at"])[:10] for value in told} == {str(on - timedelta(days=1))}
    root = [v for v in told if v["indicator"] == "digital_addresses" and v["unit"] == "74"]
    assert 280_000 <= float(str(root[0]["value"])) <= 300_000


def test_about_one_in_a_hundred_is_late(week: dict[date, list[Sent]]) -> None:
    late = [
        (event.at - datetime.fromisoformat(str(event.value["occurred_at"]))).total_seconds()
        for event in week[MONDAY]
        if event.topic != INDICATORS
    ]
    assert 0.007 <= sum(delay > 59 for delay in late) / len(late) <= 0.014
    assert any(delay > 12 * 3600 for delay in late)
    assert sorted(late)[len(late) // 2] < 1.0


def test_nobody_is_named(week: dict[date, list[Sent]]) -> None:
    forbidden = {field.lower() for field in Settings().ingest.personal_fields}
    for event in week[MONDAY]:
        assert not forbidden & {name.lower() for name in event.value}
        plate = event.value.get("plate_masked")
        assert plate is None or re.fullmatch(r"\d\d[A-Z]\d?-\*\*\*\.\d\d", str(plate))
    text = json.dumps([event.value for event in week[MONDAY]], ensure_ascii=False)
    assert not re.search(r"(?<![\d.])(?:0|84)\d{9}(?!\d)", text)
    assert not re.search(r"(?<![\d.])\d{12}(?!\d)", text)
    assert "@" not in text
