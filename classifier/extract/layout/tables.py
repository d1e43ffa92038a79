"""Ruled tables: from ruling lines to cells, across pages, to blocks.

The grid is found by pdfplumber's table finder on the ruling lines that pdfium reports;
parsing the page a second time with pdfminer would cost a hundred times as much.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pdfplumber import table as finder

from classifier.document import Aside, AsideKind, Block, BlockKind, Box, Cell
from classifier.extract.column_titles import TITLE_WORDS
from classifier.extract.layout.corners import cells_between
from classifier.extract.layout.lines import BODY, Glyphs, TextLine
from classifier.extract.layout.paragraphs import Paragraph, cell_paragraphs, join

TOLERANCE = 3.0
"""Ruling lines closer than this are one; also pdfplumber's default."""
MAX_RULINGS = 3000
"""More are a drawing: the finder's cost grows with their square."""
MAX_CORNERS = 3000


@dataclass(frozen=True, slots=True)
class GridCell:
    """``row`` and ``column`` count from 0, ``columns`` is the number that it spans."""

    box: Box
    row: int
    column: int
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Grid:
    """The part of a table that stands on one page, rows first; ``xs`` are its vertical rulings."""

    page: int
    box: Box
    xs: tuple[float, ...]
    cells: tuple[GridCell, ...]
    lines: tuple[tuple[TextLine, ...], ...] = ()

    @property
    def rows(self) -> int:
        return 1 + max(cell.row for cell in self.cells)


def find_grids(rulings: Sequence[Box], page: int, size: tuple[float, float]) -> list[Grid]:
    """Tables of two cells or more; ``rulings`` are thin boxes, upright or level."""
    edges = [_edge(box) for box in rulings]
    upright = sum(edge["orientation"] == "v" for edge in edges)
    if upright < 2 or len(edges) - upright < 2 or len(edges) > MAX_RULINGS:
        return []
    merged = finder.merge_edges(edges, TOLERANCE, TOLERANCE, TOLERANCE, TOLERANCE)
    corners = finder.edges_to_intersections(merged, TOLERANCE, TOLERANCE)
    if not 6 <= len(corners) <= MAX_CORNERS:
        return []
    cells = [
        cell
        for cell in cells_between(corners)
        if (cell[2] - cell[0]) * (cell[3] - cell[1]) < 0.7 * size[0] * size[1]
    ]
    grids = [_grid(table, page) for table in finder.cells_to_tables(cells)]
    # What reaches from edge to edge is the background of the page, not a table.
    return [grid for grid in grids if grid.box.x0 > 5 or grid.box.x1 < size[0] - 5]


def _edge(box: Box) -> dict[str, float | str]:
    width, height = box.x1 - box.x0, box.bottom - box.top
    edge: dict[str, float | str] = {"object_type": "line", "width": width, "height": height}
    if width >= height:
        middle = (box.top + box.bottom) / 2
        return edge | {
            "orientation": "h", "x0": box.x0, "x1": box.x1, "top": middle, "bottom": middle
        }  # fmt: skip
    middle = (box.x0 + box.x1) / 2
    return edge | {
        "orientation": "v", "x0": middle, "x1": middle, "top": box.top, "bottom": box.bottom
    }  # fmt: skip


def _grid(cells: Sequence[tuple[float, float, float, float]], page: int) -> Grid:
    xs = _cluster([x for cell in cells for x in (cell[0], cell[2])])
    ys = _cluster([cell[1] for cell in cells])
    placed = []
    for x0, top, x1, bottom in cells:
        column = _nearest(xs, x0)
        span = max(_nearest(xs, x1) - column, 1)
        placed.append(GridCell(Box(x0, top, x1, bottom), _nearest(ys, top), column, span))
    placed.sort(key=lambda cell: (cell.row, cell.column))
    box = Box(xs[0], ys[0], xs[-1], max(cell[3] for cell in cells))
    return Grid(page, box, tuple(xs), tuple(placed))


def _cluster(values: Iterable[float]) -> list[float]:
    """Distinct values, those closer than the tolerance taken as one."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > TOLERANCE:
            found.append(value)
    return found


def _nearest(values: Sequence[float], value: float) -> int:
    """Index of the nearest of ascending values, the lower one of two."""
    at = bisect_left(values, value)
    if at == 0 or (at < len(values) and values[at] - value < value - values[at - 1]):
        return at
    return at - 1


def assign(glyphs: Glyphs, grids: Sequence[Grid]) -> tuple[NDArray[np.int32], list[Grid]]:
    """Region of every glyph (the number of its cell, or BODY), and the grids that are tables.

    Cells are numbered through all returned grids in order. A grid of one column with text
    in only one cell is a frame around paragraphs and is left out, as is an empty one.
    """
    x0, top, x1, bottom = glyphs.boxes.T
    x, y = (x0 + x1) / 2, (top + bottom) / 2
    owner = np.full(len(glyphs), BODY, np.int32)
    area = np.full(len(glyphs), np.inf)
    cells = [(cell, at) for at, grid in enumerate(grids) for cell in grid.cells]
    for number, (cell, _) in enumerate(cells):
        box = cell.box
        size = (box.x1 - box.x0) * (box.bottom - box.top)
        inside = (x >= box.x0) & (x < box.x1) & (y >= box.top) & (y < box.bottom) & (size < area)
        owner[inside], area[inside] = number, size
    inked = {int(number) for number in np.unique(owner[glyphs.codes > 0x20])}
    filled = [0] * len(grids)
    for number in inked - {BODY}:
        filled[cells[number][1]] += 1
    tables = [
        count > 1 or (count == 1 and len(grid.xs) > 2)
        for grid, count in zip(grids, filled, strict=True)
    ]
    renumbered = np.full(len(cells) + 1, BODY, np.int32)
    kept = 0
    for number, (_, at) in enumerate(cells):
        if tables[at]:
            renumbered[number], kept = kept, kept + 1
    return renumbered[owner], [grid for grid, kept in zip(grids, tables, strict=True) if kept]


@dataclass(slots=True)
class _Row:
    """A row of a table while pages are put together: paragraphs by column, each with its span."""

    cells: dict[int, tuple[int, list[Paragraph]]] = field(default_factory=dict)

    def texts(self) -> dict[int, str]:
        return {column: _text(paragraphs) for column, (_, paragraphs) in self.cells.items()}


@dataclass(slots=True)
class _Table:
    xs: list[float]
    rows: list[_Row]
    title: int | None
    last: Grid


class TableReader:
    """Numbers the tables of a document and joins what page breaks cut apart.

    Feed the grids in reading order; ``follows`` says that nothing but page furniture
    stands between this grid and the last one.
    """

    def __init__(self) -> None:
        self.asides: list[Aside] = []
        self._count = 0
        self._open: _Table | None = None

    def feed(self, grid: Grid, follows: bool) -> Iterator[Block]:
        """Blocks of the table before, if this grid does not continue it."""
        table = self._open
        if table is not None and follows and _agrees(table, grid):
            self._append(table, grid)
            return
        yield from self.close()
        rows = _rows(grid, list(grid.xs))
        self._open = _Table(list(grid.xs), rows, _title_row(rows, len(grid.xs) - 1), grid)

    def close(self) -> Iterator[Block]:
        """Blocks of the table that is still open: call it where body text follows."""
        table, self._open = self._open, None
        if table is None:
            return
        self._count += 1
        titles = table.rows[table.title].cells if table.title is not None else {}
        for at, row in enumerate(table.rows):
            for column in sorted(row.cells):
                text, lines = join(row.cells[column][1])
                header = (
                    _title_of(column, titles)
                    if table.title is not None and at > table.title
                    else ""
                )
                if text:
                    cell = Cell(self._count, at + 1, column + 1, header)
                    page = lines[0].page if lines else table.last.page
                    yield Block(text, BlockKind.CELL, page=page, cell=cell, lines=lines)

    def _append(self, table: _Table, grid: Grid) -> None:
        xs = list(table.xs)
        # Columns found only on the new page shift the numbers of those found before.
        if new := [x for x in grid.xs if min(abs(x - known) for known in xs) > 4]:
            _renumber(table, sorted([*xs, *new]))
        rows = _rows(grid, table.xs)
        if table.title is not None and rows:
            titles = table.rows[table.title].texts()
            if any(titles.values()) and rows[0].texts() == titles:
                text = " ".join(filter(None, rows.pop(0).texts().values()))
                self.asides.append(Aside(AsideKind.HEADER, text, grid.page))
        if rows and table.rows and _is_cut(table.rows[-1], rows[0]):
            for column, (span, paragraphs) in rows.pop(0).cells.items():
                # The cell above may stand in an earlier row and span down to the break.
                holders = (row.cells[column] for row in table.rows[::-1] if column in row.cells)
                above = next(holders, None) or table.rows[-1].cells.setdefault(column, (span, []))
                _extend(above[1], paragraphs)
        table.rows.extend(rows)
        table.last = grid


def _rows(grid: Grid, xs: list[float]) -> list[_Row]:
    rows = [_Row() for _ in range(grid.rows)]
    for cell, lines in zip(grid.cells, grid.lines, strict=True):
        column = _nearest(xs, cell.box.x0)
        span = max(_nearest(xs, cell.box.x1) - column, 1)
        found = cell_paragraphs(lines, cell.box)
        # A cell that is offset by less than a column from its neighbour shares its number.
        rows[cell.row].cells.setdefault(column, (span, []))[1].extend(found)
    return [row for row in rows if row.cells]


def _renumber(table: _Table, xs: list[float]) -> None:
    for row in table.rows:
        moved = {}
        for column, (span, paragraphs) in row.cells.items():
            start = xs.index(table.xs[column])
            end = xs.index(table.xs[min(column + span, len(table.xs) - 1)])
            moved[start] = (max(end - start, 1), paragraphs)
        row.cells = moved
    table.xs = xs


def _agrees(table: _Table, grid: Grid) -> bool:
    """Whether a grid on the next page has the columns of the table before.

    One of the two may lack rulings, where its cells are merged.
    """
    if grid.page != table.last.page + 1:
        return False
    few, many = sorted((table.xs, list(grid.xs)), key=len)
    if abs(few[0] - many[0]) > 4 or abs(few[-1] - many[-1]) > 4:
        return False
    return all(min(abs(x - other) for other in many) <= 4 for x in few)


def _is_cut(above: _Row, below: _Row) -> bool:
    """Whether the page break cut one row in two: its first cell is empty below the break."""
    upper, lower = above.texts(), below.texts()
    filled = [column for column, text in lower.items() if text]
    first = min(lower, default=0)
    if not filled or lower[first] or not upper.get(first):
        return False
    if all(upper.get(column) == "" for column in filled):
        # Some cells were filled above the break, the others below it.
        return True
    cut = [upper[column] for column in filled if upper.get(column)]
    return any(not _ENDED.search(text) for text in cut)


_ENDED = re.compile(r"[。；;！!？?]$")


def _extend(above: list[Paragraph], below: list[Paragraph]) -> None:
    if above and below and not _ENDED.search(above[-1].text) and not below[0].numbered:
        above[-1] = Paragraph(above[-1].lines + below[0].lines)
        below = below[1:]
    above.extend(below)


def _text(paragraphs: Sequence[Paragraph]) -> str:
    return "\n".join(paragraph.text for paragraph in paragraphs)


_SENTENCE = re.compile(r"[。；！？]|\d{3,}|[:：]$")


def _title_row(rows: Sequence[_Row], columns: int) -> int | None:
    """Index of the row with the column titles: short texts in every column, before any data.

    A title across the whole table may stand above it.
    """
    if columns < 2:
        return None
    for at, row in enumerate(rows[:3]):
        texts = [text.replace("\n", "") for text in row.texts().values()]
        if len(row.cells) == 1:
            continue
        if len(row.cells) < 2 or not all(texts):
            return None
        if any(len(text) > 20 or _SENTENCE.search(text) for text in texts):
            return None
        named = sum(bool(TITLE_WORDS.search(text)) for text in texts)
        return at if named * 2 >= len(texts) or (named and len(texts) >= 3) else None
    return None


def _title_of(column: int, titles: dict[int, tuple[int, list[Paragraph]]]) -> str:
    for start, (span, paragraphs) in titles.items():
        if start <= column < start + span:
            return _text(paragraphs).replace("\n", "")
    return ""
