"""Read Word 97–2003 documents (DOC, DOT, and WPS files that are DOC inside)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from classifier.document import Aside, AsideKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.doc.file import DocFile, Story, Table, plc_entries, story_parts
from classifier.extract.doc.formatting import LIST, LIST_LEVEL, OUTLINE_LEVEL, Formatting
from classifier.extract.doc.lists import read_numbering
from classifier.extract.doc.story import Stories, StoryParagraph
from classifier.extract.doc.styles import list_id, read_fonts, read_styles
from classifier.extract.doc.word95 import is_word95, read_word95
from classifier.extract.language.headings import with_headings
from classifier.extract.language.normal import one_line
from classifier.extract.office.ole import CompoundFile
from classifier.extract.word.flow import Flow, Paragraph, RowEnd, is_page_number
from classifier.extract.word.styles import outline_level
from classifier.limits import Limits

_TEXT_BOX: Final = 22
_SHAPE: Final = 26
_CELL_END: Final = "\x07"
_SEPARATORS: Final = 6
"""Stories at the head of the header document that separate notes from the text."""

# The six stories of each section: headers and footers of even, odd and first pages.
_FURNITURE: Final = (
    *(AsideKind.HEADER, AsideKind.HEADER, AsideKind.FOOTER),
    *(AsideKind.FOOTER, AsideKind.HEADER, AsideKind.FOOTER),
)
_FEW_CHARS: Final = 200


def read_doc(data: bytes, name: str, limits: Limits) -> Document:
    """Read a DOC in document order: revisions as accepted, text boxes behind the paragraph
    they hang on, footnotes and endnotes after the body. The format stores no pages.

    Word 6 and 95 files give their plain text. Raises :class:`ExtractionError` with DAMAGED,
    ENCRYPTED, EMPTY, TOO_LARGE or UNSUPPORTED.
    """
    limits.check_bytes(len(data))
    ole = CompoundFile(data)
    main = ole.stream("WordDocument")
    if not main:
        raise ExtractionError(Reason.DAMAGED, "no WordDocument stream")
    if is_word95(main):
        return read_word95(main, name, limits)
    return _Reader(DocFile(ole, main, limits), limits).document(name)


class _Reader:
    def __init__(self, file: DocFile, limits: Limits) -> None:
        self._file = file
        self._formatting = Formatting(file)
        self._styles = read_styles(file.table(Table.STSH))
        self._numbering = read_numbering(
            file.table_from(Table.LISTS), file.table(Table.LIST_OVERRIDES)
        )
        hidden: dict[int, bool] = {}

        def is_hidden(style: int) -> bool:
            if style not in hidden:
                hidden[style] = self._styles.is_hidden(str(style))
            return hidden[style]

        fonts = read_fonts(file.table(Table.FONTS))
        self._stories = Stories(file, self._formatting, is_hidden, fonts)
        self._flow = Flow(limits)
        self._asides: list[Aside] = []
        self._boxes, self._box_of_drawing = self._text_boxes()

    def document(self, name: str) -> Document:
        self._add(self._stories.paragraphs(*self._file.story(Story.MAIN)))
        for start, end in list(self._boxes.values()):
            self._add(self._stories.paragraphs(start, end))
        self._add_notes(Story.FOOTNOTES, Table.FOOTNOTES)
        self._add_notes(Story.ENDNOTES, Table.ENDNOTES)
        blocks = with_headings(self._flow.finish(), self._flow.bold)
        asides = (*self._flow.contents, *self._asides, *self._furniture())
        document = Document.from_blocks(name, "doc", blocks, asides=asides)
        seen = self._stories.seen
        if not document.blocks:
            detail = f"no text, {seen.pictures} pictures" if seen.pictures else "no text"
            raise ExtractionError(Reason.EMPTY, detail)
        few = seen.pictures > 0 and len(document.text) < _FEW_CHARS
        is_partial = self._file.missing or not self._formatting.is_whole or few
        reason = Reason.OK_PARTIAL if is_partial else Reason.OK
        return replace(document, reason=reason, notes=tuple(self._notes()))

    def _add(
        self, paragraphs: Iterable[StoryParagraph], *, depth: int = 0, label: str = ""
    ) -> None:
        """Append paragraphs to the flow, ``depth`` tables deeper than they say."""
        for found in paragraphs:
            paragraph = self._paragraph(found, depth)
            if label and "".join(found.lines).strip():
                paragraph, label = replace(paragraph, label=label), ""
            if found.hidden:
                self._asides.append(Aside(AsideKind.HIDDEN, one_line(found.hidden)))
            boxes = [box for cp in found.drawings if (box := self._take_box(cp))]
            ends_cell = paragraph.ends_cell or paragraph.row_end is not None
            if not ends_cell:
                self._flow.add(paragraph)
            for box in boxes:
                self._add(self._stories.paragraphs(*box), depth=paragraph.depth)
            if ends_cell:
                self._flow.add(paragraph)

    def _paragraph(self, found: StoryParagraph, depth: int) -> Paragraph:
        format = found.format
        lines = tuple(found.lines)
        own_depth = format.depth
        # A cell mark outside of a table is a spoiled one: its text is an ordinary paragraph.
        row_end = RowEnd(format.edges, format.is_header_row) if format.is_row_end else None
        ends_cell = found.mark == _CELL_END or format.ends_inner_cell
        return Paragraph(
            lines=lines,
            level=self._heading_level(found),
            label=self._label(found),
            in_contents=found.in_contents or self._styles.is_contents(str(format.style)),
            is_bold=found.is_bold,
            depth=own_depth + depth,
            ends_cell=bool(own_depth) and ends_cell,
            row_end=row_end if own_depth else None,
        )

    def _heading_level(self, found: StoryParagraph) -> int:
        outline = found.format.own(OUTLINE_LEVEL)
        if outline is not None:
            return outline_level(outline)
        return self._styles.heading_level(str(found.format.style))

    def _label(self, found: StoryParagraph) -> str:
        if found.format.is_row_end or not found.mark:
            return ""
        num_id, level, source = self._styles.list(str(found.format.style))
        if source and level is None:
            level = self._numbering.level_of_style(num_id, source)
        own_list, own_level = found.format.own(LIST), found.format.own(LIST_LEVEL)
        num_id = num_id if own_list is None else list_id(own_list)
        level = level if own_level is None else own_level
        return self._numbering.label(num_id, level or 0) if num_id else ""

    def _add_notes(self, story: Story, table: Table) -> None:
        parts = story_parts(self._file.table(table), 0, self._file.story(story))
        for number, (start, end) in enumerate(parts, start=1):
            self._add(self._stories.paragraphs(start, end), label=f"[{number}]")

    def _text_boxes(self) -> tuple[dict[int, tuple[int, int]], dict[int, int]]:
        """Parts of the text box story by shape, and shapes by the CP they hang on."""
        plc = self._file.table(Table.TEXT_BOXES)
        parts = story_parts(plc, _TEXT_BOX, self._file.story(Story.TEXT_BOXES))
        _, boxes = plc_entries(plc, _TEXT_BOX)
        shapes = [struct.unpack_from("<i", box, 14)[0] for box in boxes]
        # Shapes without a number of their own come last, under numbers that no shape has.
        by_shape: dict[int, tuple[int, int]] = {}
        for i, (shape, part) in enumerate(zip(shapes, parts, strict=True)):
            by_shape[(1 << 32) + i if shape in by_shape else shape] = part
        cps, anchors = plc_entries(self._file.table(Table.SHAPES), _SHAPE)
        end = self._file.story(Story.MAIN)[1]
        hung = {
            cp: struct.unpack_from("<i", anchor)[0]
            for cp, anchor in zip(cps, anchors, strict=False)
            if cp < end
        }
        return by_shape, hung

    def _take_box(self, cp: int) -> tuple[int, int] | None:
        """Text of the drawing at ``cp``, once; a drawing without any counts as a picture."""
        shape = self._box_of_drawing.get(cp)
        box = self._boxes.pop(shape, None) if shape is not None else None
        self._stories.seen.pictures += box is None
        return box

    def _furniture(self) -> list[Aside]:
        """Headers and footers of all sections, each text once."""
        header_story = self._file.story(Story.HEADERS)
        parts = story_parts(self._file.table(Table.HEADERS), 0, header_story)[_SEPARATORS:]
        kinds = [_FURNITURE[i % len(_FURNITURE)] for i in range(len(parts))]
        found: dict[Aside, None] = {}
        for kind, (start, end) in (
            *zip(kinds, parts, strict=True),
            (AsideKind.HEADER, self._file.story(Story.HEADER_TEXT_BOXES)),
        ):
            paragraphs = self._stories.paragraphs(start, end)
            text = one_line(" ".join(line for found in paragraphs for line in found.lines))
            if text:
                kind = AsideKind.PAGE_NUMBER if is_page_number(text) else kind
                found[Aside(kind, text)] = None
        return list(found)

    def _notes(self) -> Iterable[str]:
        seen = self._stories.seen
        start, end = self._file.story(Story.COMMENTS)
        if self._file.missing:
            yield f"文件不完整，有 {self._file.missing} 个字符缺失。"
        if not self._formatting.is_whole:
            yield "文件的格式信息已损坏，标题、表格和隐藏文字可能识别有误。"
        if seen.changes:
            yield "文档含修订痕迹：插入的文字按正文读取，删除的文字未读取。"
        if any(aside.kind is AsideKind.HIDDEN for aside in self._asides):
            yield "文档含隐藏文字，未按正文读取。"
        if end > start:
            yield "文档含批注，未读取。"
        if seen.pictures:
            yield f"文档含 {seen.pictures} 张图片或图形，其中的文字未读取。"
