"""Small writes beside the batches, on a thread and a connection of their own: who reads never waits for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from ioc.errors import Transient
from ioc.store.connect import Connection


class Aside:
    """One write at a time. What comes while another is under way is left out: the next says it newer."""

    def __init__(self, connected: Callable[[], Connection]) -> None:
        self._connected = connected
        self._conn: Connection | None = None
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")
        self._under_way: Future[None] | None = None

    def write(self, what: Callable[[Connection], None]) -> bool:
        """Starts a write; whether it did. A server that is away costs nothing but this write. Raises here what a former
        one could not do for any other reason."""
        if self._under_way is not None:
            if not self._under_way.done():
                return False
            self._under_way.result()
        self._under_way = self._pool.submit(self._do, what)
        return True

    def close(self) -> None:
        """Lets the write that is under way come to its end."""
        self._pool.shutdown(wait=True)
        if self._conn is not None:
            self._conn.close()

    def _do(self, what: Callable[[Connection], None]) -> None:
        with suppress(Transient):
            if self._conn is None or self._conn.closed or self._conn.broken:
                self._conn = self._connected()
            what(self._conn)
