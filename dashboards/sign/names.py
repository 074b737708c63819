"""The names of a unit from long to short, as Vietnamese offices shorten them: "Sở Nông nghiệp và Môi trường", "Sở NN &
Môi trường", "Sở NN&MT", "NN&MT".
"""

import re
from dataclasses import dataclass
from typing import Final

_PARTS: Final = re.compile(r", | và | & ")
_LEVELS: Final = re.compile(r"^(Sở|TP\.|TX\.|TT\.|H\.|Q\.|P\.|X\.) (?=\S)")
_PLACES: Final = re.compile(r"^(TP|TX|TT|H|Q|P|X)\. ")
_LETTERS: Final = 6
_KNOWN: Final = {"Việt Nam - Singapore": "BQL VSIP", "Đăng ký đất đai": "VP ĐK đất đai"}
"""What everybody calls an office whose name ends so."""


@dataclass(frozen=True, slots=True)
class Names:
    """`headed` begin with what the unit is ("Sở", "TP."), `bare` leave that out, `last` are letters for the worst case;
    each the longest first.
    """

    headed: tuple[str, ...]
    bare: tuple[str, ...]
    last: tuple[str, ...]

    @property
    def place(self) -> bool:
        """Whether its level has a short form ("Thành phố", "TP."), which a table uses for all places or for none."""
        return len(self.headed) > 1 and bool(_PLACES.match(self.headed[1])) and not _PLACES.match(self.headed[0])

    @property
    def every(self) -> tuple[str, ...]:
        """All, the best first."""
        return (*self.headed, *self.bare, *self.last)


def names(full: str, short: str, initials: str) -> Names:
    """The names of a unit; `short` and `initials` are what its owner calls it when there is little room."""
    full, short = full or short or "–", short or full or "–"
    headed = [full, short, *_shortened(full)]
    if len(short) > len(full):
        headed = [full, *_shortened(full)]
    headed = list(dict.fromkeys(headed))
    bare = [name for name in (_LEVELS.sub("", name) for name in headed) if name not in headed]
    letters = "".join(word[0] for word in full.split() if word[0].isalnum()).upper()[:_LETTERS]
    last = [name for name in (initials, letters, "–") if name and name not in (*headed, *bare)]
    return Names(tuple(headed), tuple(dict.fromkeys(bare)), tuple(dict.fromkeys(last)))


def _shortened(full: str) -> tuple[str, ...]:
    """A department of several fields with all but the last in letters, and with all of them so."""
    for words, known in _KNOWN.items():
        if full.endswith(words):
            return (known,)
    if not full.startswith("Sở "):
        return ()
    fields = _PARTS.split(full.removeprefix("Sở "))
    if len(fields) < 2:
        return ()
    letters = ["".join(word[0].upper() for word in field.split()) for field in fields]
    front = ", ".join(letters[:-1])
    return (f"Sở {front} & {fields[-1]}", f"Sở {front}&{letters[-1]}")
