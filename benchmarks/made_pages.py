"""Pages drawn for ``page_verdict.py``: text of this project, good and spoilt in known ways."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
from fontTools.pens.reportLabPen import ReportLabPen
from fontTools.ttLib import TTFont as OutlineFont
from PIL import Image, ImageDraw, ImageFilter
from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing, Group
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfgen.canvas import Canvas

from classifier.document import TextLayer
from classifier.resources import folder

WIDTH, HEIGHT = 595.0, 842.0
_MARGIN, _SIZE, _LEADING = 80.0, 10.5, 17.0
_HAN = "Han"
SPECS = (
    "CPU: 2 x 16 cores, 2.4 GHz",
    "RAM 256 GB DDR4-3200 ECC",
    "SSD 2 x 960 GB SATA, RAID 1",
    "10GE SFP+ x 4, LC/MM",
    "AC 220 V ±10 %, 50 Hz",
    "-20 ℃ ~ 60 ℃, ≤ 95 % RH",
    "1920×1080@60fps, H.265",
    "IP67, IK10, MTBF ≥ 50000 h",
    "RS485/Modbus RTU, 9600 bps",
    "RJ45 10/100/1000 Base-T",
    "GB/T 28181-2016",
    "φ12 mm, t = 3.0 mm, Q235B",
)
ENGLISH = (
    "The supplier shall repair any defect within two hours of a reported failure.",
    "Training of the operating staff is included in the price and held on site.",
    "All interfaces are documented and remain open to other suppliers.",
    "Users can see at any time who has read their records and for what purpose.",
    "The warranty period is thirty-six months from the date of acceptance.",
)
TRADITIONAL = (
    "本系統應當支援員工在手機上提交請假申請，並隨時查看審批進度，每條意見應當在五個工作日內得到答覆。",
    "廠商須提供完整的技術方案與實施計畫，並對資料安全負責，圖書館預約座位須於規定時間內簽到，逾時將自動釋放。",
)

Paint = Callable[[Canvas], object]


@dataclass(frozen=True, slots=True)
class MadePage:
    """One page as a PDF of its own, with the verdicts that are right for it."""

    kind: str
    right: frozenset[TextLayer]
    data: bytes


class Workshop:
    """Draws pages; ``font`` is a TrueType file with Han (``index`` in a collection)."""

    def __init__(self, font: Path, index: int, seed: int) -> None:
        self.random = random.Random(seed)
        self._path, self._index = font, index
        pdfmetrics.registerFont(ttfonts.TTFont(_HAN, str(font), subfontIndex=index))
        self._outlines = OutlineFont(font, fontNumber=index)
        records = (
            json.loads(line)
            for path in sorted((folder("data") / "sentences").glob("*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        )
        self._sentences = [record["text"] for record in records]

    def sentences(self, count: int) -> list[str]:
        return self.random.sample(self._sentences, count)

    def prose(self, lines: int) -> list[str]:
        text, found = "".join(self.sentences(lines)), []
        for at in range(0, len(text), 40):
            found.append(text[at : at + 40])
        return found[:lines]

    def pdf(self, *paints: Paint, width: float = WIDTH, height: float = HEIGHT) -> bytes:
        """One page on which all ``paints`` have painted."""
        # Fonts keep their subsets: a fresh one for every file.
        pdfmetrics.registerFont(ttfonts.TTFont(_HAN, str(self._path), subfontIndex=self._index))
        buffer = io.BytesIO()
        canvas = Canvas(buffer, pagesize=(width, height))
        for paint in paints:
            paint(canvas)
        canvas.showPage()
        canvas.save()
        return buffer.getvalue()

    def text(
        self,
        lines: list[str],
        top: float = 90,
        size: float = _SIZE,
        x: float = _MARGIN,
        seen: bool = True,
    ) -> Paint:
        """Lines of text, in the invisible mode where they are not ``seen``."""

        def paint(canvas: Canvas) -> None:
            for row, line in enumerate(lines):
                block = canvas.beginText(x, HEIGHT - top - size - row * size * 1.62)
                block.setFont(_HAN, size)
                block.setTextRenderMode(0 if seen else 3)
                block.textOut(line)
                canvas.drawText(block)

        return paint

    def table(self, rows: int, specs: bool = False, shaded: bool = False) -> Paint:
        edges = (60.0, 100.0, 230.0, 535.0)
        body = [
            [str(row + 1), self.sentences(1)[0][:8], self.random.choice(SPECS)]
            if specs
            else [str(row + 1), self.sentences(1)[0][:9], self.sentences(1)[0][:27]]
            for row in range(rows)
        ]

        def paint(canvas: Canvas) -> None:
            for row, cells in enumerate([["序号", "名称", "技术参数与要求"], *body]):
                top = HEIGHT - 80 - row * 24
                for x0, x1, cell in zip(edges, edges[1:], cells, strict=False):
                    head = shaded and row == 0
                    canvas.setFillColorRGB(0.1, 0.3, 0.6)
                    canvas.rect(x0, top - 24, x1 - x0, 24, fill=int(head))
                    canvas.setFillGray(1 if head else 0)
                    canvas.setFont(_HAN, _SIZE)
                    canvas.drawString(x0 + 5, top - 16, cell)

        return paint

    def outlined(self, lines: list[str], top: float = 90, size: float = _SIZE) -> Paint:
        """The same text as filled glyph paths, as design programs export it."""
        glyphs, names = self._outlines.getGlyphSet(), self._outlines.getBestCmap()
        scale = size / self._outlines["head"].unitsPerEm

        def paint(canvas: Canvas) -> None:
            for row, line in enumerate(lines):
                for column, char in enumerate(line):
                    if ord(char) not in names:
                        continue
                    pen = ReportLabPen(glyphs)
                    glyphs[names[ord(char)]].draw(pen)
                    pen.path.strokeColor = None
                    group = Group(pen.path)
                    x, y = _MARGIN + column * size, HEIGHT - top - size - row * size * 1.62
                    group.transform = (scale, 0, 0, scale, x, y)
                    drawing = Drawing(WIDTH, HEIGHT)
                    drawing.add(group)
                    renderPDF.draw(drawing, canvas, 0, 0)

        return paint

    def scan(self, *paints: Paint, dpi: int = 150, skew: float = 0.0) -> Image.Image:
        """What a scanner makes of the page: grey, a little blurred and dirty."""
        pdf = pdfium.PdfDocument(self.pdf(*paints))
        image = pdf[0].render(scale=dpi / 72, grayscale=True).to_pil()
        pdf.close()
        image = image.rotate(skew, fillcolor=255).filter(ImageFilter.GaussianBlur(0.6))
        dirt = ImageDraw.Draw(image)
        for _ in range(self.random.randrange(4)):
            x, y = self.random.randrange(image.width), self.random.randrange(image.height)
            dirt.ellipse((x, y, x + 2, y + 2), fill=90)
        return image

    def photo(self) -> Image.Image:
        """Soft colours without writing: the background of a slide or cover."""
        small = Image.new("RGB", (12, 16))
        small.putdata(
            [tuple(self.random.randrange(120, 250) for _ in range(3)) for _ in range(12 * 16)]
        )
        return small.resize((900, 1200), Image.Resampling.BICUBIC)


def picture(
    image: Image.Image, box: tuple[float, float, float, float] = (0, 0, WIDTH, HEIGHT)
) -> Paint:
    """A JPEG at left, bottom, width, height in points."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=70)
    return lambda canvas: canvas.drawImage(ImageReader(io.BytesIO(buffer.getvalue())), *box)


def coloured(red: float, green: float, blue: float, paint: Paint) -> Paint:
    def painted(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.setFillColorRGB(red, green, blue)
        paint(canvas)
        canvas.restoreState()

    return painted


@contextmanager
def character_map(change: Callable[[list[int]], list[int]]) -> Iterator[None]:
    """While this is open, fonts are written with a changed map from codes to characters."""
    right = ttfonts.makeToUnicodeCMap
    setattr(ttfonts, "makeToUnicodeCMap", lambda name, subset: right(name, change(list(subset))))  # noqa: B010
    try:
        yield
    finally:
        setattr(ttfonts, "makeToUnicodeCMap", right)  # noqa: B010
