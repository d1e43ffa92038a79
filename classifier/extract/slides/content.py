"""The content of one slide as blocks: title, frames, tables, SmartArt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from classifier.document import Aside, AsideKind, Block, BlockKind, Box, Cell, Line
from classifier.extract.column_titles import with_headers
from classifier.extract.language.normal import one_line
from classifier.extract.office.drawing import (
    DIAGRAM,
    RELATION,
    A,
    diagram_paragraphs,
    paragraph_text,
)
from classifier.extract.office.ooxml import Element, Relationship
from classifier.extract.slides.shapes import P, Shape, Stencil, shapes
from classifier.extract.slides.text import Paragraph, paragraphs, table_cells

MAX_HEADING_CHARS: Final = 60
"""A longer title is running text in the wrong placeholder."""

_TITLES: Final = ("title", "ctrTitle")
_FURNITURE: Final = {
    "sldNum": AsideKind.PAGE_NUMBER,
    "ftr": AsideKind.FOOTER,
    "dt": AsideKind.FOOTER,
    "hdr": AsideKind.HEADER,
}
_MAX_FREE_TITLE: Final = 30
_TOP: Final = 0.25
"""Share of a slide's height in which a title without its placeholder is looked for."""

_CLAUSE: Final = re.compile(r"[。；;！!？?，,：:]")
_PICTURE: Final = f"{P}pic"


@dataclass(slots=True)
class Slide:
    """Blocks of a slide (its number is their page), and what they leave out.

    ``pictures`` and ``objects`` (charts, embedded files) count what has text of its own that
    was not read.
    """

    number: int
    blocks: list[Block] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    pictures: int = 0
    objects: int = 0
    tables: int = 0

    def add(self, text: str, box: Box | None, kind: BlockKind, label: str = "") -> None:
        """Append a paragraph or list item, if it has text."""
        if text:
            self.blocks.append(self._block(text, box, kind, label=label))

    def add_heading(self, text: str, box: Box | None) -> None:
        self.blocks.append(self._block(text, box, BlockKind.HEADING, level=1))

    def add_table(self, frame: Element, box: Box | None, number: int) -> None:
        cells, widths = table_cells(frame, box)
        blocks = [
            self._block(line, cell.box, BlockKind.CELL, cell=Cell(number, cell.row, cell.column))
            for cell in cells
            for line in cell.lines
        ]
        self.blocks += with_headers(blocks, number, widths=widths)
        self.tables += bool(blocks)

    def set_aside(self, kind: AsideKind, text: str) -> None:
        if text:
            self.asides.append(Aside(kind, text, self.number))

    def hide(self) -> None:
        """Set all blocks aside, as those of a slide that is not shown."""
        self.asides += [Aside(AsideKind.HIDDEN, b.text, self.number) for b in self.blocks]
        self.blocks, self.pictures, self.objects = [], 0, 0

    def _block(self, text: str, box: Box | None, kind: BlockKind, **rest) -> Block:
        lines = () if box is None else (Line(0, len(text), self.number, box),)
        return Block(text, kind, page=self.number, lines=lines, **rest)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a slide's XML refers to. ``load`` gives the root of a part, ``None`` without it."""

    size: tuple[float, float]
    layout: Stencil
    master: Stencil
    relations: Mapping[str, Relationship]
    load: Callable[[str], Element | None]


def read_slide(root: Element, around: Surroundings, number: int, tables: int) -> Slide:
    """Read what a slide shows; its tables are counted on from ``tables``."""
    slide = Slide(number, tables=tables)
    seen: list[Shape] = []
    for shape in _flat(shapes(root, around.layout, around.master)):
        if _is_seen(shape, around.size):
            seen.append(shape)
        else:
            for paragraph in shape.node.iter(f"{A}p"):
                slide.set_aside(AsideKind.HIDDEN, one_line(paragraph_text(paragraph)))
    title = _title(seen, around.size[1])
    for shape in sorted(seen, key=lambda shape: shape is not title):
        if shape is title:
            _read_title(shape, slide)
        else:
            _read_shape(shape, slide, around)
    return slide


def free_texts(root: Element) -> Iterator[str]:
    """Texts that a layout or master shows on every slide: shapes that are no placeholders."""
    for shape in _flat(shapes(root, Stencil(), Stencil())):
        if not shape.placeholder and not shape.hidden:
            yield from (" ".join(paragraph.lines) for paragraph in paragraphs(shape))


def note_lines(root: Element) -> Iterator[str]:
    """Lines of a notes page, without the picture of the slide, date and number."""
    for shape in _flat(shapes(root, Stencil(), Stencil())):
        if shape.placeholder in ("body", "") and not shape.hidden:
            for paragraph in paragraphs(shape):
                yield from paragraph.lines


def comment_texts(root: Element) -> Iterator[str]:
    """Comments of a slide, in the old form (``p:text``) and the new one (``a:p``)."""
    for node in root.iter("{*}text", f"{A}p"):
        runs = [node.text or ""] if node.tag != f"{A}p" else (t.text for t in node.iter(f"{A}t"))
        if text := one_line("".join(filter(None, runs))):
            yield text


def _flat(found: Iterable[Shape]) -> Iterator[Shape]:
    for shape in found:
        if shape.members:
            hidden = shape.hidden
            yield from _flat(replace(m, hidden=m.hidden or hidden) for m in shape.members)
        else:
            yield shape


def _is_seen(shape: Shape, size: tuple[float, float]) -> bool:
    box = shape.box
    is_off = box is not None and (
        box.x1 < 0 or box.bottom < 0 or box.x0 > size[0] or box.top > size[1]
    )
    return not shape.hidden and not is_off


def _title(seen: list[Shape], height: float) -> Shape | None:
    """The title: in its placeholder, else the topmost text if it stands alone at the top."""
    frames = [shape for shape in seen if next(paragraphs(shape), None) is not None]
    for shape in frames:
        if shape.placeholder in _TITLES:
            return shape
    plain = [shape for shape in frames if shape.placeholder not in _FURNITURE]
    top = min(plain, key=lambda shape: shape.box.top if shape.box else height, default=None)
    if top is None or top.box is None or top.box.top > _TOP * height:
        return None
    found = list(paragraphs(top))
    text = " ".join(found[0].lines)
    is_short = len(found) == 1 and 2 <= len(text) <= _MAX_FREE_TITLE
    return top if is_short and not found[0].is_item and not _CLAUSE.search(text) else None


def _read_title(shape: Shape, slide: Slide) -> None:
    text = " ".join(line for paragraph in paragraphs(shape) for line in paragraph.lines)
    if len(text) <= MAX_HEADING_CHARS and text[-1] not in "。；;":
        slide.add_heading(text, shape.box)
    else:
        _read_text(paragraphs(shape), shape, slide)


def _read_shape(shape: Shape, slide: Slide, around: Surroundings) -> None:
    if shape.placeholder in _FURNITURE:
        text = " ".join(line for paragraph in paragraphs(shape) for line in paragraph.lines)
        slide.set_aside(_FURNITURE[shape.placeholder], text)
    elif shape.node.tag == _PICTURE:
        slide.pictures += 1
    elif shape.node.tag == f"{P}graphicFrame":
        _read_frame(shape, slide, around)
    else:
        _read_text(paragraphs(shape), shape, slide)


def _read_text(found: Iterable[Paragraph], shape: Shape, slide: Slide) -> None:
    for paragraph in found:
        kind = BlockKind.LIST_ITEM if paragraph.is_item else BlockKind.PARAGRAPH
        label = paragraph.label
        for line in paragraph.lines:
            slide.add(line, shape.box, kind, label)
            kind, label = BlockKind.PARAGRAPH, ""


def _read_frame(shape: Shape, slide: Slide, around: Surroundings) -> None:
    frame = shape.node
    if next(frame.iter(f"{A}tbl"), None) is not None:
        slide.add_table(frame, shape.box, slide.tables + 1)
        return
    diagram = next(frame.iter(DIAGRAM), None)
    rel = None if diagram is None else around.relations.get(diagram.get(f"{RELATION}dm", ""))
    root = around.load(rel.target) if rel else None
    if root is None:
        slide.objects += 1
        return
    for text in diagram_paragraphs(root):
        slide.add(one_line(text), shape.box, BlockKind.PARAGRAPH)
