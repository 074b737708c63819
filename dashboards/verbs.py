"""The verbs of the `ioc` command that belong to the screens."""

from __future__ import annotations

import argparse

from dashboards import server
from ioc.settings import Settings


def web(settings: Settings, args: argparse.Namespace) -> int:  # noqa: ARG001
    """Serves the screens and the API until a signal."""
    return server.run(settings)


def bench(settings: Settings, args: argparse.Namespace) -> int:
    """`ioc bench screens` and `ioc bench latency`."""
    from dashboards import bench as measuring

    return measuring.run(settings, args)
