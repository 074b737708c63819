"""`ioc doctor`: looks at everything a centre depends on, and says what to do about what is wrong.

What is beside the database is in `streams.doctor_places`, the database in `streams.doctor_store`, and how much room
there is, wherever it is, in `streams.doctor_disks`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from ioc.errors import IocError, Unseen
from ioc.settings import Settings
from ioc.store.connect import Connection, connect
from streams import doctor_disks as disks
from streams import doctor_places as places
from streams import doctor_store as store


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool | None
    """None: it cannot be seen from here."""
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
    """Makes one check; a raised IocError or OSError is its bad end, Unseen none at all."""
    try:
        return Finding(what, True, look())
    except Unseen as error:
        return Finding(what, None, str(error))
    except IocError as error:
        return Finding(what, False, str(error))
    except OSError as error:
        return Finding(what, False, str(error))


PLACES: tuple[tuple[str, Callable[[Settings], str]], ...] = (
    ("disk", disks.here),
    ("host", places.host),
    ("walls", places.composed_walls),
    ("broker", places.broker),
    ("broker-disk", disks.broker),
)
LOOKS: tuple[tuple[str, Callable[[Connection, Settings], str]], ...] = (
    ("database", store.engine),
    ("database-disk", disks.database),
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
