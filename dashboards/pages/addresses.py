"""The addresses of pages, made in one place: the URL holds the place that a leader looks at."""

from __future__ import annotations

from urllib.parse import urlencode


def unit_address(code: str, *, path: str = "/", **more: str) -> str:
    """``/?unit=718``; further parameters follow."""
    return f"{path}?{urlencode({'unit': code, **more})}"
