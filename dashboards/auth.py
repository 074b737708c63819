"""Who may look: one token for the whole server, or nobody but this machine.

In demo mode there is no token and the server listens on the loopback only. Otherwise everything but the health checks
needs ``web.token``: as ``Authorization: Bearer …``, or once as ``?token=…``, which a kiosk's browser then keeps as a
cookie that holds only a derivative of the token and dies with it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ioc.errors import ConfigError
from ioc.settings import Settings

COOKIE = "ioc_screen"
COOKIE_S = 60 * 86_400
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SHORTEST_TOKEN = 16

REFUSED = (
    "Cần mã truy cập: mở địa chỉ này một lần với ?token=… (hỏi quản trị hệ thống).\n"
    "An access token is needed: open this address once with ?token=… (ask the administrator).\n"
)


class Gate:
    """Decides whether a request may pass; compares in constant time."""

    def __init__(self, token: str, origins: tuple[str, ...] = ()) -> None:
        self.demo = not token
        self._token = token.encode()
        self._cookie = hmac.new(self._token, b"ioc screen cookie", hashlib.sha256).hexdigest()
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    @classmethod
    def of(cls, settings: Settings, environ: Mapping[str, str] | None = None) -> Gate:
        """The gate that the settings ask for; ConfigError where they would leave the door open."""
        environ = os.environ if environ is None else environ
        if settings.demo_mode or environ.get("IOC_DEMO") == "1":
            if settings.web.host not in LOOPBACK:
                raise ConfigError(
                    f"web.host: the demo has no token and must listen on 127.0.0.1, not {settings.web.host}"
                )
            return cls("", settings.web.origins)
        if len(settings.web.token) < SHORTEST_TOKEN:
            raise ConfigError(
                f"web.token must have {SHORTEST_TOKEN} characters or more: set IOC_WEB__TOKEN, "
                "for instance to the output of 'openssl rand -hex 24'"
            )
        return cls(settings.web.token, settings.web.origins)

    def admits(self, headers: Headers) -> bool:
        """By bearer token or cookie."""
        if self.demo:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(given.strip()):
            return True
        return hmac.compare_digest(_cookie(headers).encode(), self._cookie.encode())

    def is_token(self, given: str) -> bool:
        """Whether this is the token; constant time."""
        return hmac.compare_digest(given.encode(), self._token)

    def origin_allowed(self, headers: Headers) -> bool:
        """Whether a page of that origin may open our WebSocket: our own pages, and ``web.origins``. Programs that are
        no browsers send no origin."""
        origin = headers.get("origin")
        if origin is None:
            return True
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() or origin.lower() in self._origins

    def cookie(self, response: Response, *, secure: bool) -> None:
        """Lets the browser keep what stands for the token."""
        response.set_cookie(
            COOKIE, self._cookie, max_age=COOKIE_S, path="/", httponly=True, samesite="lax", secure=secure
        )


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


class GateMiddleware:
    """The gate before every HTTP path; the WebSocket asks the gate itself."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets pass, redirects a first visit without its token, or answers 401."""
        if scope["type"] != "http" or self.gate.demo or scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if given and self.gate.is_token(given[0]):
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            path = "/" + scope["path"].lstrip("/\\")
            response: Response = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
            secure = "https" in (scope["scheme"], headers.get("x-forwarded-proto"))
            self.gate.cookie(response, secure=secure)
            await response(scope, receive, send)
        elif self.gate.admits(headers):
            await self.app(scope, receive, send)
        else:
            refused = PlainTextResponse(REFUSED, 401, {"WWW-Authenticate": 'Bearer realm="ioc"'})
            await refused(scope, receive, send)
