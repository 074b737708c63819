"""Whether cameras see: a sign of life of each every early morning, and the hours in which some go dark.

A day of cameras runs from 04:30 to 04:00 of the next, so that an episode of one day never overlaps the next day's
sign of life. A few cameras a week are broken for days: their morning sign is ``offline``.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from streams.sent import CAMERAS, Sent
from streams.simulate.cameras import Camera
from streams.simulate.draws import Ints, delays_ms, generator
from streams.simulate.lives import Plan, Rows
from streams.simulate.office_days import MINUTE_MS, OfficeDays

STATUSES = ("online", "offline", "tampered")
ONLINE, OFFLINE, TAMPERED = range(3)
MORNING_MIN, LAST_MIN = 270, 1440 + 240
EPISODES_A_CAMERA = 0.045
TAMPERED_SHARE = 0.12
BROKEN_SHARE = 0.012


class Episodes:
    """The dark hours of one day: positions of cameras, from when to when, and whether someone covered the lens."""

    def __init__(self, cameras: list[Camera], days: OfficeDays, seed: int, day: int) -> None:
        rng = generator(seed, "camera episodes", day)
        broken = broken_cameras(len(cameras), days, seed, day)
        size = int(rng.poisson(len(cameras) * EPISODES_A_CAMERA))
        chosen = rng.permutation(len(cameras))[:size]
        self.camera: Ints = chosen[~np.isin(chosen, broken)].astype(np.int64)
        size = len(self.camera)
        self.tampered = rng.random(size) < TAMPERED_SHARE
        began = rng.uniform(MORNING_MIN + 40, LAST_MIN - 60, size)
        lasts = np.where(self.tampered, rng.gamma(2.0, 25.0, size) + 8, 6 + rng.lognormal(4.3, 1.2, size))
        ended = np.minimum(began + lasts, LAST_MIN - 5)
        self.began_ms: Ints = days.midnight_ms[day] + (began * MINUTE_MS).astype(np.int64)
        self.ended_ms: Ints = days.midnight_ms[day] + (ended * MINUTE_MS).astype(np.int64)


def broken_cameras(count: int, days: OfficeDays, seed: int, day: int) -> Ints:
    """The cameras that are broken for the whole week of a day."""
    week = (days.first + day - 1) // 7
    rng = generator(seed, "broken cameras", week)
    return rng.permutation(count)[: max(1, round(count * BROKEN_SHARE))].astype(np.int64)


class CameraHealth:
    """The stream of signs of life."""

    name = "camera health"
    horizon_days = 4

    def __init__(self, cameras: list[Camera], days: OfficeDays, seed: int) -> None:
        self.cameras, self.days, self.seed = cameras, days, seed

    def plan(self, day: int) -> HealthPlan:
        """The morning signs of a day and its episodes; each episode's two events are one life."""
        rng, count = generator(self.seed, self.name, day), len(self.cameras)
        dark = Episodes(self.cameras, self.days, self.seed, day)
        morning = np.where(np.isin(np.arange(count), broken_cameras(count, self.days, self.seed, day)), OFFLINE, ONLINE)
        sign_ms = self.days.midnight_ms[day] + MORNING_MIN * MINUTE_MS + rng.integers(0, 25 * MINUTE_MS, count)
        episodes = count + np.arange(len(dark.camera))
        return HealthPlan(
            self.cameras,
            self.days.zone,
            self.days.stamp(day),
            rows=(
                np.concatenate((sign_ms, dark.began_ms, dark.ended_ms)),
                np.concatenate((np.arange(count), episodes, episodes)),
                np.concatenate((morning, np.where(dark.tampered, TAMPERED, OFFLINE), np.full(len(episodes), ONLINE))),
            ),
            camera=np.concatenate((np.arange(count), dark.camera)),
            rng=rng,
        )


class HealthPlan(Plan):
    """The health events of one camera day."""

    def __init__(
        self,
        cameras: list[Camera],
        zone: ZoneInfo,
        stamp: str,
        *,
        rows: Rows,
        camera: Ints,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(zone, rows, np.minimum(delays_ms(rng, len(rows[0])), 5 * MINUTE_MS), len(camera))
        self.cameras, self.stamp, self.camera = cameras, stamp, camera

    def build(self, rows: Ints) -> list[Sent]:
        """The records of some rows; keyed by camera."""
        built = []
        for row in rows.tolist():
            life, word = int(self.life[row]), int(self.word[row])
            camera = self.cameras[int(self.camera[life])]
            back = "back" if word == ONLINE and life >= len(self.cameras) else STATUSES[word]
            value: dict[str, object] = {
                "type": "health",
                "event_id": f"s-h-{self.stamp}-{camera.camera_id}-{life}-{back}",
                "occurred_at": self.text(int(self.occurred_ms[row])),
                "camera_id": camera.camera_id,
                "unit": camera.unit,
                "status": STATUSES[word],
                "lat": camera.lat,
                "lon": camera.lon,
            }
            built.append(Sent(self.moment(int(self.at_ms[row])), CAMERAS, camera.camera_id, value))
        return built
