"""The names of units as lists have room for them."""

from __future__ import annotations

from dashboards.panel import Language
from ioc.world import Unit

_VI = (
    ("Thành phố ", "TP. "),
    ("Thị xã ", "TX. "),
    ("Thị trấn ", "TT. "),
    ("Huyện ", "H. "),
    ("Quận ", "Q. "),
    ("Phường ", "P. "),
    ("Xã ", "X. "),
    ("Văn phòng ", "VP "),
    ("Ban Quản lý ", "BQL "),
)


def listed(unit: Unit, language: Language) -> str:
    """The name with its level shortened, as Vietnamese offices write it: "TP. Thuận An", "VP Đăng ký đất đai"."""
    if language == "en":
        return unit.name_en.replace("Office of the People's Committee", "PC Office").replace(" and ", " & ")
    name = unit.name_vi
    for long, short in _VI:
        if name.startswith(long):
            name = short + name.removeprefix(long)
            break
    if unit.kind in ("department", "branch"):
        name = name.replace("khu công nghiệp", "KCN").replace("Thương binh và Xã hội", "TB, XH")
        if len(name) > 26:
            name = name.replace(" và ", ", ")
    return name


def masked(case_code: str) -> str:
    """The end of a case code, which is all that a wall may show of it: "…-0147"."""
    return f"…-{case_code[-4:]}"
