"""From what stands on pages to a document: shared by all paged formats.

A reader gives the glyphs and ruling lines of every page; here they become lines, tables,
furniture and at last blocks, with notes on the pages that could not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifier.document import Aside, AsideKind, Block, Box, Document, Page, ReadBy, TextLayer
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.normal import one_line
from classifier.extract.layout.furniture import (
    Sheet,
    find_furniture,
    split_contents,
    split_watermarks,
)
from classifier.extract.layout.lines import (
    BODY,
    GHOST,
    LEFT,
    RIGHT,
    Glyphs,
    Style,
    TextLine,
    read_lines,
    reading_order,
    run_starts,
)
from classifier.extract.layout.paragraphs import Look, Margins, Paragraph, blocks, paragraphs
from classifier.extract.layout.recognition import IDENTITY, Placement, Refusal
from classifier.extract.layout.tables import Grid, TableReader, assign, find_grids
from classifier.extract.layout.turning import is_vertical

StylesAt = Callable[[NDArray[np.intp]], list[Style]]
"""Gives the look of the glyphs at these positions."""

_PICTURE_PAGE = 0.5
"""Share of a page under pictures from which missing text is likely to be in them."""
_NOTES = {
    TextLayer.MISSING: "{pages}没有文字层（可能是扫描件或图片），内容未纳入评估。",
    TextLayer.GARBLED: "{pages}的文字层是乱码（字体缺少正确的字符映射），内容未纳入评估。",
    TextLayer.DAMAGED: "{pages}无法读取（可能已损坏），内容未纳入评估。",
}
_GARBLED_NOTE = (
    "{pages}有少量文字（共约 {count} 字）是乱码（字体缺少正确的字符映射），请对照原件核对。"
)
_PICTURE_NOTE = "{pages}主要是图片，图片中的文字未读取。"


@dataclass(frozen=True, slots=True)
class LaidPage:
    """One page laid out: body lines in reading order, tables, and what may be a watermark.

    ``pictures`` is the share of the page (0 to 1) under pictures. A page that was recognised
    stands in a frame of ``size`` in which its lines are level; ``placement`` leads from there
    to the page as ``displayed`` (its size, where it differs). ``refusal`` says why a page that
    has no usable text was not recognised. ``asides`` were set aside before layout; ``garbled``
    counts the unreadable characters of a page that is read from its text layer all the same.
    """

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
    displayed: tuple[float, float] | None = None
    placement: Placement = IDENTITY
    confidence: float | None = None
    refusal: Refusal | None = None
    asides: tuple[Aside, ...] = ()
    garbled: int = 0


def lay_out(
    glyphs: Glyphs, rulings: Sequence[Box], styles_at: StylesAt, page: LaidPage
) -> LaidPage:
    """The page with the lines and tables of its glyphs (at least one)."""
    regions, grids = assign(glyphs, find_grids(rulings, page.number, page.size))
    starts = run_starts(glyphs, regions)
    ends = np.append(starts[1:], len(glyphs))
    styles = styles_at((starts + ends) // 2)
    if not grids and is_vertical(glyphs.codes, glyphs.boxes):
        # A column read downwards is a line that was turned to the right.
        styles = [style._replace(angle=90) for style in styles]
    heights = glyphs.boxes[:, 3] - glyphs.boxes[:, 1]
    huge = 2.2 * float(np.partition(heights, len(heights) // 2)[len(heights) // 2])
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
        glyphs, regions = glyphs.where(upright), regions[upright]
    lines = read_lines(glyphs, regions, starts, styles, page.number, page.size)
    body = [line for region in (BODY, LEFT, RIGHT) for line in lines.get(region, ())]
    return replace(
        page,
        lines=tuple(reading_order(body, [grid.box.top for grid in grids])),
        grids=tuple(_fill(grids, lines)),
        ghosts=tuple(lines.get(GHOST, ())),
        slanted=one_line(slanted),
        chars=len(heights),
    )


def _fill(grids: Sequence[Grid], lines: dict[int, list[TextLine]]) -> Iterator[Grid]:
    number = 0
    for grid in grids:
        cells = range(number, number + len(grid.cells))
        yield replace(grid, lines=tuple(tuple(lines.get(cell, ())) for cell in cells))
        number += len(grid.cells)


def assemble(name: str, format: str, pages: Sequence[LaidPage]) -> Document:
    """Blocks of all pages in reading order, with furniture set aside; notes are not in it yet."""
    asides: list[Aside] = []
    ghosts, marks = split_watermarks([line for page in pages for line in page.ghosts], len(pages))
    asides.extend(Aside(AsideKind.WATERMARK, line.text, line.page) for line in marks)
    asides.extend(
        Aside(AsideKind.WATERMARK, page.slanted, page.number) for page in pages if page.slanted
    )
    asides.extend(aside for page in pages for aside in page.asides)
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
        format,
        _as_displayed(placed, pages),
        pages=tuple(_page(page) for page in pages),
        asides=tuple(sorted([*asides, *headers], key=lambda aside: aside.page or 0)),
    )


def _page(page: LaidPage) -> Page:
    width, height = page.displayed or page.size
    return Page(round(width, 2), round(height, 2), page.verdict, page.read_by, page.confidence)


def _as_displayed(blocks: Iterable[Block], pages: Sequence[LaidPage]) -> Iterator[Block]:
    """Blocks with the lines of recognised pages put back to where they stand on the page."""
    turned = {page.number: page for page in pages if page.displayed}
    if not turned:
        yield from blocks
        return
    for block in blocks:
        lines = [
            turned[line.page].placement.line(line, turned[line.page].displayed or (0.0, 0.0))
            if line.page in turned
            else line
            for line in block.lines
        ]
        yield replace(block, lines=tuple(lines))


def _sheet(page: LaidPage) -> Sheet:
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


def page_notes(pages: Sequence[LaidPage], document: Document) -> Iterator[str]:
    """What the user must know about pages that were not read, or not wholly."""
    for verdict, note in _NOTES.items():
        unread = [p.number for p in pages if p.verdict == verdict and p.read_by is ReadBy.NOTHING]
        if unread:
            yield note.format(pages=page_list(unread))
    garbled = [page.number for page in pages if page.garbled]
    if garbled:
        yield _GARBLED_NOTE.format(pages=page_list(garbled), count=sum(p.garbled for p in pages))
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
        yield _PICTURE_NOTE.format(pages=page_list(pictures))


def no_text(pages: Sequence[LaidPage]) -> ExtractionError:
    """Why a document whose pages gave no block cannot be read."""
    verdicts = {page.verdict for page in pages}
    if not {page.refusal for page in pages}.isdisjoint((Refusal.OFF, Refusal.NOT_INSTALLED)):
        why = "the text is in pictures only; OCR is switched off or not installed"
        return ExtractionError(Reason.NEEDS_OCR, why)
    if any(page.read_by is ReadBy.OCR for page in pages):
        return ExtractionError(Reason.EMPTY, "OCR found no text")
    if TextLayer.GARBLED in verdicts:
        why = "the text layer is garbled on all pages with text; OCR is needed"
        return ExtractionError(Reason.EMPTY, why)
    if TextLayer.MISSING in verdicts:
        why = "no text layer: a scan or text drawn as pictures; OCR is needed"
        return ExtractionError(Reason.EMPTY, why)
    if TextLayer.DAMAGED in verdicts:
        return ExtractionError(Reason.DAMAGED, "no page with body text could be read")
    return ExtractionError(Reason.EMPTY, "all pages are blank")


def page_list(numbers: Sequence[int]) -> str:
    """第 3、5–7 页"""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return f"第 {'、'.join(f'{a}–{b}' if b > a else f'{a}' for a, b in spans)} 页"
