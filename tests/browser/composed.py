"""Settings of a test: `config.yaml` with other keys at its top, and a wall that costs a browser next to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.web import ROOT

PLAIN: dict[str, Any] = {
    "walls": {
        "plain": {
            "title_vi": "Chỉ con số",
            "title_en": "Figures only",
            "grid": {"areas": ["figures"]},
            "panels": [{"panel": "figures", "figures": ["received", "overdue"]}],
        }
    },
    "playlists": {},
    "wall": "plain",
}
"""Settings whose only wall has two figures and no chart: for tests of what happens around the panels."""


def with_settings(directory: Path, **over: Any) -> str:
    """The path of a copy of `config.yaml` with other keys at its top."""
    tree = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) | over
    path = directory / "config.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    return str(path)
