"""Numbers, dates and lengths of time as Vietnam writes them, and as English readers expect them.

Vietnamese: ``1.234.567``, ``98,6 %`` (with a space that does not break), ``23/11/2026``; English: ``1,234,567``,
``98.6%``, ``23/11/2026`` (day first, as the room reads it). A figure that does not exist is a dash, never 0.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from math import isnan

from dashboards.panel import Language

DASH = "–"
MINUS = "−"
NARROW = "\u202f"

_SWAP = str.maketrans(",.", ".,")

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = "\u0300\u0309\u0303\u0301\u0323"
_PARTS = re.compile(r"\d+|\D+")
_TONELESS = {ord(letter): 2 * at + 0x110000 for at, letter in enumerate(_LETTERS)}


def number(value: float | None, language: Language, decimals: int = 0) -> str:
    """``1.234.567`` or ``1,234,567``; a dash for None and NaN; a real minus sign."""
    if value is None or isnan(value):
        return DASH
    text = f"{abs(value):,.{decimals}f}"
    if language == "vi":
        text = text.translate(_SWAP)
    negative = value < 0 and text.strip("0.,") != ""
    return MINUS + text if negative else text


def percent(value: float | None, language: Language, decimals: int = 1) -> str:
    """``98,6 %`` or ``98.6%``; a dash for None. Only what is exactly 0 or 100 is shown as such: 99.96 is "99,9 %", for
    some are still late, and 0.02 is "< 0,1 %"."""
    if value is None or isnan(value):
        return DASH
    shown = 0 if value in (0, 100) else decimals
    least = 10.0**-decimals
    if 0 < value < least / 2:
        return f"< {number(least, language, decimals)}{percent_sign(language)}"
    if 100 - least / 2 <= value < 100:
        value = 100 - least
    return number(value, language, shown) + percent_sign(language)


def percent_sign(language: Language) -> str:
    """The sign with the space that the language puts before it."""
    return f"{NARROW}%" if language == "vi" else "%"


def short_number(value: float | None, language: Language) -> str:
    """Large numbers for narrow places: ``12,4 tr`` / ``12.4M`` from ten million on, else in full."""
    if value is None or isnan(value) or abs(value) < 10_000_000:
        return number(value, language)
    large, words = abs(value) >= 1e9, {"vi": (" tr", " tỷ"), "en": ("M", "B")}[language]
    return number(value / (1e9 if large else 1e6), language, 1) + words[large]


def sentence(words: str) -> str:
    """Words that stand as a label of their own, where elsewhere they are a part of a line: "Chờ xác minh"."""
    return words[:1].upper() + words[1:]


def day(at: date | datetime, language: Language) -> str:
    """``23/11/2026`` in both languages: day first."""
    del language
    return at.strftime("%d/%m/%Y")


def clock(at: datetime) -> str:
    """``10:24:36``, of an aware moment that is already in the province's zone."""
    return at.strftime("%H:%M:%S")


def collation_key(name: str) -> tuple[list[int], list[int]]:
    """Sorts names as `Intl.Collator("vi", {numeric: true})` does: the letters a ă â b c d đ e ê … first, then the tones
    none, à ả ã á ạ; so "Bà" stands before "Ban". Case does not matter; signs come first, then numbers by their value.
    """
    letters: list[int] = []
    tones: list[int] = []
    for part in _PARTS.findall(unicodedata.normalize("NFC", name.lower())):
        if part.isdecimal():
            letters += [0x10FFFF, int(part)]
            tones += [0, 0]
            continue
        for letter in part:
            plain = unicodedata.normalize("NFD", letter)
            tone = next((mark for mark in plain if mark in _TONES), "")
            base = unicodedata.normalize("NFC", plain.replace(tone, "") if tone else plain)
            letters.append(_TONELESS.get(ord(base), ord(base)) if len(base) == 1 else ord(base[0]))
            tones.append(_TONES.index(tone) + 1 if tone else 0)
    return letters, tones
