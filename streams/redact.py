"""What must not be stored: personal fields are dropped by name, long numbers and e-mail addresses are masked.

Names are dropped in JSON, and in JSON that a string of it holds. Of other bytes just the beginning is kept, masked, and
a hash of the whole; so a record that could not be read can be shown and discarded, never driven again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import string
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ioc.facts import Reject
from streams.json_text import NotJson, parse

KEPT_BYTES = 256
"""How much is kept of bytes that are not JSON."""
WHOLE_BYTES = 64 << 10
"""The largest value that is redacted and kept whole; of a larger one the beginning, so it cannot be driven again."""
NESTED = 8
"""How deep strings that hold JSON are followed; each level doubles the backslashes, so that more fit into no record."""
SEEN_BYTES = 1024
"""How far beyond that a number or an address that begins inside is looked for."""

_DIGITS = re.compile(rb"(?:[0-9]\x00?){8,}+")
_WORD = rb"[^\s@<>\"',;:()\[\]\\]"
_MAIL = re.compile(rb"(?<!%b)%b++@%b{1,255}+" % (_WORD, _WORD, _WORD))
"""Whole words only, and possessive: one pass whatever the bytes, where trying from every letter would take seconds."""
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)(\s*:)?', re.DOTALL)
"""A string of JSON, with the colon that makes it a field's name."""
_NAMED = re.compile(r'"\s*:')
"""The end of a field's name, however often the quote is escaped."""
_QUOTED = re.compile(r'[\\"]')
LONGEST_NAME = 100
_BEGINS = ("{", "[", '"')
_AROUND = "\ufeff" + string.whitespace
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


def _names_in(text: str) -> Iterator[str]:
    """What stands before a colon in quotes: the names of fields, also where the JSON around them is cut or escaped."""
    for found in _NAMED.finditer(text):
        before = text[max(0, found.start() - LONGEST_NAME) : found.start()].rstrip("\\")
        yield _QUOTED.split(before)[-1]


def _without_texts(raw: bytes) -> bytes:
    """JSON, perhaps cut, without the strings that are no names."""
    return _TEXT.sub(lambda found: found[0] if found[1] else b'"*"', raw)


def _masked_only(raw: bytes) -> bytes:
    return mask_bytes(raw[:SEEN_BYTES])[:KEPT_BYTES]


class _Folded(dict[str, str]):
    """Names of fields as they are compared: ``HoTen``, ``ho-ten`` and ``Ho Ten`` are ``ho_ten``. Remembers the first
    thousand, which are those of honest sources."""

    def __missing__(self, field: str) -> str:
        folded = field.casefold().replace("_", "").replace("-", "").replace(" ", "")
        if len(self) < 1000 and len(field) <= LONGEST_NAME:
            self[field] = folded
        return folded


_FOLDED = _Folded()


class Redactor:
    """Drops the fields that the configuration calls personal, whatever their spelling and depth."""

    def __init__(self, personal_fields: Iterable[str]) -> None:
        self.personal = frozenset(_FOLDED[name] for name in personal_fields)

    def names(self, field: str) -> bool:
        """Whether ``field`` is personal."""
        return _FOLDED[field] in self.personal

    def tree(self, value: Any, named: bool = False, nested: int = 0) -> Any:
        """A copy of parsed JSON without personal fields, plates masked; text outside any field is masked.

        A string that holds JSON itself is redacted alike and written anew; ``nested`` says in how many of them we are.
        """
        if isinstance(value, dict):
            kept = {}
            for name, inner in value.items():
                folded = _FOLDED[name]
                if folded in self.personal:
                    continue
                if folded == "platemasked" and isinstance(inner, str):
                    kept[name] = mask_plate(inner)
                elif name == "data_base64":
                    kept["data"] = self._packed(inner)
                else:
                    kept[name] = self.tree(inner, True, nested)
            return kept
        if isinstance(value, list):
            return [self.tree(inner, named, nested) for inner in value]
        if isinstance(value, str):
            if '"' in value:
                value = self._text(value, named, nested)
            return value if named else mask_text(value)
        return value

    def _text(self, text: str, named: bool, nested: int) -> str:
        """A string that may hold JSON: no name stands in it without a quote."""
        inner = text.strip(_AROUND)
        if inner.startswith(_BEGINS) and nested < NESTED:
            try:
                kept = self.tree(parse(inner.encode("utf-8")), named, nested + 1)
            except NotJson:
                pass
            else:
                return msgspec.json.encode(kept).decode("utf-8")
        if any(self.names(name) for name in _names_in(text)):
            return mask_bytes(_without_texts(text.encode("utf-8"))).decode("utf-8", "replace")
        return text

    def _packed(self, text: Any) -> Any:
        """The redacted content of a CloudEvent's ``data_base64``."""
        try:
            raw = base64.b64decode(text, validate=True)
        except (TypeError, ValueError, binascii.Error):
            return None
        try:
            return self.tree(parse(raw))
        except NotJson:
            return self._beginning(raw).decode("utf-8", "replace")

    def body(self, raw: bytes) -> tuple[bytes, bool]:
        """What may be kept of a record's value, and whether it can be driven again."""
        if len(raw) > WHOLE_BYTES:
            return _masked_only(_without_texts(raw[:SEEN_BYTES])), False
        try:
            return msgspec.json.encode(self.tree(parse(raw))), True
        except (NotJson, RecursionError):
            return self._beginning(raw), False

    def _beginning(self, raw: bytes) -> bytes:
        """Of bytes that are not JSON; of JSON that is cut or damaged without its texts, where one may be personal."""
        seen = raw[:SEEN_BYTES]
        narrow = seen.replace(b"\0", b"")  # of UTF-16 what is ASCII
        if any(self.names(name) for name in _names_in(narrow.decode("utf-8", "replace"))):
            return _masked_only(_without_texts(narrow))
        return _masked_only(seen)

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
