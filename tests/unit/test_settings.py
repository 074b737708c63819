"""Settings: environment over file over defaults, and one clear line for whatever is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ioc.errors import ConfigError
from ioc.settings import Settings, from_tree, load, seconds


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory: no `config.yaml`, no demo."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(place: Path, text: str, name: str = "config.yaml") -> Path:
    file = place / name
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_the_defaults_hold(place: Path) -> None:
    assert load(environ={}) == Settings()


def test_the_file_wins_over_defaults_and_the_environment_over_the_file(place: Path) -> None:
    write(place, "web: {port: 9000, host: 10.0.0.1}\n")
    settings = load(environ={"IOC_WEB__PORT": "9100"})
    assert (settings.web.port, settings.web.host, settings.web.ticks_per_s) == (9100, "10.0.0.1", 10)


def test_an_empty_file_is_a_file(place: Path) -> None:
    write(place, "# nothing yet\n")
    assert load(environ={}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "path", "value"),
    [
        ("IOC_DATABASE__DSN", "postgresql://ioc@db/ioc", ("database", "dsn"), "postgresql://ioc@db/ioc"),
        ("IOC_WEB__ORIGINS", "[https://a.example, b]", ("web", "origins"), ("https://a.example", "b")),
        ("IOC_KAFKA__OPTIONS", "{security_protocol: SSL}", ("kafka", "options"), {"security_protocol": "SSL"}),
        ("IOC_KAFKA__OPTIONS__SASL_MECHANISM", "PLAIN", ("kafka", "options"), {"sasl_mechanism": "PLAIN"}),
        ("IOC_DEMO_MODE", "true", ("demo_mode",), True),
        ("IOC_INGEST__CLOCK_SKEW", "10", ("ingest", "clock_skew"), 10),
        ("IOC_INGEST__CLOCK_SKEW", "10m", ("ingest", "clock_skew"), "10m"),
        ("IOC_CASES__STOPPED", "ended", ("cases", "stopped"), "ended"),
        ("IOC_DATA_DIR", "/var/lib/ioc", ("data_dir",), "/var/lib/ioc"),
    ],
)
def test_every_kind_of_value_can_come_from_the_environment(
    place: Path, variable: str, text: str, path: tuple[str, ...], value: object
) -> None:
    found: Any = load(environ={variable: text})
    for name in path:
        found = getattr(found, name)
    assert found == value


@pytest.mark.parametrize("text", ["1022", "12345678901234567890", "null", "true", "[a", "{x}", "1.5"])
def test_text_stays_text_whatever_it_looks_like(place: Path, text: str) -> None:
    assert load(environ={"IOC_PROVINCE__HOTLINE": text}).province.hotline == text
    assert load(environ={"IOC_WEB__TOKEN": text}).web.token == text


def test_variables_that_are_no_settings_are_left_alone(place: Path) -> None:
    environ = {"IOC_CACHE_DIR": "/x", "IOC_DEMO": "1", "IOC_TEST_TIMESCALE_DSN": "x", "HOME": "/root", "IOCX": "1"}
    assert load(environ=environ) == Settings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("web: {prot: 80}", "`prot` - at `$.web`"),
        ("colour: red", "`colour`"),
        ("web: {port: 99999}", "$.web.port"),
        ("web: {port: http}", "$.web.port"),
        ("broker: rabbit", "$.broker"),
        ("kafka: {partitions: 0}", "$.kafka.partitions"),
        ("indicators: [{code: a, vi: b}]", "`en` - at `$.indicators[0]`"),
        ("signs: {hall: {unitt: x}}", "`unitt`"),
        ("database: nowhere", "$.database"),
        ("ingest: {clock_skew: soon}", "ingest.clock_skew: 'soon'"),
        ("feeds: {usage: 5 fortnights}", "feeds.usage: '5 fortnights'"),
        ("province: {zone: Asia/Atlantis}", "province.zone"),
        ("province: {zone: ../../etc/passwd}", "province.zone"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(place: Path, text: str, says: str) -> None:
    write(place, text)
    with pytest.raises(ConfigError) as caught:
        load(environ={})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_variable_is_refused_like_an_unknown_key(place: Path) -> None:
    with pytest.raises(ConfigError, match="prot"):
        load(environ={"IOC_WEB__PROT": "80"})


def test_a_variable_below_a_single_value_says_so(place: Path) -> None:
    write(place, "broker: kafka\n")
    with pytest.raises(ConfigError, match="broker is a single value"):
        load(environ={"IOC_BROKER__NAME": "x"})


def test_a_file_that_was_named_must_exist(place: Path) -> None:
    for how in ({"config": place / "mine.yaml"}, {"environ": {"IOC_CONFIG": str(place / "mine.yaml")}}):
        with pytest.raises(ConfigError, match=r"mine\.yaml does not exist"):
            load(**{"environ": {}, **how})  # type: ignore[arg-type]


def test_the_named_file_wins_over_the_one_that_lies_there(place: Path) -> None:
    write(place, "web: {port: 1}\n")
    other = write(place, "web: {port: 2}\n", "other.yaml")
    assert load(environ={"IOC_CONFIG": str(other)}).web.port == 2
    assert load(other, environ={"IOC_CONFIG": str(place / "config.yaml")}).web.port == 2


@pytest.mark.parametrize(("text", "says"), [("a: [", "is not YAML"), ("- a\n- b\n", "keys and values")])
def test_a_file_that_is_no_settings_says_so(place: Path, text: str, says: str) -> None:
    write(place, text)
    with pytest.raises(ConfigError, match=says):
        load(environ={})


RUNNING = {"dsn": "host=/run/demo dbname=ioc", "broker": "log", "bootstrap_servers": None}


def run_file(place: Path, **found: object) -> None:
    (place / ".ioc").mkdir()
    (place / ".ioc" / "run.json").write_text(json.dumps({**RUNNING, **found}), encoding="utf-8")


def test_a_running_demo_fills_what_nobody_set(place: Path) -> None:
    run_file(place)
    settings = load(environ={})
    assert (settings.database.dsn, settings.broker, settings.kafka.bootstrap_servers) == (RUNNING["dsn"], "log", "")


def test_a_running_demo_is_found_where_the_data_directory_is(place: Path) -> None:
    run_file(place, broker="kafka", bootstrap_servers="127.0.0.1:9")
    assert load(data_dir=str(place / "elsewhere"), environ={}).database.dsn == ""
    found = load(data_dir=str(place / ".ioc"), environ={"IOC_DATA_DIR": "/nowhere"})
    assert (found.kafka.bootstrap_servers, found.data_dir) == ("127.0.0.1:9", str(place / ".ioc"))


def test_a_running_demo_changes_nothing_that_was_set(place: Path) -> None:
    run_file(place)
    settings = load(environ={"IOC_DATABASE__DSN": "postgresql://mine"})
    assert (settings.database.dsn, settings.broker) == ("postgresql://mine", "kafka")


def test_a_damaged_run_file_says_what_to_do(place: Path) -> None:
    (place / ".ioc").mkdir()
    (place / ".ioc" / "run.json").write_text('{"dsn": ', encoding="utf-8")
    with pytest.raises(ConfigError, match="stop the demo and start it again"):
        load(environ={})


def test_settings_are_read_once_and_never_change() -> None:
    with pytest.raises(AttributeError):
        from_tree({}).web.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "length_s"),
    [
        ("300", 300),
        (300, 300),
        (0.5, 0.5),
        ("500ms", 0.5),
        ("90 s", 90),
        ("15m", 900),
        ("15min", 900),
        ("24h", 86_400),
        ("7d", 604_800),
        ("1.5h", 5400),
    ],
)
def test_lengths_of_time_are_read_as_people_write_them(text: str | float, length_s: float) -> None:
    assert seconds(text) == length_s


@given(st.one_of(st.text(max_size=8), st.floats(max_value=-0.001, allow_nan=False)))
def test_other_words_are_no_lengths(text: str | float) -> None:
    assume(not re.fullmatch(r"\d+(\.\d+)?\s*(ms|s|m|min|h|d)?", str(text).strip()))
    with pytest.raises(ConfigError, match=re.escape(repr(text))):
        seconds(text)
