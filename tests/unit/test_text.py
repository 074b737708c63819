"""The words, numbers and names that screens show."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import dashboards
import ioc
from dashboards.panel import Language
from dashboards.text import LANGUAGES, en, translate, vi
from dashboards.text.formats import DASH, collation_key, number, percent, sentence, short_number
from dashboards.text.names import listed, masked
from ioc.facts import TOPICS, IncidentState
from ioc.figures import SEVERITIES
from ioc.world import Unit

DATA = Path(ioc.__file__).parent / "data"
SOURCES = [
    path
    for path in Path(dashboards.__file__).parent.rglob("*.py")
    if not {"sign", "text"} & set(path.relative_to(Path(dashboards.__file__).parent).parts)
]


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_languages_have_the_same_keys_and_the_same_names_in_them() -> None:
    assert set(vi.WORDS) == set(en.WORDS)
    for key, text in vi.WORDS.items():
        assert _names(text) == _names(en.WORDS[key]), key


def test_no_word_is_empty_or_has_spaces_around_it() -> None:
    for words in LANGUAGES.values():
        assert [key for key, text in words.items() if not text or text != text.strip()] == []


def _asked(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)+", node.value) and node.value.split(".")[0] in AREAS:
            yield node.value


AREAS = {key.split(".")[0] for key in vi.WORDS} - {"ioc"}


def test_every_key_that_the_code_names_exists() -> None:
    def known(key: str) -> bool:
        words = LANGUAGES["vi"]
        return key in words or (key.endswith("_") and any(other.startswith(key) for other in words))

    missing = {(path.name, key) for path in SOURCES for key in _asked(path) if not known(key)}
    assert missing == set()


def test_every_word_of_the_domain_is_there() -> None:
    for name in SEVERITIES:
        assert f"severity.{name}" in vi.WORDS
    for state in IncidentState:
        assert f"state.{state.name.lower()}" in vi.WORDS
    for topic in TOPICS:
        assert f"feed.{topic}" in vi.WORDS


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        translate("vi")("no.such.key")


@pytest.mark.parametrize(
    ("value", "decimals", "vietnamese", "english"),
    [
        (1234567, 0, "1.234.567", "1,234,567"),
        (98.6, 1, "98,6", "98.6"),
        (0, 0, "0", "0"),
        (-12.5, 1, "−12,5", "−12.5"),
        (-0.04, 1, "0,0", "0.0"),
        (None, 0, DASH, DASH),
        (float("nan"), 0, DASH, DASH),
    ],
)
def test_number(value: float | None, decimals: int, vietnamese: str, english: str) -> None:
    assert number(value, "vi", decimals) == vietnamese
    assert number(value, "en", decimals) == english


@pytest.mark.parametrize(
    ("value", "vietnamese", "english"),
    [
        (98.62, "98,6\u202f%", "98.6%"),
        (100, "100\u202f%", "100%"),
        (99.96, "99,9\u202f%", "99.9%"),
        (0, "0\u202f%", "0%"),
        (0.02, "< 0,1\u202f%", "< 0.1%"),
        (None, DASH, DASH),
    ],
)
def test_percent_never_rounds_to_a_perfect_or_an_empty_share(
    value: float | None, vietnamese: str, english: str
) -> None:
    assert percent(value, "vi") == vietnamese
    assert percent(value, "en") == english


def test_short_numbers() -> None:
    assert short_number(9_999_999, "vi") == "9.999.999"
    assert short_number(12_400_000, "vi") == "12,4 tr"
    assert short_number(12_400_000, "en") == "12.4M"
    assert short_number(2_500_000_000, "vi") == "2,5 tỷ"


def test_names_sort_as_the_vietnamese_alphabet_does() -> None:
    names = ["Đồng Xoài", "Dầu Tiếng", "Dĩ An", "Ân Thi", "An Phú", "Ăn", "Tân Uyên", "Thuận An", "Ơ", "Ô", "O"]
    expected = ["An Phú", "Ăn", "Ân Thi", "Dầu Tiếng", "Dĩ An", "Đồng Xoài", "O", "Ô", "Ơ", "Tân Uyên", "Thuận An"]
    assert sorted(names, key=collation_key) == expected


def test_tones_part_only_names_of_equal_letters() -> None:
    names = ["Ban", "Bá", "Bà Rịa", "Bàu", "Ba", "Bạ", "Bả", "bà", "Bã", "Phường 10", "Phường 2", "Tân", "Tan", "Tăn"]
    expected = [
        "Ba",
        "bà",
        "Bả",
        "Bã",
        "Bá",
        "Bạ",
        "Bà Rịa",
        "Ban",
        "Bàu",
        "Phường 2",
        "Phường 10",
        "Tan",
        "Tăn",
        "Tân",
    ]
    assert sorted(names, key=collation_key) == expected


@pytest.mark.parametrize(
    ("name", "kind", "language", "shown"),
    [
        ("Thành phố Thuận An", "district", "vi", "TP. Thuận An"),
        ("Xã Thường Tân", "commune", "vi", "X. Thường Tân"),
        ("Văn phòng Đăng ký đất đai", "branch", "vi", "VP Đăng ký đất đai"),
        ("Sở Nông nghiệp và Môi trường", "department", "vi", "Sở Nông nghiệp, Môi trường"),
        ("Sở Xây dựng", "department", "vi", "Sở Xây dựng"),
        ("Sở Xây dựng", "department", "en", "Construction"),
    ],
)
def test_listed_names(name: str, kind: str, language: Language, shown: str) -> None:
    unit = Unit("x", "pack", name, "Construction", kind, kind, None)
    assert listed(unit, language) == shown


def test_only_the_end_of_a_case_code_is_shown() -> None:
    assert masked("000.00.12.H09-261123-0147") == "…-0147"


HEALTH = {"offline": ("mất tín hiệu", "no signal"), "tampered": ("bị che khuất", "covered")}
"""The one pair of words for what a camera says of itself; the glossary has them."""
OTHER_WORDS = ("mất kết nối", "bị can thiệp", "tampered", "offline", "without signal")


def test_what_a_camera_says_of_itself_has_one_word_a_language() -> None:
    glossary, kinds = (
        {row[key]: row for row in csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines())}
        for name, key in (("glossary.csv", "key"), ("incident_kinds.csv", "kind"))
    )
    for state, kind in (("offline", "camera_offline"), ("tampered", "camera_tamper")):
        for language, word in zip(LANGUAGES, HEALTH[state], strict=True):
            words = LANGUAGES[language]
            part = {"offline": "lost", "tampered": "tampered"}[state]
            places = (words[f"health.{state}"], words[f"headline.{part}_part"], words["cameras.meaning"])
            shown = (*places, words["health.spoken"], glossary[f"camera_{state}"][language], kinds[kind][language])
            assert [text for text in shown if word not in text.lower()] == []
    of_cameras = ("health.", "cameras.", "headline.cameras", "headline.lost", "headline.tampered", "map.")
    for words in LANGUAGES.values():
        said = [re.sub(r"\{\w+\}", "", text.lower()) for key, text in words.items() if key.startswith(of_cameras)]
        assert [text for text in said if any(other in text for other in OTHER_WORDS)] == []


def test_a_label_of_its_own_begins_like_a_sentence() -> None:
    assert [sentence("đã tiếp nhận"), sentence("chờ xác minh"), sentence("")] == ["Đã tiếp nhận", "Chờ xác minh", ""]
    labels = re.compile(r"(channel|health|ontime|stages|kinds)\.(?!.*(note|spoken|share|none|calm|gap))|ages\.more")
    for words in LANGUAGES.values():
        small = [text for key, text in words.items() if labels.match(key) and text[0].islower()]
        assert small == []
