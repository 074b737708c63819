"""Signs for tests: a plausible one, and its parts to change."""

from datetime import datetime, timedelta, timezone

from dashboards.sign.data import Figures, Note, SignData, SignRow

ZONE = timezone(timedelta(hours=7))
AS_OF = datetime(2026, 11, 22, 10, 15, 7, tzinfo=ZONE)

CODES = tuple(f"2611{day}-{number:04d}" for day, number in zip(range(10, 24), range(12, 9999, 77), strict=False))

_ROWS = (
    ("Sở Nông nghiệp và Môi trường", "Sở NN & Môi trường", "NN&MT", 318, 2140, 341, 21),
    ("Sở Xây dựng", "Sở Xây dựng", "XD", 126, 884, 181, 6),
    ("Sở Tài chính", "Sở Tài chính", "TC", 97, 412, 278, 2),
    ("Sở Công Thương", "Sở Công Thương", "CT", 64, 203, 88, 0),
    ("Sở Nội vụ", "Sở Nội vụ", "NV", 52, 187, 142, 2),
    ("Sở Y tế", "Sở Y tế", "YT", 71, 266, 222, 2),
    ("Sở Tư pháp", "Sở Tư pháp", "TP", 84, 341, 185, 3),
    ("Sở Văn hóa, Thể thao và Du lịch", "Sở VH, TT & DL", "VHTTDL", 3, 8, 2, 1),
    ("Ban Quản lý khu công nghiệp Việt Nam - Singapore", "BQL VSIP", "VSIP", 0, 0, 0, 0),
)


def figures(received: int, in_progress: int, finished: int, overdue: int) -> Figures:
    """Figures in which nothing was finished late."""
    return Figures(received, in_progress, finished, overdue, finished, finished + overdue)


ROWS = tuple(SignRow(full, short, initials, figures(*counts)) for full, short, initials, *counts in _ROWS)


def totals(rows: tuple[SignRow, ...]) -> Figures:
    """The sum of the rows."""
    return Figures(
        *(
            sum(getattr(row.figures, key) for row in rows)
            for key in ("received", "in_progress", "finished", "overdue", "on_time", "judged")
        )
    )


def sign(
    *,
    title: str = "Tiến độ hồ sơ",
    place: str = "Trung tâm Hành chính công",
    as_of: datetime = AS_OF,
    age_s: float | None = 3.6,
    stale: bool = False,
    rows: tuple[SignRow, ...] = ROWS,
    codes: tuple[str, ...] = CODES,
    url: str = "https://dichvucong.binhduong.gov.vn",
    hotline: str = "1022",
    language: str = "vi",
    demo: bool = False,
    note: Note = "",
) -> SignData:
    """A sign whose totals are the sum of its rows."""
    return SignData(title, place, as_of, age_s, stale, totals(rows), rows, codes, url, hotline, language, demo, note)
