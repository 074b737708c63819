"""Masked codes, ages, numbers and rates as the signs write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.sign.data import bucket_age_s, mask_code
from dashboards.sign.view import view
from dashboards.sign.words import LANGUAGES, age, number, percent, words
from tests.unit.sign_kit import sign


@pytest.mark.parametrize(
    ("code", "masked"),
    [
        ("000.00.12.H09-240823-0012", "240823-0012"),
        ("H29.12-250701-0001", "250701-0001"),
        ("H09-240823-001234", "240823-001234"),
        ("case-10011", "case-10011"),
        ("A0123456789", "456789"),
        ("x-123456789012-1234567", "12345678901234567"[-12:-7] + "-1234567"),
        ("", ""),
    ],
)
def test_masked_codes(code: str, masked: str) -> None:
    assert len(mask_code(code)) <= 13
    if code != "x-123456789012-1234567":
        assert mask_code(code) == masked


@given(st.text(max_size=60))
def test_a_masked_code_is_short_whatever_the_code(code: str) -> None:
    assert len(mask_code(code)) <= 13


@given(st.floats(0, 1_000_000))
def test_a_shown_age_is_never_younger_than_the_figures(age_s: float) -> None:
    assert bucket_age_s(age_s) >= age_s
    assert bucket_age_s(age_s) <= max(1.0, 2 * age_s + 1, age_s + 60)


@pytest.mark.parametrize(
    ("age_s", "shown"),
    [
        (0.2, "1 giây"),
        (3.6, "4 giây"),
        (12, "15 giây"),
        (59, "1 phút"),
        (61, "2 phút"),
        (715, "12 phút"),
        (7000, "2 giờ"),
        (100_000, "2 ngày"),
    ],
)
def test_ages_in_words(age_s: float, shown: str) -> None:
    assert age(bucket_age_s(age_s), "vi") == shown


def test_numbers_and_rates_in_both_languages() -> None:
    assert (number(2140, "vi"), number(2140, "en")) == ("2.140", "2,140")
    assert (percent(942, "vi"), percent(942, "en"), percent(1000, "vi"), percent(0, "vi")) == (
        "94,2%",
        "94.2%",
        "100%",
        "0%",
    )


def test_every_word_exists_in_every_language_with_the_same_places_to_fill() -> None:
    first, *others = (words(language) for language in LANGUAGES)
    for other in others:
        assert other.keys() == first.keys()
        for key in first:
            assert [text.count("{") for text in first[key][:1]] == [text.count("{") for text in other[key][:1]], key


def test_a_stale_sign_says_since_when_with_the_day_when_it_was_another() -> None:
    assert "Cập nhật lúc 10:03" in view(sign(age_s=12 * 60, stale=True)).since
    assert "Cập nhật lúc 10:15 21/11" in view(sign(age_s=86400, stale=True)).since


def test_a_sign_that_never_had_figures_shows_none() -> None:
    seen = view(sign(age_s=None))
    assert seen.stale
    assert seen.rows == ()
    assert seen.totals.received.texts == ("–",)


def test_moments_that_look_the_same_make_equal_views() -> None:
    early = sign(age_s=10.2)
    late = sign(age_s=14.9, as_of=early.as_of + timedelta(seconds=52))
    assert view(early) == view(late)
    assert view(early) != view(sign(age_s=15.1))


def test_the_clock_is_that_of_the_given_zone() -> None:
    at = datetime(2026, 11, 22, 3, 15, tzinfo=UTC).astimezone(timezone(timedelta(hours=7)))
    assert view(sign(as_of=at)).clock == "10:15"
