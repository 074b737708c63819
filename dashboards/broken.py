"""What the tile of a broken panel says, and the code by which people name the error on the telephone."""

from __future__ import annotations

import zlib
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from dashboards.panel import Look
from dashboards.panels.heading import icon


def broken_tile(code: str, since: datetime, look: Look) -> list[Component]:
    """What a tile says that cannot say anything else: a violet band, and words instead of a number."""
    band = [
        icon("tools"),
        html.Strong(look.t("panel.broken")),
        html.Span(look.t("panel.since", at=f"{since:%H:%M:%S}")),
    ]
    words = [html.Span(look.t("panel.others")), html.Span(look.t("panel.code", code=code))]
    return [html.Div(band, className="state-band"), html.P(words, className="state-words")]


def error_code(error: BaseException) -> str:
    """A short code that is the same for the same error at the same line: what people read out on the telephone."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
    return f"{zlib.crc32(f'{type(error).__name__}@{where}'.encode()) & 0xFFFF:04X}"
