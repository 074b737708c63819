"""Every word that screens show, by key and language; a language is one file of this package.

>>> t = translate("vi")
>>> t("ranking.open", open="1.486")
'1.486 đang mở'
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dashboards.panel import Language, Translate
from dashboards.text import en, vi, walls

LANGUAGES: Mapping[Language, Mapping[str, str]] = {"vi": {**vi.WORDS, **walls.VI}, "en": {**en.WORDS, **walls.EN}}
"""The words of each language; a test holds their keys and their ``{names}`` equal."""


@cache
def translate(language: Language) -> Translate:
    """The translator of a language; the same object each time. It raises KeyError for a key that does not exist."""
    words = LANGUAGES[language]

    def t(key: str, /, **values: object) -> str:
        text = words[key]
        return text.format(**values) if values else text

    return t
