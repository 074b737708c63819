"""Ingest runs on while a unit is added: what names it is refused before, and counts from `ioc migrate` on."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ioc.errors import ConfigError
from ioc.facts import Topic
from ioc.settings import Settings
from ioc.store import units
from ioc.store.connect import connect
from ioc.store.migrate import migrate
from streams.current_world import CurrentWorld
from tests.feed_records import NOW_US, Rec
from tests.servers import with_database

USE = json.dumps(
    {"event_id": "u", "occurred_at": "2026-11-01T08:00:00Z", "service": "portal", "action": "visit", "unit": "X-1"}
).encode()


@pytest.fixture
def more(store: str, settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a unit more than the store knows."""
    pack = tmp_path / "more.csv"
    pack.write_text("code,name_vi,level,parent_code,lat,lon,population\nX-1,Xã Mới,xa,,,,\n", encoding="utf-8")
    return with_database(
        settings, store, units=msgspec.structs.replace(settings.units, extra=(*settings.units.extra, str(pack)))
    )


def reason(current: CurrentWorld) -> str:
    return getattr(current.decoder.decode(Rec(USE), Topic.USAGE, 1, NOW_US).what, "reason", "")


def test_a_unit_that_is_added_is_known_after_migrate(settings: Settings, more: Settings) -> None:
    with connect(more.database.dsn) as conn:
        current = CurrentWorld(conn, settings, lambda: more)
        assert current.changed(conn) is None
        assert reason(current) == "unknown_unit"
        migrate(conn, more)
        said = current.changed(conn)
        assert said is not None
        assert reason(current) == ""
        assert current.changed(conn) is None


def test_the_mark_stays_while_the_world_does(settings: Settings, store: str) -> None:
    with connect(store) as conn:
        before = units.mark(conn)
        migrate(conn, settings)
        assert before is not None
        assert units.mark(conn) == before


def test_settings_that_cannot_be_read_keep_the_former_world(settings: Settings, more: Settings) -> None:
    def broken() -> Settings:
        raise ConfigError("config.yaml is no YAML")

    with connect(more.database.dsn) as conn:
        current = CurrentWorld(conn, settings, broken)
        decoder = current.decoder
        migrate(conn, more)
        said = current.changed(conn)
        assert said is not None
        assert "config.yaml is no YAML" in said
        assert current.decoder is decoder
        assert current.changed(conn) is None
