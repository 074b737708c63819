"""`ioc bench …` of the screens: chooses the measurement and prints it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from typing import Any

from ioc.settings import Settings


def run(settings: Settings, args: argparse.Namespace) -> int:
    """Measures and prints; progress on standard error. SIGTERM ends what was started, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    result = measured(settings, args)
    if args.json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:<36} {value:>14,.2f}" if isinstance(value, float) else f"{name:<36} {value!s:>14}")
    return 0


def measured(settings: Settings, args: argparse.Namespace) -> dict[str, Any]:
    """The measurement that was asked for."""
    from dashboards.bench import latency, screens, soak

    if args.what == "latency":
        return latency.measure(settings, per_s=args.rate, seconds=args.seconds)
    if args.what == "soak":
        return soak.measure(settings, page=args.page, size=args.size, per_s=args.rate, minutes=args.minutes)
    load = {"screens": args.screens, "per_s": args.rate, "ticks_per_s": args.ticks}
    if args.reconnect:
        return screens.measure_reconnect(settings, **load)
    if args.stalled:
        return screens.measure_stalled(settings, **load, stalled=args.stalled, seconds=max(args.seconds, 120.0))
    return screens.measure(settings, **load, scopes=args.scopes, seconds=args.seconds)
