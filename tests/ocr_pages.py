"""Pages drawn by reportlab and made to pictures by pdfium, for recognition to read."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache

import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from classifier.document import Box, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract import router
from classifier.limits import Limits

pytest.importorskip("rapidocr")
pdfium = pytest.importorskip("pypdfium2")
Image = pytest.importorskip("PIL.Image")

FONT, SIZE = "STSong-Light", 12.0
WIDTH, HEIGHT = 420.0, 300.0
DPI = 150
TITLE = "第一章 服务要求"
FIRST = "系统应当自动带入申请人以前填写过的单位、电话和邮箱，并且允许在提交之前随时修改或者撤回。"
SECOND = "值班人员每天登录平台三次以上，未登录的由主管部门通报。"
WRAP = 26
EXPECTED = [TITLE.replace(" ", ""), FIRST, SECOND]
pdfmetrics.registerFont(UnicodeCIDFont(FONT))

Draw = Callable[[Canvas], object]


def put(canvas: Canvas, top: float, text: str, x: float = 48, size: float = SIZE) -> None:
    canvas.setFont(FONT, size)
    canvas.drawString(x, HEIGHT - top - 0.88 * size, text)


def prose(canvas: Canvas) -> None:
    put(canvas, 40, TITLE, size=18)
    top = 80.0
    for text in (FIRST, SECOND):
        indent = 2
        while text:
            put(canvas, top, text[: WRAP - indent], 48 + indent * SIZE)
            text, indent, top = text[WRAP - indent :], 0, top + 20


def table(canvas: Canvas) -> None:
    put(canvas, 30, "以下为服务清单。")
    for y in (60, 90, 120, 150):
        canvas.line(48, HEIGHT - y, 348, HEIGHT - y)
    for x in (48, 148, 348):
        canvas.line(x, HEIGHT - 60, x, HEIGHT - 150)
    rows = (("项目", "说明"), ("咨询", "电话解答问题"), ("培训", "现场讲解操作"))
    for at, (name, text) in enumerate(rows):
        put(canvas, 68 + 30 * at, name, 54)
        put(canvas, 68 + 30 * at, text, 154)


def drawn(*pages: Draw, size: tuple[float, float] = (WIDTH, HEIGHT)) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size)
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@lru_cache
def picture(page: Draw):
    with pdfium.PdfDocument(drawn(page)) as pdf:
        return pdf[0].render(scale=DPI / 72).to_pil().convert("RGB")


def scanned(page: Draw, angle: float = 0) -> Draw:
    """A page that shows the picture of another, turned counter-clockwise."""

    def show(canvas: Canvas) -> None:
        image = picture(page).rotate(angle, Image.Resampling.BICUBIC, fillcolor="white")
        canvas.drawImage(ImageReader(image), 0, 0, WIDTH, HEIGHT)

    return show


def saved(format: str, image=None, **options) -> bytes:
    buffer = io.BytesIO()
    (image or picture(prose)).save(buffer, format, **options)
    return buffer.getvalue()


def read(data: bytes, name: str = "扫描.pdf", limits: Limits | None = None) -> Document:
    return router.read(data, name, limits or Limits())


def reason_of(data: bytes, name: str, limits: Limits | None = None) -> Reason:
    with pytest.raises(ExtractionError) as caught:
        read(data, name, limits)
    return caught.value.reason


def texts(document: Document) -> list[str]:
    return [block.text.replace(" ", "") for block in document.blocks]


def assert_near(box: Box, left: float, top: float, right: float, bottom: float) -> None:
    expected = (left, top, right, bottom)
    found = (box.x0, box.top, box.x1, box.bottom)
    assert all(abs(a - b) < 6 for a, b in zip(found, expected, strict=True)), (found, expected)
