"""Read OFD (GB/T 33190-2016): fixed pages, laid out to blocks like those of a PDF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from classifier.document import Aside, AsideKind, Block, Document, ReadBy, TextLayer
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.legibility import is_legible
from classifier.extract.language.normal import one_line
from classifier.extract.layout.lines import Glyphs, Style
from classifier.extract.layout.pages import (
    LaidPage,
    assemble,
    lay_out,
    no_text,
    page_list,
    page_notes,
)
from classifier.extract.ocr.pages import lay_out_recognized, ocr_doubts, ocr_remarks
from classifier.extract.ocr.recognizer import Recognizer
from classifier.extract.ofd.package import OfdDocument, open_documents, page_size
from classifier.extract.ofd.page import Content, PageReader
from classifier.extract.ofd.scan import draw_pictures
from classifier.extract.ofd.text import NO_CODE
from classifier.limits import Limits

_MAX_NAMES = 10
_FEW_PATHS = 20
"""More on a page without text are likely to be text drawn as outlines."""
_LOGO = 0.02
"""Share of a page up to which a picture alone does not make it a scan."""


def read_ofd(data: bytes, name: str, limits: Limits) -> Document:
    """Read all documents of an OFD file one after the other, scanned pages by recognition.

    Pages that stay unreadable are named in the notes and the reason is ``OK_PARTIAL``.

    Raises:
        ExtractionError: ``ENCRYPTED``, ``TOO_LARGE``, ``DAMAGED``, or where no page has
            usable text ``DAMAGED``, ``EMPTY`` or ``NEEDS_OCR``.
    """
    limits.check_bytes(len(data))
    documents = open_documents(data, limits)
    limits.check_pages(sum(len(document.pages) for document in documents))
    reader = _Reader(limits)
    made = [assemble(name, "ofd", reader.pages_of(document)) for document in documents]
    joined = _joined(name, made, reader.asides)
    if not joined.blocks:
        raise no_text(reader.pages)
    losses = (
        *page_notes(reader.pages, joined),
        *ocr_doubts(reader.pages, limits),
        *_losses(documents, reader),
    )
    remarks = [*ocr_remarks(reader.pages)]
    if len(documents) > 1:
        remarks.append(f"文件含 {len(documents)} 个文档，已依次读取。")
    reason = Reason.OK_PARTIAL if losses else Reason.OK
    return replace(joined, notes=(*losses, *remarks), reason=reason)


def _joined(name: str, made: Sequence[Document], asides: Sequence[Aside]) -> Document:
    """One document of all, with tables numbered through."""
    blocks: list[Block] = []
    for document in made:
        tables = max((block.cell.table for block in blocks if block.cell), default=0)
        for block in document.blocks:
            if block.cell:
                block = replace(block, cell=replace(block.cell, table=block.cell.table + tables))
            blocks.append(block)
    set_aside = [*(aside for document in made for aside in document.asides), *asides]
    return Document.from_blocks(
        name,
        "ofd",
        blocks,
        pages=tuple(page for document in made for page in document.pages),
        asides=tuple(sorted(set_aside, key=lambda aside: aside.page or 0)),
    )


def _losses(documents: Sequence[OfdDocument], reader: _Reader) -> Iterator[str]:
    if reader.mended:
        yield f"{page_list(reader.mended)}的 XML 有错误，错误之后的文字可能缺失。"
    if reader.without_code:
        yield f"{page_list(reader.without_code)}有只存字形、没有存字符的文字，这些文字未读取。"
    if reader.undrawn:
        yield f"{page_list(reader.undrawn)}有图片无法打开（格式不支持或已损坏），其中的文字未读取。"
    for part in dict.fromkeys(part for document in documents for part in document.damaged):
        yield f"部件 {part} 缺失或有错误，未能完整使用。"
    names = [name for document in documents for name in document.attachments]
    if names:
        more = "等" if len(names) > _MAX_NAMES else ""
        listed = "、".join(one_line(name)[:80] for name in names[:_MAX_NAMES])
        yield f"文件带有 {len(names)} 个附件（{listed}{more}），附件中的文字未读取。"


@dataclass(slots=True)
class _Reader:
    """Pages of all documents of one file, and what is to be told about them."""

    limits: Limits
    pages: list[LaidPage] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    mended: list[int] = field(default_factory=list)
    without_code: list[int] = field(default_factory=list)
    undrawn: list[int] = field(default_factory=list)
    recognizer: Recognizer = field(init=False)

    def __post_init__(self) -> None:
        self.recognizer = Recognizer(self.limits)

    def pages_of(self, document: OfdDocument) -> list[LaidPage]:
        first = len(self.pages)
        contents = PageReader(document, self.limits)
        for id, part in document.pages:
            self.pages.append(self._page(document, contents, id, part))
        return self.pages[first:]

    def _page(self, document: OfdDocument, contents: PageReader, id: str, part: str) -> LaidPage:
        number = len(self.pages) + 1
        try:
            root, whole = document.page(part)
        except ExtractionError as error:
            if error.reason is not Reason.DAMAGED:
                raise
            return LaidPage(number, document.size, TextLayer.DAMAGED)
        content = contents.read(root, id)
        self._set_aside(content, number)
        page = LaidPage(number, page_size(root, document.size), TextLayer.BLANK)
        page = self._laid_out(document, content, page)
        if not whole and page.read_by is ReadBy.NOTHING:
            return replace(page, verdict=TextLayer.DAMAGED)
        if not whole:
            self.mended.append(number)
        if content.without_code and page.verdict is TextLayer.GOOD:
            self.without_code.append(number)
        return page

    def _set_aside(self, content: Content, number: int) -> None:
        texts = {AsideKind.HIDDEN: content.hidden, AsideKind.WATERMARK: content.marks}
        for kind, parts in texts.items():
            if text := one_line(" ".join(parts)):
                self.asides.append(Aside(kind, text, number))

    def _laid_out(self, document: OfdDocument, content: Content, page: LaidPage) -> LaidPage:
        glyphs, looks = content.glyphs(page.size)
        page = replace(page, pictures=content.cover(page.size))
        page = replace(page, verdict=_judge(glyphs, page.pictures, content.paths))
        if page.verdict is TextLayer.MISSING and content.pictures:
            return self._recognized(document, content, page)
        if page.verdict is not TextLayer.GOOD:
            return page

        def styles_at(at: NDArray[np.intp]) -> list[Style]:
            return [content.styles[i] for i in looks[at].tolist()]

        page = replace(page, read_by=ReadBy.TEXT_LAYER)
        return lay_out(glyphs, content.rulings, styles_at, page)

    def _recognized(self, document: OfdDocument, content: Content, page: LaidPage) -> LaidPage:
        if refusal := self.recognizer.refusal:
            return replace(page, refusal=refusal)
        drawn = draw_pictures(document.read, content.pictures, page.size, self.limits)
        if drawn.missing:
            self.undrawn.append(page.number)
        if not drawn.shown:
            return page
        return lay_out_recognized(self.recognizer.picture(drawn.image, drawn.dpi), page)


def _judge(glyphs: Glyphs, pictures: float, paths: int) -> TextLayer:
    if not np.any((glyphs.codes > 0x20) | (glyphs.codes == NO_CODE)):
        drawn = pictures > _LOGO or paths > _FEW_PATHS
        return TextLayer.MISSING if drawn else TextLayer.BLANK
    return TextLayer.GOOD if is_legible(glyphs.codes) else TextLayer.GARBLED
