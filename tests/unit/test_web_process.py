"""What keeps the web process going: a task that ends on a bug is told and ends the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette

from dashboards.auth import Gate
from dashboards.channel import Place
from dashboards.live import Client
from dashboards.server import WebProcess
from ioc.snapshot import Scope
from tests.unit.web_kit import SETTINGS, WORLD, Held, picture

ROOT = Scope(WORLD.root.code)


def bug(*_: Any) -> Any:
    """What nobody has foreseen."""
    raise ZeroDivisionError("a bug")


def in_the_beat(process: WebProcess) -> None:
    process.audience.beat = bug  # type: ignore[method-assign]


def in_the_examination(process: WebProcess) -> None:
    channel = process.hub.watch(Place("status", ROOT, "vi", "dark"))
    process.audience.clients.add(Client(channel, address="", since=datetime.now(UTC)))
    process._examine = bug  # type: ignore[method-assign]


def in_the_lists(process: WebProcess) -> None:
    process.lists.of(ROOT)
    process.lists.refresh = bug  # type: ignore[method-assign]


@pytest.mark.parametrize("somewhere", [in_the_beat, in_the_examination, in_the_lists])
def test_a_bug_in_a_task_ends_the_process(
    somewhere: Callable[[WebProcess], None], caplog: pytest.LogCaptureFixture
) -> None:
    crashed = threading.Event()
    source = Held(picture(1))
    process = WebProcess(SETTINGS, Gate(""), source.open, crashed.set)
    somewhere(process)

    async def live() -> None:
        async with process.lifespan(Starlette()):
            await asyncio.to_thread(crashed.wait, 20)

    asyncio.run(live())
    assert crashed.is_set()
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]


def test_a_process_that_is_ended_does_not_call_that_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    crashed = threading.Event()
    process = WebProcess(SETTINGS, Gate(""), Held(picture(1)).open, crashed.set)

    async def live() -> None:
        async with process.lifespan(Starlette()):
            await asyncio.sleep(0)

    asyncio.run(live())
    assert not crashed.is_set()
    assert not [record for record in caplog.records if record.exc_info]
