"""Draws pages with reportlab for the tests of the PDF reader."""

from __future__ import annotations

import io
from collections.abc import Callable

import pypdfium2 as pdfium
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from classifier.document import Document
from classifier.extract.pdf.reader import read_pdf
from classifier.limits import Limits

FONT = "STSong-Light"
SIZE = 12.0
LEFT, RIGHT = 72.0, 72.0 + 36 * SIZE
WIDTH, HEIGHT = 595.0, 842.0
LONG = (
    "系统应当在用户登录以后自动带入其单位和职务等已有信息避免重复填写并且允许用户在提交之前随时修改或者撤回所填内容"
    "任何人都能够看到自己的数据由谁在何时查阅过"
)
pdfmetrics.registerFont(UnicodeCIDFont(FONT))


def draw(*pages: Callable[[Canvas], object], **options) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), **options)
    for page in pages:
        canvas.setFont(FONT, SIZE)
        page(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def put(canvas: Canvas, top: float, text: str, x: float = LEFT, size: float = SIZE) -> None:
    canvas.setFont(FONT, size)
    canvas.drawString(x, HEIGHT - top - 0.88 * size, text)


def _ink(text: str) -> bytes:
    with pdfium.PdfDocument(draw(lambda canvas: put(canvas, 100, text))) as pdf:
        return pdf[0].render(grayscale=True).to_numpy().tobytes()


# The pages embed no font: pdfium draws them with one of the machine's, or blank.
needs_chinese_font = pytest.mark.skipif(
    _ink("一") == _ink("国"), reason="no Chinese font: apt install fonts-noto-cjk"
)


def wrap(canvas: Canvas, top: float, text: str, indent: int = 2) -> float:
    """Set a paragraph in lines of 36 Han characters, as Word does; returns the height below it."""
    room = 36 - indent
    while text:
        put(canvas, top, text[:room], RIGHT - room * SIZE)
        text, room, top = text[room:], 36, top + 1.5 * SIZE
    return top


def read(data: bytes, limits: Limits | None = None) -> Document:
    return read_pdf(data, "测试.pdf", limits or Limits())


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


ROWS = (
    ("序号", "功能名称", "功能要求"),
    ("1", "请假申请", "员工可以在手机上提交请假申请并随时查看审批进度。"),
    ("2", "意见反馈", "每条意见应当在五个工作日内得到答复。"),
)


def table(canvas: Canvas, rows: tuple[tuple[str, ...], ...], top: float = 100) -> None:
    xs, height = (72.0, 120.0, 240.0, 420.0), 60.0
    for row, cells in enumerate(rows):
        upper = top + row * height
        for x0, x1, text in zip(xs, xs[1:], cells, strict=False):
            canvas.rect(x0, HEIGHT - upper - height, x1 - x0, height)
            room = int((x1 - x0 - 12) / SIZE)
            for at in range(0, len(text), room):
                put(canvas, upper + 6 + 16 * (at // room), text[at : at + room], x0 + 6)
