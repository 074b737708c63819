"""How often each kind of incident is seen, when, and how people deal with it.

Volumes for Bình Dương's 420 cameras: 5,000 to 15,000 detections a day, nearly all low and closed by the officer at the
screen within a minute or two (a detection is no violation until someone has looked); 20 to 60 high or critical ones a
day walk the whole way from detection to closing, within the times of `SLA_MIN`.
"""

from __future__ import annotations

from dataclasses import dataclass

from streams.simulate.rhythm import CITIZENS, NIGHT, STREET, TRAFFIC, Hours

SLA_MIN = {"critical": (2, 30), "high": (5, 120), "medium": (15, 480), "low": (60, 1440)}
"""Minutes to acknowledge and to resolve, by severity: this project's choice, no law."""

USUAL_SHARE = {"critical": 0.5, "high": 0.35, "medium": 0.2, "low": 0.08}
"""The part of the time to resolve that is usually needed."""


@dataclass(frozen=True, slots=True)
class Habit:
    """One kind: detections a day, its severity, the hours, the share of false alarms, whether people must go there."""

    kind: str
    a_day: float
    severity: str
    hours: Hours
    false_share: float
    attended: bool
    plated: bool = False


HABITS: tuple[Habit, ...] = (
    Habit("no_helmet", 2900, "low", NIGHT, 0.16, attended=False, plated=True),
    Habit("wrong_lane", 1500, "low", TRAFFIC, 0.18, attended=False, plated=True),
    Habit("red_light", 1250, "medium", TRAFFIC, 0.15, attended=False, plated=True),
    Habit("no_seatbelt", 900, "low", TRAFFIC, 0.26, attended=False, plated=True),
    Habit("illegal_parking", 620, "low", STREET, 0.17, attended=False, plated=True),
    Habit("speeding", 340, "medium", NIGHT, 0.15, attended=False, plated=True),
    Habit("illegal_parking", 26, "low", STREET, 0.2, attended=True, plated=True),
    Habit("sidewalk", 30, "low", STREET, 0.2, attended=True),
    Habit("littering", 18, "low", STREET, 0.24, attended=True),
    Habit("congestion", 30, "medium", TRAFFIC, 0.15, attended=True),
    Habit("line_cross", 12, "medium", NIGHT, 0.3, attended=True),
    Habit("wrong_way", 11, "high", TRAFFIC, 0.2, attended=True, plated=True),
    Habit("obstacle", 5, "high", TRAFFIC, 0.22, attended=True),
    Habit("crowd", 4, "high", CITIZENS, 0.25, attended=True),
    Habit("intrusion", 5, "high", NIGHT, 0.3, attended=True),
    Habit("watchlist_plate", 2, "high", CITIZENS, 0.15, attended=True, plated=True),
    Habit("flooding", 1.2, "high", CITIZENS, 0.15, attended=True),
    Habit("accident", 6, "critical", TRAFFIC, 0.15, attended=True),
    Habit("fight", 1.6, "critical", NIGHT, 0.3, attended=True),
    Habit("fire_smoke", 1.6, "critical", CITIZENS, 0.3, attended=True),
)
DARK_KINDS = ("camera_offline", "camera_tamper")
