"""Recognition: pages drawn by reportlab, made to pictures by pdfium, read without their text."""

from __future__ import annotations

import io
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from typer.testing import CliRunner

from classifier.document import BlockKind, Box, Document, ReadBy, TextLayer
from classifier.errors import ExtractionError, Reason
from classifier.extract import router
from classifier.extract.layout.lines import Glyphs
from classifier.extract.ocr import recognizer
from classifier.extract.ocr.recognition import Recognition
from classifier.extract.pdf.reader import read_pdf
from classifier.limits import Limits
from cli import app

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
ROOT = Path(__file__).resolve().parents[1]

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


EXPECTED = [TITLE.replace(" ", ""), FIRST, SECOND]


def assert_near(box: Box, left: float, top: float, right: float, bottom: float) -> None:
    expected = (left, top, right, bottom)
    found = (box.x0, box.top, box.x1, box.bottom)
    assert all(abs(a - b) < 6 for a, b in zip(found, expected, strict=True)), (found, expected)


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


def test_switched_off():
    data = drawn(lambda c: put(c, 40, SECOND), scanned(prose))
    document = read(data, limits=Limits(ocr="off"))
    assert (document.reason, texts(document)) == (Reason.OK_PARTIAL, [SECOND])
    assert any("--ocr off" in note and "第 2 页" in note for note in document.notes)
    assert reason_of(drawn(scanned(prose)), "a.pdf", Limits(ocr="off")) is Reason.NEEDS_OCR
    assert reason_of(saved("PNG"), "a.png", Limits(ocr="off")) is Reason.NEEDS_OCR


def test_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recognizer, "model_paths", lambda: None)
    document = read(drawn(lambda c: put(c, 40, SECOND), scanned(prose)))
    assert document.reason is Reason.OK_PARTIAL
    assert any("pip install 'tenderlens[ocr]'" in note for note in document.notes)
    assert reason_of(saved("PNG"), "a.png") is Reason.NEEDS_OCR


@pytest.mark.parametrize(
    ("limits", "note"), [(Limits(ocr_pages=1), "1 页"), (Limits(ocr_seconds=1e-6), "秒")]
)
def test_pages_beyond_a_limit_are_named_and_the_others_kept(limits: Limits, note: str):
    document = read(drawn(scanned(prose), scanned(prose), scanned(prose)), limits=limits)
    assert texts(document) == EXPECTED
    assert document.reason is Reason.OK_PARTIAL
    assert any(found.startswith("第 2–3 页未识别") and note in found for found in document.notes)


def test_page_that_cannot_be_recognised_costs_only_itself(monkeypatch: pytest.MonkeyPatch):
    def fail(page, dpi):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(recognizer, "_rendered", fail)
    document = read(drawn(lambda c: put(c, 40, SECOND), scanned(prose)))
    assert (document.reason, texts(document)) == (Reason.OK_PARTIAL, [SECOND])
    assert any("识别出错" in note for note in document.notes)


def test_doubtful_page_is_named():
    def recognize(page, size):
        codes = np.array([ord(char) for char in "模糊文字"], np.int32)
        boxes = np.array([[72 + 12 * i, 100, 84 + 12 * i, 112] for i in range(4)], np.float32)
        return Recognition(Glyphs(codes, boxes, np.full(4, 0.625, np.float32)), (), size)

    document = read_pdf(drawn(scanned(prose)), "a.pdf", Limits(), recognize)
    assert document.reason is Reason.OK_PARTIAL
    assert "置信度低（0.62）" in document.notes[0]
    assert document.blocks[0].lines[0].confidence == pytest.approx(0.625, abs=0.001)


@pytest.mark.parametrize(
    ("format", "suffix"),
    [("PNG", "png"), ("JPEG", "jpg"), ("TIFF", "tif"), ("BMP", "bmp"), ("WEBP", "webp")],
)
def test_picture_files(format: str, suffix: str):
    data = saved(format, picture(prose).crop((0, 60, picture(prose).width, 150)))
    assert router.detect(data) == "image"
    document = read(data, f"照片.{suffix}")
    assert (document.format, texts(document)) == ("image", EXPECTED[:1])
    assert len(document.pages) == 1


def test_frames_are_pages_in_points():
    frames = [picture(prose), picture(table)]
    data = saved("TIFF", frames[0], save_all=True, append_images=frames[1:], dpi=(DPI, DPI))
    document = read(data, "传真.tiff")
    for size in document.page_sizes:
        assert size == pytest.approx((WIDTH, HEIGHT), abs=1)
    assert [block.page for block in document.blocks][:4] == [1, 1, 1, 2]
    assert_near(document.blocks[1].lines[0].box, 72, 80, 48 + WRAP * SIZE, 80 + SIZE)
    without = read(saved("BMP", picture(prose).crop((0, 60, 800, 150))), "a.bmp")
    assert without.page_sizes[0] == pytest.approx((800 * 72 / 96, 90 * 72 / 96), rel=0.001)


def test_orientation_of_a_photograph():
    image = picture(prose).crop((0, 60, 800, 150))
    turned = Image.Exif()
    turned[0x0112] = 8
    data = saved("JPEG", image.rotate(-90, expand=True), exif=turned)
    document = read(data, "a.jpg")
    assert texts(document) == EXPECTED[:1]
    assert document.page_sizes[0][0] > document.page_sizes[0][1]


def test_transparent_ground_is_white():
    image = picture(prose).convert("L").crop((0, 60, 800, 150))
    ink = Image.merge("LA", (Image.new("L", image.size, 0), image.point(lambda v: 255 - v)))
    assert texts(read(saved("PNG", ink), "a.png")) == EXPECTED[:1]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_picture_bomb_is_refused_by_its_header(side: int):
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")
    assert reason_of(data, "a.png") is Reason.TOO_LARGE


def test_limits_of_pictures():
    assert reason_of(saved("PNG"), "a.png", Limits(pixels=1000)) is Reason.TOO_LARGE
    frames = [Image.new("1", (9, 9))] * 3
    many = saved("TIFF", frames[0], save_all=True, append_images=frames[1:])
    assert reason_of(many, "a.tif", Limits(pages=2)) is Reason.TOO_LARGE


def test_broken_and_wordless_pictures():
    assert reason_of(saved("PNG")[:2000], "a.png") is Reason.DAMAGED
    assert reason_of(b"\xff\xd8\xff\xe0" + bytes(50), "a.jpg") is Reason.DAMAGED
    assert reason_of(saved("PNG", Image.new("RGB", (400, 300), "white")), "a.png") is Reason.EMPTY


def test_nothing_is_fetched_or_written(tmp_path: Path):
    """In a process of its own, since the engine is made once."""
    (tmp_path / "a.png").write_bytes(saved("PNG", picture(prose).crop((0, 60, 800, 150))))
    program = """
import sys
from pathlib import Path
from classifier.extract import router
from classifier.limits import Limits

def watch(event, args):
    writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    if writes or event in ("socket.connect", "socket.getaddrinfo", "os.mkdir", "os.rename"):
        print(event, args, file=sys.stderr)

sys.dont_write_bytecode = True
sys.addaudithook(watch)
router.read(Path("a.png").read_bytes(), "a.png", Limits())
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_time_limit_stands_still_during_recognition():
    program = """
import time
from classifier.extract import clock
clock.start(0.4)
with clock.stopped():
    time.sleep(0.6)
print("still there", flush=True)
time.sleep(5)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("still there\n", -signal.SIGALRM)


def test_switch_and_limits_reach_the_reading_process(tmp_path: Path):
    path = tmp_path / "扫描.png"
    path.write_bytes(saved("PNG"))
    command = ["scan", str(path), "--model", "lexical", "--json"]
    result = CliRunner().invoke(app, [*command, "--ocr", "off"])
    assert result.exit_code == 3 and '"needs_ocr"' in result.stdout
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0 and "通报" in result.stdout
