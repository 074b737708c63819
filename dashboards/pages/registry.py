"""Every page there is, in the order of its address."""

from __future__ import annotations

from collections.abc import Callable

from dashboards.pages import leader, status, wall
from dashboards.panel import Page
from dashboards.vitals import Vitals


def pages(vitals: Callable[[], Vitals]) -> tuple[Page, ...]:
    """All pages; ``vitals`` is what `/status` knows beside the snapshot."""
    return (leader.PAGE, wall.PAGE, status.page(vitals))
