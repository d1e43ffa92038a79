"""Blocks from the flat paragraphs of a word processor, where tables are only marks.

DOC and RTF know no tree: a paragraph says how many tables it stands in, and marks end cells
and rows. What a paragraph becomes is the same for these and for DOCX.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from classifier.document import Aside, AsideKind, Block, BlockKind, Cell
from classifier.extract.column_titles import with_headers
from classifier.extract.language.headings import is_contents_line, is_numbered
from classifier.extract.language.normal import one_line
from classifier.limits import Limits

MAX_HEADING_CHARS: Final = 60
"""Longer paragraphs in a heading style are running text with the wrong style."""

MAX_CONTENTS_CHARS: Final = 120

MAX_DEPTH: Final = 10
"""Tables nested deeper are read as if at this depth."""

_SAME_EDGE: Final = 80
"""Cells of two rows stand in one column if their left edges differ less, in twips."""


_PAGE_NUMBER: Final = re.compile(r"[\d\s第共页,，/\-—–~·.]*|Page \d+( of \d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RowEnd:
    """Edges of the cells of a row from left to right, one more than cells, in twips."""

    edges: tuple[int, ...] = ()
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph with the mark at its end.

    ``level`` is the heading level by its style, ``depth`` the number of tables around it.
    A row end has no text of its own.
    """

    lines: tuple[str, ...] = ()
    level: int = 0
    label: str = ""
    in_contents: bool = False
    is_bold: bool = False
    depth: int = 0
    ends_cell: bool = False
    row_end: RowEnd | None = None


@dataclass(slots=True)
class _Row:
    cells: list[list[Block]]
    end: RowEnd


@dataclass(slots=True)
class _Table:
    number: int
    rows: list[_Row] = field(default_factory=list)
    cells: list[list[Block]] = field(default_factory=list)
    cell: list[Block] = field(default_factory=list)

    def end_cell(self) -> None:
        self.cells.append(self.cell)
        self.cell = []

    def end_row(self, end: RowEnd) -> None:
        if self.cell:
            self.end_cell()
        if self.cells:
            self.rows.append(_Row(self.cells, end))
        self.cells = []

    def blocks(self) -> list[Block]:
        """Blocks of all cells with their address and column title."""
        self.end_row(RowEnd())
        placed: list[Block] = []
        for number, (row, columns) in enumerate(zip(self.rows, _columns(self.rows), strict=True)):
            for cell, column in zip(row.cells, columns, strict=True):
                address = Cell(self.number, number + 1, column)
                placed += [b if b.cell else _in_cell(b, address) for b in cell]
        flags = [row.end.is_header for row in self.rows]
        header_rows = flags.index(False) if False in flags else len(flags)
        widths = {number: len(row.cells) for number, row in enumerate(self.rows, start=1)}
        return with_headers(placed, self.number, header_rows, widths)


class Flow:
    """Takes paragraphs in reading order; call :meth:`finish` behind the last one.

    ``bold`` holds positions in ``blocks`` of paragraphs in bold type, ``contents`` the lines
    of tables of contents, which are no blocks.
    """

    def __init__(self, limits: Limits) -> None:
        self.blocks: list[Block] = []
        self.bold: set[int] = set()
        self.contents: list[Aside] = []
        self._limits = limits
        self._open: list[_Table] = []
        self._tables = 0
        self._chars = 0

    def add(self, paragraph: Paragraph) -> None:
        self._reach(min(max(paragraph.depth, 0), MAX_DEPTH))
        table = self._open[-1] if self._open else None
        raw = " ".join(paragraph.lines)
        if is_contents(raw, paragraph.in_contents, in_cell=table is not None):
            self.contents.append(Aside(AsideKind.TABLE_OF_CONTENTS, one_line(raw)))
        else:
            self._add_text(paragraph, table)
        if table and paragraph.row_end:
            table.end_row(paragraph.row_end)
        elif table and paragraph.ends_cell:
            table.end_cell()

    def finish(self) -> list[Block]:
        self._reach(0)
        return self.blocks

    def _add_text(self, paragraph: Paragraph, table: _Table | None) -> None:
        lines = [(line, None) for line in paragraph.lines]
        level = 0 if table else paragraph.level
        blocks = paragraph_blocks(lines, level, paragraph.label)
        self._chars += sum(len(block.text) for block in blocks)
        self._limits.check_chars(self._chars)
        if table:
            table.cell += blocks
            return
        if paragraph.is_bold and blocks:
            self.bold.add(len(self.blocks))
        self.blocks += blocks

    def _reach(self, depth: int) -> None:
        """Open or close tables until ``depth`` are open."""
        while len(self._open) > depth:
            blocks = self._open.pop().blocks()
            if self._open:
                self._open[-1].cell += blocks
            else:
                self.blocks += blocks
        while len(self._open) < depth:
            self._tables += 1
            self._open.append(_Table(self._tables))


def paragraph_blocks(
    lines: Sequence[tuple[str, int | None]], level: int, label: str
) -> list[Block]:
    """Blocks of one paragraph: a heading if it reads like one, else one for each line.

    ``lines`` come with their page; ``level`` is the heading level by the style, 0 for none.
    """
    texts = [(text, page) for line, page in lines if (text := one_line(line))]
    title = " ".join(text for text, _ in texts)
    if level and title and len(title) <= MAX_HEADING_CHARS and title[-1] not in "。；;":
        return [Block(title, BlockKind.HEADING, level, label, texts[0][1])]
    blocks = [Block(text, page=page) for text, page in texts]
    if blocks and label:
        blocks[0] = replace(blocks[0], kind=BlockKind.LIST_ITEM, label=label)
    return blocks


def is_contents(raw: str, in_contents: bool, *, in_cell: bool) -> bool:
    """Whether a paragraph belongs to a table of contents, by its style or field or by its look."""
    text = one_line(raw)
    # A control or field that reaches too far must not swallow the text of the document, nor a
    # style that somebody liked for the cells of a form.
    if in_contents and not in_cell:
        return bool(text) and len(text) <= MAX_CONTENTS_CHARS and text[-1] not in "。；;"
    return (in_contents or (not in_cell and is_numbered(text))) and is_contents_line(raw)


def is_page_number(text: str) -> bool:
    """Whether a header or footer holds nothing but the number of the page."""
    return _PAGE_NUMBER.fullmatch(text) is not None


def _in_cell(block: Block, address: Cell) -> Block:
    return replace(block, kind=BlockKind.CELL, level=0, cell=address)


def _columns(rows: Sequence[_Row]) -> list[list[int]]:
    """Column numbers of the cells of each row, by their left edges where rows differ."""
    lefts = [row.end.edges[: len(row.cells)] for row in rows]
    widths = {len(row.cells) for row in rows}
    grid = _grid([left for edges in lefts for left in edges]) if len(widths) > 1 else []
    columns: list[list[int]] = []
    for row, edges in zip(rows, lefts, strict=True):
        if not grid or len(edges) < len(row.cells):
            columns.append(list(range(1, len(row.cells) + 1)))
            continue
        found: list[int] = []
        for left in edges:
            column = bisect_right(grid, left)
            found.append(max(column, found[-1] + 1) if found else column)
        columns.append(found)
    return columns


def _grid(lefts: list[int]) -> list[int]:
    """Left edges of the columns, those that nearly agree taken as one."""
    grid: list[int] = []
    for left in sorted(lefts):
        if not grid or left - grid[-1] >= _SAME_EDGE:
            grid.append(left)
    return grid
