"""The recorded permit log as a case feed: every case, every step, every end, and nobody's name."""

import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from io import StringIO
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from ioc.errors import ConfigError
from ioc.settings import Settings, Units
from ioc.world import load_world
from streams.adapters.permits import PROCEDURE, fixed_shift, last_moment, permit_events
from streams.adapters.replay import replay_permits
from streams.delivery import Progress, deliver
from streams.sent import Sent
from tests.unit.simulate_kit import Kept

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SHIFT = timedelta(weeks=773)


@pytest.fixture(scope="module")
def events() -> list[Sent]:
    return permit_events(SHIFT)


@pytest.fixture(scope="module")
def recorded() -> list[dict[str, str]]:
    packed = (files("ioc") / "data" / "permits" / "permit_receipt_log.csv.gz").read_bytes()
    return list(csv.DictReader(StringIO(gzip.decompress(packed).decode())))


def test_every_case_step_and_end_is_there(events: list[Sent]) -> None:
    statuses = Counter(event.value["status"] for event in events)
    assert len({event.key for event in events}) == 1434
    assert statuses["finished"] == 1329
    assert statuses["received"] == 1434
    assert sum(statuses.values()) == 8577 + 1329
    assert set(statuses) == {"received", "processing", "stopped", "finished"}
    assert len({event.value["event_id"] for event in events}) == len(events)


def test_cases_come_in_by_the_recorded_channels(events: list[Sent]) -> None:
    channel = {event.key: event.value["channel"] for event in events}
    assert Counter(channel.values()) == {"online": 1250 + 21, "counter": 109 + 1, "postal": 53}


def test_each_step_keeps_its_moment_and_its_word(events: list[Sent], recorded: list[dict[str, str]]) -> None:
    by_id = {event.value["event_id"]: event for event in events}
    for row in recorded:
        event = by_id[f"permits-{row['concept:instance']}"]
        assert event.at == datetime.fromisoformat(row["time:timestamp"]) + SHIFT
        assert event.value["occurred_at"] == event.at.isoformat()
        assert event.value["stage"] == row["concept:name"]
        assert event.key == event.value["case_code"] == row["case:concept:name"]
        due = datetime.fromisoformat(str(event.value["due_at"]))
        assert due == datetime.fromisoformat(row["case:enddate_planned"]) + SHIFT
        if row["case:enddate"]:
            end = by_id[f"permits-{row['case:concept:name']}-end"]
            assert end.at == datetime.fromisoformat(row["case:enddate"]) + SHIFT


def test_ends_stay_where_they_were_recorded(events: list[Sent]) -> None:
    steps = defaultdict(list)
    for event in events:
        steps[event.key].append(event.value["status"])
    assert sum(lives[0] == "finished" for lives in steps.values()) == 117
    assert sum("finished" in lives and lives[-1] != "finished" for lives in steps.values()) == 145


def test_a_hold_lasts_until_the_end(events: list[Sent]) -> None:
    held = {event.key for event in events if event.value["status"] == "stopped"}
    assert len(held) == 20
    for case in held:
        words = [event.value["status"] for event in events if event.key == case]
        after = words[words.index("stopped") :]
        assert set(after) <= {"stopped", "finished"}


def test_advice_hands_the_case_to_the_advisers_and_back(events: list[Sent]) -> None:
    advised = {event.key for event in events if str(event.value["handling_unit"]).startswith("P-EXPERTS-")}
    assert len(advised) > 30
    returned = 0
    for case in advised:
        units = [event.value["handling_unit"] for event in events if event.key == case]
        returned += not str(units[-1]).startswith("P-EXPERTS-")
    assert returned > 20


def test_no_official_is_named(events: list[Sent]) -> None:
    text = json.dumps([event.value for event in events])
    assert "Resource" not in text
    assert "admin" not in text


def test_events_are_in_order_and_the_same_each_time(events: list[Sent]) -> None:
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert permit_events(SHIFT) == events


def test_every_event_keeps_the_contract_and_its_units_exist(events: list[Sent]) -> None:
    schema = json.loads((files("ioc") / "data" / "contracts" / "case-event.schema.json").read_text())
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    world = load_world(Settings(), date(2026, 11, 23))
    for event in events:
        validator.validate(event.value)
        assert event.value["handling_unit"] in world.by_code
        assert event.value["receiving_unit"] in world.by_code
    assert PROCEDURE in world.procedures


@pytest.mark.parametrize("hours", range(0, 24 * 9, 7))
def test_the_shift_is_whole_weeks_and_ends_before_today(hours: int) -> None:
    now = datetime(2026, 11, 22, 0, 30, tzinfo=UTC) + timedelta(hours=hours)
    last = last_moment()
    shift = fixed_shift(last, now, ZONE)
    midnight = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    assert shift % timedelta(weeks=1) == timedelta(0)
    assert last + shift < midnight <= last + shift + timedelta(weeks=1)


def test_an_end_on_midnight_itself_is_not_before_it() -> None:
    midnight = datetime(2026, 11, 23, tzinfo=ZONE)
    assert fixed_shift(midnight, midnight + timedelta(hours=3), ZONE) == timedelta(weeks=-1)


def test_replay_sends_all_of_it_keyed_by_case() -> None:
    kept = Kept()
    world = load_world(Settings(), date(2026, 11, 23))
    assert replay_permits(Settings(), world, kept, speed=None, shift=SHIFT) == 9906
    assert kept.flushed == len(kept.records) == 9906
    topic, key, value = kept.records[0]
    assert topic == "ioc.cases.v1"
    assert json.loads(value)["case_code"] == key


def test_replay_says_when_the_units_are_missing() -> None:
    settings = Settings(units=Units(extra=()))
    with pytest.raises(ConfigError, match="permits"):
        replay_permits(settings, load_world(settings, date(2026, 11, 23)), Kept(), speed=None, shift=SHIFT)


def test_replay_ends_when_it_is_stopped() -> None:
    stop = Event()
    stop.set()
    world = load_world(Settings(), date(2026, 11, 23))
    assert replay_permits(Settings(), world, Kept(), speed=1.0, shift=SHIFT, stop=stop) <= 1


def test_progress_is_one_line_on_a_terminal(events: list[Sent]) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    progress = Progress("replay", out)
    progress.tell(f"{deliver(Kept(), events[:3])} of 9", now=True)
    progress.tell("9 of 9", now=True)
    progress.end()
    assert out.getvalue() == "\r\033[Kreplay: 3 of 9\r\033[Kreplay: 9 of 9\n"
