"""Chromium for measurements: the system's, without a graphics card, as a wall computer of the poorest kind has it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from ioc.errors import OperatorError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
)


@contextmanager
def chromium(path: str | None = None) -> Iterator[Any]:
    """A Playwright browser, the system's or that at ``path``. Raises OperatorError without Playwright or Chromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise OperatorError("this needs Playwright: pip install 'ioc[dev]'") from error
    found = path or next((known for known in map(shutil.which, NAMES) if known), None)
    if found is None:
        raise OperatorError("this needs Chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


def zone_of_the_morning(now: datetime | None = None) -> str:
    """A time zone where it is between ten and eleven: charts of the day show their newest point in office hours."""
    ahead = (10 - (now or datetime.now(UTC)).astimezone(UTC).hour) % 24
    ahead -= 24 if ahead > 14 else 0
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"
