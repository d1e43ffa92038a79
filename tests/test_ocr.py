"""Recognition of scanned pages: text, places, confidence, tables, and pages that mix with text."""

from __future__ import annotations

import numpy as np
import pytest
from ocr_pages import (
    DPI,
    EXPECTED,
    FIRST,
    HEIGHT,
    SECOND,
    SIZE,
    WIDTH,
    WRAP,
    assert_near,
    drawn,
    picture,
    prose,
    put,
    read,
    saved,
    scanned,
    table,
    texts,
)
from pdf_pages import needs_chinese_font
from reportlab.pdfgen.canvas import Canvas

from classifier.document import BlockKind, ReadBy, TextLayer
from classifier.errors import Reason
from classifier.extract.layout.lines import Glyphs
from classifier.extract.layout.recognition import Recognition
from classifier.extract.pdf.reader import read_pdf
from classifier.limits import Limits

pytestmark = needs_chinese_font


def test_scan_gives_paragraphs_headings_places_and_confidence(capfd: pytest.CaptureFixture[str]):
    document = read(drawn(scanned(prose)))
    assert texts(document) == EXPECTED
    assert document.reason is Reason.OK
    assert [block.kind for block in document.blocks][:2] == [BlockKind.HEADING, BlockKind.PARAGRAPH]
    page = document.pages[0]
    assert (page.text_layer, page.read_by) == (TextLayer.MISSING, ReadBy.OCR)
    assert page.confidence is not None and page.confidence > 0.9
    assert document.notes[0].startswith("第 1 页由文字识别（OCR）读取")
    first, second = document.blocks[1].lines
    assert_near(first.box, 48 + 2 * SIZE, 80, 48 + WRAP * SIZE, 80 + SIZE)
    assert_near(second.box, 48, 100, 48 + (len(FIRST) - 24) * SIZE, 100 + SIZE)
    place = document.place(document.blocks[1].start, document.blocks[1].end)
    assert place.confidence is not None and 0.8 < place.confidence <= 1
    assert capfd.readouterr() == ("", "")


def test_sentence_in_a_line_has_its_own_box():
    document = read(drawn(scanned(prose)))
    block = document.blocks[1]
    at = block.text.index("单位")
    _, box = document.place(block.start + at, block.start + at + 2).boxes[0]
    left = 48 + (2 + FIRST.index("单位")) * SIZE
    assert_near(box, left, 80, left + 2 * SIZE, 80 + SIZE)


@pytest.mark.parametrize("angle", [0.8, -1.5, 180])
def test_skewed_and_turned_scans(angle: float):
    document = read(drawn(scanned(prose, angle)))
    assert texts(document) == EXPECTED
    lines = [line for block in document.blocks for line in block.lines]
    assert all(0 <= line.box.x0 < line.box.x1 <= WIDTH for line in lines)
    assert all(0 <= line.box.top < line.box.bottom <= HEIGHT for line in lines)
    assert (lines[0].box.top > HEIGHT / 2) == (angle == 180)


@pytest.mark.parametrize("quarters", [1, 3])
def test_page_that_lies_on_its_side(quarters: int):
    image = picture(prose).rotate(90 * quarters, expand=True)
    document = read(saved("PNG", image, dpi=(DPI, DPI)), "横.png")
    assert texts(document) == EXPECTED
    assert document.page_sizes[0] == pytest.approx((HEIGHT, WIDTH), abs=1)
    title = document.blocks[0].lines[0].box
    assert title.bottom - title.top > 3 * (title.x1 - title.x0)
    assert (title.x0 < HEIGHT / 2) == (quarters == 1)


def test_ruled_table_of_a_scan_has_cells():
    document = read(drawn(scanned(table, 0.6)))
    cells = [
        (block.cell.row, block.cell.column, block.cell.header, block.text)
        for block in document.blocks
        if block.cell
    ]
    assert cells == [
        (1, 1, "", "项目"), (1, 2, "", "说明"),
        (2, 1, "项目", "咨询"), (2, 2, "说明", "电话解答问题"),
        (3, 1, "项目", "培训"), (3, 2, "说明", "现场讲解操作"),
    ]  # fmt: skip


def test_cell_whose_text_runs_downwards():
    def page(canvas: Canvas) -> None:
        table(canvas)
        canvas.line(388, HEIGHT - 60, 388, HEIGHT - 150)
        for y in (60, 150):
            canvas.line(348, HEIGHT - y, 388, HEIGHT - y)
        for at, char in enumerate("付款方式"):
            put(canvas, 75 + 15 * at, char, 362)

    document = read(drawn(scanned(page)))
    cells = {(b.cell.row, b.cell.column): b.text for b in document.blocks if b.cell}
    assert (cells[1, 3], cells[3, 2]) == ("付款方式", "现场讲解操作")


def test_text_on_a_scan_is_kept_where_nothing_is_recognised():
    def page(canvas: Canvas) -> None:
        scanned(prose)(canvas)
        put(canvas, 270, "归档编号第七号。")

    data = drawn(lambda c: put(c, 40, SECOND), page)
    assert SECOND in texts(read(data))[-2]
    document = read(data, limits=Limits(ocr="off"))
    assert "归档编号第七号。" in document.text
    assert document.reason is Reason.OK_PARTIAL and "第 2 页" in document.notes[0]


def test_only_the_scanned_page_of_a_mixed_document_is_recognised():
    document = read(drawn(lambda c: put(c, 40, SECOND), scanned(prose)))
    assert texts(document) == [SECOND, *EXPECTED]
    assert [page.read_by for page in document.pages] == [ReadBy.TEXT_LAYER, ReadBy.OCR]
    assert document.pages[0].confidence is None
    assert document.reason is Reason.OK
    assert len(document.notes) == 1 and document.notes[0].startswith("第 2 页由")


def test_doubtful_page_is_named():
    def recognize(page, size):
        codes = np.array([ord(char) for char in "模糊文字"], np.int32)
        boxes = np.array([[72 + 12 * i, 100, 84 + 12 * i, 112] for i in range(4)], np.float32)
        return Recognition(Glyphs(codes, boxes, np.full(4, 0.625, np.float32)), (), size)

    document = read_pdf(drawn(scanned(prose)), "a.pdf", Limits(), recognize)
    assert document.reason is Reason.OK_PARTIAL
    assert "置信度低（0.62）" in document.notes[0]
    assert document.blocks[0].lines[0].confidence == pytest.approx(0.625, abs=0.001)
