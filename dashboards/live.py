"""The WebSocket of a screen: ``/live?page=&unit=&by=&lang=&theme=&screen=&build=``.

To the screen: ``hello`` (build, time), ``full`` (every slot), ``delta`` (changed props; the sequence number is one
more than the last), ``beat`` each second (time; of each feed its newest arrival, its freshness, what is unread and
for how many seconds; latency). From it: ``{"full": true}`` after a gap, ``{"painted": seq, "took_ms": n, "held_ms":
n}`` when a change stands on the glass (told so much later), and every two seconds anyway ``{"painted": seq}`` or
``{"hidden": true}``: so the watchdog knows.

A screen has one cell, not a queue: who reads slowly gets the newest full state next, never a backlog. Who reads nothing
for `SEND_S`, talks more than `SAID_MOST` a second, or sends what no screen says is cut off.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from dashboards.auth import Gate
from dashboards.cell import Cell
from dashboards.channel import Channel, Picture, Place
from dashboards.freshness import STORE_SILENT_S, arrived_at, freshness
from dashboards.hub import BEAT_S, Hub
from dashboards.latency import Latency
from dashboards.watchdog import ScreenSeen, ScreenState, Watchdog
from dashboards.wire import cut
from ioc.settings import Settings

SEND_S = 10.0
"""How long one message may wait for a screen that does not read."""
STOOD_STILL_S = 15.0
"""A change that was painted so long after it was sent says nothing of the way: who reads so slowly is cut off, so it
was a tab or a computer that stood still, and the watchdog tells of those."""
REMEMBERED = 64
"""Pictures whose sending time is remembered until they are painted."""

SAID_MOST = 30
"""Messages that a screen may send within a second; ours send two at most."""
NAME_MOST = 40

LONGEST_S = 7 * 86_400.0
"""A connection ends after about so long: the screen comes back within a second, and its cookie is renewed."""

UNKNOWN_PLACE = 4404
FORBIDDEN = 4403
SLOW = 4408
BAD_MESSAGE = 1003
TOO_MUCH = 1008
COME_AGAIN = 1012
LOST = 1006


class Said(msgspec.Struct):
    """What a screen says."""

    full: bool = False
    painted: int | None = None
    took_ms: float | None = None
    held_ms: float = 0.0
    hidden: bool = False
    heap_mb: int = 0


@dataclass(eq=False)
class Client:
    """One connected screen."""

    channel: Channel
    address: str
    since: datetime
    name: str = ""
    build: str = ""
    heard_at: datetime | None = None
    state: ScreenState = "joins"
    painted: int = 0
    heap_mb: int = 0
    code: int = LOST
    cell: Cell = field(default_factory=Cell)
    sent: OrderedDict[int, tuple[float, int]] = field(default_factory=OrderedDict)

    def seen(self) -> ScreenSeen:
        """For the watchdog."""
        place, picture = self.channel.place, self.channel.picture
        return ScreenSeen(
            name=self.name,
            page=place.page,
            unit=place.scope.unit,
            language=place.language,
            address=self.address,
            build=self.build,
            since=self.since,
            heard_at=self.heard_at or self.since,
            state=self.state,
            seq=self.painted,
            newest=picture.seq if picture else 0,
            heap_mb=self.heap_mb,
        )


class Audience:
    """All connected screens; lives on the event loop."""

    def __init__(self, hub: Hub, gate: Gate, settings: Settings, build: str, latency: Latency) -> None:
        self.hub = hub
        self.gate = gate
        self.settings = settings
        self.build = build
        self.latency = latency
        self.clients: set[Client] = set()
        self.messages = 0
        self.characters = 0
        self.fulls = 0
        self.cut_off = 0
        self.watchdog = Watchdog()
        self._by_place: dict[Place, set[Client]] = {}

    def publish(self, place: Place, picture: Picture) -> None:
        """Puts a picture into the cell of every screen of its place."""
        for client in self._by_place.get(place, ()):
            client.cell.put(picture)

    async def beat_for_ever(self) -> None:
        """A heartbeat each second, on whole deadlines."""
        due_s = time.monotonic()
        while True:
            due_s = max(due_s + BEAT_S, time.monotonic())
            await asyncio.sleep(due_s - time.monotonic())
            beat = self.beat()
            for client in self.clients:
                client.cell.put_beat(beat)
            self.watchdog.call(self.clients)

    def beat(self) -> str:
        """The heartbeat: the server's time and how fresh each feed is, judged now."""
        now = datetime.now(UTC)
        pulse = self.hub.pulse
        feeds: dict[str, tuple[int | None, str, int | None, float | None]] = {}
        ok = False
        if pulse is not None:
            ok = self.hub.silent_s < STORE_SILENT_S
            for feed in pulse.feeds:
                at = arrived_at(feed)
                state = freshness(
                    feed,
                    now,
                    self.settings,
                    working_day=pulse.working_day,
                    lag_unknown_s=self.hub.lag_unknown_s(feed.topic),
                )
                drain_s = feed.drain_s
                feeds[feed.topic] = (_ms(at) if at else None, state if ok else "stale", feed.lag, drain_s)
        found = self.latency.percentiles()
        body: dict[str, Any] = {
            "t": "beat",
            "now": _ms(now),
            "as_of": _ms(pulse.as_of) if pulse else None,
            "ok": ok,
            "feeds": feeds,
            "latency": None
            if found is None
            else {"p50": round(found.p50_ms), "p95": round(found.p95_ms), "p99": round(found.p99_ms)},
        }
        return msgspec.json.encode(body).decode()

    def hello(self) -> str:
        """The first message of a connection."""
        return msgspec.json.encode({"t": "hello", "build": self.build, "now": _ms(datetime.now(UTC))}).decode()

    async def serve(self, websocket: WebSocket, place: Place) -> None:
        """One screen from its handshake to its end."""
        cookie = self.gate.renewal(websocket.scope)
        await websocket.accept(headers=[(b"set-cookie", cookie.encode())] if cookie else None)
        channel = self.hub.watch(place)
        peer = websocket.client
        query = websocket.query_params
        client = Client(
            channel,
            address=peer.host if peer else "",
            since=datetime.now(UTC),
            name=query.get("screen", "")[:NAME_MOST],
            build=query.get("build", "")[:NAME_MOST],
        )
        self.clients.add(client)
        self._by_place.setdefault(place, set()).add(client)
        client.cell.put_beat(self.beat())
        hearing = asyncio.create_task(self._hear(websocket, client))
        telling = asyncio.create_task(self._tell(websocket, client))
        try:
            longest_s = LONGEST_S * random.uniform(0.8, 1.0)
            done, _ = await asyncio.wait({hearing, telling}, timeout=longest_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                await self._say_goodbye(websocket, client, COME_AGAIN)
        finally:
            self.clients.discard(client)
            of_place = self._by_place[place]
            of_place.discard(client)
            if not of_place:
                del self._by_place[place]
            self.hub.unwatch(channel)
            self.watchdog.left(client.seen(), client.code, datetime.now(UTC))
            for task in (hearing, telling):
                task.cancel()
            for outcome in await asyncio.gather(hearing, telling, return_exceptions=True):
                if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
                    raise outcome

    async def _tell(self, websocket: WebSocket, client: Client) -> None:
        try:
            await self._send(websocket, self.hello())
            while True:
                texts, picture, arrived_ms = await client.cell.take(lambda: client.channel.shown(time.monotonic()))
                for text in texts:
                    await self._send(websocket, text)
                if picture is not None and arrived_ms is not None:
                    client.sent[picture.seq] = (time.time(), arrived_ms)
                    if len(client.sent) > REMEMBERED:
                        client.sent.popitem(last=False)
        except TimeoutError:
            self.cut_off += 1
            client.code = SLOW
            cut(websocket.scope)

    async def _send(self, websocket: WebSocket, text: str) -> None:
        async with asyncio.timeout(SEND_S):
            await websocket.send_text(text)
        self.messages += 1
        self.characters += len(text)
        self.fulls += text.startswith('{"t":"full"')

    async def _hear(self, websocket: WebSocket, client: Client) -> None:
        second, said_then = 0, 0
        while True:
            try:
                said = msgspec.json.decode(await websocket.receive_text(), type=Said)
            except (msgspec.DecodeError, KeyError):
                await self._refuse(websocket, client, BAD_MESSAGE)
                return
            except WebSocketDisconnect as gone:
                client.code = gone.code
                raise
            now_s = int(time.monotonic())
            second, said_then = now_s, said_then + 1 if now_s == second else 1
            if said_then > SAID_MOST:
                await self._refuse(websocket, client, TOO_MUCH)
                cut(websocket.scope)
                return
            self._note(client, said)

    async def _refuse(self, websocket: WebSocket, client: Client, code: int) -> None:
        """Cuts off who says what no screen says."""
        self.cut_off += 1
        await self._say_goodbye(websocket, client, code)

    async def _say_goodbye(self, websocket: WebSocket, client: Client, code: int) -> None:
        """Says why and hangs up."""
        client.code = code
        try:
            async with asyncio.timeout(1.0):
                await websocket.close(code)
        except TimeoutError:
            cut(websocket.scope)

    def _note(self, client: Client, said: Said) -> None:
        client.heard_at = datetime.now(UTC)
        client.heap_mb = said.heap_mb or client.heap_mb
        if said.full:
            client.cell.want_full()
        if said.hidden:
            client.state = "hidden"
        elif said.painted is not None:
            client.state, client.painted = "paints", said.painted
            found = client.sent.pop(said.painted, None) if said.took_ms is not None else None
            if found is not None and said.took_ms is not None:
                sent_s, arrived_ms = found
                round_s = max(0.0, time.time() - sent_s - max(0.0, said.held_ms) / 1000)
                if round_s < STOOD_STILL_S:
                    self.latency.add(sent_s - arrived_ms / 1000 + (round_s + said.took_ms / 1000) / 2)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


async def refuse(websocket: WebSocket, code: int, reason: str) -> None:
    """Accepts, says why in the close frame and ends: a refused handshake would tell the browser nothing."""
    if websocket.client_state is WebSocketState.CONNECTING:
        await websocket.accept()
    await websocket.close(code, reason)
