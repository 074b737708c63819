"""The faces of the signs: four bitmap faces below 24 px, Be Vietnam Pro from there on, and text set in them as masks.

Masks have `LEVELS` steps of cover instead of 256, so that a frame needs few colours; in bitmap faces they are 0 or
full. Text is laid out by Pillow's basic engine: the same bytes on every machine, whatever libraries it has.
"""

import threading
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageFont

FONTS: Final = Path(__file__).parent / "fonts"
LEVELS: Final = 8
_LOWER: Final = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
ACCENTED: Final = _LOWER + _LOWER.upper()
_STEPS: Final = bytes(round(cover * (LEVELS - 1) / 255) for cover in range(256))
_DRAWN: Final = bytes(255 if step else 0 for step in range(256))
_LOCK: Final = threading.RLock()
_LOOKALIKES: Final = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "‑": "-", "−": "-", "\u2019": "'", "\u2018": "'", "“": '"', "”": '"'}
)


@dataclass(frozen=True, slots=True)
class Face:
    """A font file at a size in px; `zoom` enlarges a bitmap face by a whole factor."""

    file: str
    size: int
    zoom: int = 1

    @property
    def bitmap(self) -> bool:
        """Whether its pixels were drawn by hand, for one size."""
        return self.file.endswith(".bdf")


LED16: Final = Face("led16.bdf", 16)
LED16B: Final = Face("led16b.bdf", 16)
LED20: Final = Face("led20.bdf", 20)
LED24: Final = Face("led24.bdf", 24)


def zoomed(face: Face, zoom: int) -> Face:
    """A bitmap face enlarged by a whole factor."""
    return Face(face.file, face.size, zoom)


def bvp(size: int, weight: int = 600) -> Face:
    """Be Vietnam Pro, weight 600 or 700; not below 23 px, where its marks close up."""
    return Face(f"be-vietnam-pro-{weight}.ttf", size)


@dataclass(frozen=True, slots=True)
class Run:
    """A text set in a face. The ink box is relative to the pen at the baseline: `top` is negative above it.

    `mask` holds steps 0 to LEVELS - 1 in mode L, `drawn` 255 where a step is not 0. `advance` is where the next letter
    would begin.
    """

    mask: Image.Image
    drawn: Image.Image
    left: int
    top: int
    advance: int

    @property
    def width(self) -> int:
        """Of the ink, in px."""
        return self.mask.width

    @property
    def height(self) -> int:
        """Of the ink, in px."""
        return self.mask.height


@cache
def _font(file: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / file), size, layout_engine=ImageFont.Layout.BASIC)


def _mapped(image: Image.Image, steps: bytes) -> Image.Image:
    return Image.frombytes("L", image.size, image.tobytes().translate(steps))


@lru_cache(maxsize=4096)
def run(text: str, face: Face) -> Run:
    """The ink of a text; a blank text has an ink of 1 x 1 empty pixel."""
    with _LOCK:
        font = _font(face.file, face.size)
        cover, (left, top) = font.getmask2(text, mode="1" if face.bitmap else "L", anchor="ls")
        advance = round(font.getlength(text))
    bounds = cover.getbbox() if cover.size[0] and cover.size[1] else None
    if bounds is None:
        blank = Image.new("L", (1, 1))
        return Run(blank, blank, 0, 0, advance * face.zoom)
    mask = _mapped(Image.frombytes("L", cover.size, bytes(cover)).crop(bounds), _STEPS)
    if face.zoom > 1:
        mask = mask.resize((mask.width * face.zoom, mask.height * face.zoom), Image.Resampling.NEAREST)
    return Run(
        mask,
        _mapped(mask, _DRAWN),
        int(left + bounds[0]) * face.zoom,
        int(top + bounds[1]) * face.zoom,
        advance * face.zoom,
    )


@cache
def covers(character: str, face: Face) -> bool:
    """Whether the face has a glyph of its own for the character."""
    if character.isspace():
        return character == " "
    missing = run("\uffff", face)
    found = run(character, face)
    return (found.mask.tobytes(), found.advance) != (missing.mask.tobytes(), missing.advance) or character == "?"


@lru_cache(maxsize=4096)
def speakable(text: str, face: Face) -> str:
    """The text composed (NFC), blanks joined, with look-alikes for a few signs and "?" for what the face lacks."""
    plain = " ".join(unicodedata.normalize("NFC", text).translate(_LOOKALIKES).split())
    return "".join(character if covers(character, face) else "?" for character in plain)


def width(text: str, face: Face) -> int:
    """Width of the ink in px."""
    return run(text, face).width


@cache
def cap(face: Face) -> int:
    """Height of the capitals in px."""
    return run("H", face).height


@cache
def reach(face: Face) -> tuple[int, int]:
    """How far any letter goes above and below the baseline, in px: the room that a line must have."""
    inks = [run(letter, face) for letter in (*ACCENTED, *"ÀJbdfgjlpqy(,|@")]
    return -min(ink.top for ink in inks), max(ink.top + ink.height for ink in inks)


@cache
def comma_depth(face: Face) -> int:
    """How far a decimal comma goes below the baseline: the room that a line of figures must have there."""
    comma = run(",", face)
    return max(0, comma.top + comma.height)
