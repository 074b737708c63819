"""The verbs of the `ioc` command that belong to the screens."""

from __future__ import annotations

import argparse
import json

from dashboards import server
from ioc.settings import Settings


def web(settings: Settings, args: argparse.Namespace) -> int:  # noqa: ARG001
    """Serves the screens and the API until a signal."""
    return server.run(settings)


def bench(settings: Settings, args: argparse.Namespace) -> int:
    """`ioc bench screens`, `latency`, `soak` and `signs`."""
    if args.what == "signs":
        from dashboards import sign_feed
        from dashboards.sign.bench import printed

        found = sign_feed.measured(settings)
        print(json.dumps(found, indent=2) if args.json else printed(found))
        return 0
    from dashboards.bench.verbs import run

    return run(settings, args)
