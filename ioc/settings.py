"""One frozen `Settings`, read once: environment over `config.yaml` over defaults.

Every key of `config.yaml` can be overridden by ``IOC_`` and its path, levels parted by two underscores:
``IOC_DATABASE__DSN``, ``IOC_WEB__PORT``. Values of variables are read as YAML, so lists and numbers work. Unknown keys
are refused with their path. A running demo leaves its addresses in ``DATA_DIR/run.json``; they fill what neither the
environment nor the file sets.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml
from msgspec import Meta

from ioc.errors import ConfigError
from ioc.section import Section
from ioc.walls import Playlist, Wall, checked

DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?$")
SECONDS = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}

Duration = str | int | float
"""A length of time as people write it: ``300``, ``24h``, ``500ms``, ``7d``; see `seconds`."""


def seconds(value: Duration) -> float:
    """The length of ``value`` in seconds; a bare number is seconds. Raises ConfigError for other words."""
    found = DURATION.match(str(value).strip())
    if not found:
        raise ConfigError(f"{value!r} is not a length of time; write 300, 24h, 15m or 500ms")
    return float(found[1]) * SECONDS[found[2]]


class Province(Section, frozen=True):
    """Whose centre this is."""

    name_vi: str = "Bình Dương"
    name_en: str = "Bình Dương"
    zone: str = "Asia/Ho_Chi_Minh"
    language: Literal["vi", "en"] = "vi"
    hotline: str = "1022"
    lookup_url: str = "https://dichvucong.gov.vn"


class Units(Section, frozen=True):
    """Which units exist. ``pack`` and ``extra`` name a CSV of `ioc/data/units` or a path to one of your own."""

    pack: str = "binhduong"
    departments: str = "departments_binhduong"
    extra: tuple[str, ...] = ("permits",)
    outlines: str = "binh_duong_districts"


class Database(Section, frozen=True):
    """Where the store is."""

    dsn: str = ""
    statement_timeout: Duration = "30s"
    keep_usage_days: Annotated[int, Meta(ge=0)] = 400
    """Raw uses only: their sums stay for ever. 0 = for ever too."""


class Kafka(Section, frozen=True):
    """The broker. ``options`` passes any kafka-python setting through (TLS, SASL …)."""

    bootstrap_servers: str = ""
    group_id: str = "ioc-ingest"
    partitions: Annotated[int, Meta(ge=1, le=1024)] = 4
    replication: Annotated[int, Meta(ge=1, le=9)] = 1
    options: dict[str, Any] = msgspec.field(default_factory=dict)


class Ingest(Section, frozen=True):
    """How records become facts."""

    batch_events: Annotated[int, Meta(ge=1, le=9_000)] = 4000
    """At most 9,000: the greatest amounts of so many records still add up within 64 bits."""
    batch_age: Duration = "50ms"
    clock_skew: Duration = "300s"
    dedupe_days: Annotated[int, Meta(ge=1)] = 35
    rejects_kept: Annotated[int, Meta(ge=1)] = 100_000
    rejects_kept_mb: Annotated[int, Meta(ge=1)] = 256
    personal_fields: tuple[str, ...] = (
        "ChuHoSo",
        "chu_ho_so",
        "full_name",
        "fullname",
        "ho_ten",
        "name",
        "phone",
        "SoDienThoai",
        "so_dien_thoai",
        "mobile",
        "cccd",
        "cmnd",
        "identity_number",
        "MaDoiTuong",
        "email",
        "Email",
        "address",
        "dia_chi",
        "NguoiXuLy",
        "plate",
        "license_plate",
    )


class Cases(Section, frozen=True):
    """The choices that the definitions of case figures leave open; changing one asks for `ioc rebuild`."""

    stopped: Literal["paused", "ended"] = "paused"
    compare: Literal["date", "timestamp"] = "date"
    clock: Literal["calendar"] = "calendar"
    due_soon: Duration = "24h"


class Cameras(Section, frozen=True):
    """When a camera that says nothing is called silent; 0 = never."""

    silent_after: Duration = 0


class Service(Section, frozen=True):
    """A digital service whose use is counted."""

    code: str
    vi: str
    en: str


class Indicator(Section, frozen=True):
    """A measured figure of any field, fed by `ioc.indicators.v1`; ``source`` answers for it: a unit by its code or its
    Vietnamese name, or words that are shown as they stand."""

    code: str
    vi: str
    en: str
    unit_vi: str = ""
    unit_en: str = ""
    decimals: Annotated[int, Meta(ge=0, le=6)] = 0
    target: float | None = None
    goal: Literal["higher", "lower"] = "higher"
    roll_up: Literal["own", "sum", "mean"] = "own"
    source: str = ""
    work: str = ""
    work_en: str = ""
    due: date | None = None


class IncidentKind(Section, frozen=True):
    """A kind of camera incident added to those of `ioc/data/incident_kinds.csv`."""

    kind: str
    vi: str
    en: str
    domain: str = "other"
    severity: Literal["low", "medium", "high", "critical"] = "low"
    vi_short: str = ""
    en_short: str = ""


class Feeds(Section, frozen=True):
    """How long each feed may be silent in working hours before its figures are called old; 0 = never."""

    cases: Duration = "15m"
    cameras: Duration = "15m"
    usage: Duration = "5m"
    indicators: Duration = 0


class Sign(Section, frozen=True):
    """A LED sign at a one-stop centre: it shows what was received at ``unit`` and below."""

    unit: str = ""
    title_vi: str = ""
    title_en: str = ""
    language: Literal["vi", "en"] = "vi"


class Web(Section, frozen=True):
    """The HTTP server. Outside the demo nothing but health checks answers without ``token``."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8050
    token: str = ""
    origins: tuple[str, ...] = ()
    ticks_per_s: Annotated[int, Meta(ge=1, le=20)] = 10


class Doctor(Section, frozen=True):
    """What `ioc doctor` calls bad."""

    least_free_mb: Annotated[int, Meta(ge=0)] = 2000


class Demo(Section, frozen=True):
    """What `ioc demo` shows."""

    days: Annotated[int, Meta(ge=0, le=90)] = 7
    seed: int = 20261123


class Settings(Section, frozen=True):
    """Everything that can be set; `config.yaml` holds every key with its default and a comment."""

    data_dir: str = ".ioc"
    broker: Literal["kafka", "log"] = "kafka"
    demo_mode: bool = False
    province: Province = Province()
    units: Units = Units()
    database: Database = Database()
    kafka: Kafka = Kafka()
    ingest: Ingest = Ingest()
    cases: Cases = Cases()
    cameras: Cameras = Cameras()
    feeds: Feeds = Feeds()
    services: tuple[Service, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    incident_kinds: tuple[IncidentKind, ...] = ()
    signs: dict[str, Sign] = msgspec.field(default_factory=dict)
    wall: str = "overview"
    walls: dict[str, Wall] = msgspec.field(default_factory=dict)
    playlists: dict[str, Playlist] = msgspec.field(default_factory=dict)
    web: Web = Web()
    doctor: Doctor = Doctor()
    demo: Demo = Demo()

    @property
    def zone(self) -> ZoneInfo:
        """The province's time zone."""
        return ZoneInfo(self.province.zone)


def _overlay(tree: dict[str, Any], environ: Mapping[str, str]) -> None:
    for name, text in sorted(environ.items()):
        if not name.startswith("IOC_") or name in RESERVED or name.startswith("IOC_TEST_"):
            continue
        path = name.removeprefix("IOC_").lower().split("__")
        at = tree
        for level in path[:-1]:
            below = at.setdefault(level, {})
            if not isinstance(below, dict):
                raise ConfigError(f"{name}: {level} is a single value, not a section")
            at = below
        at[path[-1]] = text if _is_text(path) else _scalar(text)


def _is_text(path: list[str]) -> bool:
    """Whether the key holds text alone: a hotline or a token of digits stays what it is."""
    kind: Any = Settings
    for level in path:
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
            return False
        kind = {field.name: field.type for field in msgspec.structs.fields(kind)}.get(level)
    return kind is str


def _scalar(text: str) -> Any:
    if text.startswith(("[", "{")) or text in {"true", "false", "null"} or re.fullmatch(r"-?\d+(\.\d+)?", text):
        return yaml.safe_load(text)
    return text


RESERVED = frozenset({"IOC_CONFIG", "IOC_CACHE_DIR", "IOC_DEMO"})
"""Variables that are read elsewhere and are no settings."""


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment that says nothing of the settings: for a program whose settings are given to it alone."""
    return {name: text for name, text in environ.items() if not name.startswith("IOC_") or name == "IOC_CACHE_DIR"}


def _run_file(data_dir: str) -> dict[str, Any]:
    path = Path(data_dir) / "run.json"
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is damaged ({error}); stop the demo and start it again") from error
    return found if isinstance(found, dict) else {}


def load(
    config: str | os.PathLike[str] | None = None,
    *,
    data_dir: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings of this process.

    ``config`` defaults to ``IOC_CONFIG``, then to ``config.yaml`` in the working directory where there is one. Raises
    ConfigError with the path of the key that is wrong.
    """
    environ = os.environ if environ is None else environ
    named = config or environ.get("IOC_CONFIG")
    path = Path(named or "config.yaml")
    tree: dict[str, Any] = {}
    if path.exists():
        try:
            read = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise ConfigError(f"{path} is not YAML: {error}") from error
        if read is not None and not isinstance(read, dict):
            raise ConfigError(f"{path} must hold keys and values at its top level")
        tree = read or {}
    elif named:
        raise ConfigError(f"{path} does not exist; give --config an existing file")
    _overlay(tree, environ)
    if data_dir is not None:
        tree["data_dir"] = data_dir
    running = _run_file(str(tree.get("data_dir", ".ioc")))
    if running:
        tree.setdefault("database", {})
        tree.setdefault("kafka", {})
        if not tree["database"].get("dsn"):
            tree["database"]["dsn"] = running.get("dsn", "")
            if not tree["kafka"].get("bootstrap_servers"):
                tree["kafka"]["bootstrap_servers"] = running.get("bootstrap_servers") or ""
            if "IOC_BROKER" not in environ:
                tree["broker"] = running.get("broker", "kafka")
    return from_tree(tree, str(path))


def from_tree(tree: Mapping[str, Any], named: str = "settings") -> Settings:
    """Settings from parsed YAML; ConfigError names the wrong key by its path."""
    try:
        settings = msgspec.convert(tree, Settings, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{named}: {error}") from error
    lengths = {
        "database.statement_timeout": settings.database.statement_timeout,
        "ingest.batch_age": settings.ingest.batch_age,
        "ingest.clock_skew": settings.ingest.clock_skew,
        "cases.due_soon": settings.cases.due_soon,
        "cameras.silent_after": settings.cameras.silent_after,
        **{f"feeds.{name}": getattr(settings.feeds, name) for name in settings.feeds.__struct_fields__},
    }
    for key, value in lengths.items():
        try:
            seconds(value)
        except ConfigError as error:
            raise ConfigError(f"{named}: {key}: {error}") from None
    checked(settings.walls, settings.playlists, settings.wall)
    keep, known = settings.database.keep_usage_days, settings.ingest.dedupe_days
    if 0 < keep < known:
        raise ConfigError(
            f"{named}: database.keep_usage_days: {keep} is less than ingest.dedupe_days ({known}): a use that is known "
            "again needs its row; give at least as many days, or 0 to keep every row"
        )
    try:
        _ = settings.zone
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise ConfigError(f"province.zone: {settings.province.zone!r} is no known time zone") from error
    return settings
