"""Make blocks of a worksheet's cells: titles, column titles, labels of merged rows.

A worksheet is no single table: a title stands above it, remarks below, sections in rows
merged across, and the modules that requirements belong to in cells merged over their rows.
Titles, such sections and such labels become headings, so that every cell knows its context.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from classifier.document import Block, BlockKind, Cell
from classifier.extract.column_titles import MAX_TITLE_CHARS, TITLE_WORDS, reads_like_title
from classifier.extract.language.han import is_han
from classifier.extract.language.headings import heading_level, is_numbered
from classifier.extract.language.normal import one_line
from classifier.extract.sheet.cells import Address, Sheet

COMMENT_LABEL: Final = "批注"

_MAX_HEADING_CHARS: Final = 40
_TITLE_ROWS: Final = 3
"""Rows at the top in which a lone cell is a title even if it is not merged."""

_HEADER_WITHIN: Final = 10
_HEADER_ROWS: Final = 3
_MAX_LABEL_COLUMNS: Final = 3

# Depths of the kinds of headings, from the outside in; only their order counts.
_TITLE, _SECTION, _LABEL = 1, 2, 20
_CLAUSE: Final = re.compile(r"[。；;，,！!？?：:]")


def sheet_blocks(sheet: Sheet, table: int) -> list[Block]:
    """Blocks of the sheet's cells row by row, headings from level 2 down.

    Every block has its cell address, headings too; ``table`` is the number of the sheet.
    """
    return _Layout(sheet, table).blocks()


@dataclass(slots=True)
class _Layout:
    sheet: Sheet
    table: int
    columns: list[int] = field(default_factory=list)
    headings: dict[Address, int] = field(default_factory=dict)
    header_rows: set[int] = field(default_factory=set)
    titles: dict[int, dict[int, str]] = field(default_factory=dict)

    def blocks(self) -> list[Block]:
        self.columns = sorted({column for row in self.sheet.rows.values() for column in row})
        self._find_titles()
        self._find_labels()
        levels = sorted(set(self.headings.values()))
        ranks = {level: min(rank, 9) for rank, level in enumerate(levels, start=2)}
        return [
            block
            for row, cells in self.sheet.rows.items()
            for column, text in cells.items()
            for block in self._cell(row, column, text, ranks)
        ]

    def _cell(self, row: int, column: int, text: str, ranks: dict[int, int]) -> Iterator[Block]:
        cell = Cell(self.table, row, column, self._header(row, column))
        if level := self.headings.get((row, column)):
            yield Block(one_line(text), BlockKind.HEADING, ranks[level], cell=cell)
        else:
            lines = filter(None, map(one_line, text.splitlines()))
            yield from (Block(line, BlockKind.CELL, cell=cell) for line in lines)
        if comment := one_line(self.sheet.comments.get((row, column), "")):
            yield Block(comment, BlockKind.CELL, label=COMMENT_LABEL, cell=cell)

    def _header(self, row: int, column: int) -> str:
        if self._is_remark(row):
            return ""
        titles = self.titles.get(row)
        if titles is not None:
            return titles.get(column, "")
        return "" if row in self.header_rows else self._label_beside(row, column)

    def _label_beside(self, row: int, column: int) -> str:
        """In a form without column titles, the label on the left of a cell."""
        cells = list(self.sheet.rows[row])
        at = bisect_left(cells, column)
        label = one_line(self.sheet.rows[row][cells[at - 1]]).rstrip("：: ") if at else ""
        is_label = reads_like_title(label) and not is_numbered(label)
        return label if label and is_label else ""

    def _find_titles(self) -> None:
        """Go down the rows: titles, then column titles, then the rows that these head."""
        numbers = list(self.sheet.rows)
        current: dict[int, str] | None = None
        may_begin = True
        at = 0
        while at < len(numbers):
            row = numbers[at]
            may_begin = may_begin or row - numbers[at - 1] > 1
            if self._is_title(row, at, current is None):
                ((column, text),) = self.sheet.rows[row].items()
                level = heading_level(one_line(text))
                depth = _SECTION + level if level else _SECTION if current else _TITLE
                self.headings[row, column] = depth
                may_begin = True
            elif may_begin and (count := self._header_height(numbers, at)):
                current = self._column_titles(numbers[at : at + count])
                self.header_rows.update(numbers[at : at + count])
                may_begin = False
                at += count - 1
            elif current is not None:
                self.titles[row] = current
                may_begin = False
            elif at >= _HEADER_WITHIN:
                may_begin = False
            at += 1

    def _is_title(self, row: int, at: int, is_top: bool) -> bool:
        """Whether a row holds nothing but a heading: merged across, numbered, or at the top."""
        cells = self.sheet.rows[row]
        if len(cells) > 1:
            return False
        ((column, text),) = cells.items()
        text = one_line(text)
        if len(text) > _MAX_HEADING_CHARS or _CLAUSE.search(text.rstrip("：:")):
            return False
        is_wide = len(self.columns) > 1
        is_first = is_wide and is_top and at < _TITLE_ROWS and column == self.columns[0]
        is_word = sum(char.isalpha() for char in text) >= 2
        return is_word and (self._is_across(row, column) or is_first or heading_level(text) > 0)

    def _is_across(self, row: int, column: int) -> bool:
        """Whether a cell is merged over most of the columns."""
        return self._width(row, column) * 2 > len(self.columns) > 1

    def _is_remark(self, row: int) -> bool:
        """Whether a row is one text across the table."""
        cells = self.sheet.rows[row]
        return len(cells) == 1 and self._is_across(row, min(cells))

    def _width(self, row: int, column: int) -> int:
        """How many of the used columns a cell covers."""
        last = self.sheet.spans.get((row, column), (row, column))[1]
        return bisect_right(self.columns, last) - bisect_left(self.columns, column)

    def _header_height(self, numbers: list[int], at: int) -> int:
        """How many rows from ``at`` on are column titles, 0 if none."""
        row = numbers[at]
        texts = [one_line(text) for text in self.sheet.rows[row].values()]
        covered = sum(self._width(row, column) for column in self.sheet.rows[row])
        if len(texts) < 2 or covered * 2 < len(self.columns) or at + 1 == len(numbers):
            return 0
        named = sum(TITLE_WORDS.search(text) is not None for text in texts)
        is_named = named * 2 > len(texts) or row == self.sheet.header_row
        if not is_named or not all(map(reads_like_title, texts)):
            return 0
        ends = [
            self.sheet.spans.get((row, column), (row, column)) for column in self.sheet.rows[row]
        ]
        last = max(end for end, _ in ends)
        if self._has_subtitles(row, numbers[at + 1]):
            last = max(last, numbers[at + 1])
        height = bisect_right(numbers, last, lo=at) - at
        return min(height, _HEADER_ROWS, len(numbers) - at - 1)

    def _has_subtitles(self, row: int, below: int) -> bool:
        """Whether the next row divides what the titles of this row span, and nothing else."""
        if below != row + 1:
            return False
        spanned = [
            range(column, self.sheet.spans[row, column][1] + 1)
            for column in self.sheet.rows[row]
            if self._width(row, column) > 1
        ]
        cells = self.sheet.rows[below]
        under = all(any(column in span for span in spanned) for column in cells)
        return (
            under and len(cells) > 1 and all(map(reads_like_title, map(one_line, cells.values())))
        )

    def _column_titles(self, rows: list[int]) -> dict[int, str]:
        parts: dict[int, list[str]] = {column: [] for column in self.columns}
        for row in rows:
            for column, text in self.sheet.rows[row].items():
                is_first = row == rows[0] and column == self.columns[0]
                if is_first and len(rows) > 1 and self._is_across(row, column):
                    self.headings[row, column] = _TITLE  # of the table, not of columns
                    continue
                first = bisect_left(self.columns, column)
                for covered in self.columns[first : first + self._width(row, column)]:
                    parts[covered].append(one_line(text)[:MAX_TITLE_CHARS])
        return {column: " ".join(dict.fromkeys(found)) for column, found in parts.items()}

    def _find_labels(self) -> None:
        """Make headings of the cells that name the rows they are merged over (module, function).

        They stand in the first columns, apart from running numbers; all cells of such a
        column count, so that a module with a single row does not fall to the one above.
        """
        body = [row for row in self.titles if not self._is_remark(row)]
        found = 0
        for column in self.columns[:-1]:
            texts = {
                row: one_line(self.sheet.rows[row][column])
                for row in body
                if column in self.sheet.rows[row] and (row, column) not in self.headings
            }
            if not any(is_han(char) for text in texts.values() for char in text):
                continue
            is_tall = any(self._height(row, column) > 1 for row in texts)
            is_short = all(map(reads_like_title, texts.values()))
            if not (is_tall and is_short) or found == _MAX_LABEL_COLUMNS:
                return
            self.headings |= {(row, column): _LABEL + found for row in texts}
            found += 1

    def _height(self, row: int, column: int) -> int:
        return self.sheet.spans.get((row, column), (row, column))[0] - row + 1
