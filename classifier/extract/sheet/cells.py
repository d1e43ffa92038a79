"""The cells of one worksheet, whatever the format of its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from classifier.errors import ExtractionError, Reason
from classifier.limits import Limits

MAX_CELLS: Final = 1_000_000
"""Cells with text in one workbook; a larger one is a data set, no document."""

MAX_ROW: Final = 1_048_576
MAX_COLUMN: Final = 16_384

_MAX_COVERED: Final = 1_000_000

Address = tuple[int, int]
"""Row and column, both from 1."""


@dataclass(slots=True)
class Budget:
    """Cells and characters of one workbook so far; over a limit it raises TOO_LARGE."""

    limits: Limits
    cells: int = 0
    chars: int = 0

    def add(self, text: str) -> None:
        self.cells += 1
        self.chars += len(text)
        if self.cells > MAX_CELLS:
            raise ExtractionError(Reason.TOO_LARGE, f"more than {MAX_CELLS} cells with text")
        self.limits.check_chars(self.chars)


@dataclass(slots=True)
class Sheet:
    """What one worksheet shows.

    Attributes:
        rows: texts by row and column; empty cells are missing, so a lone cell in the last
            row costs nothing.
        spans: last row and column of merged areas by the address of their first cell.
        comments: what is attached to a cell.
        shapes: paragraphs of the text boxes drawn on the sheet.
        hidden_columns: columns that the file hides; their cells are in ``rows``, too.
        hidden_rows: rows with text that are hidden or filtered out.
        header_row: first row of a range that the file marks as a table, 0 if none.
        unknown: formulas that were never calculated, whose value is unknown.
    """

    name: str
    budget: Budget
    hidden: bool = False
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    spans: dict[Address, Address] = field(default_factory=dict)
    comments: dict[Address, str] = field(default_factory=dict)
    shapes: list[str] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    header_row: int = 0
    furniture: list[str] = field(default_factory=list)
    pictures: int = 0
    unknown: int = 0

    def put(self, row: int, column: int, text: str) -> None:
        """Set the text of a cell; blank text and addresses outside a sheet are ignored."""
        if text.strip() and 1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN:
            self.budget.add(text)
            self.rows.setdefault(row, {})[column] = text

    def merge(self, first: Address, last: Address) -> None:
        if first < last and min(first) >= 1 and last[1] >= first[1]:
            self.spans[first] = last

    def settle(self) -> None:
        """Sort rows and cells; of merged areas keep the first cell and what differs from it."""
        self.rows = {row: dict(sorted(self.rows[row].items())) for row in sorted(self.rows)}
        if not self.spans:
            return
        for row, column, anchor in list(self._covered()):
            if self.rows[row][column] == self.rows.get(anchor[0], {}).get(anchor[1]):
                del self.rows[row][column]
        self.rows = {row: cells for row, cells in self.rows.items() if cells}

    def _covered(self) -> Iterator[tuple[int, int, Address]]:
        """Cells with text inside merged areas but the first, with the area's first cell."""
        last_column = max((max(cells) for cells in self.rows.values()), default=0)
        starts = sorted(self.spans)
        by_column: dict[int, tuple[int, Address]] = {}
        steps = at = 0
        for row, cells in self.rows.items():
            while at < len(starts) and starts[at][0] <= row and steps < _MAX_COVERED:
                end_row, end_column = self.spans[starts[at]]
                reach = range(starts[at][1], min(end_column, last_column) + 1)
                by_column.update(dict.fromkeys(reach, (end_row, starts[at])))
                steps += len(reach)
                at += 1
            for column in cells:
                end, anchor = by_column.get(column, (0, (0, 0)))
                if row <= end and (row, column) != anchor:
                    yield row, column, anchor
