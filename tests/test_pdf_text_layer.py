"""The verdict on the text that a page carries: what is read, set aside or left to recognition."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np
import pypdfium2 as pdfium
import pytest
from pdf_pages import HEIGHT, LEFT, LONG, WIDTH, draw, put, read, texts, wrap
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from classifier.document import AsideKind, Document, ReadBy, TextLayer
from classifier.errors import Reason
from classifier.extract.layout.lines import Glyphs
from classifier.extract.layout.recognition import Recognition
from classifier.extract.pdf.reader import read_pdf
from classifier.limits import Limits

ENGLISH = (
    "The supplier shall repair any defect within two hours of a reported failure and train staff."
)
Paint = Callable[[Canvas], object]


def recognized(page, size) -> Recognition:
    codes = np.array([ord(char) for char in "识别结果"], np.int32)
    boxes = np.array([[72 + 12 * i, 400, 84 + 12 * i, 412] for i in range(4)], np.float32)
    return Recognition(Glyphs(codes, boxes), (), size)


def judge(*paints: Paint) -> Document:
    """A document of one page on which all paint, read with a stand-in for recognition."""
    data = draw(lambda canvas: [paint(canvas) for paint in paints])
    return read_pdf(data, "测试.pdf", Limits(), recognized)


def verdict(*paints: Paint) -> TextLayer:
    return judge(*paints).pages[0].text_layer


def lines(*rows: str, top: float = 100) -> Paint:
    return lambda canvas: [put(canvas, top + 18 * i, row) for i, row in enumerate(rows)]


def prose(canvas: Canvas) -> None:
    wrap(canvas, 100, LONG + "。")


def english(canvas: Canvas) -> None:
    # A font that pdfium has inside: it is the same on every machine.
    canvas.setFont("Helvetica", 11)
    for row in range(24):
        canvas.drawString(70, 740 - 20 * row, ENGLISH[:80])


def picture(image: Image.Image) -> Paint:
    return lambda canvas: canvas.drawImage(ImageReader(image), 0, 0, WIDTH, HEIGHT)


def scan() -> Paint:
    with io.BytesIO(draw(english)) as file, pdfium.PdfDocument(file) as pdf:
        return picture(pdf[0].render(scale=2).to_pil())


def invisible(paint: Paint) -> Paint:
    def painted(canvas: Canvas) -> None:
        canvas._code.append("3 Tr")
        paint(canvas)
        canvas._code.append("0 Tr")

    return painted


def coloured(grey: float, paint: Paint) -> Paint:
    def painted(canvas: Canvas) -> None:
        canvas.setFillGray(grey)
        paint(canvas)
        canvas.setFillGray(0)

    return painted


def outlines(canvas: Canvas) -> None:
    """Rows of shapes like 田, each one path of six bars."""
    for row in range(10):
        for column in range(20):
            path, x, y = canvas.beginPath(), 80 + 14 * column, 600 - 20 * row
            for step in (0, 5, 10):
                path.rect(x, y + step, 11, 1.2)
                path.rect(x + step, y, 1.2, 11)
            canvas.drawPath(path, stroke=0, fill=1)


def scanned(canvas: Canvas) -> None:
    for i in range(40):
        canvas.bezier(100, 100 + 10 * i, 200, 150 + 10 * i, 300, 80 + 10 * i, 400, 100 + 10 * i)


def test_page_without_text_layer_is_named():
    data = draw(lambda c: put(c, 100, "第一页有文字。"), scanned, scanned)
    document = read(data, Limits(ocr="off"))
    assert document.reason is Reason.OK_PARTIAL
    assert "第 2–3 页" in document.notes[0]


def test_recognizer_is_asked_for_pages_without_text():
    document = judge(scanned)
    assert (document.reason, document.text) == (Reason.OK, "识别结果")
    assert document.pages[0].read_by is ReadBy.OCR


def test_garbled_text_layer_is_named():
    garbled = "".join(chr(0x1200 + i % 300) for i in range(400))
    data = draw(lambda c: put(c, 100, "第一页有文字。"), lambda c: wrap(c, 100, garbled, indent=0))
    document = read(data, Limits(ocr="off"))
    assert document.reason is Reason.OK_PARTIAL
    assert "乱码" in document.notes[0]
    assert "第 2 页" in document.notes[0]


def swapped(text: str) -> str:
    """Every Han for another of the same text: what a wrong map of a font's subset gives."""
    chars = sorted(set(text))
    mixed = random.Random(1).sample(chars, len(chars))
    return text.translate({ord(a): b for a, b in zip(chars, mixed, strict=True)})


@pytest.mark.parametrize(
    "garbled",
    [
        pytest.param(swapped(LONG), id="characters swapped"),
        pytest.param("".join(chr(0xE000 + i) for i in range(90)), id="private use"),
        pytest.param(LONG.encode("gbk").decode("latin-1")[:90], id="GBK as Latin"),
        pytest.param("".join(f"(cid:{i * 37})" for i in range(40)), id="cid marks"),
        pytest.param("".join(chr(0x21 + i * 41 % 93) for i in range(200)), id="glyph numbers"),
        pytest.param("?" * 120, id="question marks"),
    ],
)
def test_what_is_no_language_is_garbled(garbled: str):
    rows = [garbled[at : at + 36] for at in range(0, len(garbled), 36)]
    document = judge(lines(*rows))
    assert document.pages[0].text_layer is TextLayer.GARBLED
    assert document.text == "识别结果"


@pytest.mark.parametrize(
    "good",
    [
        pytest.param(["CPU: 2 x 16C 2.4GHz", "DDR4-3200 ECC 256GB", "RS485/Modbus RTU, 9600 bps"] * 6),
        pytest.param([ENGLISH[:60]] * 12),
        pytest.param(["本系統應當支援員工在手機上提交請假申請，並隨時查看審批進度。"] * 6),
        pytest.param(["合同金额：人民币ΧΧΧΧΧΧ元，签订日期：ΧΧΧΧ年ΧΧ月ΧΧ日"] * 6),
        pytest.param(["王建国 李晓梅 张伟 陈思远 刘洋 赵敏 黄磊 周婷 吴迪 徐静 孙浩 马丽 朱琳"] * 3),
        pytest.param(["□是 □否 ☑已核对 ★ ▲ ●", "1.1 2.3.4 2025-06-01 10:30 ≥95% ±5℃ φ12"] * 6),
    ],
)  # fmt: skip
def test_odd_but_legible_text_is_good(good: list[str]):
    assert verdict(lines(*good)) is TextLayer.GOOD


def test_little_garbled_text_is_noted():
    document = judge(
        prose, lambda c: put(c, 700, "\ue012\ue034\ue056\ue078\ue09a\ue0bc\ue0de\ue0f0\ue0f9")
    )
    assert document.pages[0].text_layer is TextLayer.GOOD
    assert document.text.startswith(LONG)
    assert document.reason is Reason.OK_PARTIAL
    assert "第 1 页" in document.notes[0] and "乱码" in document.notes[0]


@pytest.mark.parametrize("shown", [scan(), outlines], ids=["scan", "outlines"])
def test_page_number_or_header_does_not_make_a_text_layer(shown: Paint):
    few = lines("某某市政务服务平台采购文件", "第 3 页 共 80 页", top=30)
    document = judge(shown, few)
    assert document.pages[0].text_layer is TextLayer.MISSING
    assert document.text == "识别结果"


def test_words_on_a_picture_without_writing_are_good():
    background = Image.linear_gradient("L").convert("RGB")
    document = judge(picture(background), lines("智慧校园建设方案", "二〇二五年六月", top=300))
    assert document.pages[0].text_layer is TextLayer.GOOD
    assert "智慧校园建设方案" in document.text


def test_empty_scan_is_blank():
    paper = Image.new("L", (600, 800), 250)
    document = read(draw(prose, picture(paper)), Limits(ocr="off"))
    assert document.pages[1].text_layer is TextLayer.BLANK
    assert document.reason is Reason.OK


def hidden_layer(text: str) -> Paint:
    rows = [text[at : at + 30] for at in range(0, len(text), 30)]
    return invisible(lambda c: [put(c, 95 + 20 * i, rows[i % len(rows)]) for i in range(24)])


def test_legible_layer_of_a_scan_is_read():
    document = judge(scan(), hidden_layer(LONG))
    assert document.pages[0].text_layer is TextLayer.HIDDEN
    assert document.pages[0].read_by is ReadBy.TEXT_LAYER
    assert document.text.startswith(LONG[:30])


def test_illegible_layer_of_a_scan_is_recognised_anew():
    document = judge(scan(), hidden_layer(swapped(LONG)))
    assert document.pages[0].text_layer is TextLayer.GARBLED
    assert document.text == "识别结果"


SECRET = "本行文字不应当被读到"


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(coloured(1, lambda c: put(c, 600, SECRET)), id="white"),
        pytest.param(invisible(lambda c: put(c, 600, SECRET)), id="invisible"),
        pytest.param(lambda c: put(c, 600, SECRET, size=0.8), id="tiny"),
        pytest.param(lambda c: put(c, 600, SECRET, x=WIDTH + 50), id="beside the page"),
    ],
)
def test_hidden_text_is_set_aside(hidden: Paint):
    document = judge(prose, hidden)
    assert texts(document) == [LONG + "。"]
    assert [(a.kind, a.text, a.page) for a in document.asides] == [(AsideKind.HIDDEN, SECRET, 1)]
    assert document.pages[0].text_layer is TextLayer.GOOD


def test_white_text_on_a_dark_ground_is_read():
    def heading(canvas: Canvas) -> None:
        canvas.setFillGray(0.2)
        canvas.rect(LEFT, HEIGHT - 320, 300, 30, stroke=0, fill=1)
        coloured(1, lambda c: put(c, 298, "技术参数"))(canvas)

    document = judge(prose, heading)
    assert texts(document)[1] == "技术参数"
    assert not document.asides


def test_text_drawn_twice_counts_once():
    def page(canvas: Canvas) -> None:
        put(canvas, 100, "项目概况与需求。")
        put(canvas, 100, "项目概况与需求。", LEFT + 0.3)

    document = judge(page)
    assert (texts(document), document.asides) == (["项目概况与需求。"], ())


def test_second_layer_is_set_aside():
    rows = [f"第{n}行文字内容各不相同。" for n in "一二三四五六七八九十"]
    document = judge(lines(*rows), lines(*rows))
    assert document.text.replace("\n", "") == "".join(rows)
    assert [(a.kind, a.text.split("\n")) for a in document.asides] == [(AsideKind.DUPLICATE, rows)]


def test_same_words_beside_each_other_are_no_copies():
    def page(canvas: Canvas) -> None:
        # Almost level: the right column stands a little higher, across a limit of the search.
        for row in range(20):
            put(canvas, 120.1 + 21.3 * row, "投标文件")
            put(canvas, 119.9 + 21.3 * row, "投标文件", 300)

    assert judge(page).text.count("投标文件") == 40


def test_ligated_letters_stay():
    canvas_text = ["off the staff office", "吗吗啊啊"]
    assert (
        "".join(texts(judge(lines(*canvas_text)))).replace(" ", "") == "offthestaffoffice吗吗啊啊"
    )
