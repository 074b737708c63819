"""Every page there is, in the order of its address."""

from __future__ import annotations

from collections.abc import Callable

from dashboards.overdue_lists import Lists, unread
from dashboards.pages import fields, leader, status, wall
from dashboards.panel import Page
from dashboards.panels import overdue
from dashboards.vitals import Vitals
from ioc.settings import Settings

DEFAULTS = Settings()


def pages(
    vitals: Callable[[], Vitals], lists: Lists = unread, settings: Settings = DEFAULTS, *, soon: Lists = unread
) -> tuple[Page, ...]:
    """All pages; ``vitals`` is what `/status` knows beside the snapshot, ``lists`` the overdue cases of a scope,
    ``soon`` those that fall due next; the walls are those of the ``settings``."""
    late = overdue.panel(lists)
    cases = (fields.cases(late), fields.due_soon(overdue.panel(soon, overdue.SOON)))
    tablet = (leader.page(late), *cases, fields.CAMERAS, fields.SERVICES, fields.KPI)
    return (*tablet, *wall.pages(settings), status.page(vitals))
