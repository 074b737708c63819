"""Every page of every board, in both languages, is legible with data at their worst, and has exactly its size."""

import io
import string
from dataclasses import replace

import pytest
import segno
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dashboards.sign.boards import BOARDS, board_for
from dashboards.sign.data import Figures, SignData, SignRow
from dashboards.sign.faces import LED16, LED20
from dashboards.sign.layout import WHITE, Box, Canvas, LayoutError
from dashboards.sign.render import draw, frame, page_count
from dashboards.sign.view import view
from tests.unit.sign_kit import ROWS, figures, sign

SIZES = [(board.width, board.height) for board in BOARDS]
LONG = SignRow(
    "Văn phòng Đăng ký đất đai và Trung tâm Phát triển quỹ đất tỉnh Bình Dương",
    "Văn phòng Đăng ký đất đai tỉnh",
    "VPĐKĐĐ",
    figures(9999, 12345, 9876, 1234),
)
WORST: dict[str, SignData] = {
    "plain": sign(),
    "stale": sign(age_s=715, stale=True),
    "stale since days": sign(age_s=400_000, stale=True),
    "trial": sign(demo=True),
    "stale trial": sign(age_s=35_000, stale=True, demo=True),
    "no data yet": sign(age_s=None, rows=(), codes=()),
    "no data yet, trial": sign(age_s=None, rows=(), codes=(), demo=True),
    "no rows, no codes": sign(rows=(), codes=()),
    "one row": sign(rows=ROWS[:1], codes=("261119-0412",)),
    "24 departments": sign(rows=tuple(replace(ROWS[i % 9], full=f"{ROWS[i % 9].full} {i}") for i in range(24))),
    "long names": sign(
        title="Tình hình giải quyết thủ tục hành chính " * 2, place="Ủy ban nhân dân " * 5, rows=(LONG,) * 9
    ),
    "zeros": sign(rows=tuple(replace(row, figures=figures(0, 0, 0, 0)) for row in ROWS)),
    "thousands": sign(rows=tuple(replace(row, figures=figures(9999, 99999, 9999, 9999)) for row in ROWS)),
    "millions": sign(
        rows=tuple(
            replace(row, figures=figures(1_234_567, 1_234_567, 1_234_567, 1_234_567)) for row in (*ROWS[:3], LONG)
        )
    ),
    "closed": sign(age_s=61_000, note="closed"),
    "closed, trial": sign(age_s=6_100, note="closed", demo=True),
    "behind": sign(note="behind"),
    "small counts": sign(rows=tuple(replace(row, figures=figures(2, 7, 3, 4)) for row in ROWS)),
    "no names": sign(title="", place="", rows=(SignRow("", "", "", figures(5, 5, 5, 5)),), hotline="", url=""),
    "long codes": sign(codes=("240823-001234",) * 30),
    "long address": sign(url="https://dichvucong.binhduong.gov.vn/tra-cuu-ho-so?" + "x" * 400),
    "endless address": sign(url="https://x.vn/" + "x" * 4000),
    "long hotline": sign(hotline="1900 545 447 hoặc 0274 3 822 825 (giờ hành chính)"),
    "marks": sign(
        title="Ẫ Ễ Ỗ Ặ gỵ", rows=(SignRow("Ẫm Ễng Ỗi gỵ", "Ẫm Ễng Ỗi gỵ", "ẪỄỖ", figures(50, 50, 50, 50)),) * 8
    ),
    "foreign letters": sign(place="東京 Đồng Nai", rows=(SignRow("東京", "東京", "東", figures(50, 50, 50, 50)),)),
}


def pictures(data: SignData, width: int, height: int) -> list[Image.Image]:
    count = page_count(data, width, height)
    return [Image.open(io.BytesIO(frame(data, width, height, page))) for page in range(count)]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("case", WORST)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_page_is_legible(size: tuple[int, int], case: str, language: str) -> None:
    data = replace(WORST[case], language=language)
    for picture in pictures(data, *size):
        assert picture.size == size
        assert picture.format == "PNG"
        assert picture.mode == "P"


figure_counts = st.integers(0, 99_999)


@st.composite
def any_sign(draw: st.DrawFn) -> SignData:
    words = st.text(
        st.sampled_from("aàáảãạăằắẳẵặâầấẩẫậbcdđeèéẻẽẹêềếểễệghiklmnoơợpqrstuưựvxyỵ ẪỄỖỲ&,.-()0123456789"), max_size=60
    )
    rows = draw(
        st.lists(
            st.builds(
                SignRow,
                words,
                words,
                st.text("ABCDEGHKLMNOPQRSTUVXYĐ&", max_size=14),
                st.builds(figures, figure_counts, figure_counts, figure_counts, figure_counts),
            ),
            max_size=12,
        )
    )
    return sign(
        title=draw(words),
        place=draw(words),
        rows=tuple(rows),
        codes=tuple(draw(st.lists(st.from_regex(r"[0-9]{6}-[0-9]{4,6}", fullmatch=True), max_size=14))),
        hotline=draw(words),
        age_s=draw(st.one_of(st.none(), st.floats(0, 1_000_000))),
        stale=draw(st.booleans()),
        demo=draw(st.booleans()),
        language=draw(st.sampled_from(["vi", "en"])),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_sign(), st.sampled_from(SIZES), st.integers(0, 40))
def test_any_sign_is_legible(data: SignData, size: tuple[int, int], page: int) -> None:
    assert Image.open(io.BytesIO(frame(data, *size, page))).size == size


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_frames_are_a_pure_function_of_what_is_shown(size: tuple[int, int]) -> None:
    one, other = sign(age_s=10.2), sign(age_s=14.9)
    for page in range(page_count(one, *size)):
        assert frame(one, *size, page) == frame(other, *size, page)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_unit_every_total_and_every_code_is_on_some_page(size: tuple[int, int]) -> None:
    data = sign()
    seen = view(data)
    texts = [text for page in range(page_count(data, *size)) for text in draw(seen, *size, page).texts]
    for code in data.ready_codes:
        assert texts.count(code) == 1
    if board_for(*size).rows:
        for row in seen.rows:
            assert any(name in texts for name in row.names.every), row.names
    shown = (
        ("received", "finished", "on_time")
        if size == (1280, 640)
        else ("received", "in_progress", "finished", "on_time", "overdue")
    )
    for key in shown:
        assert seen.totals.of(key).texts[0] in texts, key


@pytest.mark.parametrize("size", [(1024, 576), (640, 320), (192, 96)])
def test_the_table_shows_what_the_design_asks(size: tuple[int, int]) -> None:
    texts = draw(view(sign()), *size, 0).texts
    assert "94,2%" in texts
    assert "21" in texts
    assert "<5" in texts
    if size != (192, 96):
        assert {"318", "2.140", "Tiếp nhận", "Đang xử lý", "Đúng hạn", "Quá hạn", "10:15"} <= set(texts)
        assert "Cập nhật 4 giây trước" in texts


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_old_figures_are_said_to_be_old_on_every_page_in_amber(size: tuple[int, int]) -> None:
    data = sign(age_s=715, stale=True)
    for page in range(page_count(data, *size)):
        drawn = draw(view(data), *size, page)
        assert any("SỐ LIỆU CŨ" in text for text in drawn.texts)
        assert any("12 phút" in text or "10:03" in text for text in drawn.texts)
        picture = Image.open(io.BytesIO(drawn.png)).convert("RGB")
        amber = sum(count for count, colour in picture.getcolors(1 << 20) or () if colour == (255, 176, 0))
        assert amber > size[0] * size[1] / 25


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("size", [(192, 96), (128, 64)])
def test_the_smallest_signs_say_how_old_their_figures_are(size: tuple[int, int], language: str) -> None:
    for age_s in (45, 59 * 60, 23 * 3600, 9 * 86400):
        old = view(sign(language=language, stale=True, age_s=age_s))
        for page in range(draw(old, *size, 0).pages):
            assert any(text.endswith(old.behind[0]) for text in draw(old, *size, page).texts)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_before_the_first_figure_one_page_says_so_without_dashes(size: tuple[int, int]) -> None:
    data = sign(age_s=None, rows=(), codes=())
    assert page_count(data, *size) == 1
    texts = draw(view(data), *size, 0).texts
    assert any(text.startswith("Đang chờ số liệu") for text in texts)
    assert "CHƯA CÓ SỐ LIỆU" in texts
    assert not {"–", "Tiếp nhận", "SỐ LIỆU CŨ"} & set(texts)


def test_a_label_is_rather_small_than_a_word_that_says_nothing() -> None:
    data = sign(age_s=715, stale=True, language="en")
    texts = [text for page in range(page_count(data, 128, 64)) for text in draw(view(data), 128, 64, page).texts]
    assert {"Received", "Finished", "On time", "Overdue"} <= set(texts)
    assert not {"In", "Done", "Late"} & set(texts)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_trial_is_marked_on_every_page(size: tuple[int, int]) -> None:
    for stale in (False, True):
        data = sign(demo=True, stale=stale, age_s=715)
        for page in range(page_count(data, *size)):
            assert any("THỬ" in text for text in draw(view(data), *size, page).texts)


def test_hidden_counts_are_on_no_page() -> None:
    rows = tuple(replace(row, figures=Figures(3, 3, 3, 3, 3, 6)) for row in ROWS[:2])
    for size in SIZES:
        data = sign(rows=rows, codes=())
        for page in range(page_count(data, *size)):
            assert "3" not in draw(view(data), *size, page).texts


def test_pages_begin_again_after_the_last() -> None:
    data = sign()
    count = page_count(data, 640, 320)
    assert frame(data, 640, 320, count + 1) == frame(data, 640, 320, 1)


@pytest.mark.parametrize(
    ("size", "layout"),
    [
        ((1280, 640), (1280, 640)),
        ((1300, 700), (1280, 640)),
        ((256, 128), (256, 128)),
        ((384, 192), (384, 192)),
        ((512, 256), (256, 128)),
        ((200, 100), (192, 96)),
        ((576, 1024), (192, 341)),
        ((960, 540), (320, 160)),
        ((1920, 1080), (640, 320)),
        ((3840, 2160), (1280, 720)),
        ((1280, 128), (1280, 128)),
        ((1920, 200), (1920, 128)),
    ],
)
def test_other_sizes_are_filled_by_the_nearest_layout(size: tuple[int, int], layout: tuple[int, int]) -> None:
    board = board_for(*size)
    assert (board.width, board.height) == layout
    factor = min(size[0] // board.width, size[1] // board.height)
    assert board.width * board.height * factor**2 >= 0.6 * size[0] * size[1]
    for case in ("plain", "stale trial", "24 departments", "small counts"):
        assert all(picture.size == size for picture in pictures(WORST[case], *size))


def test_a_longer_board_shows_more_rows() -> None:
    data = WORST["24 departments"]
    assert page_count(data, 192, 96) > page_count(data, 192, 288)
    assert board_for(192, 288).rows == 14


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(128, 1600), st.integers(64, 1200), st.sampled_from(sorted(WORST)), st.integers(0, 40))
def test_a_board_of_any_size_is_legible(width: int, height: int, case: str, page: int) -> None:
    assert Image.open(io.BytesIO(frame(WORST[case], width, height, page))).size == (width, height)


def test_an_enlarged_board_is_centred_and_pixel_for_pixel() -> None:
    small = Image.open(io.BytesIO(frame(sign(), 192, 96, 0))).convert("RGB")
    large = Image.open(io.BytesIO(frame(sign(), 579, 290, 0))).convert("RGB")
    centre = large.crop((1, 1, 577, 289))
    assert centre.tobytes() == small.resize((576, 288), Image.Resampling.NEAREST).tobytes()
    assert large.getpixel((0, 100)) == (0, 0, 0)


OTHER_SIZES = [(384, 192), (390, 194), (1920, 1080)]


@pytest.mark.parametrize("size", [*SIZES, *OTHER_SIZES], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_place_for_a_warning_cuts_no_text(size: tuple[int, int]) -> None:
    for data in (sign(), sign(stale=True, age_s=715), sign(age_s=None, rows=(), codes=())):
        for page in range(page_count(data, *size)):
            drawn = draw(view(data), *size, page)
            place = drawn.warning
            assert 0 <= place.left < place.right <= size[0]
            assert 0 <= place.top < place.bottom <= size[1]
            assert place.height >= 16
            if place.top:
                picture = Image.open(io.BytesIO(drawn.png)).convert("L")
                above, below = (
                    picture.crop((place.left, row, place.right, row + 1)).tobytes()
                    for row in (place.top - 1, place.top)
                )
                assert not any(over > 120 and under > 120 for over, under in zip(above, below, strict=True))


def test_too_small_a_board_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the sizes are 1280 x 640, .*128 x 64, their whole multiples"):
        frame(sign(), 100, 64, 0)


def test_bitmap_boards_have_few_colours_and_no_grey_edges() -> None:
    for picture in pictures(sign(), 192, 96):
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or ()}
        assert len(colours) <= 8


@pytest.mark.parametrize(
    ("text", "x", "baseline", "complaint"),
    [
        ("Trễ", -1, 20, "cut"),
        ("Trễ", 190, 20, "cut"),
        ("Trễ", 40, 25, "near|touches"),
        ("Tre", 60, 10, "touches a shape"),
    ],
)
def test_the_canvas_refuses_what_cannot_be_read(text: str, x: int, baseline: int, complaint: str) -> None:
    canvas = Canvas(192, 96)
    canvas.text("Sở Y", LED16, WHITE, x=2, baseline=22)
    canvas.text("tế", LED16, WHITE, x=34, baseline=22)
    canvas.shape(Box(0, 8, 192, 9), WHITE)
    with pytest.raises(LayoutError, match=complaint):
        canvas.text(text, LED16, WHITE, x=x, baseline=baseline)


def test_a_text_half_on_another_ground_is_refused() -> None:
    canvas = Canvas(192, 96)
    canvas.fill(Box(0, 0, 40, 96), (0, 56, 150))
    with pytest.raises(LayoutError, match="half"):
        canvas.text("Đúng hạn", LED20, WHITE, x=20, baseline=40)


def test_neighbours_keep_the_gap_of_the_design() -> None:
    for page in range(page_count(sign(), 1024, 576)):
        canvas_gap = max(3.0, 1024 / 100)
        assert canvas_gap == Canvas(1024, 576).gap
        assert draw(view(sign()), 1024, 576, page).texts


@pytest.mark.parametrize("size", [(1280, 640), (1024, 576), (640, 320)])
def test_the_qr_code_has_modules_of_six_px_and_a_quiet_margin(size: tuple[int, int]) -> None:
    """Found again in the frame, pixel for pixel, as segno makes it with four white modules around."""
    data = sign()
    code = segno.make(data.url, error="l", micro=False, boost_error=True)
    rows = [[not dark for dark in row] for row in code.matrix_iter(border=4)]
    bare = Image.new("1", (len(rows), len(rows)))
    bare.putdata([255 if white else 0 for row in rows for white in row])
    last = page_count(data, *size) - 1
    frame_of_codes = Image.open(io.BytesIO(frame(data, *size, last))).convert("L")
    scales = []
    for scale in range(6, 12):
        side = bare.width * scale
        wanted = bare.resize((side, side), Image.Resampling.NEAREST).convert("L").tobytes()
        scales += [
            scale
            for left in range(size[0] - side - 20, size[0] - side + 1)
            for top in range(size[1] - side)
            if frame_of_codes.getpixel((left, top)) == 255
            and frame_of_codes.crop((left, top, left + side, top + side)).tobytes() == wanted
        ]
    assert len(scales) == 1


@pytest.mark.parametrize("data", [sign(), sign(rows=()), sign(age_s=715, stale=True), sign(age_s=None)])
def test_what_the_sign_itself_says_is_english_in_english(data: SignData) -> None:
    named = replace(data, title="Case progress", place="", language="en", rows=tuple(map(_in_ascii, data.rows)))
    for width, height in SIZES:
        for page in range(1, page_count(named, width, height) + 1):
            words = " ".join(draw(view(named), width, height, page).texts)
            assert set(words) - set(string.printable) <= set("·–…"), words


def _in_ascii(row: SignRow) -> SignRow:
    return replace(row, full="Department", short="Department", initials="D")
