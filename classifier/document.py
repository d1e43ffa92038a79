"""The document model: what extraction produces and everything else reads.

A :class:`Document` is one flat string, ``text``, made of blocks joined by a
newline. Blocks and sentences are half-open ranges ``[start, end)`` of that
string in Python characters, so ``document.text[s.start:s.end] == s.text``
holds for every sentence. Geometry is in PDF points (1/72 inch) with the origin
at the top left corner of the page as displayed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from classifier.errors import Reason


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    CELL = "cell"


class TextLayer(StrEnum):
    """Verdict on the text that a page carries in the file."""

    GOOD = "good"
    BLANK = "blank"
    MISSING = "missing"
    GARBLED = "garbled"
    HIDDEN = "hidden"
    DAMAGED = "damaged"


class ReadBy(StrEnum):
    """Where the text of a page was taken from."""

    TEXT_LAYER = "text_layer"
    OCR = "ocr"
    NOTHING = "nothing"


class AsideKind(StrEnum):
    """Why a piece of text was set aside instead of being read as body text."""

    HEADER = "header"
    FOOTER = "footer"
    PAGE_NUMBER = "page_number"
    TABLE_OF_CONTENTS = "table_of_contents"
    WATERMARK = "watermark"
    CODE = "code"
    HIDDEN = "hidden"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in PDF points, ``top < bottom``."""

    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page (or slide) of a paged format: its size in points and how it was read.

    ``confidence`` is the mean confidence of recognition, 0 to 1, weighted by
    characters, for pages read by OCR.
    """

    width: float
    height: float
    text_layer: TextLayer = TextLayer.GOOD
    read_by: ReadBy = ReadBy.TEXT_LAYER
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line of a block, ``[start, end)`` in the block's own text.

    ``edges`` holds the left edge of every character and the right edge of the
    last one (``end - start + 1`` ascending numbers in points), or nothing
    where the format has no geometry. ``confidence`` (0 to 1) is set on lines
    that were recognised from a picture.
    """

    start: int
    end: int
    page: int
    box: Box
    edges: Sequence[float] = ()
    confidence: float | None = None

    def clip(self, start: int, end: int) -> Box | None:
        """The part of the line's box that the block range ``[start, end)`` covers."""
        first, last = max(start, self.start), min(end, self.end)
        if first >= last:
            return None
        if not self.edges:
            return self.box
        x0, x1 = self.edges[first - self.start], self.edges[last - self.start]
        return Box(x0, self.box.top, x1, self.box.bottom)


@dataclass(frozen=True, slots=True)
class Cell:
    """Address of a table cell, all counted from 1; ``header`` is its column title."""

    table: int
    row: int
    column: int
    header: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or table cell, in reading order.

    ``label`` is automatic numbering that the file does not store as text
    (Word lists): shown to the reader, never part of ``text``. ``level`` counts
    heading depth from 1 and is 0 elsewhere. ``start`` is set by
    :meth:`Document.from_blocks`.
    """

    text: str
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    label: str = ""
    page: int | None = None
    cell: Cell | None = None
    lines: tuple[Line, ...] = ()
    start: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Aside:
    """Text that was recognised as furniture of the page and kept out of the body."""

    kind: AsideKind
    text: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece of text stands in the original file.

    ``page`` counts from 1 and is ``None`` for formats without pages;
    ``boxes`` has one rectangle per printed line, each with its page;
    ``confidence`` is the lowest of its lines where they were recognised (OCR).
    """

    block: int
    page: int | None = None
    boxes: tuple[tuple[int, Box], ...] = ()
    cell: Cell | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One unit of classification: ``document.text[start:end] == text``."""

    index: int
    text: str
    start: int
    end: int
    section: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Clause(Sentence):
    """A part of a sentence that can stand alone; ``sentence`` is the index of the whole."""

    sentence: int


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one file with the place of every block.

    ``pages`` is empty for unpaged formats. ``notes`` are sentences for the user
    about what could not be read. ``member`` is the path inside the container
    (archive or mail) that held the file, with ``/`` between nested ones, and
    empty for a plain file.
    """

    name: str
    format: str
    text: str = ""
    blocks: tuple[Block, ...] = ()
    pages: tuple[Page, ...] = ()
    asides: tuple[Aside, ...] = ()
    sha256: str = ""
    reason: Reason = Reason.OK
    notes: tuple[str, ...] = ()
    member: str = ""
    starts: tuple[int, ...] = field(default=(), repr=False)

    @property
    def page_sizes(self) -> tuple[tuple[float, float], ...]:
        """(width, height) of every page in points."""
        return tuple((page.width, page.height) for page in self.pages)

    @classmethod
    def from_blocks(cls, name: str, format: str, blocks: Iterable[Block], **rest) -> Document:
        """Join ``blocks`` with newlines and give each its offset; empty ones are dropped."""
        placed: list[Block] = []
        at = 0
        for block in blocks:
            if block.text.strip():
                placed.append(replace(block, start=at))
                at += len(block.text) + 1
        return cls(
            name=name,
            format=format,
            text="\n".join(block.text for block in placed),
            blocks=tuple(placed),
            starts=tuple(block.start for block in placed),
            **rest,
        )

    def block_at(self, offset: int) -> int:
        """Index of the block that holds the character at ``offset``."""
        if not 0 <= offset < max(len(self.text), 1):
            raise IndexError(f"offset {offset} is outside a text of {len(self.text)} characters")
        return bisect_right(self.starts, offset) - 1

    def place(self, start: int, end: int) -> Place:
        """Place of the range ``[start, end)``, which must lie within one block."""
        index = self.block_at(start)
        block = self.blocks[index]
        lo, hi = start - block.start, end - block.start
        lines = [(line, line.clip(lo, hi)) for line in block.lines]
        boxes = tuple((line.page, box) for line, box in lines if box is not None)
        doubts = [line.confidence for line, box in lines if box and line.confidence is not None]
        return Place(
            block=index,
            page=boxes[0][0] if boxes else block.page,
            boxes=boxes,
            cell=block.cell,
            confidence=min(doubts, default=None),
        )
