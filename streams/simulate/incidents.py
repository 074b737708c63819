"""What cameras see: incidents from detection to closing, as `ioc.cameras.v1`."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import numpy as np

from ioc.world import Kind
from streams.sent import CAMERAS, Sent
from streams.simulate.camera_health import Episodes
from streams.simulate.cameras import Camera, draw_cameras
from streams.simulate.draws import Bools, Floats, Ints, delays_ms, generator, pick
from streams.simulate.incident_kinds import DARK_KINDS, HABITS, SLA_MIN, USUAL_SHARE, Habit
from streams.simulate.lives import Plan, flattened, never
from streams.simulate.office_days import MINUTE_MS, OfficeDays
from streams.simulate.rhythm import CITIZENS

STATES = ("detected", "acknowledged", "verified", "false_alarm", "dispatched", "in_progress", "resolved", "closed")
DETECTED, ACKNOWLEDGED, VERIFIED, FALSE_ALARM, DISPATCHED, IN_PROGRESS, RESOLVED, CLOSED = range(8)
PLATES = ("61A", "61B1", "61C", "61D1", "61F1", "61H1", "61E1", "51F", "59X2", "60B8", "93A", "70K1", "72A")
PLATE_WEIGHTS = (22, 14, 6, 14, 12, 10, 8, 6, 6, 5, 3, 2, 2)
PACE = ((ACKNOWLEDGED, 0.0), (VERIFIED, 0.08), (DISPATCHED, 0.14), (IN_PROGRESS, 0.38), (RESOLVED, 1.0))
"""Where between acknowledgement and resolution each state of an attended incident lies."""
REFERENCE_CAMERAS = 420
TOLD_OF_DARKNESS_MIN = 45


class Incidents:
    """The stream of incidents."""

    name = "incidents"
    horizon_days = 5

    def __init__(self, cameras: list[Camera], kinds: Mapping[str, Kind], days: OfficeDays, seed: int) -> None:
        self.cameras, self.days, self.seed = cameras, days, seed
        self.habits = [habit for habit in HABITS if habit.kind in kinds]
        self.dark = [
            Habit(kind, 0, kinds[kind].severity, CITIZENS, 0.0, attended=True) for kind in DARK_KINDS if kind in kinds
        ]

    def plan(self, day: int) -> IncidentPlan:
        """All incidents detected on a day."""
        rng = generator(self.seed, self.name, day)
        mood = len(self.cameras) / REFERENCE_CAMERAS * float(rng.normal(1.0, 0.08))
        habits = self.habits + self.dark
        parts: list[tuple[int, Ints, Ints]] = []
        for at, habit in enumerate(self.habits):
            size = int(rng.poisson(max(habit.a_day * mood, 0.0)))
            detected = self.days.midnight_ms[day] + habit.hours.draw_ms(rng, size)
            parts.append((at, detected, _ways(rng, habit, detected)))
        camera = [draw_cameras(rng, self.cameras, len(detected)) for _, detected, _ in parts]
        if len(self.dark) == len(DARK_KINDS):
            dark = Episodes(self.cameras, self.days, self.seed, day)
            told = dark.tampered | (dark.ended_ms - dark.began_ms > TOLD_OF_DARKNESS_MIN * MINUTE_MS)
            for which, covered in enumerate((False, True)):
                chosen = told & (dark.tampered == covered)
                began, ended = dark.began_ms[chosen], dark.ended_ms[chosen]
                parts.append((len(self.habits) + which, began, _repairs(rng, began, ended)))
                camera.append(dark.camera[chosen])
        return IncidentPlan(
            habits=habits,
            cameras=self.cameras,
            zone=self.days.zone,
            stamp=self.days.stamp(day),
            habit=np.concatenate([np.full(len(detected), at, dtype=np.int64) for at, detected, _ in parts]),
            camera=np.concatenate(camera),
            moments=np.concatenate([ways for _, _, ways in parts]),
            rng=rng,
        )


class IncidentPlan(Plan):
    """The incidents detected on one day; ``moments`` is [incident, state]."""

    def __init__(
        self,
        *,
        habits: list[Habit],
        cameras: list[Camera],
        zone: ZoneInfo,
        stamp: str,
        habit: Ints,
        camera: Ints,
        moments: Ints,
        rng: np.random.Generator,
    ) -> None:
        rows = flattened(moments)
        super().__init__(zone, rows, delays_ms(rng, len(rows[0])), len(habit))
        size = len(habit)
        self.habits, self.cameras, self.stamp = habits, cameras, stamp
        self.habit, self.camera = habit, camera
        wrong = moments[:, FALSE_ALARM] > 0
        self.confidence: Floats = np.where(wrong, rng.uniform(0.55, 0.86, size), rng.uniform(0.72, 0.995, size))
        self.plate = pick(rng, np.array(PLATE_WEIGHTS, dtype=np.float64), size)
        self.plate_end = rng.integers(0, 100, size)
        self.numbers: Ints = np.empty(size, dtype=np.int64)
        self.numbers[np.argsort(moments[:, DETECTED], kind="stable")] = np.arange(1, size + 1)

    def build(self, rows: Ints) -> list[Sent]:
        """The records of some rows; keyed by camera."""
        built = []
        for at_ms, occurred_ms, life, word in self.words(rows):
            habit, camera = self.habits[int(self.habit[life])], self.cameras[int(self.camera[life])]
            number = f"{self.stamp}-{int(self.numbers[life]):05d}"
            value: dict[str, object] = {
                "type": "incident",
                "event_id": f"s-i-{number}-{word}",
                "occurred_at": self.text(occurred_ms),
                "camera_id": camera.camera_id,
                "unit": camera.unit,
                "incident_id": f"INC-{number}",
                "kind": habit.kind,
                "severity": habit.severity,
                "state": STATES[word],
                "lat": camera.lat,
                "lon": camera.lon,
                "source": camera.place,
            }
            if word == DETECTED and habit.kind not in DARK_KINDS:
                value["confidence"] = round(float(self.confidence[life]), 3)
            if habit.plated:
                value["plate_masked"] = f"{PLATES[int(self.plate[life])]}-***.{int(self.plate_end[life]):02d}"
            built.append(Sent(self.moment(at_ms), CAMERAS, camera.camera_id, value))
        return built


def _ways(rng: np.random.Generator, habit: Habit, detected_ms: Ints) -> Ints:
    """[incident, state] of one kind; 0 = the state is never reached."""
    size = len(detected_ms)
    ways = np.zeros((size, len(STATES)), dtype=np.int64)
    ways[:, DETECTED] = detected_ms
    wrong: Bools = rng.random(size) < habit.false_share
    if not habit.attended:
        looked = detected_ms + ((12 + rng.exponential(28, size)) * 1000).astype(np.int64)
        ways[:, VERIFIED] = np.where(wrong, 0, looked)
        ways[:, FALSE_ALARM] = np.where(wrong, looked, 0)
        ways[:, CLOSED] = np.where(wrong, 0, looked + rng.integers(1500, 25_000, size))
        return ways
    acknowledge_min, resolve_min = SLA_MIN[habit.severity]
    seen = np.minimum(0.15 + rng.exponential(acknowledge_min * 0.22, size), acknowledge_min * 1.6)
    resolved = seen + resolve_min * np.clip(USUAL_SHARE[habit.severity] * rng.lognormal(-0.1, 0.55, size), 0.03, 1.25)
    for state, share in PACE:
        minutes = seen + (resolved - seen) * share * (rng.uniform(0.85, 1.1, size) if 0.0 < share < 1.0 else 1.0)
        ways[:, state] = detected_ms + (minutes * MINUTE_MS).astype(np.int64)
    ways[:, CLOSED] = ways[:, RESOLVED] + ((5 + rng.exponential(90, size)) * MINUTE_MS).astype(np.int64)
    ways[:, FALSE_ALARM] = np.where(wrong, ways[:, VERIFIED], 0)
    never(ways, wrong, (VERIFIED, DISPATCHED, IN_PROGRESS, RESOLVED, CLOSED))
    return ways


def _repairs(rng: np.random.Generator, began_ms: Ints, ended_ms: Ints) -> Ints:
    """[incident, state] of dark cameras: told of, taken up, and resolved the moment the camera sees again."""
    size = len(began_ms)
    ways = np.zeros((size, len(STATES)), dtype=np.int64)
    dark = ended_ms - began_ms
    ways[:, DETECTED] = began_ms + 30_000
    ways[:, ACKNOWLEDGED] = began_ms + 30_000 + (dark * rng.uniform(0.03, 0.12, size)).astype(np.int64)
    ways[:, IN_PROGRESS] = began_ms + 30_000 + (dark * rng.uniform(0.3, 0.5, size)).astype(np.int64)
    ways[:, RESOLVED] = ended_ms + 60_000
    ways[:, CLOSED] = ended_ms + rng.integers(10 * MINUTE_MS, 90 * MINUTE_MS, size)
    return ways
