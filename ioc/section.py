"""What every part of the settings is."""

from __future__ import annotations

import msgspec


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the settings; unknown keys are refused."""
