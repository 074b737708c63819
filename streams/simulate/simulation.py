"""All feeds of the simulated province, in order of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ioc.world import World
from streams.sent import Sent
from streams.simulate.camera_health import CameraHealth
from streams.simulate.cameras import registry
from streams.simulate.certificates import Certificates
from streams.simulate.dossiers import Dossiers
from streams.simulate.incidents import Incidents
from streams.simulate.indicators import Indicators
from streams.simulate.lives import Plan, Stream
from streams.simulate.office_days import OfficeDays
from streams.simulate.petitions import Petitions
from streams.simulate.places import places_of
from streams.simulate.usage import Usage

SLICE_MS = 3_600_000
SPARE_DAYS = 2


class Simulation:
    """A pure function of (seed, world, interval).

    Whoever asks for an interval, whenever and in whatever pieces, gets the same events: ids, contents and moments. The
    world is the unit pack in force; the same seed in another world is another province.
    """

    def __init__(self, world: World, seed: int, zone: ZoneInfo) -> None:
        self.zone, self.seed = zone, seed
        self.days = OfficeDays(zone)
        self.places = places_of(world)
        self.cameras = registry(self.places)
        procedures = list(world.procedures.values())
        services = [service.code for service in world.services]
        self.streams: tuple[Stream, ...] = (
            Dossiers(self.places, procedures, self.days, seed),
            Certificates(self.places, procedures, self.days, seed),
            Petitions(self.places, procedures, self.days, seed),
            CameraHealth(self.cameras, self.days, seed),
            Incidents(self.cameras, world.kinds, self.days, seed),
            Usage(self.places, services, self.days, seed),
            Indicators(self.places, world.indicators, self.days, seed),
        )
        self._plans: dict[str, dict[int, Plan]] = {}
        self._ends_ms: dict[tuple[str, int], int] = {}

    def day(self, on: date) -> list[Sent]:
        """All events of the lives that begin on a local day, their later steps included, in order of leaving."""
        at = self.days.at(on)
        first, end = int(self.days.midnight_ms[at]), 2**62
        found = [sent for stream in self.streams for sent in self._plan(stream, at, at).between(first, end)]
        return sorted(found, key=_leaving)

    def events_between(self, start: datetime, end: datetime | None = None) -> Iterator[Sent]:
        """Everything that leaves its source in [start, end), in order; without ``end`` for ever.

        Made an hour at a time, so that asking for a year costs no more than what is read of it.
        """
        until = _ms(end) if end is not None else int(self.days.midnight_ms[-1])
        low = _ms(start)
        while low < until:
            high = min(until, (low // SLICE_MS + 1) * SLICE_MS)
            yield from self._between(low, high, None)
            low = high

    def piece(self, start: datetime, end: datetime, *, alive_at: datetime | None = None) -> list[Sent]:
        """The same at once, for pieces of some hours.

        With ``alive_at`` only the events of lives that still send something at or after that moment: what must be told
        of the time before a history begins, so that no case in it lacks its beginning.
        """
        return self._between(_ms(start), _ms(end), _ms(alive_at) if alive_at is not None else None)

    def _between(self, low: int, high: int, alive: int | None) -> list[Sent]:
        today = int(self.days.midnight_ms.searchsorted(high - 1, side="right")) - 1
        needed = low if alive is None else max(low, alive)
        found: list[Sent] = []
        for stream in self.streams:
            for day in range(max(0, today - stream.horizon_days), today + 1):
                latest = self._ends_ms.get((stream.name, day)) or self._latest_ms(stream, day)
                if latest >= needed:
                    found += self._plan(stream, day, today).between(low, high, alive)
        found.sort(key=_leaving)
        return found

    def _latest_ms(self, stream: Stream, day: int) -> int:
        after = day + stream.horizon_days
        return int(self.days.midnight_ms[after]) if after < len(self.days.midnight_ms) else 2**62

    def _plan(self, stream: Stream, day: int, today: int) -> Plan:
        """The plan of a day, kept while the days asked for need it; the one farthest from them goes first."""
        kept = self._plans.setdefault(stream.name, {})
        found = kept.get(day)
        if found is None:
            while len(kept) > stream.horizon_days + SPARE_DAYS:
                middle = today - stream.horizon_days / 2
                del kept[max(kept, key=lambda other: abs(other - middle))]
            found = kept[day] = stream.plan(day)
            self._ends_ms[stream.name, day] = found.ends_ms
        return found

    @property
    def longest_life_days(self) -> int:
        """No life lasts longer."""
        return max(stream.horizon_days for stream in self.streams)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _leaving(sent: Sent) -> datetime:
    """Stable sorting keeps equal moments in the order of streams, days and lives."""
    return sent.at
