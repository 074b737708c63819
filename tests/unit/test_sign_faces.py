"""The faces of the signs: every accented Vietnamese letter is there, unlike every other, and within its line."""

import itertools

import pytest
from PIL import Image, ImageChops

from dashboards.sign.faces import (
    ACCENTED,
    FONTS,
    LED16,
    LED16B,
    LED20,
    LED24,
    Face,
    bvp,
    covers,
    reach,
    run,
    speakable,
    width,
)

BITMAP = [(LED16, 2), (LED16B, 2), (LED20, 3), (LED24, 4)]
LINES = {LED16: (14, 2), LED16B: (14, 2), LED20: (16, 4), LED24: (19, 5)}


def inked(letter: str, face: Face) -> Image.Image:
    """The letter on a ground large enough for all, at its own place from the pen."""
    ground = Image.new("L", (64, 64))
    ink = run(letter, face)
    ground.paste(ink.mask.point(lambda step: 255 if step else 0), (16 + ink.left, 40 + ink.top))
    return ground


def test_there_are_134_accented_letters() -> None:
    assert len(set(ACCENTED)) == 134


@pytest.mark.parametrize("face", [*LINES, bvp(32), bvp(32, 700)], ids=lambda face: face.file)
def test_every_accented_letter_has_a_glyph(face: Face) -> None:
    assert [letter for letter in ACCENTED + "0123456789%<>,.:-–&" if not covers(letter, face)] == []


@pytest.mark.parametrize(("face", "least"), BITMAP, ids=lambda value: getattr(value, "file", str(value)))
def test_no_two_letters_look_alike(face: Face, least: int) -> None:
    ascii_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    drawn = {letter: inked(letter, face) for letter in ACCENTED + ascii_letters}
    for one, other in itertools.combinations(ACCENTED, 2):
        different = ImageChops.difference(drawn[one], drawn[other]).histogram()[255]
        assert different >= least, f"{one} and {other} differ in {different} px"
    for one, other in itertools.product(ACCENTED, ascii_letters):
        assert ImageChops.difference(drawn[one], drawn[other]).getbbox() is not None, f"{one} looks like {other}"


@pytest.mark.parametrize("face", LINES, ids=lambda face: face.file)
def test_ink_stays_inside_the_line(face: Face) -> None:
    ascent, descent = LINES[face]
    for letter in ACCENTED:
        ink = run(letter, face)
        assert ink.top >= -ascent, letter
        assert ink.top + ink.height <= descent, letter


@pytest.mark.parametrize(
    "face", [*LINES, *(bvp(size) for size in (23, 26, 34, 46))], ids=lambda face: f"{face.file}-{face.size}"
)
def test_reach_holds_every_letter(face: Face) -> None:
    above, below = reach(face)
    for letter in ACCENTED:
        ink = run(letter, face)
        assert -ink.top <= above, letter
        assert ink.top + ink.height <= below, letter


@pytest.mark.parametrize(("face", "advance"), [(LED16, 184), (LED16B, 189), (LED20, 258), (LED24, 270)])
def test_spacing_is_that_of_the_design(face: Face, advance: int) -> None:
    assert run("Sở Nông nghiệp và Môi trường", face).advance == advance


@pytest.mark.parametrize("face", LINES, ids=lambda face: face.file)
def test_bitmap_digits_are_equally_wide(face: Face) -> None:
    assert len({run(digit, face).advance for digit in "0123456789"}) == 1


def test_unknown_letters_become_a_question_mark_and_decomposed_ones_are_composed() -> None:
    assert speakable("あ  Sở", LED16) == "? Sở"


def test_an_empty_text_has_no_ink() -> None:
    assert width("", LED20) == 1


def test_licences_come_with_the_faces() -> None:
    for notice, words in (
        ("OFL.txt", "SIL OPEN FONT LICENSE"),
        ("EFONT-LICENSE.txt", "Electronic Font Open Laboratory"),
    ):
        assert words in (FONTS / notice).read_text("utf-8")
