"""Text of a PDF outside of the usual flow: form fields, typed notes, columns set vertically."""

from __future__ import annotations

import pytest
from pdf_pages import FONT, HEIGHT, LONG, draw, needs_chinese_font, put, read, texts, wrap
from reportlab.pdfgen.canvas import Canvas

from classifier.document import TextLayer


def field(canvas: Canvas, top: float, value: str, **options) -> None:
    place = {"x": 160, "y": HEIGHT - top - 15, "width": 200, "height": 18}
    canvas.acroForm.textfield(name=f"f{top}", value=value, fontSize=10, **(place | options))


def test_filled_fields_are_read_at_their_place():
    def page(canvas: Canvas) -> None:
        wrap(canvas, 100, LONG + "。")
        put(canvas, 300, "投标人名称：")
        field(canvas, 300, "Acme Ltd. 2025")
        put(canvas, 340, "联系电话：")
        field(canvas, 340, "")

    document = read(draw(page))
    assert texts(document)[1:] == ["投标人名称： Acme Ltd. 2025", "联系电话："]
    start = document.text.index("Acme")
    ((number, box),) = document.place(start, start + 4).boxes
    assert (number, box.x0) == (1, pytest.approx(160, abs=2))
    assert 298 < (box.top + box.bottom) / 2 < 318


def test_long_field_is_wrapped_in_its_box():
    value = " ".join(["Users may read, correct and withdraw their data at any time."] * 3)

    def page(canvas: Canvas) -> None:
        field(canvas, 400, value, height=90, fieldFlags="multiline")

    document = read(draw(page))
    assert document.text.replace("\n", "").replace(" ", "") == value.replace(" ", "")
    assert document.pages[0].text_layer is TextLayer.GOOD
    for block in document.blocks:
        assert all(160 <= line.box.x0 < line.box.x1 <= 365 for line in block.lines)


def test_checked_boxes_are_told_from_others():
    def page(canvas: Canvas) -> None:
        for top, caption, checked in ((300, "接受联合体投标", True), (340, "接受分包", False)):
            put(canvas, top, caption, 100)
            canvas.acroForm.checkbox(
                name=caption, checked=checked, x=80, y=HEIGHT - top - 14, size=12
            )

    assert texts(read(draw(page))) == ["☑ 接受联合体投标", "接受分包"]


def test_field_that_is_printed_anyhow_is_read_once():
    def page(canvas: Canvas) -> None:
        put(canvas, 301, "Acme Ltd.", 162, 10)
        field(canvas, 300, "Acme Ltd.")

    assert read(draw(page)).text == "Acme Ltd."


def test_hidden_fields_and_passwords_are_not_read():
    def page(canvas: Canvas) -> None:
        wrap(canvas, 100, LONG + "。")
        field(canvas, 300, "secret one", annotationFlags="hidden")
        field(canvas, 340, "secret two", fieldFlags="password")

    assert texts(read(draw(page))) == [LONG + "。"]


def test_typed_notes_are_read():
    def page(canvas: Canvas) -> None:
        wrap(canvas, 100, LONG + "。")
        canvas.freeTextAnnotation(
            "Deadline moved to 30 June.", "/Helv 10 Tf 0 g", [100, 400, 300, 418], relative=0
        )

    assert texts(read(draw(page)))[1:] == ["Deadline moved to 30 June."]


@needs_chinese_font
def test_vertical_columns_are_read_from_the_right():
    columns = [LONG[:22], LONG[22:44], LONG[44:60] + "。"]

    def page(canvas: Canvas) -> None:
        canvas.setFont(FONT, 14)
        for number, column in enumerate(columns):
            for row, char in enumerate(column):
                canvas.drawString(480 - 26 * number, HEIGHT - 120 - 16 * row, char)

    document = read(draw(page))
    assert document.text.replace("\n", "") == "".join(columns)
    boxes = [line.box for block in document.blocks for line in block.lines]
    assert [round(box.x0) for box in boxes] == [480, 454, 428]
    assert all(box.bottom - box.top > 200 for box in boxes)
