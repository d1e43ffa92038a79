"""Walk the body of a Word document (or header, footer, note) in document order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from classifier.document import Aside, AsideKind, Block, BlockKind, Cell
from classifier.extract.column_titles import with_headers
from classifier.extract.language.normal import one_line
from classifier.extract.office.numbering import MC, Numbering, W
from classifier.extract.office.ooxml import Element
from classifier.extract.word.flow import is_contents, paragraph_blocks
from classifier.extract.word.runs import (
    Diagram,
    Mark,
    NoteReference,
    Seen,
    TextBox,
    alternative,
    inline,
)
from classifier.extract.word.styles import Styles, is_on, outline_level, whole
from classifier.limits import Limits

_TRANSPARENT: Final = frozenset(
    f"{W}{tag}" for tag in ("sdtContent", "customXml", "smartTag", "ins", "moveTo", "txbxContent")
)


@dataclass(slots=True)
class _Row:
    """Cells of a table row with their grid column (from 1) and their ``w:vMerge`` value."""

    cells: list[tuple[int, Element, str]]
    is_header: bool


@dataclass(slots=True)
class _Text:
    """Lines of one paragraph, with the page each begins on, and what hangs on it."""

    lines: list[tuple[str, int | None]] = field(default_factory=list)
    attached: list[TextBox | Diagram] = field(default_factory=list)
    in_contents: bool = False


@dataclass(slots=True)
class Body:
    """State of one walk. ``page`` is ``None`` unless Word stored where its pages broke.

    ``origins`` holds for every block the paragraph that it came from.
    """

    styles: Styles
    numbering: Numbering
    limits: Limits
    seen: Seen
    page: int | None = None
    fields_balanced: bool = True
    blocks: list[Block] = field(default_factory=list)
    origins: list[Element] = field(default_factory=list)
    contents: list[Aside] = field(default_factory=list)
    references: list[NoteReference] = field(default_factory=list)
    diagrams: dict[str, list[str]] = field(default_factory=dict)
    bold: set[int] = field(default_factory=set)
    tables: int = 0
    chars: int = 0
    foreign: int = 0
    _carry: str = ""
    _origin: Element = None
    _merged_page: int | None = None

    def walk(self, container: Element, cell: Cell | None = None, contents: bool = False) -> None:
        """Append the blocks of all paragraphs and tables in ``container``."""
        for node in container:
            tag = node.tag
            if tag == f"{W}p":
                self._paragraph(node, cell, contents)
            elif tag == f"{W}tbl":
                self._table(node)
            elif tag == f"{W}sdt":
                self.walk(node, cell, contents or _is_contents_control(node))
            elif tag in _TRANSPARENT:
                self.seen.changes += tag in (f"{W}ins", f"{W}moveTo")
                self.walk(node, cell, contents)
            elif tag == f"{MC}AlternateContent":
                self.walk(alternative(node), cell, contents)
            elif tag == f"{W}altChunk":
                self.foreign += 1
        if self._carry:
            self._emit(Block(self._carry, page=self.page, cell=cell), cell)
            self._carry = ""

    def _paragraph(self, node: Element, cell: Cell | None, contents: bool) -> None:
        self._origin = node
        properties = node.find(f"{W}pPr")
        style = _child_value(properties, "pStyle")
        in_contents = contents or self._in_contents_field() or self.styles.is_contents(style)
        text = self._text(node)
        in_contents = in_contents or text.in_contents
        if properties is not None and properties.find(f"{W}rPr/{W}del") is not None:
            # The paragraph mark is deleted: what is left runs on into the next paragraph.
            self._carry = " ".join(line for line, _ in text.lines)
        else:
            raw = " ".join(line for line, _ in text.lines)
            if is_contents(raw, in_contents, in_cell=cell is not None):
                title = one_line(raw)
                self.contents.append(Aside(AsideKind.TABLE_OF_CONTENTS, title, self.page))
            else:
                if not cell and _is_bold(node):
                    self.bold.add(len(self.blocks))
                self._emit_lines(text.lines, properties, style, cell)
        for attached in text.attached:
            if isinstance(attached, TextBox):
                self.walk(attached.content, cell)
                self._origin = node
            else:
                for paragraph in self.diagrams.get(attached.id, ()):
                    self._emit(Block(one_line(paragraph), page=self.page), cell)

    def _text(self, node: Element) -> _Text:
        text = _Text()
        current, page = self._carry, self.page
        self._carry = ""
        for item in inline(node, self.seen):
            match item:
                case str():
                    page = page if current.strip() else self.page
                    current += item
                    text.in_contents = text.in_contents or self._in_contents_field()
                case Mark.LINE:
                    text.lines.append((current, page))
                    current = ""
                case Mark.RENDERED_PAGE:
                    self.page = None if self.page is None else self.page + 1
                case NoteReference():
                    self.references.append(item)
                case TextBox() | Diagram():
                    text.attached.append(item)
        text.lines.append((current, page if current.strip() else self.page))
        return text

    def _emit_lines(
        self,
        lines: list[tuple[str, int | None]],
        properties: Element,
        style: str,
        cell: Cell | None,
    ) -> None:
        label = self._label(properties, style)
        level = 0 if cell else self._heading_level(properties, style)
        for block in paragraph_blocks(lines, level, label):
            self._emit(block, cell)

    def _emit(self, block: Block, cell: Cell | None) -> None:
        if not block.text:
            return
        self.chars += len(block.text)
        self.limits.check_chars(self.chars)
        if cell:
            block = Block(block.text, BlockKind.CELL, label=block.label, page=block.page, cell=cell)
        self.blocks.append(block)
        self.origins.append(self._origin)

    def _heading_level(self, properties: Element | None, style: str) -> int:
        outline = None if properties is None else whole(properties.find(f"{W}outlineLvl"))
        return self.styles.heading_level(style) if outline is None else outline_level(outline)

    def _label(self, properties: Element | None, style: str) -> str:
        own = None if properties is None else properties.find(f"{W}numPr")
        num_id, level, source = self.styles.list(style)
        if source:
            level = self.numbering.level_of_style(num_id, source) if level is None else level
        if own is not None:
            num = own.find(f"{W}numId")
            own_level = whole(own.find(f"{W}ilvl"))
            num_id = num_id if num is None else num.get(f"{W}val", "")
            level = level if own_level is None else own_level
        return self.numbering.label(num_id, level or 0) if num_id else ""

    def _in_contents_field(self) -> bool:
        return self.fields_balanced and self.seen.in_contents

    def _table(self, node: Element) -> None:
        self.tables += 1
        table, first = self.tables, len(self.blocks)
        header_rows, only_headers = 0, True
        widths: dict[int, int] = {}
        above: dict[int, str] = {}
        for number, row in enumerate(_rows(node, self.seen), start=1):
            only_headers = only_headers and row.is_header
            header_rows += only_headers
            widths[number] = len(row.cells)
            self._row(row, table, number, above)
        self.page = max(filter(None, (self.page, self._merged_page)), default=None)
        blocks = with_headers(self.blocks[first:], table, header_rows, widths)
        self.blocks[first:] = blocks

    def _row(self, row: _Row, table: int, number: int, above: dict[int, str]) -> None:
        """Emit the cells of a row; ``above`` holds what each column last showed."""
        page = last_page = self.page
        for column, node, merge in row.cells:
            goes_on = merge == "continue"
            # A row that is cut by a page stores the break in each of its cells.
            self.page, first = page, len(self.blocks)
            self.walk(node, Cell(table, number, column))
            text = "\n".join(block.text for block in self.blocks[first:])
            if goes_on and text == above.get(column):
                del self.blocks[first:]
                del self.origins[first:]
            elif not goes_on:
                above[column] = text
            # The breaks in a cell that goes on below belong to the rows below.
            if merge == "restart":
                self._merged_page = self.page
            elif self.page is not None and last_page is not None:
                last_page = max(last_page, self.page)
        self.page = last_page


def _rows(table: Element, seen: Seen) -> Iterator[_Row]:
    for node in _unwrapped(table, f"{W}tr"):
        properties = node.find(f"{W}trPr")
        if properties is not None and properties.find(f"{W}del") is not None:
            seen.changes += 1
            continue
        column = 1
        is_header = False
        if properties is not None:
            column += max(whole(properties.find(f"{W}gridBefore")) or 0, 0)
            is_header = bool(is_on(properties.find(f"{W}tblHeader")))
        cells = []
        for cell in _unwrapped(node, f"{W}tc"):
            merge = cell.find(f"{W}tcPr/{W}vMerge")
            kind = "" if merge is None else merge.get(f"{W}val", "continue")
            cells.append((column, cell, kind))
            column += max(whole(cell.find(f"{W}tcPr/{W}gridSpan")) or 1, 1)
        yield _Row(cells, is_header)


def _unwrapped(node: Element, tag: str) -> Iterator[Element]:
    """Rows of a table or cells of a row, also inside content controls and revisions."""
    for child in node:
        if child.tag == tag:
            yield child
        elif child.tag == f"{MC}AlternateContent":
            yield from _unwrapped(alternative(child), tag)
        elif child.tag == f"{W}sdt" or child.tag in _TRANSPARENT:
            yield from _unwrapped(child, tag)


def _is_bold(paragraph: Element) -> bool:
    """Whether all text of the paragraph is set bold in its runs."""
    runs = [run for run in paragraph.iter(f"{W}r") if any(t.text for t in run.iter(f"{W}t"))]
    return bool(runs) and all(is_on(run.find(f"{W}rPr/{W}b")) for run in runs)


def _is_contents_control(node: Element) -> bool:
    gallery = node.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return gallery is not None and gallery.get(f"{W}val") == "Table of Contents"


def _child_value(node: Element | None, tag: str) -> str:
    found = None if node is None else node.find(f"{W}{tag}")
    return "" if found is None else found.get(f"{W}val", "")
