"""The frames drawn lately, each once whoever asks, and never none because one name is too long."""

import hashlib
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from dashboards.sign.boards import BOARDS, board_for
from dashboards.sign.layout import LayoutError
from dashboards.sign.pages import plan
from dashboards.sign.render import Drawn, draw
from dashboards.sign.view import View

_LOG: Final = logging.getLogger(__name__)
_KEPT_FRAMES: Final = 256


@dataclass(frozen=True, slots=True)
class Kept:
    """A drawn frame and its ETag, a hash of the PNG."""

    drawn: Drawn
    etag: str


class Frames:
    """The last frames drawn, each once per view, size and page, whoever asks; also by ETag, so that a page gets the
    very frame it was told.
    """

    def __init__(self, kept: int = _KEPT_FRAMES) -> None:
        self._kept = kept
        self._frames: OrderedDict[tuple[View, int, int, int], Kept] = OrderedDict()
        self._by_etag: OrderedDict[str, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, seen: View, width: int, height: int, page: int) -> Kept:
        """The frame, drawn now if need be; one thread draws at a time."""
        key = (seen, width, height, page % len(plan(seen, board_for(width, height))))
        with self._lock:
            if key in self._frames:
                self._frames.move_to_end(key)
                return self._frames[key]
            drawn = _drawn_somehow(*key)
            kept = Kept(drawn, hashlib.sha256(drawn.png).hexdigest()[:24])
            for store in (self._frames, self._by_etag):
                if len(store) >= self._kept:
                    store.popitem(last=False)
            self._frames[key] = kept
            self._by_etag[kept.etag] = kept
            return kept

    def by_etag(self, etag: str) -> Kept | None:
        """A frame drawn lately."""
        with self._lock:
            return self._by_etag.get(etag)


def _drawn_somehow(seen: View, width: int, height: int, page: int) -> Drawn:
    """The frame; when its texts cannot be set, the next smaller layout's, since a sign must not go black over one
    long name.
    """
    sizes = [(board.width, board.height) for board in BOARDS if board.width <= width and board.height <= height]
    try:
        return draw(seen, width, height, page)
    except LayoutError:
        _LOG.exception("sign page %d of %d x %d cannot be set; showing a smaller layout", page, width, height)
    for smaller in sorted(sizes, reverse=True):
        try:
            return draw(seen, width, height, page, layout=smaller)
        except LayoutError:
            continue
    raise LayoutError(f"no layout can show page {page} at {width} x {height}")
