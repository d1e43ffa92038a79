"""OFD pages without characters: scans are put together and recognised, the others are told."""

from __future__ import annotations

import io

import numpy as np
import pytest
from ofd_files import MM, PROSE, make_ofd, page, read_ofd, reason, text
from PIL import Image

from classifier.document import ReadBy, TextLayer
from classifier.errors import Reason
from classifier.extract.layout.lines import Glyphs
from classifier.extract.layout.recognition import Recognition
from classifier.limits import Limits

SCAN = '<ofd:ImageObject ID="1" Boundary="0 0 210 297" CTM="210 0 0 297 0 0" ResourceID="70"/>'
MEDIA = (
    '<ofd:MultiMedias><ofd:MultiMedia ID="70" Type="Image"><ofd:MediaFile>scan.png</ofd:MediaFile>'
    "</ofd:MultiMedia></ofd:MultiMedias>"
)


def test_a_scan_has_no_text_layer():
    off = Limits(ocr="off")
    assert reason(make_ofd([page(SCAN)]), off) is Reason.NEEDS_OCR
    document = read_ofd(make_ofd([page(SCAN), page(text("应支持导出。", 30, 50))]), off)
    assert [found.text_layer for found in document.pages] == [TextLayer.MISSING, TextLayer.GOOD]
    assert document.reason is Reason.OK_PARTIAL and "第 1 页" in document.notes[0]


class Seen:
    """Stands in for recognition: finds one line in the middle of whatever it is shown."""

    refusal = None

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def picture(self, image: np.ndarray, dpi: float) -> Recognition:
        height, width = image.shape[:2]
        assert (width / dpi * 25.4, height / dpi * 25.4) == pytest.approx((210, 297), abs=0.2)
        rows, columns = np.nonzero(image[:, :, 0] < 128)
        x0, top = columns.min() / dpi * 72, rows.min() / dpi * 72
        codes = np.array([ord(char) for char in "扫描所得"], np.int32)
        boxes = [(x0 + 10 * at, top, x0 + 10 * at + 10, top + 10) for at in range(4)]
        sure = np.full(4, 0.9, np.float32)
        return Recognition(Glyphs(codes, np.array(boxes, np.float32), sure), (), (595.3, 841.9))


def test_pictures_of_a_scan_are_put_together_and_recognised(monkeypatch):
    monkeypatch.setattr("classifier.extract.ofd.reader.Recognizer", Seen)
    buffer = io.BytesIO()
    scan = Image.new("L", (420, 297), "white")
    scan.paste(0, (84, 100, 90, 120))
    scan.save(buffer, "PNG")
    lower = SCAN.replace("0 0 210 297", "0 148.5 210 148.5")
    parts = {"Doc_0/Res/scan.png": buffer.getvalue()}
    document = read_ofd(make_ofd([page(lower)], resources=MEDIA, parts=parts))
    assert document.text == "扫描所得"
    assert (document.pages[0].read_by, document.pages[0].confidence) == (ReadBy.OCR, 0.9)
    box = document.blocks[0].lines[0].box
    assert (box.x0 / MM, box.top / MM) == pytest.approx((42, 198.5), abs=0.5)


def test_pictures_that_cannot_be_opened_are_told(monkeypatch):
    monkeypatch.setattr("classifier.extract.ofd.reader.Recognizer", Seen)
    parts = {"Doc_0/Res/scan.png": b"no picture"}
    pages = [page(SCAN), page(text("应支持导出。", 30, 50))]
    document = read_ofd(make_ofd(pages, resources=MEDIA, parts=parts))
    assert document.pages[0].read_by is ReadBy.NOTHING
    assert document.reason is Reason.OK_PARTIAL
    assert any("无法打开" in note and "第 1 页" in note for note in document.notes)


def test_glyphs_without_characters_are_told():
    ids = '<ofd:CGTransform CodePosition="0" CodeCount="9" GlyphCount="9"><ofd:Glyphs>1 2 3 4 5 6 7 8 9</ofd:Glyphs></ofd:CGTransform>'
    bare = text("", 30, 70, inner=ids)
    document = read_ofd(make_ofd([page(bare), page(text(PROSE + PROSE, 10, 50, 3), bare)]))
    assert [found.text_layer for found in document.pages] == [TextLayer.GARBLED, TextLayer.GOOD]
    assert document.text == PROSE + PROSE
    assert len(document.notes) == 2 and "第 2 页" in document.notes[1]
