"""The world that records are decoded in, kept current while ingest runs.

A unit pack, a service or an indicator may change, and a unit's validity ends at a local midnight. `ioc migrate` leaves
a mark of the world in the store; where the mark or the local day is another one, the settings are read again, and
everything is decoded in the new world from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from ioc.errors import ConfigError, OperatorError
from ioc.settings import Settings
from ioc.store.connect import Connection
from ioc.store.units import load, mark
from streams.decode import Decoder

LOOK_S = 3.0
"""How often the mark is looked at."""


class CurrentWorld:
    """Makes the decoder, and a new one when the world has changed. ``again`` reads the settings anew."""

    def __init__(self, conn: Connection, settings: Settings, again: Callable[[], Settings] | None = None) -> None:
        self._settings = settings
        self._again = again
        self._known = self._stand(conn)
        self.decoder = Decoder(settings, load(conn, settings))

    def _stand(self, conn: Connection) -> tuple[str | None, date]:
        return mark(conn), datetime.now(self._settings.zone).date()

    def changed(self, conn: Connection) -> str | None:
        """One line where there is a new `decoder`, or where there should be one and cannot; else None.

        Raises Transient where the database is away.
        """
        stand = self._stand(conn)
        if stand == self._known:
            return None
        try:
            settings = self._settings if self._again is None else self._again()
            self.decoder = Decoder(settings, load(conn, settings))
        except (ConfigError, OperatorError) as error:
            said = f"the world of units and services changed, and cannot be read: {error}; going on with the former one"
        else:
            self._settings = settings
            said = "the world of units and services was read again"
        self._known = stand
        return said
