"""The text of a document, laid out for reading: pages, headings, paragraphs, table rows.

Every character of every block is kept: what lies between sentences (numbers,
units) comes as a piece without a sentence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from classifier.document import Aside, AsideKind, Block, BlockKind, Place
from classifier.report.model import Analysis, LabelledSentence

# Groups are what the browser lays out at once: a page, but never more than this; only the
# rest of a table row may come on top, up to the second number.
GROUP_BLOCKS = 40
_GROUP_BLOCKS_IN_ROW = 120
_LINE_CHARACTERS = 44
_LINE_PIXELS = 30
_HEIGHT_STEP = 200
_TALLEST = 12

_THIRDS_ZH = ("上部", "中部", "下部")
_ASIDES_ZH = {
    AsideKind.HEADER: "页眉",
    AsideKind.FOOTER: "页脚",
    AsideKind.PAGE_NUMBER: "页码",
    AsideKind.TABLE_OF_CONTENTS: "目录",
    AsideKind.WATERMARK: "水印",
    AsideKind.HIDDEN: "隐藏文字",
    AsideKind.DUPLICATE: "重复文字",
    AsideKind.CODE: "代码",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of a block's text: a sentence, or what lies between two."""

    text: str
    labelled: LabelledSentence | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A block with its pieces."""

    block: Block
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands in ``span`` neighbouring columns of a row; no passages where nothing does."""

    span: int
    passages: tuple[Passage, ...] = ()


@dataclass(slots=True)
class Row:
    """Passages that stand side by side, by column in ascending order: a table row."""

    number: int
    cells: dict[int, list[Passage]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The rightmost column filled so far."""
        return next(reversed(self.cells), 0)


@dataclass(slots=True)
class Table:
    """A part of a document's table; ``columns`` are those any row of the whole table fills."""

    number: int
    columns: tuple[int, ...]
    rows: list[Row] = field(default_factory=list)

    def add(self, row: int, column: int, passage: Passage) -> bool:
        """Whether the passage began a row."""
        begins = not self.rows or self.rows[-1].number != row or column < self.rows[-1].last
        if begins:
            self.rows.append(Row(row))
        self.rows[-1].cells.setdefault(column, []).append(passage)
        return begins

    def slots(self, row: Row) -> Iterator[Slot]:
        """The row from the first column to the last, gaps included."""
        at = 0
        # Extraction keeps no spans: a cell alone in its row is taken for a merged title.
        is_title = list(row.cells) == [self.columns[0]]
        for column, passages in row.cells.items():
            position = bisect_left(self.columns, column)
            if position > at:
                yield Slot(position - at)
            span = len(self.columns) if is_title else 1
            yield Slot(span, tuple(passages))
            at = position + span
        if at < len(self.columns):
            yield Slot(len(self.columns) - at)


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

    def is_full(self, block: Block) -> bool:
        """Whether ``block`` should go into a new group."""
        table = self.items[-1] if self.items else None
        goes_on = (
            isinstance(table, Table)
            and block.cell is not None
            and (table.number, table.rows[-1].number) == (block.cell.table, block.cell.row)
        )
        return self.blocks >= (_GROUP_BLOCKS_IN_ROW if goes_on else GROUP_BLOCKS)

    def add(self, passage: Passage, columns: dict[int, tuple[int, ...]]) -> None:
        """Append a passage; ``columns`` are the filled ones of every table."""
        self.blocks += 1
        cell = passage.block.cell
        if cell is None:
            self.lines += len(passage.block.text) // _LINE_CHARACTERS + 1.3
            self.items.append(passage)
            return
        table = self.items[-1] if self.items else None
        if not isinstance(table, Table) or table.number != cell.table:
            table = Table(cell.table, columns[cell.table])
            self.items.append(table)
        if table.add(cell.row, cell.column, passage):
            self.lines += 1.4


def groups(report: Analysis) -> list[Group]:
    """The whole document in reading order."""
    result: list[Group] = []
    page: int | None = None
    started: set[int] = set()
    columns = _columns(report.document.blocks)
    for block, pieces in _blocks(report):
        at = page_of(block)
        begins = at is not None and at != page and at not in started
        if begins or not result or result[-1].is_full(block):
            result.append(Group(at if begins else None))
        if at is not None:
            page = at
            started.add(at)
        result[-1].add(Passage(block, pieces), columns)
    return result


def _columns(blocks: Iterable[Block]) -> dict[int, tuple[int, ...]]:
    """Per table the columns that any of its rows fills, ascending."""
    filled: dict[int, set[int]] = defaultdict(set)
    for block in blocks:
        if block.cell is not None:
            filled[block.cell.table].add(block.cell.column)
    return {table: tuple(sorted(columns)) for table, columns in filled.items()}


def page_of(block: Block) -> int | None:
    return block.lines[0].page if block.lines else block.page


def place_of(labelled: LabelledSentence) -> str:
    """Place of a sentence in two words: its page, else its paragraph."""
    place = labelled.sentence.place
    return f"第 {place.page} 页" if place.page is not None else f"第 {place.block + 1} 段"


def where(labelled: LabelledSentence, page_sizes: Sequence[tuple[float, float]] = ()) -> str:
    """Place of a sentence in words: page and third of it, else paragraph; and the table cell."""
    place = labelled.sentence.place
    words = place_of(labelled)
    if (depth := depth_of(place, page_sizes)) is not None:
        words += _THIRDS_ZH[min(int(3 * depth), 2)]
    if place.cell is not None:
        words += f" · 表 {place.cell.table} 行 {place.cell.row}"
    return words


def depth_of(place: Place, page_sizes: Sequence[tuple[float, float]]) -> float | None:
    """How far down its page a piece of text begins: 0 at the top edge, 1 at the bottom."""
    if not place.boxes:
        return None
    page, box = place.boxes[0]
    if not (1 <= page <= len(page_sizes)) or page_sizes[page - 1][1] <= 0:
        return None
    return min(max(box.top / page_sizes[page - 1][1], 0.0), 1.0)


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
        SetAside(_ASIDES_ZH[kind], text, len(pages), ranges({p for p in pages if p is not None}))
        for (kind, text), pages in places.items()
    ]


def ranges(pages: set[int]) -> str:
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
