"""A case file on paper: lines break where Chinese allows it, every character is there, tables go over pages."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from components.case_file_pdf import (
    Document,
    Facts,
    Picture,
    Pictures,
    Rows,
    Section,
    Signatures,
    Words,
    render,
)
from components.case_file_wrap import wrapped
from tests.printed import pages_of, pictures_in

MOMENT = datetime(2026, 11, 25, 4, tzinfo=UTC)


def measure(text: str) -> float:
    """Chinese is two wide, the rest one."""
    return float(sum(2 if ord(character) > 0x2E80 else 1 for character in text))


def document(*blocks, language: str = "zh") -> Document:
    return Document(
        "营销稽查工单案卷",
        "T2026-0412",
        "居民大电量",
        ["核查中", "II"],
        "foot",
        MOMENT,
        language,
        [Section("过程", blocks)],
    )


def words_of(pdf: bytes) -> str:
    return "".join(pages_of(pdf)).replace("\n", "").replace(" ", "")


def picture(colour: tuple[int, int, int] = (80, 120, 160)) -> bytes:
    written = BytesIO()
    Image.new("RGB", (1600, 900), colour).save(written, "JPEG")
    return written.getvalue()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("现场核查，确认用电性质。", ["现场核", "查，确", "认用电", "性质。"]),
        ("按（附件）办理", ["按（附", "件）办", "理"]),
        ("two words", ["two", "words"]),
        ("每月1234千瓦时", ["每月", "1234千", "瓦时"]),
        ("abcdefghij", ["abcdefg", "hij"]),
        ("第一行\n二", ["第一行", "二"]),
    ],
)
def test_a_line_breaks_where_the_language_allows_it(text, lines):
    assert wrapped(text, 7, measure) == lines


@given(st.text("现场核查（），。 ab1\n", max_size=60), st.integers(6, 30))
def test_no_character_is_lost_and_no_line_is_wider_than_the_column(text, width):
    lines = wrapped(text, width, measure)
    assert "".join(lines).replace(" ", "") == text.replace("\n", "").replace(" ", "")
    assert all(measure(line) <= width for line in lines)


def test_both_scripts_are_embedded_and_can_be_read_back():
    text = "唐山市路北区 龘 Case file № 12 ¥1,234.50 — ≤ 3 ×"
    pdf = render(document(Words(text), Facts([("业务类型", "电价执行"), ("Level", "II")])))
    assert text.replace(" ", "") in words_of(pdf)
    assert "业务类型电价执行LevelII" in words_of(pdf)
    assert pdf.count(b"/FontFile2") == 2, "the plain and the bold font travel with the file"


def test_what_no_font_has_is_shown_as_missing_and_never_dropped_silently():
    assert "a〓b" in words_of(render(document(Words("a\U0001f600b"))))
    assert "ab" in words_of(render(document(Words("a\x07b"))))


def test_a_long_table_repeats_its_head_on_every_page():
    rows = [[str(n), f"第 {n} 步，说明"] for n in range(1, 120)]
    pages = pages_of(render(document(Rows(["#", "动作"], rows, [1, 9]))))
    assert len(pages) > 2
    assert all("动作" in page for page in pages)
    assert "第 119 步，说明" in pages[-1]
    assert pages[-1].replace("\n", "").endswith(f"{len(pages)} / {len(pages)}")


def test_a_cell_higher_than_a_page_goes_on_on_the_next():
    text = "很长的说明。" * 1500
    pages = pages_of(render(document(Rows(["说明"], [[text]], [1]))))
    assert "".join(pages).count("很") == 1500 and len(pages) > 1


def test_pictures_are_embedded_small_with_their_words_and_files_keep_their_words():
    pdf = render(document(Pictures([Picture(picture(), "照片 ab12"), Picture(None, "文件 cd34")])))
    assert pictures_in(pdf) == 1
    assert "照片ab12" in words_of(pdf) and "文件cd34" in words_of(pdf)
    assert len(pdf) < 200_000


def test_there_is_room_to_sign():
    assert "经办人" in words_of(render(document(Signatures(["经办人", "审核人"]))))
