"""The drawing surface of a sign, which refuses what cannot be read: cut or overlapping text, gaps too small to part
two words.

Pixels are indexes of a palette from the start, so a frame is stored in few bits a pixel without any loss. Every text
and every shape is kept with its box; the texts are also what screen readers and tests get.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, Literal

from PIL import Image

from dashboards.sign.faces import LEVELS, Face, Run, cap, covers, reach, run, speakable, width

Colour = tuple[int, int, int]
Align = Literal["left", "right", "middle"]

BLACK: Final[Colour] = (0, 0, 0)
WHITE: Final[Colour] = (255, 255, 255)
AMBER: Final[Colour] = (255, 176, 0)
GREEN: Final[Colour] = (0, 230, 90)
RED: Final[Colour] = (255, 64, 48)
CYAN: Final[Colour] = (0, 200, 255)
VIOLET: Final[Colour] = (187, 167, 255)
BAND: Final[Colour] = (0, 56, 150)
BAND_READY: Final[Colour] = (0, 120, 50)
RULE: Final[Colour] = (0, 64, 128)


class LayoutError(Exception):
    """A text is cut, touches another or stands too near to it: the page was planned for less than it was given."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in px; `right` and `bottom` are the first pixels outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In px."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In px."""
        return self.bottom - self.top

    def holds(self, other: "Box") -> bool:
        """Whether the other lies wholly inside; edges may touch."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def meets(self, other: "Box") -> bool:
        """Whether the two share a pixel."""
        return self.gap_x(other) < 0 and self.gap_y(other) < 0

    def gap_x(self, other: "Box") -> int:
        """Empty columns between the two; negative when they share columns."""
        return max(self.left, other.left) - min(self.right, other.right)

    def gap_y(self, other: "Box") -> int:
        """Empty rows between the two; negative when they share rows."""
        return max(self.top, other.top) - min(self.bottom, other.bottom)


@dataclass(frozen=True, slots=True)
class Placed:
    """A text and the box of its ink."""

    text: str
    box: Box


class Canvas:
    """A frame being drawn. Fill the grounds first, then set the texts: a text takes the colour of the ground it
    stands on.
    """

    def __init__(self, width: int, height: int) -> None:
        self.box = Box(0, 0, width, height)
        self.gap = max(3.0, width / 100)
        self.texts: list[Placed] = []
        self._image = Image.new("P", (width, height), 0)
        self._palette: dict[Colour, int] = {BLACK: 0}
        self._grounds: list[tuple[Box, Colour]] = [(self.box, BLACK)]
        self._shapes: list[Box] = []

    def fill(self, box: Box, colour: Colour) -> None:
        """A ground for texts."""
        self._grounds.append((box, colour))
        self._image.paste(self._index(colour), (box.left, box.top, box.right, box.bottom))

    def shape(self, box: Box, colour: Colour) -> None:
        """A rule, a dot: no text may touch it."""
        self._shapes.append(box)
        self._image.paste(self._index(colour), (box.left, box.top, box.right, box.bottom))
        for placed in self.texts:
            if placed.box.meets(box):
                raise LayoutError(f"a shape at {box} covers {placed.text!r}")

    def picture(self, image: Image.Image, box: Box) -> None:
        """A black and white picture (mode 1), enlarged to fill the box by a whole factor: a QR code."""
        self._shapes.append(box)
        enlarged = image.resize((box.width, box.height), Image.Resampling.NEAREST).convert("L")
        white = self._index(WHITE)
        self._image.paste(enlarged.point([white if grey > 127 else 0 for grey in range(256)]), (box.left, box.top))

    def text(
        self,
        text: str,
        face: Face,
        colour: Colour,
        *,
        x: int,
        baseline: int,
        align: Align = "left",
        within: Box | None = None,
    ) -> Box:
        """Sets a text with its ink (bitmap faces: its advance, so that digits stand in columns) at `x`; gives the box
        of the ink.

        Raises LayoutError when the ink leaves `within` (default: the frame), meets a shape, or comes nearer to
        another text on its lines than max(3, width / 100) px.
        """
        text = speakable(text, face)
        ink = run(text, face)
        left = {
            "left": x,
            "right": x - ink.width - _bearing(text, face),
            "middle": x - ink.width // 2,
        }[align]
        box = Box(left, baseline + ink.top, left + ink.width, baseline + ink.top + ink.height)
        self._refuse_bad(text, box, within or self.box)
        self._ink(ink, box, colour, self._ground(text, box))
        self.texts.append(Placed(text, box))
        return box

    def _refuse_bad(self, text: str, box: Box, within: Box) -> None:
        if not within.holds(box):
            raise LayoutError(f"{text!r} at {box} is cut by {within}")
        for placed in self.texts:
            if placed.box.gap_y(box) < 0 and placed.box.gap_x(box) < self.gap:
                raise LayoutError(f"{text!r} at {box} is too near to {placed.text!r} at {placed.box}")
            if placed.box.gap_x(box) < 0 and placed.box.gap_y(box) < 1:
                raise LayoutError(f"{text!r} at {box} touches {placed.text!r} at {placed.box}")
        for shape in self._shapes:
            if shape.meets(box):
                raise LayoutError(f"{text!r} at {box} touches a shape at {shape}")

    def _ground(self, text: str, box: Box) -> Colour:
        for ground, colour in reversed(self._grounds):
            if ground.holds(box):
                return colour
            if ground.meets(box):
                raise LayoutError(f"{text!r} at {box} stands half on {ground}")
        raise LayoutError(f"{text!r} at {box} is off the frame")

    def _ink(self, ink: Run, box: Box, colour: Colour, ground: Colour) -> None:
        levels = ink.mask.tobytes()
        used = set(levels)
        steps = bytes(
            self._index(_blend(ground, colour, level)) if level in used else 0 for level in range(LEVELS)
        ).ljust(256, b"\0")
        drawn = Image.frombytes("P", ink.mask.size, levels.translate(steps))
        self._image.paste(drawn, (box.left, box.top), ink.drawn)

    def _index(self, colour: Colour) -> int:
        index = self._palette.setdefault(colour, len(self._palette))
        if index > 255:
            raise LayoutError("more than 256 colours")
        return index

    def image(self, width: int, height: int) -> Image.Image:
        """The frame, enlarged by the largest whole factor that fits width x height, centred on black."""
        factor = min(width // self.box.width, height // self.box.height)
        drawn = self._image
        if factor > 1:
            drawn = drawn.resize((self.box.width * factor, self.box.height * factor), Image.Resampling.NEAREST)
        if drawn.size != (width, height):
            ground = Image.new("P", (width, height), 0)
            ground.paste(drawn, ((width - drawn.width) // 2, (height - drawn.height) // 2))
            drawn = ground
        drawn.putpalette([channel for colour in self._palette for channel in colour])
        return drawn


def _blend(ground: Colour, colour: Colour, level: int) -> Colour:
    red, green, blue = (
        round(below + (above - below) * level / (LEVELS - 1)) for below, above in zip(ground, colour, strict=True)
    )
    return red, green, blue


def _bearing(text: str, face: Face) -> int:
    """Empty px after the last digit of a bitmap face, whose digits are all equally wide, so that they stand in
    columns.
    """
    if not face.bitmap or not text or not text[-1].isdigit():
        return 0
    ink = run(text[-1], face)
    return _widest_digit(face) - ink.left - ink.width


@cache
def _widest_digit(face: Face) -> int:
    return max(run(digit, face).width + run(digit, face).left for digit in "0123456789")


@lru_cache(maxsize=8192)
def room(text: str, face: Face) -> int:
    """Width in px that a text takes, with the empty columns after its last digit."""
    text = speakable(text, face)
    return width(text, face) + _bearing(text, face)


def fit(texts: Sequence[str], faces: Sequence[Face], room_px: int) -> tuple[str, Face]:
    """The first of the texts, longest first, that fits in one of the faces, largest first; texts a face cannot write
    come last. Raises LayoutError when none fits.
    """
    found = fit_or_none(texts, faces, room_px)
    if found is None:
        raise LayoutError(f"none of {tuple(texts)} fits in {room_px} px")
    return found


def fit_or_none(texts: Sequence[str], faces: Sequence[Face], room_px: int) -> tuple[str, Face] | None:
    """As `fit`, for a text that may be left out."""
    for text in sorted(texts, key=lambda text: not _writable(text, faces[0])):
        for face in faces:
            if text and room(text, face) <= room_px:
                return text, face
    return None


def _writable(text: str, face: Face) -> bool:
    return all(covers(character, face) for character in text if not character.isspace())


def baseline_in(face: Face, top: int, bottom: int) -> int:
    """The baseline that centres capitals between two edges, moved so that no letter can leave them."""
    above, below = reach(face)
    if above + below > bottom - top:
        raise LayoutError(f"{face} needs {above + below} px, {bottom - top} given")
    centred = top + (bottom - top + cap(face)) // 2
    return min(max(centred, top + above), bottom - below)


def baseline_for(texts: Sequence[tuple[str, Face]], top: int, bottom: int) -> int:
    """The baseline that centres the capitals of the first text, moved so that the ink of all these texts stays off
    both edges.
    """
    inks = [run(speakable(text, face), face) for text, face in texts]
    centred = figure_baseline(texts[0][1], top, bottom)
    highest = top + 1 - min(ink.top for ink in inks)
    lowest = bottom - 1 - max(ink.top + ink.height for ink in inks)
    return max(highest, min(centred, lowest))


def figure_baseline(face: Face, top: int, bottom: int) -> int:
    """The baseline that centres figures between two edges; only for texts without marks above capitals."""
    return top + (bottom - top + cap(face)) // 2
