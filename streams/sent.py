"""What a source hands to the wire: one record, and when it leaves.

Adapters and the simulator yield these; they know nothing of Kafka and nothing of the database.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

CASES = "ioc.cases.v1"
CAMERAS = "ioc.cameras.v1"
USAGE = "ioc.usage.v1"
INDICATORS = "ioc.indicators.v1"


class Sent(NamedTuple):
    """One record of a source.

    ``at`` (aware) is when it leaves the source and paces a live replay; it is never before the ``occurred_at`` inside
    ``value``, and later than it where the event is late. ``key`` is the record key and ``value`` the JSON object of the
    contract of ``topic`` (`ioc/data/contracts/README.md`).
    """

    at: datetime
    topic: str
    key: str
    value: dict[str, object]
