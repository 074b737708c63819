"""Advisory locks of the database, by number: whoever takes two takes them in this order."""

from __future__ import annotations

SCHEMA_LOCK = 4_602_301_001
"""Of everything that changes the schema."""
PROOF_LOCK = 4_602_301_003
"""Shared by whoever counts rows again, exclusive for a step that drops some."""
OPENING_LOCK = 4_602_301_002
"""Shared by writers, exclusive for whoever makes an opening balance, packs a day or drops a chunk."""
