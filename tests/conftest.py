"""What every test gets: real servers where it asks for them, and no socket at all in `tests/unit`."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("ioc", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ioc")  # a busy machine is no bug

pytest_plugins = ["tests.servers", "tests.web"]

UNIT = Path(__file__).parent / "unit"


@pytest.fixture(autouse=True)
def no_sockets_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuses connections in `tests/unit`: what needs a server belongs in `tests/integration`."""
    if UNIT in request.path.parents:

        def refuse(*_: Any, **__: Any) -> NoReturn:
            pytest.fail("a unit test opens no connection; move it to tests/integration")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(psycopg.Connection, "connect", refuse)
        monkeypatch.setattr(psycopg, "connect", refuse)
