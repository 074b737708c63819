"""The web process: pages, live push, API, signs, health and metrics on one port, in one process.

uvicorn
 +-- Patience                 who does not read is cut off
 +-- GateMiddleware           who may look
      +-- /live               WebSocket of every screen              (event loop)
      +-- /api /sign /metrics /healthz /readyz                       (event loop and worker threads)
      +-- /                   Dash behind a bridge to WSGI           (worker threads)
hub thread                    one picture for all of them
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from dashboards import api, offline, sign_feed
from dashboards.app import Addresses, create_app
from dashboards.auth import Gate, GateMiddleware
from dashboards.bridge import Bridge
from dashboards.channel import Picture, Place
from dashboards.freshness import STORE_SILENT_S, UNREAD_S
from dashboards.hub import Hub
from dashboards.latency import Latency
from dashboards.live import UNKNOWN_PLACE, Audience, refuse
from dashboards.metrics import registry
from dashboards.overdue_lists import OverdueLists
from dashboards.pages.registry import pages
from dashboards.playlist import composition
from dashboards.playlist import routes as playlist_routes
from dashboards.sign.routes import routes as sign_routes
from dashboards.source import Source, StoreSource, refuse_another_schema
from dashboards.vitals import CHECK_S, PushVitals, StoreVitals, Vitals, examine
from dashboards.wire import PageProtocol, Patience, ScreenProtocol
from ioc import __version__, walls
from ioc.errors import IocError
from ioc.facts import Topic
from ioc.settings import Settings
from ioc.world import load_world

log = logging.getLogger("ioc.web")

CODE = Path(__file__).parent


class WebProcess:
    """The parts of one web process and how they know each other."""

    def __init__(
        self,
        settings: Settings,
        gate: Gate,
        open_source: Callable[[], Source],
        crashed: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.gate = gate
        self.build = build_id(composition(settings))
        self.started_at = datetime.now(UTC)
        self.store_vitals: StoreVitals | None = None
        world = load_world(settings, datetime.now(settings.zone).date())
        walls.check(settings.walls, world.by_code, world.indicators)
        self.reading = api.Reading(settings)
        self.lists = OverdueLists(self.reading.overdue)
        self.soon_lists = OverdueLists(self.reading.due_soon)
        made = pages(self.vitals, self.lists.of, settings, soon=self.soon_lists.of)
        self.addresses = Addresses(made, world, settings)
        self.signs = sign_feed.in_force(settings, world)
        self.latency = Latency()
        self.loop: asyncio.AbstractEventLoop | None = None
        self._crashed = crashed
        self.hub = Hub(
            self.addresses.by_name,
            self.addresses.look,
            open_source,
            ticks_per_s=settings.web.ticks_per_s,
            deliver=self._deliver,
            crashed=crashed,
        )
        self.audience = Audience(self.hub, gate, settings, self.build, self.latency)
        self.metrics = registry(self.hub, self.latency, self.push_vitals, lambda: self.store_vitals)

    def _deliver(self, place: Place, picture: Picture) -> None:
        """From the hub's thread to the event loop; a loop that has ended has no screens."""
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self.audience.publish, place, picture)

    def push_vitals(self) -> PushVitals:
        """How the live push does now."""
        return PushVitals(
            started_at=self.started_at,
            build=self.build,
            screens=len(self.audience.clients),
            places=self.hub.places,
            messages=self.audience.messages,
            characters=self.audience.characters,
            cut_off=self.audience.cut_off,
            panel_errors=self.hub.panel_errors,
            tick_ms=tuple(self.hub.tick_ms),
            latency=self.latency.percentiles(),
            roll=self.audience.watchdog.roll,
            unread=[t.title for t in Topic if self.hub.lag_unknown_s(t.title) > UNREAD_S],
        )

    def vitals(self) -> Vitals:
        """For `/status`."""
        return Vitals(self.push_vitals(), self.store_vitals)

    def ready(self) -> dict[str, str]:
        """What is missing before figures can be believed; empty when nothing is."""
        age_s = self.hub.silent_s
        if math.isinf(age_s):
            return {"database": "no picture yet"}
        if age_s > STORE_SILENT_S:
            return {"database": f"the last picture is {age_s:.0f} s old"}
        unknown = [topic.title for topic in Topic if self.hub.lag_unknown_s(topic.title) > UNREAD_S]
        return {"stream": f"nobody reads {', '.join(unknown)}"} if unknown else {}

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Starts and ends the hub, the heart and the examination of the store."""
        self.loop = asyncio.get_running_loop()
        self.reading.open()
        self.hub.start()
        tasks = [
            asyncio.create_task(self.audience.beat_for_ever()),
            asyncio.create_task(self._examine_for_ever()),
            asyncio.create_task(self._list_for_ever()),
        ]
        for task in tasks:
            task.add_done_callback(self._ended)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await run_in_threadpool(self.hub.stop)
            await run_in_threadpool(self.reading.close)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A task that ends before its process is a bug: without the beat every screen would call itself offline."""
        if not task.cancelled():
            log.critical("%s ends on a bug", task.get_coro(), exc_info=task.exception())
            self._crashed()

    async def _examine_for_ever(self) -> None:
        while True:
            if any(client.channel.place.page == "status" for client in self.audience.clients):
                self.store_vitals = await run_in_threadpool(self._examine)
                await asyncio.sleep(CHECK_S)
            else:
                await asyncio.sleep(0.2)

    async def _list_for_ever(self) -> None:
        while True:
            for lists in (self.lists, self.soon_lists):
                if lists.wanted:
                    await run_in_threadpool(lists.refresh)
            await asyncio.sleep(0.2)

    def _examine(self) -> StoreVitals:
        try:
            with self.reading.connection(proving=True) as conn:
                return examine(conn, self.settings)
        except IocError as error:
            return StoreVitals(datetime.now(UTC), why=str(error))

    async def live(self, websocket: WebSocket) -> None:
        """The WebSocket of a screen: identity and origin first."""
        if not (self.gate.admits(websocket.headers) and self.gate.origin_allowed(websocket.headers)):
            await websocket.close()
            return
        place = self.addresses.place(websocket.query_params)
        if place is None:
            await refuse(websocket, UNKNOWN_PLACE, "there is no such page or unit")
            return
        await self.audience.serve(websocket, place)

    async def healthz(self, _: Request) -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})

    async def readyz(self, _: Request) -> Response:
        """Database and stream are reachable, or why not."""
        missing = self.ready()
        body = {"ready": not missing, "missing": missing, "version": __version__, "build": self.build}
        return api.json_response(body, 503 if missing else 200)

    async def scrape(self, _: Request) -> Response:
        """Prometheus's text."""
        return Response(generate_latest(self.metrics), media_type=CONTENT_TYPE_LATEST)

    def application(self) -> Starlette:
        """The ASGI application."""
        dash = create_app(self.addresses, self.build)
        return Starlette(
            routes=[
                WebSocketRoute("/live", self.live),
                Route("/healthz", self.healthz),
                Route("/readyz", self.readyz),
                Route("/metrics", self.scrape),
                *offline.routes(self.settings),
                *api.routes(self.reading),
                *sign_routes(
                    sign_feed.SignFeed(self.hub, self.settings, self.signs).of,
                    lambda: datetime.now(self.settings.zone),
                    lambda: self.signs,
                ),
                *playlist_routes(self.settings, self.build),
                Mount("/", app=Bridge(dash.server)),
            ],
            middleware=[
                Middleware(Patience),
                Middleware(GateMiddleware, gate=self.gate),
                Middleware(GZipMiddleware, minimum_size=2000),
            ],
            lifespan=self.lifespan,
        )


def build_id(composed: bytes = b"") -> str:
    """The same for the same code, assets and walls: a screen that sees another one loads itself again."""
    digest = hashlib.sha256(__version__.encode() + composed)
    for path in sorted(CODE.rglob("*")):
        if path.suffix in {".py", ".js", ".css"} and path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def create_server(
    settings: Settings,
    *,
    gate: Gate | None = None,
    open_source: Callable[[], Source] | None = None,
    crashed: Callable[[], None] = lambda: None,
) -> Starlette:
    """The ASGI application of a web process; its lifespan starts the hub. Raises ConfigError.

    ``crashed`` is called from another thread when the hub ends on a bug: end the process then.
    """
    process = WebProcess(settings, gate or Gate.of(settings), open_source or (lambda: StoreSource(settings)), crashed)
    app = process.application()
    app.state.process = process
    return app


def run(settings: Settings) -> int:
    """Serves until a signal; 1 where the hub ended on a bug. Raises ConfigError and OperatorError before it serves."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    crash: list[bool] = []

    def crashed() -> None:
        crash.append(True)
        server.should_exit = True

    gate = Gate.of(settings)
    refuse_another_schema(settings)
    if gate.demo:
        log.info("demo: no identity is asked for; only this machine can connect (%s)", settings.web.host)
    config = uvicorn.Config(
        create_server(settings, gate=gate, crashed=crashed),
        host=settings.web.host,
        port=settings.web.port,
        http=PageProtocol,
        ws=ScreenProtocol,
        ws_max_size=4096,
        ws_ping_interval=5.0,
        ws_ping_timeout=15.0,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=3,
        log_config=None,
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    server.run()
    return 1 if crash else 0
