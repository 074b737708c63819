"""`ioc doctor`: looks at everything a centre depends on, and says what to do about what is wrong.

What is beside the database is in `streams.doctor_places`, the database in `streams.doctor_store`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from ioc.errors import IocError
from ioc.settings import Settings
from ioc.store.connect import Connection, connect
from streams import doctor_places as places
from streams import doctor_store as store


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    says: str


def examine(settings: Settings, only: Collection[str] = ()) -> list[Finding]:
    """Every finding, in order, or those named in ``only``; a check that cannot be made is a finding too."""
    beside = [(what, look) for what, look in PLACES if not only or what in only]
    looks = [(what, look) for what, look in LOOKS if not only or what in only]
    found = [attempt(what, partial(look, settings)) for what, look in beside]
    if looks:
        try:
            with connect(settings.database.dsn, settings, name="ioc doctor") as conn:
                found += [attempt(what, partial(look, conn, settings)) for what, look in looks]
        except IocError as error:
            found.append(Finding("database", False, str(error)))
    return found


def attempt(what: str, look: Callable[[], str]) -> Finding:
    """Makes one check; a raised IocError is its bad end."""
    try:
        return Finding(what, True, look())
    except IocError as error:
        return Finding(what, False, str(error))
    except OSError as error:
        return Finding(what, False, str(error))


PLACES: tuple[tuple[str, Callable[[Settings], str]], ...] = (
    ("disk", places.disk),
    ("host", places.host),
    ("walls", places.composed_walls),
    ("broker", places.broker),
)
LOOKS: tuple[tuple[str, Callable[[Connection, Settings], str]], ...] = (
    ("database", store.engine),
    ("timescale", store.timescale),
    ("schema", store.schema),
    ("tables", store.tables),
    ("clocks", store.clocks),
    ("zones", store.zones),
    ("topics", places.topics),
    ("readers", store.readers),
    ("leader", store.leader),
    ("lag", store.lag),
    ("rejects", store.refusals),
    ("findings", store.findings),
)
NAMES = tuple(what for what, _ in (*PLACES, *LOOKS))
"""What ``--only`` may name."""
