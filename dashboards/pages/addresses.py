"""The addresses of pages, made in one place: the URL holds the place that a leader looks at."""

from __future__ import annotations

from urllib.parse import urlencode

from ioc.snapshot import Scope


def unit_address(code: str, *, path: str = "/", **more: str) -> str:
    """``/?unit=718``; further parameters follow."""
    return f"{path}?{urlencode({'unit': code, **more})}"


def scope_address(scope: Scope, *, path: str = "/", **more: str) -> str:
    """The same of a scope: whose cases are meant stays as it is."""
    by = {"by": scope.by} if scope.by == "receiving" else {}
    return unit_address(scope.unit, path=path, **by, **more)
