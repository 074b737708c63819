"""What must not be stored: personal fields are dropped by name, long numbers and e-mail addresses are masked.

Names can only be found in JSON. Of other bytes just the beginning is kept, masked, and a hash of the whole; so a record
that could not be read can be shown and discarded, never driven again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from ioc.facts import Reject
from streams.json_text import NotJson, parse

KEPT_BYTES = 256
"""How much is kept of bytes that are not JSON."""
WHOLE_BYTES = 64 << 10
"""The largest value that is redacted and kept whole; of a larger one the beginning, so it cannot be driven again."""
SEEN_BYTES = 1024
"""How far beyond that a number or an address that begins inside is looked for."""

_DIGITS = re.compile(rb"(?:[0-9]\x00?){8,}+")
_WORD = rb"[^\s@<>\"',;:()\[\]\\]"
_MAIL = re.compile(rb"(?<!%b)%b++@%b{1,255}+" % (_WORD, _WORD, _WORD))
"""Whole words only, and possessive: one pass whatever the bytes, where trying from every letter would take seconds."""
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|$)(\s*:)?', re.DOTALL)
"""A string of JSON, with the colon that makes it a field's name."""
_DIGIT = re.compile(rb"[0-9]")
_PLATES = tuple(
    re.compile(rf"\s*(\d\d)\s*[-–. ]?\s*([A-Za-zĐđ]{{1,2}}\d?)\s*[-–. ]?\s*({hidden})[-. ]?(\d\d)\s*", re.ASCII)
    for hidden in (r"\d\d\d", r"\d\d")
)
"""Province, series and serial of five digits, or of four on old plates."""
_PROVINCE = re.compile(r"\d{2}(?![0-9])", re.ASCII)


def mask_bytes(raw: bytes) -> bytes:
    """``raw`` with the digits of every run of 8 and more, and every e-mail address, as asterisks; same length."""
    masked = _DIGITS.sub(lambda found: _DIGIT.sub(b"*", found[0]), raw)
    return _MAIL.sub(lambda found: b"*" * len(found[0]), masked)


def mask_text(text: str) -> str:
    """As `mask_bytes`, for text; a masked address may come out longer than it went in (one asterisk a byte)."""
    return mask_bytes(text.encode("utf-8", "replace")).decode("utf-8", "replace")


def mask_plate(text: str) -> str:
    """A number plate without what identifies it: ``61A-123.45`` becomes ``61A-***.45``; a masked one stays."""
    for shape in _PLATES:
        found = shape.fullmatch(text)
        if found:
            return f"{found[1]}{found[2].upper()}-{'*' * len(found[3])}.{found[4]}"
    if "*" not in text:
        text = _mask_serial(text)
    return mask_text(text)


def _mask_serial(text: str) -> str:
    """Of five and more digits only the province's and the last two stay."""
    digits = [at for at, letter in enumerate(text) if letter in "0123456789"]
    if len(digits) < 5:
        return text
    hidden = set(digits[2 if _PROVINCE.match(text) else 0 : -2])
    return "".join("*" if at in hidden else letter for at, letter in enumerate(text))


def _masked_only(raw: bytes) -> bytes:
    return mask_bytes(raw[:SEEN_BYTES])[:KEPT_BYTES]


class Redactor:
    """Drops the fields that the configuration calls personal, whatever their case and depth."""

    def __init__(self, personal_fields: Iterable[str]) -> None:
        self.personal = frozenset(name.casefold() for name in personal_fields)

    def names(self, field: str) -> bool:
        """Whether ``field`` is personal."""
        return field.casefold() in self.personal

    def tree(self, value: Any, named: bool = False) -> Any:
        """A copy of parsed JSON without personal fields, plates masked; text outside any field is masked."""
        if isinstance(value, dict):
            kept = {}
            for name, inner in value.items():
                if self.names(name):
                    continue
                if name.casefold() == "plate_masked" and isinstance(inner, str):
                    kept[name] = mask_plate(inner)
                elif name == "data_base64":
                    kept["data"] = self._packed(inner)
                else:
                    kept[name] = self.tree(inner, True)
            return kept
        if isinstance(value, list):
            return [self.tree(inner, named) for inner in value]
        if isinstance(value, str) and not named:
            return mask_text(value)
        return value

    def _packed(self, text: Any) -> Any:
        """The redacted content of a CloudEvent's ``data_base64``."""
        try:
            raw = base64.b64decode(text, validate=True)
        except (TypeError, ValueError, binascii.Error):
            return None
        try:
            return self.tree(parse(raw))
        except NotJson:
            return _masked_only(raw).decode("utf-8", "replace")

    def body(self, raw: bytes) -> tuple[bytes, bool]:
        """What may be kept of a record's value, and whether it can be driven again."""
        if len(raw) > WHOLE_BYTES:
            return _masked_only(_TEXT.sub(lambda found: found[0] if found[1] else b'"*"', raw[:SEEN_BYTES])), False
        try:
            return msgspec.json.encode(self.tree(parse(raw))), True
        except (NotJson, RecursionError):
            return _masked_only(raw), False

    def reject(self, raw: bytes, key: bytes | None, headers: bytes, reason: str, detail: str) -> Reject:
        """The record as it may be kept: redacted body and key, a hash of the whole, the reason."""
        body, redrivable = self.body(raw)
        return Reject(
            reason=reason,
            detail=mask_text(detail)[:500].replace("\x00", "\\0"),
            key=None if key is None else mask_bytes(key[:SEEN_BYTES])[:KEPT_BYTES],
            body=body,
            digest=hashlib.sha256(raw).digest(),
            redrivable=redrivable,
            headers=headers,
        )
