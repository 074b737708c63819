"""JSON exactly: what RFC 8259 calls a text, in UTF-8, and nothing that is merely close to it.

`parse` is the careful way, for records that the fast way refused and for those that are kept; numbers of any size
become ones that compare alike, so that one absurd number is a matter of the schema and not of this parser.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

HUGE = 10**400
"""Stands for every number beyond the reach of a double."""
LONGEST_INT = 400
LONGEST_RECORD = 1 << 20
"""Bytes of the longest record that is read at all: Kafka's own default limit."""


class NotJson(ValueError):
    """The bytes are no JSON text; the message says why."""


def _int(text: str) -> int:
    if len(text) <= LONGEST_INT:
        return int(text)
    return -HUGE if text.startswith("-") else HUGE


def _float(text: str) -> float | int:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return HUGE if value > 0 else -HUGE
    return value


def _constant(name: str) -> Any:
    raise NotJson(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(parse_int=_int, parse_float=_float, parse_constant=_constant)


def parse(raw: bytes) -> Any:
    """The value of a JSON text; of a field said twice the last counts.

    Raises NotJson for other bytes: not UTF-8, a byte order mark, NaN, half a surrogate pair, too deep a nesting.
    """
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
        if b"\\u" in raw:
            msgspec.json.encode(value)
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise NotJson("half a surrogate pair") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NotJson("nested too deeply") from None
    return value
