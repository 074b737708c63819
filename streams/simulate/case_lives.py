"""Case lives as records of `ioc.cases.v1`: which steps there are, and what each of them says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from zoneinfo import ZoneInfo

import numpy as np

from ioc.world import Procedure
from streams.sent import CASES, Sent
from streams.simulate.draws import Ints, delays_ms, generator
from streams.simulate.lives import Plan, flattened
from streams.simulate.places import Places

NEVER = np.iinfo(np.int64).max


class Step(IntEnum):
    """Every step a simulated case can take, in the order in which equal moments are read."""

    SUBMITTED = 0
    RECEIVED = 1
    NOT_ACCEPTED = 2
    ASSIGNED = 3
    TRANSFERRED = 4
    APPRAISED = 5
    SUPPLEMENT = 6
    SUPPLEMENTED = 7
    PAYMENT = 8
    PAID = 9
    EXTENDED = 10
    PUT_UP = 11
    SIGNED = 12
    WITHDRAWN = 13
    FINISHED = 14
    RETURNED = 15


WORDS: tuple[tuple[str, int, str], ...] = (
    ("submitted", 1, "Nộp hồ sơ trực tuyến"),
    ("received", 2, "Tiếp nhận hồ sơ"),
    ("not_accepted", 3, "Từ chối tiếp nhận"),
    ("processing", 4, "Phân công xử lý"),
    ("processing", 4, "Chuyển đơn vị xử lý"),
    ("processing", 4, "Thẩm định hồ sơ"),
    ("supplement_requested", 5, "Yêu cầu bổ sung giấy tờ"),
    ("processing", 4, "Đã bổ sung giấy tờ"),
    ("payment_requested", 6, "Thông báo nghĩa vụ tài chính"),
    ("processing", 4, "Đã thực hiện nghĩa vụ tài chính"),
    ("processing", 4, "Xin lỗi và hẹn lại ngày trả"),
    ("processing", 4, "Trình ký"),
    ("processing", 4, "Ký số, đóng dấu"),
    ("withdrawn", 7, "Công dân rút hồ sơ"),
    ("finished", 9, "Đã có kết quả"),
    ("returned", 10, "Trả kết quả"),
)
"""Status word, national status code and the source's own step name, by `Step`."""

CHANNELS = ("counter", "online", "postal")
COUNTER, ONLINE, POSTAL = range(3)
PAY_METHODS = ("cash", "transfer", "online")
APPLICANTS = ("citizen", "business", "agency")
BUSINESS_FAMILIES = frozenset({"business", "industry", "labour", "investment", "environment", "science"})

SPEAKS_NUMBERS = frozenset({"D-VPDKDD"})
"""Units whose own software sends national status codes instead of words; the contract allows both."""


@dataclass(frozen=True, slots=True)
class CaseColumns:
    """One row a case: positions of units in `Places.units`, moments in milliseconds (0 = never)."""

    moments: Ints
    """[case, Step]"""
    procedure: Ints
    receiving: Ints
    handling: Ints
    first_handling: Ints
    """Who held the case before `Step.TRANSFERRED`; equal to ``handling`` where it never moved."""
    channel: Ints
    due_ms: Ints
    extended_due_ms: Ints


class CasePlan(Plan):
    """The cases that begin on one day."""

    def __init__(
        self,
        *,
        stream: str,
        seed: int,
        day: int,
        stamp: str,
        first_number: int,
        zone: ZoneInfo,
        places: Places,
        procedures: list[Procedure],
        columns: CaseColumns,
    ) -> None:
        rng = generator(seed, f"{stream} words", day)
        rows = flattened(columns.moments)
        lives = len(columns.procedure)
        super().__init__(zone, rows, delays_ms(rng, len(rows[0])), lives)
        self.stream = stream
        self.stamp = stamp
        self.first_number = first_number
        self.places = places
        self.procedures = procedures
        self.columns = columns
        moved = columns.moments[:, Step.TRANSFERRED]
        renewed = columns.moments[:, Step.EXTENDED]
        stays = np.where(columns.first_handling == columns.handling, 0, NEVER)
        self.transferred_ms = np.where(moved > 0, moved, stays)
        self.extended_ms = np.where(renewed > 0, renewed, NEVER)
        self.luck = rng.random((lives, 8), dtype=np.float32)
        self.numbers = self._running_numbers()

    def _running_numbers(self) -> Ints:
        """Running numbers of the day within each agency, in order of coming in."""
        begins = np.where(self.columns.moments > 0, self.columns.moments, NEVER).min(axis=1, initial=NEVER)
        order = np.lexsort((begins, self.columns.handling))
        sorted_units = self.columns.handling[order]
        starts = np.searchsorted(sorted_units, sorted_units, side="left")
        numbers = np.empty(len(order), dtype=np.int64)
        numbers[order] = np.arange(len(order)) - starts + self.first_number
        return numbers

    def build(self, rows: Ints) -> list[Sent]:
        """The records of some rows; keyed by case code."""
        columns, places, codes = self.columns, self.places, self.places.codes
        built: list[Sent] = []
        for at_ms, occurred_ms, life, word in self.words(rows):
            handling = int(columns.handling[life])
            code = f"{places.agency[handling]}-{self.stamp}-{int(self.numbers[life]):04d}"
            holder = handling if occurred_ms >= self.transferred_ms[life] else int(columns.first_handling[life])
            status, number, stage = WORDS[word]
            procedure = self.procedures[int(columns.procedure[life])]
            value: dict[str, object] = {
                "event_id": f"s-{code}-{word:02d}",
                "occurred_at": self.text(occurred_ms),
                "case_code": code,
                "status": number if codes[holder] in SPEAKS_NUMBERS else status,
                "procedure_code": procedure.code,
                "receiving_unit": codes[int(columns.receiving[life])],
                "handling_unit": codes[holder],
                "channel": CHANNELS[int(columns.channel[life])],
                "stage": stage,
            }
            if word not in (Step.SUBMITTED, Step.NOT_ACCEPTED):
                late = occurred_ms >= self.extended_ms[life]
                value["due_at"] = self.text(int(columns.extended_due_ms[life] if late else columns.due_ms[life]))
                if late:
                    value["extension_no"] = 1
            self._say_more(value, word, life, procedure)
            built.append(Sent(self.moment(at_ms), CASES, code, value))
        return built

    def _say_more(self, value: dict[str, object], word: int, life: int, procedure: Procedure) -> None:
        luck = self.luck[life]
        channel = int(self.columns.channel[life])
        if word in (Step.SUBMITTED, Step.RECEIVED, Step.NOT_ACCEPTED):
            business = procedure.family in BUSINESS_FAMILIES
            agency, company = (0.0, 0.97) if business else (0.015, 0.06)
            value["applicant"] = APPLICANTS[2 if luck[0] < agency else 1 if luck[0] < company else 0]
            value["synced_national"] = bool(luck[1] < 0.97)
            if channel == ONLINE:
                value["submitted_remotely"] = bool(luck[2] < 0.56)
                value["eid_verified"] = bool(luck[3] < 0.94)
        if word == Step.RECEIVED:
            value["digitised"] = bool(luck[4] < 0.91)
            value["data_reused"] = bool(luck[5] < 0.48)
        pays_at = Step.PAID if self.columns.moments[life, Step.PAYMENT] else Step.RECEIVED
        if procedure.fee_vnd and word in (pays_at, Step.PAYMENT):
            copies = 1 + int(luck[6] * 6) if procedure.family == "certification" else 1
            value["fee_vnd"] = procedure.fee_vnd * copies
            if word == pays_at:
                online = 0.93 if channel == ONLINE else 0.28
                value["payment_method"] = PAY_METHODS[
                    2 if luck[7] < online else 1 if luck[7] < online + (1 - online) * 0.4 else 0
                ]
        if word in (Step.FINISHED, Step.RETURNED) and procedure.result_required:
            value["electronic_result"] = bool(luck[0] < 0.9)
