"""The words on the signs, Vietnamese first. Where a word has several lengths, the longest that fits its place is
drawn.
"""

from collections.abc import Mapping
from typing import Final

Words = Mapping[str, tuple[str, ...]]

_VI: Final[Words] = {
    "progress": ("Tiến độ hồ sơ", "Hồ sơ"),
    "today": ("Hôm nay",),
    "ready": ("Hồ sơ đã có kết quả", "Đã có kết quả", "Có kết quả"),
    "unit": ("Đơn vị", "Sở"),
    "received": ("Tiếp nhận", "Nhận"),
    "received_today": ("Tiếp nhận hôm nay", "Tiếp nhận"),
    "in_progress": ("Đang xử lý", "Đang làm"),
    "finished": ("Đã xử lý xong", "Đã xử lý", "Đã xong"),
    "on_time": ("Đúng hạn",),
    "overdue": ("Quá hạn", "Trễ"),
    "overdue_long": ("Quá hạn đang xử lý", "Quá hạn", "Trễ"),
    "few": ("chưa đủ dữ liệu", "chưa đủ", "–"),
    "stale": ("Số liệu cũ",),
    "stale_short": ("Số liệu cũ", "Cũ"),
    "updated_ago": ("Cập nhật {age} trước", "{age} trước", "{age}"),
    "updated_at": ("Cập nhật lúc {at}", "lúc {at}", "{at}"),
    "late_by": ("Dữ liệu chậm {age}", "Chậm {age}", "{age}"),
    "closed": ("Ngoài giờ · số liệu đến {at}", "Số liệu đến {at}", "Đến {at}"),
    "until": ("Đến {at}",),
    "behind": ("Đang cập nhật số liệu", "Đang cập nhật"),
    "never": ("Chưa có số liệu", "Chưa có"),
    "waiting": ("Đang chờ số liệu đầu tiên", "Đang chờ số liệu", "Đang chờ"),
    "no_rows": ("Chưa có hồ sơ tại đây", "Chưa có hồ sơ", "Chưa có"),
    "no_codes": ("Chưa có kết quả mới", "Chưa có"),
    "scan": ("Quét để tra cứu", "Quét mã"),
    "hotline": ("Tổng đài {hotline}", "{hotline}"),
    "demo": ("Bản dùng thử", "Dùng thử", "Thử"),
    "disconnected": ("Mất kết nối", "Mất nối"),
    "page": ("Trang",),
    "second": ("giây", "giây"),
    "minute": ("phút", "phút"),
    "hour": ("giờ", "giờ"),
    "day": ("ngày", "ngày"),
}

_EN: Final[Words] = {
    "progress": ("Case progress", "Cases"),
    "today": ("Today",),
    "ready": ("Results ready", "Ready"),
    "unit": ("Department", "Unit"),
    "received": ("Received", "In"),
    "received_today": ("Received today", "Received"),
    "in_progress": ("In progress", "Open"),
    "finished": ("Finished", "Done"),
    "on_time": ("On time",),
    "overdue": ("Overdue", "Late"),
    "overdue_long": ("Overdue, in progress", "Overdue", "Late"),
    "few": ("too few", "–"),
    "stale": ("Old figures",),
    "stale_short": ("Old figures", "Old"),
    "updated_ago": ("Updated {age} ago", "{age} ago", "{age}"),
    "updated_at": ("Updated at {at}", "at {at}", "{at}"),
    "late_by": ("Data late by {age}", "Late {age}", "{age}"),
    "closed": ("Closed · figures as of {at}", "Figures as of {at}", "As of {at}"),
    "until": ("As of {at}",),
    "behind": ("Catching up", "Updating"),
    "never": ("No figures yet", "None yet"),
    "waiting": ("Waiting for the first figures", "Waiting for figures", "Waiting"),
    "no_rows": ("No cases here yet", "No cases"),
    "no_codes": ("No new results", "None"),
    "scan": ("Scan to look up", "Scan"),
    "hotline": ("Hotline {hotline}", "{hotline}"),
    "demo": ("Demo",),
    "disconnected": ("Connection lost", "Offline"),
    "page": ("Page",),
    "second": ("second", "seconds"),
    "minute": ("minute", "minutes"),
    "hour": ("hour", "hours"),
    "day": ("day", "days"),
}

_PREVIEW: Final[Mapping[str, Mapping[str, str]]] = {
    "vi": {
        "signs": "Bảng LED",
        "sizes": "Các cỡ có bố cục riêng; cỡ khác dùng bố cục gần nhất, phóng to theo số nguyên",
        "preview": "Xem thử",
        "all": "Tất cả bảng LED",
        "open": "Mở bảng",
        "state": "Trạng thái",
        "language": "Ngôn ngữ",
        "runs": "Trên trang của bảng, chữ chạy theo từng điểm ảnh; đây là các trang đứng yên của tệp PNG.",
        "now": "Như hiện tại",
        "live": "Số liệu mới",
        "stale": "Số liệu cũ",
        "closed": "Ngoài giờ",
        "disconnected": "Mất kết nối",
        "empty": "Chưa có số liệu",
        "vi": "Tiếng Việt",
        "en": "English",
    },
    "en": {
        "signs": "LED signs",
        "sizes": "Sizes with a layout of their own; others take the nearest one, enlarged by a whole factor",
        "preview": "Preview",
        "all": "All LED signs",
        "open": "Open sign",
        "state": "State",
        "language": "Language",
        "runs": "On the sign's page the words run, pixel by pixel; these are the still pages of the PNG.",
        "now": "As it is",
        "live": "Fresh figures",
        "stale": "Old figures",
        "closed": "After hours",
        "disconnected": "Server away",
        "empty": "No figures yet",
        "vi": "Tiếng Việt",
        "en": "English",
    },
}

LANGUAGES: Final = ("vi", "en")
_DECIMAL: Final = {"vi": (".", ","), "en": (",", ".")}


def words(language: str) -> Words:
    """The words of a language; any language but English gets Vietnamese."""
    return _EN if language == "en" else _VI


def preview_words(language: str) -> Mapping[str, str]:
    """The words of the pages for whoever installs signs."""
    return _PREVIEW["en" if language == "en" else "vi"]


def number(count: int, language: str) -> str:
    """2140 as "2.140" in Vietnamese, "2,140" in English."""
    group, _ = _DECIMAL["en" if language == "en" else "vi"]
    return f"{count:,}".replace(",", group)


def percent(tenths: int, language: str) -> str:
    """942 as "94,2%" in Vietnamese, "94.2%" in English; 1000 as "100%"."""
    _, point = _DECIMAL["en" if language == "en" else "vi"]
    whole, tenth = divmod(tenths, 10)
    return f"{whole}%" if tenths in (0, 1000) else f"{whole}{point}{tenth}%"


def age(age_s: int, language: str) -> str:
    """ "4 giây", "12 phút", "3 giờ", "2 ngày": below a minute in seconds, then in the largest unit that has begun,
    rounded up.
    """
    for unit_s, above_s, unit in ((86400, 86400, "day"), (3600, 5400, "hour"), (60, 59, "minute"), (1, -1, "second")):
        if age_s > above_s:
            count = -(-age_s // unit_s)
            one, many = words(language)[unit]
            return f"{count} {one if count == 1 else many}"
    raise ValueError(age_s)
