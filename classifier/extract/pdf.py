"""PDF files: pages through pdfium, laid out to blocks with the place of every character.

pdfium is not thread-safe: call :func:`read_pdf` from one thread of a process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from classifier.document import Aside, AsideKind, Block, Document, Page, ReadBy, TextLayer
from classifier.errors import ExtractionError, Reason
from classifier.extract.furniture import Sheet, find_furniture, split_contents, split_watermarks
from classifier.extract.layout import (
    BODY,
    GHOST,
    LEFT,
    PLAIN,
    RIGHT,
    Glyphs,
    Style,
    TextLine,
    read_lines,
    reading_order,
    run_starts,
)
from classifier.extract.legibility import is_legible
from classifier.extract.normal import one_line
from classifier.extract.paragraphs import Look, Margins, Paragraph, blocks, paragraphs
from classifier.extract.pdf_page import Drawing, Frame, read_drawing, read_glyphs, read_styles
from classifier.extract.tables import Grid, TableReader, assign, find_grids
from classifier.limits import Limits

_LOG = logging.getLogger(__name__)

PageRecognizer = Callable[[pdfium.PdfPage, tuple[float, float]], Glyphs | None]
"""Reads a page without a usable text layer; gets its size, gives glyphs in points or None."""

_PICTURE_PAGE = 0.5
"""Share of a page under pictures from which missing text is likely to be in them."""


_NOTES = {
    TextLayer.MISSING: "{pages}没有文字层（可能是扫描件或图片），内容未纳入评估。",
    TextLayer.GARBLED: "{pages}的文字层是乱码（字体缺少正确的字符映射），内容未纳入评估。",
    TextLayer.DAMAGED: "{pages}无法读取（可能已损坏），内容未纳入评估。",
}
_PICTURE_NOTE = "{pages}主要是图片，图片中的文字未读取。"
_CUT_NOTE = "文件末尾不完整，可能缺少页面或文字。"


@dataclass(frozen=True, slots=True)
class _Page:
    """One page laid out: body lines in reading order, tables, and what may be a watermark."""

    number: int
    size: tuple[float, float]
    verdict: TextLayer
    read_by: ReadBy = ReadBy.NOTHING
    lines: tuple[TextLine, ...] = ()
    grids: tuple[Grid, ...] = ()
    ghosts: tuple[TextLine, ...] = ()
    slanted: str = ""
    pictures: float = 0.0
    chars: int = 0


def read_pdf(
    data: bytes, name: str, limits: Limits, recognize: PageRecognizer | None = None
) -> Document:
    """Read a PDF file; ``recognize`` is asked for pages whose text layer is missing or garbled.

    Pages that stay unreadable are named in the notes and the reason is ``OK_PARTIAL``.

    Raises:
        ExtractionError: ``ENCRYPTED``, ``TOO_LARGE``, or where no page has usable text
            ``DAMAGED`` or ``EMPTY``.
    """
    pages: list[_Page] = []
    chars = 0
    with closing(_open(data)) as pdf:
        limits.check_pages(len(pdf))
        for index in range(len(pdf)):
            pages.append(_read_page(pdf, index, recognize))
            chars += pages[-1].chars
            limits.check_chars(chars)
    document = _assemble(name, pages)
    notes = (*_notes(pages, document), *([] if _is_complete(data) else [_CUT_NOTE]))
    if not document.blocks:
        raise _no_text(pages)
    return replace(document, notes=notes, reason=Reason.OK_PARTIAL if notes else Reason.OK)


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


def _read_page(pdf: pdfium.PdfDocument, index: int, recognize: PageRecognizer | None) -> _Page:
    number = index + 1
    try:
        return _read_opened(pdf[index], number, recognize)
    except (MemoryError, ExtractionError):
        raise
    except Exception:
        # Broken pages fail in ways that nobody foresees; the other pages are worth having.
        _LOG.info("page %d cannot be read", number, exc_info=True)
        return _Page(number, (0.0, 0.0), TextLayer.DAMAGED)


def _read_opened(page: pdfium.PdfPage, number: int, recognize: PageRecognizer | None) -> _Page:
    with closing(page), closing(page.get_textpage()) as textpage:
        size = page.get_size()
        frame = Frame.of(page)
        glyphs, indices = read_glyphs(textpage, frame, size)
        drawing = read_drawing(page, frame, size)
        verdict, read_by = _judge(glyphs, drawing), ReadBy.TEXT_LAYER
        look = partial(_look, textpage, indices, frame)
        if verdict in (TextLayer.MISSING, TextLayer.GARBLED):
            recognized = recognize(page, size) if recognize else None
            if recognized is None or not len(recognized):
                return _Page(number, size, verdict, pictures=drawing.pictures)
            glyphs, look, read_by = recognized, _look_plain, ReadBy.OCR
        if not len(glyphs):
            return _Page(number, size, verdict, pictures=drawing.pictures)
        return _lay_out(glyphs, drawing, look, _Page(number, size, verdict, read_by))


_Look = Callable[[NDArray[np.intp]], list[Style]]


def _look(
    textpage: pdfium.PdfTextPage, indices: NDArray[np.intp], frame: Frame, at: NDArray[np.intp]
) -> list[Style]:
    return list(read_styles(textpage, indices[at].tolist(), frame))


def _look_plain(at: NDArray[np.intp]) -> list[Style]:
    return [PLAIN] * len(at)


def _judge(glyphs: Glyphs, drawing: Drawing) -> TextLayer:
    if not np.any(glyphs.codes > 0x20):
        drawn = drawing.pictures > 0.02 or drawing.paths > 20
        return TextLayer.MISSING if drawn else TextLayer.BLANK
    return TextLayer.GOOD if is_legible(glyphs.codes) else TextLayer.GARBLED


def _lay_out(glyphs: Glyphs, drawing: Drawing, look: _Look, page: _Page) -> _Page:
    regions, grids = assign(glyphs, find_grids(drawing.rulings, page.number, page.size))
    starts = run_starts(glyphs, regions)
    ends = np.append(starts[1:], len(glyphs))
    styles = look((starts + ends) // 2)
    heights = glyphs.boxes[:, 3] - glyphs.boxes[:, 1]
    huge = 2.2 * float(np.median(heights))
    upright = np.ones(len(glyphs), bool)
    for start, end, style in zip(starts.tolist(), ends.tolist(), styles, strict=True):
        upright[start:end] = style.angle % 90 == 0
        if style.pale and heights[start] > huge:
            regions[start:end] = GHOST
    slanted = "".join(map(chr, glyphs.codes[~upright].tolist()))
    if slanted:
        keep = upright[starts]
        styles = [style for style, kept in zip(styles, keep, strict=True) if kept]
        starts = (np.cumsum(upright) - 1)[starts[keep]]
        glyphs, regions = Glyphs(glyphs.codes[upright], glyphs.boxes[upright]), regions[upright]
    lines = read_lines(glyphs, regions, starts, styles, page.number, page.size)
    body = [line for region in (BODY, LEFT, RIGHT) for line in lines.get(region, ())]
    return replace(
        page,
        lines=tuple(reading_order(body, [grid.box.top for grid in grids])),
        grids=tuple(_fill(grids, lines)),
        ghosts=tuple(lines.get(GHOST, ())),
        slanted=one_line(slanted),
        pictures=drawing.pictures,
        chars=len(heights),
    )


def _fill(grids: Sequence[Grid], lines: dict[int, list[TextLine]]) -> Iterator[Grid]:
    number = 0
    for grid in grids:
        cells = range(number, number + len(grid.cells))
        yield replace(grid, lines=tuple(tuple(lines.get(cell, ())) for cell in cells))
        number += len(grid.cells)


def _assemble(name: str, pages: Sequence[_Page]) -> Document:
    asides: list[Aside] = []
    ghosts, marks = split_watermarks([line for page in pages for line in page.ghosts], len(pages))
    asides.extend(Aside(AsideKind.WATERMARK, line.text, line.page) for line in marks)
    asides.extend(
        Aside(AsideKind.WATERMARK, page.slanted, page.number) for page in pages if page.slanted
    )
    furniture = find_furniture([_sheet(page) for page in pages])
    asides.extend(furniture.values())
    flow: list[TextLine | Grid] = []
    for page in pages:
        extra = [line for line in ghosts if line.page == page.number]
        lines = [line for line in page.lines if id(line) not in furniture]
        lines, contents = split_contents(reading_order([*extra, *lines]) if extra else lines)
        if contents:
            text = "\n".join(line.text for line in contents)
            asides.append(Aside(AsideKind.TABLE_OF_CONTENTS, text, page.number))
        flow.extend(_merge(lines, page.grids))
    placed, headers = _blocks(flow, {page.number: page.size[0] for page in pages})
    return Document.from_blocks(
        name,
        "pdf",
        placed,
        pages=tuple(
            Page(round(p.size[0], 2), round(p.size[1], 2), p.verdict, p.read_by) for p in pages
        ),
        asides=tuple(sorted([*asides, *headers], key=lambda aside: aside.page or 0)),
    )


def _sheet(page: _Page) -> Sheet:
    spans = tuple((grid.box.top, grid.box.bottom) for grid in page.grids)
    return Sheet(page.number, page.size[1], page.lines, spans)


def _merge(lines: Iterable[TextLine], grids: Iterable[Grid]) -> Iterator[TextLine | Grid]:
    waiting = sorted(grids, key=lambda grid: grid.box.top)
    for line in lines:
        while waiting and waiting[0].box.top <= line.box.top:
            yield waiting.pop(0)
        yield line
    yield from waiting


def _blocks(
    flow: Sequence[TextLine | Grid], widths: Mapping[int, float]
) -> tuple[list[Block], list[Aside]]:
    """Blocks of the body in reading order, and repeated header rows of tables."""
    printed = [item for item in flow if isinstance(item, TextLine)]
    margins, look = Margins(printed, widths), Look(printed)
    tables = TableReader()
    items: list[Paragraph | Block] = []
    pending: list[TextLine] = []
    for item in flow:
        if isinstance(item, TextLine):
            if not pending:
                items.extend(tables.close())
            pending.append(item)
            continue
        items.extend(paragraphs(pending, margins))
        items.extend(tables.feed(item, follows=not pending))
        pending = []
    items.extend(tables.close())
    items.extend(paragraphs(pending, margins))
    styled = iter(blocks([item for item in items if isinstance(item, Paragraph)], look))
    placed = [next(styled) if isinstance(item, Paragraph) else item for item in items]
    return placed, tables.asides


def _notes(pages: Sequence[_Page], document: Document) -> Iterator[str]:
    for verdict, note in _NOTES.items():
        unread = [p.number for p in pages if p.verdict == verdict and p.read_by is ReadBy.NOTHING]
        if unread:
            yield note.format(pages=_page_list(unread))
    written: dict[int | None, int] = {}
    for block in document.blocks:
        for line in block.lines:
            written[line.page] = written.get(line.page, 0) + line.end - line.start
    pictures = [
        page.number
        for page in pages
        if page.read_by is ReadBy.TEXT_LAYER
        and page.pictures > _PICTURE_PAGE
        and written.get(page.number, 0) < 10
    ]
    if pictures:
        yield _PICTURE_NOTE.format(pages=_page_list(pictures))


def _no_text(pages: Sequence[_Page]) -> ExtractionError:
    verdicts = {page.verdict for page in pages}
    if TextLayer.GARBLED in verdicts:
        why = "the text layer is garbled on all pages with text; OCR is needed"
        return ExtractionError(Reason.EMPTY, why)
    if TextLayer.MISSING in verdicts:
        why = "no text layer: a scan or text drawn as pictures; OCR is needed"
        return ExtractionError(Reason.EMPTY, why)
    if TextLayer.DAMAGED in verdicts:
        return ExtractionError(Reason.DAMAGED, "no page with body text could be read")
    return ExtractionError(Reason.EMPTY, "all pages are blank")


def _page_list(numbers: Sequence[int]) -> str:
    """第 3、5–7 页"""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return f"第 {'、'.join(f'{a}–{b}' if b > a else f'{a}' for a, b in spans)} 页"
