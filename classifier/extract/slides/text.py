"""Paragraphs of text frames and tables on slides, with their bullets and numbers.

Source: ECMA-376 part 1, 21.1.2.4 (bullets), 20.1.10.61 (ST_TextAutonumberScheme), 21.1.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from classifier.document import Box
from classifier.extract.language.normal import one_line
from classifier.extract.office.drawing import A, paragraph_text
from classifier.extract.office.numbering import format_number
from classifier.extract.office.ooxml import Element
from classifier.extract.slides.shapes import Shape, text_body

_BULLETS: Final = tuple(f"{A}{tag}" for tag in ("buNone", "buChar", "buBlip", "buAutoNum"))
_SCHEME: Final = re.compile(
    r"(arabic|alphaLc|alphaUc|romanLc|romanUc|circleNum|ea1Chs|ea1Cht|ea1Jpn)\w*?"
    r"(Period|ParenR|ParenBoth|Plain|Minus)?"
)
_FORMATS: Final = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNum": "decimalEnclosedCircle",
    "ea1Chs": "chineseCounting",
    "ea1Cht": "taiwaneseCounting",
    "ea1Jpn": "japaneseCounting",
}
_AROUND: Final = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Minus": "{}-"}
_MAX_LEVEL: Final = 8


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of one paragraph; ``label`` is its automatic number."""

    lines: tuple[str, ...]
    is_item: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell with text; row and column from 1, ``box`` where the frame has one."""

    row: int
    column: int
    lines: tuple[str, ...]
    box: Box | None


def paragraphs(shape: Shape) -> Iterator[Paragraph]:
    """Paragraphs with text of a shape, bullets and numbers as they are shown."""
    body = text_body(shape)
    counters: dict[int, tuple[str, int]] = {}
    for node in () if body is None else body.iter(f"{A}p"):
        lines = _lines(node)
        if not lines:
            continue
        properties = node.find(f"{A}pPr")
        level = 0 if properties is None else _whole(properties.get("lvl"), 0)
        level = min(level, _MAX_LEVEL)
        bullet = _bullet(properties, level, shape)
        label = _label(bullet, level, counters)
        is_item = bullet is not None and bullet.tag != f"{A}buNone"
        yield Paragraph(lines, is_item, label)


def table_cells(frame: Element, box: Box | None) -> tuple[list[TableCell], dict[int, int]]:
    """Cells with text of the table in a graphic frame, and how many cells each row has."""
    cells: list[TableCell] = []
    widths: dict[int, int] = {}
    table = next(frame.iter(f"{A}tbl"), None)
    if table is None:
        return cells, widths
    grid = [_whole(column.get("w"), 0) for column in table.iter(f"{A}gridCol")]
    rows = table.findall(f"{A}tr")
    heights = [_whole(row.get("h"), 0) for row in rows]
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row.findall(f"{A}tc"), start=1):
            if cell.get("hMerge") in ("1", "true") or cell.get("vMerge") in ("1", "true"):
                continue
            widths[number] = widths.get(number, 0) + 1
            lines = tuple(line for node in cell.iter(f"{A}p") for line in _lines(node))
            if lines:
                across = _span(grid, column, _whole(cell.get("gridSpan"), 1))
                down = _span(heights, number, _whole(cell.get("rowSpan"), 1))
                cells.append(TableCell(number, column, lines, _part(box, across, down)))
    return cells, widths


def _lines(node: Element) -> tuple[str, ...]:
    return tuple(filter(None, map(one_line, paragraph_text(node).split("\n"))))


def _bullet(properties: Element | None, level: int, shape: Shape) -> Element | None:
    """The nearest element that says which bullet a paragraph of this level has."""
    styles = [style.find(f"{A}lvl{level + 1}pPr") for style in shape.lists]
    for style in (properties, *styles):
        for child in () if style is None else style:
            if child.tag in _BULLETS:
                return child
    return None


def _label(bullet: Element | None, level: int, counters: dict[int, tuple[str, int]]) -> str:
    """Number of the next paragraph; others of its level or above it end a count."""
    for deeper in [other for other in counters if other > level]:
        del counters[deeper]
    if bullet is None or bullet.tag != f"{A}buAutoNum":
        counters.pop(level, None)
        return ""
    scheme = bullet.get("type", "")
    start = _whole(bullet.get("startAt"), 1)
    last_scheme, last = counters.get(level, (scheme, start - 1))
    number = last + 1 if last_scheme == scheme else start
    counters[level] = scheme, number
    found = _SCHEME.fullmatch(scheme)
    if not found:
        return f"{number}."
    text = format_number(number, _FORMATS[found[1]])
    return _AROUND.get(found[2] or "", "{}").format(text)


def _span(sizes: list[int], first: int, count: int) -> tuple[float, float]:
    """Where a run of columns (rows) begins and ends, as shares of all of them."""
    total = sum(sizes) or 1
    before = sum(sizes[: first - 1])
    return before / total, (before + sum(sizes[first - 1 : first - 1 + count])) / total


def _part(box: Box | None, across: tuple[float, float], down: tuple[float, float]) -> Box | None:
    if box is None:
        return None
    width, height = box.x1 - box.x0, box.bottom - box.top
    return Box(
        box.x0 + across[0] * width,
        box.top + down[0] * height,
        box.x0 + across[1] * width,
        box.top + down[1] * height,
    )


def _whole(value: str | None, default: int) -> int:
    return int(value) if value and len(value) < 10 and value.isdecimal() else default
