"""Who may look: one token for the whole server, or nobody but this machine.

In demo mode there is no token and the server listens on the loopback only. Otherwise everything but the health checks
needs ``web.token``: as ``Authorization: Bearer …``, or once as ``?token=…``, which a kiosk's browser then keeps as a
cookie that holds only a derivative of the token and dies with it. A browser that comes back gets it anew once a day,
with a page as with the handshake of its live push: it never runs out where a screen runs.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ioc.errors import ConfigError
from ioc.settings import Settings

COOKIE = "ioc_screen"
DAY_S = 86_400
COOKIE_S = 60 * DAY_S
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SHORTEST_TOKEN = 16

REFUSED = (
    "Cần mã truy cập: mở địa chỉ này một lần với ?token=… (hỏi quản trị hệ thống).\n"
    "An access token is needed: open this address once with ?token=… (ask the administrator).\n"
)


class Gate:
    """Decides whether a request may pass; compares in constant time."""

    def __init__(self, token: str, origins: tuple[str, ...] = (), clock: Callable[[], float] = time.time) -> None:
        self.demo = not token
        self._token = token.encode()
        self._cookie = hmac.new(self._token, b"ioc screen cookie", hashlib.sha256).hexdigest()
        self._clock = clock
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
        return self._is_cookie(_cookie(headers)[0])

    def _is_cookie(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._cookie.encode())

    @property
    def _today(self) -> str:
        """The day that a cookie is given on; nothing is decided by it but when it is given again."""
        return str(int(self._clock() // DAY_S))

    def renewal(self, scope: Scope) -> str | None:
        """The cookie for a browser that shows one of another day; None for everybody else."""
        given, day = _cookie(Headers(scope=scope))
        if self.demo or not self._is_cookie(given) or day == self._today:
            return None
        answer = Response()
        self.cookie(answer, secure=is_secure(scope))
        return answer.headers["set-cookie"]

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
        value = f"{self._cookie}.{self._today}"
        response.set_cookie(COOKIE, value, max_age=COOKIE_S, path="/", httponly=True, samesite="lax", secure=secure)


def is_secure(scope: Scope) -> bool:
    """Whether the browser came by TLS, here or at the proxy."""
    proxy = Headers(scope=scope).get("x-forwarded-proto", "")
    return scope["scheme"] in ("https", "wss") or proxy in ("https", "wss")


def _cookie(headers: Headers) -> tuple[str, str]:
    """What stands for the token, and the day it was given on; empty where there is none."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return "", ""
    given, _, day = (found.value if found else "").partition(".")
    return given, day


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
            self.gate.cookie(response, secure=is_secure(scope))
            await response(scope, receive, send)
        elif self.gate.admits(headers):
            await self.app(scope, receive, self._renewing(scope, send))
        else:
            refused = PlainTextResponse(REFUSED, 401, {"WWW-Authenticate": 'Bearer realm="ioc"'})
            await refused(scope, receive, send)

    def _renewing(self, scope: Scope, send: Send) -> Send:
        cookie = self.gate.renewal(scope)
        if cookie is None:
            return send

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return sending
