"""`ioc bench …` of the screens: chooses the measurement and prints it."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import Any

from ioc.promises import Promise, tell
from ioc.settings import Settings


def run(settings: Settings, args: argparse.Namespace) -> int:
    """Measures and prints; progress on standard error. SIGTERM ends what was started, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    result, promises = measured(settings, args)
    return tell(result, promises, as_json=args.json, check=args.check)


def measured(settings: Settings, args: argparse.Namespace) -> tuple[dict[str, Any], Sequence[Promise]]:
    """The measurement that was asked for, and what is promised of it."""
    from dashboards.bench import latency, screens, soak

    if args.what == "latency":
        return latency.measure(settings, per_s=args.rate, seconds=args.seconds), latency.PROMISES
    if args.what == "soak":
        found = soak.measure(settings, page=args.page, size=args.size, per_s=args.rate, minutes=args.minutes)
        return found, soak.PROMISES
    load = {"screens": args.screens, "per_s": args.rate, "ticks_per_s": args.ticks}
    if args.reconnect:
        return screens.measure_reconnect(settings, **load), screens.PROMISES_RECONNECT
    if args.stalled:
        found = screens.measure_stalled(settings, **load, stalled=args.stalled, seconds=max(args.seconds, 120.0))
        return found, screens.PROMISES_STALLED
    return screens.measure(settings, **load, scopes=args.scopes, seconds=args.seconds), screens.PROMISES
