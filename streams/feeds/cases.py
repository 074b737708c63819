"""One-stop cases (hồ sơ một cửa): each record is one step in the life of a case.

Keyed by case code, so that the steps of a case stay in one partition.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from ioc.facts import CaseEvent, CaseFlag, Channel, Status, Topic
from streams.feeds.wire import NO_NUL, Code, Feed, Places, Time, UnitCode, Vnd, Wire, at_us, due_us

STATUSES: dict[str | int, int] = {
    **{status.name.lower(): int(status) for status in Status},
    **{int(status): int(status) for status in Status},
}
CHANNELS = {channel.name.lower(): int(channel) for channel in Channel}

FLAGS = (
    ("submitted_remotely", CaseFlag.REMOTE, CaseFlag.NOT_REMOTE),
    ("eid_verified", CaseFlag.EID, CaseFlag.NOT_EID),
    ("electronic_result", CaseFlag.E_RESULT, CaseFlag.NOT_E_RESULT),
    ("digitised", CaseFlag.DIGITISED, CaseFlag.NOT_DIGITISED),
    ("data_reused", CaseFlag.REUSED, CaseFlag.NOT_REUSED),
    ("synced_national", CaseFlag.SYNCED, CaseFlag.NOT_SYNCED),
    ("result_required", CaseFlag.RESULT_REQUIRED, CaseFlag.NOT_RESULT_REQUIRED),
)
"""Yes-or-no fields, the bit of yes and the bit of no; null and absent set neither."""

StatusWord = Literal[
    "submitted",
    "received",
    "not_accepted",
    "processing",
    "supplement_requested",
    "payment_requested",
    "withdrawn",
    "stopped",
    "finished",
    "returned",
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
]


class CaseRecord(Wire, frozen=True, gc=False, kw_only=True):
    """The contract `ioc.cases.v1`; unknown fields are ignored."""

    case_code: Annotated[Code, Meta(description="opaque key, e.g. 000.00.12.H09-240823-0012")]
    status: Annotated[StatusWord, Meta(description="national status code 1..10, or its word")]
    procedure_code: Code
    receiving_unit: Annotated[UnitCode, Meta(description="code of the one-stop counter's unit")]
    handling_unit: Annotated[UnitCode, Meta(description="code of the department or commune that must decide")]
    channel: Literal["counter", "online", "postal"]
    due_at: Annotated[Time, Meta(description="appointed day of return; a later event may move it")] | None = None
    extension_no: Annotated[int, Meta(ge=0, le=99)] | UnsetType = UNSET
    submitted_remotely: bool | None = None
    eid_verified: bool | None = None
    electronic_result: bool | None = None
    digitised: bool | None = None
    data_reused: bool | None = None
    synced_national: Annotated[bool | None, Meta(description="already on the national public service portal")] = None
    fee_vnd: Vnd | None = None
    payment_method: Literal["cash", "transfer", "online"] | None = None
    applicant: Literal["citizen", "business", "agency"] | None = None
    stage: (
        Annotated[
            str,
            Meta(max_length=128, description="the source system's own step name", extra_json_schema=NO_NUL),
        ]
        | None
    ) = None
    result_required: Annotated[
        bool | None, Meta(description="the procedure ends in a document; null = as the procedure catalogue says")
    ] = None


def _flags(wire: CaseRecord) -> int:
    bits = 0
    for name, yes, no in FLAGS:
        said = getattr(wire, name)
        if said is not None:
            bits |= yes if said else no
    return int(bits)


def place(wire: CaseRecord, places: Places) -> tuple[CaseEvent, tuple[Any, ...]]:
    """What it means here: received by one unit, decided by another, both in force."""
    us = at_us(wire.occurred_at)
    due = due_us(wire.due_at)
    status, channel, flags = STATUSES[wire.status], CHANNELS[wire.channel], _flags(wire)
    extension_no = None if wire.extension_no is UNSET else wire.extension_no
    fact = CaseEvent(
        wire.event_id,
        us,
        wire.case_code,
        status,
        places.unit(wire.handling_unit),
        places.unit(wire.receiving_unit),
        channel,
        due,
        wire.procedure_code,
        extension_no,
        flags,
        wire.fee_vnd,
        wire.payment_method,
        wire.applicant,
        wire.stage,
    )
    return fact, (
        us,
        wire.case_code,
        status,
        wire.procedure_code,
        wire.receiving_unit,
        wire.handling_unit,
        channel,
        due,
        extension_no,
        flags,
        wire.fee_vnd,
        wire.payment_method,
        wire.applicant,
        wire.stage,
    )


def sample() -> dict[str, Any]:
    """A case taken in online by a city for one of its wards."""
    return {
        "event_id": "c-1",
        "occurred_at": "2024-08-23T08:45:00+07:00",
        "case_code": "000.00.12.H09-240823-0012",
        "status": "received",
        "procedure_code": "1.001193",
        "receiving_unit": "718",
        "handling_unit": "25747",
        "channel": "online",
        "due_at": "2024-08-26T17:00:00+07:00",
        "submitted_remotely": True,
        "eid_verified": True,
    }


CASES = Feed(
    topic=Topic.CASES,
    key="case_code",
    says="One step in the life of a one-stop case (hồ sơ một cửa).",
    wire=CaseRecord,
    place=place,
    sample=sample,
)
