"""The WebSocket of a screen: ``/live?page=&unit=&by=&lang=&theme=``.

To the screen: ``hello`` (build, time), ``full`` (every slot), ``delta`` (changed props; the sequence number is one more
than the last), ``beat`` each second (time, age of each feed, latency). From it: ``{"full": true}`` after a gap,
``{"painted": seq, "took_ms": n}`` when a change stands on the glass.

A screen has one cell, not a queue: who reads slowly gets the newest full state next, never a backlog. Who reads nothing
for `SEND_S` is cut off.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from dashboards.auth import Gate
from dashboards.freshness import arrived_at, freshness
from dashboards.hub import BEAT_S, Channel, Hub, Picture, Place
from dashboards.latency import Latency
from ioc.settings import Settings

SEND_S = 10.0
"""How long one message may wait for a screen that does not read."""
STORE_SILENT_S = 5.0
"""A picture that is older is the store's doubt, whatever the feeds say."""
REMEMBERED = 64
"""Pictures whose sending time is remembered until they are painted."""

UNKNOWN_PLACE = 4404
FORBIDDEN = 4403
SLOW = 4408
BAD_MESSAGE = 1003


class Said(msgspec.Struct):
    """What a screen says."""

    full: bool = False
    painted: int | None = None
    took_ms: float = 0.0


class Cell:
    """What one screen still has to get: at most one picture and one beat."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self._next: Picture | None = None
        self._whole = True
        self._beat: str | None = None
        self._filled = asyncio.Event()

    def put(self, picture: Picture) -> None:
        """A new picture; where one waits already, the screen will get the newest in full instead."""
        if self.seq is not None and picture.seq <= self.seq:
            return
        if self._next is not None or picture.seq - 1 != self.seq:
            self._whole = True
            self._next = None
        elif not self._whole:
            self._next = picture
        self._filled.set()

    def put_beat(self, beat: str) -> None:
        """A new beat; the one before, if it still waits, is worth nothing."""
        self._beat = beat
        self._filled.set()

    def want_full(self) -> None:
        """The screen lost something."""
        self._whole, self._next = True, None
        self._filled.set()

    async def take(self, newest: Callable[[], Picture | None]) -> tuple[list[str], Picture | None]:
        """Waits for something to send; gives the texts and the picture that is among them."""
        await self._filled.wait()
        self._filled.clear()
        texts: list[str] = []
        picture = newest() if self._whole else self._next
        if picture is not None:
            texts.append(picture.whole if self._whole else picture.delta)
            self._whole, self._next, self.seq = False, None, picture.seq
        if self._beat is not None:
            texts.append(self._beat)
            self._beat = None
        return texts, picture


@dataclass(eq=False)
class Client:
    """One connected screen."""

    channel: Channel
    name: str
    since: datetime
    cell: Cell = field(default_factory=Cell)
    sent: OrderedDict[int, tuple[float, int]] = field(default_factory=OrderedDict)
    messages: int = 0
    characters: int = 0


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

    def beat(self) -> str:
        """The heartbeat: the server's time and how fresh each feed is, judged now."""
        now = datetime.now(UTC)
        pulse = self.hub.pulse
        feeds: dict[str, tuple[int | None, str, int | None]] = {}
        ok = False
        if pulse is not None:
            ok = time.monotonic() - pulse.read_s < STORE_SILENT_S
            for feed in pulse.feeds:
                at = arrived_at(feed)
                state = freshness(
                    feed,
                    now,
                    self.settings,
                    working_day=pulse.working_day,
                    lag_unknown_s=self.hub.lag_unknown_s(feed.topic),
                )
                feeds[feed.topic] = (_ms(at) if at else None, state if ok else "stale", feed.lag)
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
        await websocket.accept()
        channel = self.hub.watch(place)
        peer = websocket.client
        client = Client(channel, peer.host if peer else "", datetime.now(UTC))
        self.clients.add(client)
        self._by_place.setdefault(place, set()).add(client)
        client.cell.put_beat(self.beat())
        hearing = asyncio.create_task(self._hear(websocket, client))
        telling = asyncio.create_task(self._tell(websocket, client))
        try:
            await asyncio.wait({hearing, telling}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.clients.discard(client)
            of_place = self._by_place[place]
            of_place.discard(client)
            if not of_place:
                del self._by_place[place]
            self.hub.unwatch(channel)
            for task in (hearing, telling):
                task.cancel()
            for outcome in await asyncio.gather(hearing, telling, return_exceptions=True):
                if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
                    raise outcome

    async def _tell(self, websocket: WebSocket, client: Client) -> None:
        try:
            await self._send(websocket, client, self.hello())
            while True:
                texts, picture = await client.cell.take(lambda: client.channel.picture)
                for text in texts:
                    await self._send(websocket, client, text)
                if picture is not None and picture.written_ms is not None:
                    client.sent[picture.seq] = (time.time(), picture.written_ms)
                    if len(client.sent) > REMEMBERED:
                        client.sent.popitem(last=False)
        except TimeoutError:
            self.cut_off += 1
            abort = websocket.scope["state"].get("abort")
            if abort is not None:
                abort()

    async def _send(self, websocket: WebSocket, client: Client, text: str) -> None:
        await asyncio.wait_for(websocket.send_text(text), SEND_S)
        client.messages += 1
        client.characters += len(text)
        self.messages += 1
        self.characters += len(text)
        self.fulls += text.startswith('{"t":"full"')

    async def _hear(self, websocket: WebSocket, client: Client) -> None:
        while True:
            try:
                said = msgspec.json.decode(await websocket.receive_text(), type=Said)
            except (msgspec.DecodeError, KeyError):
                await websocket.close(BAD_MESSAGE)
                return
            if said.full:
                client.cell.want_full()
            if said.painted is not None and (found := client.sent.pop(said.painted, None)) is not None:
                sent_s, written_ms = found
                way_s = (time.time() - sent_s + said.took_ms / 1000) / 2
                self.latency.add(sent_s - written_ms / 1000 + way_s)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


async def refuse(websocket: WebSocket, code: int, reason: str) -> None:
    """Accepts, says why in the close frame and ends: a refused handshake would tell the browser nothing."""
    if websocket.client_state is WebSocketState.CONNECTING:
        await websocket.accept()
    await websocket.close(code, reason)
