"""PDF files: pages through pdfium, laid out to blocks with the place of every character.

pdfium is not thread-safe: call :func:`read_pdf` from one thread of a process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from classifier.document import Document, ReadBy, TextLayer
from classifier.errors import ExtractionError, Reason
from classifier.extract.layout.lines import Glyphs, Style
from classifier.extract.layout.pages import LaidPage, assemble, lay_out, no_text, page_notes
from classifier.extract.layout.recognition import Recognition, Refusal
from classifier.extract.ocr.pages import lay_out_recognized, ocr_doubts, ocr_remarks
from classifier.extract.ocr.recognizer import Recognizer
from classifier.extract.pdf.drawing import read_drawing
from classifier.extract.pdf.fields import glyphs_of, read_fields
from classifier.extract.pdf.page import Frame, read_glyphs, read_styles
from classifier.extract.pdf.text_layer import PageText, judge, set_outside_aside
from classifier.limits import Limits

_LOG = logging.getLogger(__name__)

PageRecognizer = Callable[[pdfium.PdfPage, tuple[float, float]], Recognition | Refusal]
"""Reads a page without a usable text layer; gets its size in points."""

_CUT_NOTE = "文件末尾不完整，可能缺少页面或文字。"


def read_pdf(
    data: bytes, name: str, limits: Limits, recognize: PageRecognizer | None = None
) -> Document:
    """Read a PDF file; ``recognize`` is asked for pages whose text layer is missing or garbled.

    Without it, pages are recognised as ``limits`` say. Pages that stay unreadable or are
    doubtful are named in the notes and the reason is ``OK_PARTIAL``.

    Raises:
        ExtractionError: ``ENCRYPTED``, ``TOO_LARGE``, or where no page has usable text
            ``DAMAGED``, ``EMPTY`` or ``NEEDS_OCR``.
    """
    recognize = recognize or Recognizer(limits).page
    pages: list[LaidPage] = []
    chars = 0
    with closing(_open(data)) as pdf:
        limits.check_pages(len(pdf))
        if pdf.get_formtype() != raw.FORMTYPE_NONE:
            pdf.init_forms()
        for index in range(len(pdf)):
            pages.append(_read_page(pdf, index, recognize))
            chars += pages[-1].chars
            limits.check_chars(chars)
    document = assemble(name, "pdf", pages)
    if not document.blocks:
        raise no_text(pages)
    cut = [] if _is_complete(data) else [_CUT_NOTE]
    doubts = (*page_notes(pages, document), *ocr_doubts(pages, limits), *cut)
    reason = Reason.OK_PARTIAL if doubts else Reason.OK
    return replace(document, notes=(*doubts, *ocr_remarks(pages)), reason=reason)


def _open(data: bytes) -> pdfium.PdfDocument:
    # pdfium tries the empty user password by itself.
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        locked = error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise ExtractionError(Reason.ENCRYPTED if locked else Reason.DAMAGED, str(error)) from error
    if len(pdf) == 0:
        pdf.close()
        raise ExtractionError(Reason.DAMAGED, "the file has no pages")
    return pdf


def _is_complete(data: bytes) -> bool:
    return b"%%EOF" in data.rstrip(b"\0 \t\r\n")[-4096:]


def _read_page(pdf: pdfium.PdfDocument, index: int, recognize: PageRecognizer) -> LaidPage:
    number = index + 1
    try:
        return _read_opened(pdf[index], number, recognize)
    except (MemoryError, ExtractionError):
        raise
    except Exception:
        # Broken pages fail in ways that nobody foresees; the other pages are worth having.
        _LOG.info("page %d cannot be read", number, exc_info=True)
        return LaidPage(number, (0.0, 0.0), TextLayer.DAMAGED)


def _read_opened(page: pdfium.PdfPage, number: int, recognize: PageRecognizer) -> LaidPage:
    with closing(page), closing(page.get_textpage()) as textpage:
        size = page.get_size()
        frame = Frame.of(page)
        glyphs, indices, outside = read_glyphs(textpage, frame, size)
        drawing = read_drawing(page, frame, size)
        text = set_outside_aside(PageText(glyphs, indices), outside, number)
        text = judge(page, textpage, drawing, text, number)
        if text.verdict in (TextLayer.GOOD, TextLayer.HIDDEN, TextLayer.BLANK):
            text = _with_fields(text, page, frame)
        page_read = LaidPage(
            number,
            size,
            text.verdict,
            pictures=drawing.pictures,
            asides=text.asides,
            garbled=text.garbled,
        )
        if page_read.verdict in (TextLayer.MISSING, TextLayer.GARBLED):
            page_read = lay_out_recognized(recognize(page, size), page_read)
        # What little a scan carries as text is all there is where it is not recognised.
        done = page_read.read_by is ReadBy.OCR or page_read.verdict is TextLayer.GARBLED
        if done or not len(text.glyphs):
            return page_read
        look = partial(_look, textpage, text.indices, frame)
        page_read = replace(page_read, read_by=ReadBy.TEXT_LAYER)
        return lay_out(text.glyphs, drawing.rulings, look, page_read)


def _with_fields(text: PageText, page: pdfium.PdfPage, frame: Frame) -> PageText:
    fields = list(read_fields(page, frame))
    typed = glyphs_of(fields, text.glyphs)
    if not len(typed):
        return text
    glyphs = Glyphs(
        np.concatenate((text.glyphs.codes, typed.codes)),
        np.concatenate((text.glyphs.boxes, typed.boxes)),
    )
    # Fields have no place in the text page.
    indices = np.concatenate((text.indices, np.full(len(typed), -1, np.intp)))
    verdict = TextLayer.GOOD if text.verdict is TextLayer.BLANK else text.verdict
    return replace(text, glyphs=glyphs, indices=indices, verdict=verdict)


def _look(
    textpage: pdfium.PdfTextPage, indices: NDArray[np.intp], frame: Frame, at: NDArray[np.intp]
) -> list[Style]:
    return read_styles(textpage, indices[at].tolist(), frame)
