"""Units and services get their numbers here, once and for ever: a key is (pack, code)."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

from ioc.errors import OperatorError
from ioc.settings import Settings
from ioc.store import state
from ioc.store.connect import Connection, translated
from ioc.world import World, load_world

NUMBER_UNITS = """
    insert into unit (pack, code, name_vi, name_en, kind, parent)
    select * from unnest(%(packs)s::text[], %(codes)s::text[], %(vi)s::text[], %(en)s::text[], %(kinds)s::text[], %(parents)s::text[])
    on conflict (pack, code) do update
       set name_vi = excluded.name_vi, name_en = excluded.name_en, kind = excluded.kind, parent = excluded.parent
     where (unit.name_vi, unit.name_en, unit.kind, unit.parent)
           is distinct from (excluded.name_vi, excluded.name_en, excluded.kind, excluded.parent)
"""
NUMBER_SERVICES = """
    insert into service (code) select * from unnest(%(codes)s::text[]) on conflict (code) do nothing
"""
UNITS = "select pack, code, no from unit"
SERVICES = "select code, no from service"
MARK = "world"


def sync(conn: Connection, settings: Settings) -> World:
    """Numbers every unit and service that the settings name, keeps the numbers of all others."""
    world = load_world(settings, datetime.now(settings.zone).date())
    units = world.units
    conn.execute(
        NUMBER_UNITS,
        {
            "packs": [unit.pack for unit in units],
            "codes": [unit.code for unit in units],
            "vi": [unit.name_vi for unit in units],
            "en": [unit.name_en for unit in units],
            "kinds": [unit.kind for unit in units],
            "parents": [unit.parent for unit in units],
        },
    )
    conn.execute(NUMBER_SERVICES, {"codes": [service.code for service in world.services]})
    found = numbered(conn, world)
    said = (found.pack, found.units, found.services, sorted(found.kinds.items()), sorted(found.indicators.items()))
    state.put(conn, MARK, blake2b(repr(said).encode(), digest_size=8).hexdigest())
    return found


def mark(conn: Connection) -> str | None:
    """What tells the world of the last `sync` from any other; None before the first."""
    return state.get(conn, MARK)


def numbered(conn: Connection, world: World) -> World:
    """The world with the store's numbers. Raises OperatorError for a unit or service that has none yet."""
    units = {(pack, code): int(no) for pack, code, no in conn.execute(UNITS).fetchall()}
    services = {code: int(no) for code, no in conn.execute(SERVICES).fetchall()}
    try:
        return world.renumbered(units, services)
    except KeyError as error:
        raise OperatorError(f"the store does not know {error} yet: run 'ioc migrate'") from error


def load(conn: Connection, settings: Settings) -> World:
    """The world in force today, with the store's numbers."""
    with translated():
        return numbered(conn, load_world(settings, datetime.now(settings.zone).date()))
