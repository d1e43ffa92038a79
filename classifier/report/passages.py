"""The text of a document, laid out for reading: pages, headings, paragraphs, table rows.

Every character of every block is kept: what lies between sentences (numbers,
units) comes as a piece without a sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from classifier.document import Aside, AsideKind, Block, BlockKind
from classifier.report.model import Analysis, LabelledSentence

# Groups are what the browser lays out at once: a page, but never more than this.
GROUP_BLOCKS = 40
_LINE_CHARACTERS = 44
_LINE_PIXELS = 30
_HEIGHT_STEP = 200
_TALLEST = 12

_ASIDES_ZH = {
    AsideKind.HEADER: "页眉",
    AsideKind.FOOTER: "页脚",
    AsideKind.PAGE_NUMBER: "页码",
    AsideKind.TABLE_OF_CONTENTS: "目录",
    AsideKind.WATERMARK: "水印",
    AsideKind.CODE: "代码",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of a block's text: a sentence, or what lies between two."""

    text: str
    labelled: LabelledSentence | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A block with its pieces; ``gap`` counts empty table columns to its left."""

    block: Block
    pieces: tuple[Piece, ...]
    gap: int = 0


@dataclass(slots=True)
class Row:
    """Passages that stand side by side: the cells of a table row."""

    table: int
    number: int
    cells: list[Passage] = field(default_factory=list)

    def add(self, block: Block, pieces: tuple[Piece, ...]) -> None:
        last = self.cells[-1].block.cell if self.cells else None
        before = last.column if last else 0
        column = block.cell.column if block.cell else before + 1
        self.cells.append(Passage(block, pieces, max(column - before - 1, 0)))


@dataclass(slots=True)
class Table:
    number: int
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """Neighbouring passages; ``page`` is set where a page begins."""

    page: int | None = None
    items: list[Passage | Table] = field(default_factory=list)
    blocks: int = 0
    lines: float = 0.0

    @property
    def height_class(self) -> int:
        """Estimated height in steps of 200 px, so that scroll bars tell the truth early."""
        return min(max(round(self.lines * _LINE_PIXELS / _HEIGHT_STEP), 1), _TALLEST)

    def add(self, block: Block, pieces: tuple[Piece, ...]) -> None:
        self.blocks += 1
        if block.cell is None:
            self.lines += len(block.text) // _LINE_CHARACTERS + 1.3
            self.items.append(Passage(block, pieces))
            return
        table = self.items[-1] if self.items else None
        if not isinstance(table, Table) or table.number != block.cell.table:
            table = Table(block.cell.table)
            self.items.append(table)
        if not table.rows or table.rows[-1].number != block.cell.row:
            self.lines += 1.4
            table.rows.append(Row(block.cell.table, block.cell.row))
        table.rows[-1].add(block, pieces)


def groups(report: Analysis) -> list[Group]:
    """The whole document in reading order."""
    result: list[Group] = []
    page: int | None = None
    started: set[int] = set()
    for block, pieces in _blocks(report):
        at = page_of(block)
        begins = at is not None and at != page and at not in started
        if begins or not result or result[-1].blocks >= GROUP_BLOCKS:
            result.append(Group(at if begins else None))
        if at is not None:
            page = at
            started.add(at)
        result[-1].add(block, pieces)
    return result


def page_of(block: Block) -> int | None:
    return block.lines[0].page if block.lines else block.page


def where(labelled: LabelledSentence) -> str:
    """Place of a sentence in words: page, else paragraph; and the table cell."""
    place = labelled.sentence.place
    words = f"第 {place.page} 页" if place.page is not None else f"第 {place.block + 1} 段"
    if place.cell is not None:
        words += f" · 表 {place.cell.table} 行 {place.cell.row}"
    return words


@dataclass(frozen=True, slots=True)
class SetAside:
    """The same furniture text, wherever it stood."""

    kind: str
    text: str
    times: int
    pages: str


def set_aside(asides: tuple[Aside, ...]) -> list[SetAside]:
    """Text kept out of the body, equal lines together, in order of first appearance."""
    places: dict[tuple[AsideKind, str], list[int | None]] = defaultdict(list)
    for aside in asides:
        places[aside.kind, aside.text].append(aside.page)
    return [
        SetAside(_ASIDES_ZH[kind], text, len(pages), _ranges({p for p in pages if p is not None}))
        for (kind, text), pages in places.items()
    ]


def _ranges(pages: set[int]) -> str:
    """Page numbers with runs drawn together: ``1–3, 7``."""
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)


def _blocks(report: Analysis) -> Iterator[tuple[Block, tuple[Piece, ...]]]:
    members: dict[int, list[LabelledSentence]] = defaultdict(list)
    for labelled in report.sentences:
        members[labelled.sentence.place.block].append(labelled)
    for index, block in enumerate(report.document.blocks):
        yield block, tuple(_pieces(block, members[index]))


def _pieces(block: Block, members: list[LabelledSentence]) -> Iterator[Piece]:
    at = 0
    for labelled in members:
        start = labelled.sentence.start - block.start
        if start > at:
            yield Piece(block.text[at:start])
        yield Piece(labelled.text, labelled)
        at = labelled.sentence.end - block.start
    if at < len(block.text):
        yield Piece(block.text[at:])


def is_heading(block: Block) -> bool:
    return block.kind is BlockKind.HEADING
