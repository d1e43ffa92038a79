"""Read the tables of an OpenDocument spreadsheet (ODS).

Cells hold the text that was shown, so no number format has to be applied.
Source: OASIS OpenDocument 1.3 part 3, 9 (tables) and 19 (attributes).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from classifier.errors import ExtractionError, Reason
from classifier.extract.office.ooxml import Element, Package, local_name
from classifier.extract.sheet.cells import MAX_CELLS, MAX_COLUMN, MAX_ROW, Budget, Sheet
from classifier.limits import Limits

_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_STYLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CONTENT: Final = "content.xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_CELLS: Final = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")


class Workbook:
    """Tables of one spreadsheet; ``notes`` says in Chinese what could not be read.

    Raises :class:`ExtractionError`: DAMAGED, ENCRYPTED, TOO_LARGE.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        package = Package(data, limits)
        if _MANIFEST in package and b"encryption-data" in package.read(_MANIFEST):
            raise ExtractionError(Reason.ENCRYPTED, "OpenDocument file with a password")
        self._root, whole = package.xml(_CONTENT)
        self._budget = Budget(limits)
        self._steps = 0
        self.notes = [] if whole else [f"部件 {_CONTENT} 的 XML 有错误，错误之后的文字可能缺失。"]

    def sheets(self) -> Iterator[Sheet]:
        """Tables in the order of their tabs."""
        hidden = {
            style.get(f"{_STYLE}name")
            for style in self._root.iter(f"{_STYLE}style")
            for properties in style.iter(f"{_STYLE}table-properties")
            if properties.get(f"{_TABLE}display") == "false"
        }
        for node in self._root.iter(f"{_TABLE}table"):
            sheet = Sheet(node.get(f"{_TABLE}name", ""), self._budget)
            sheet.hidden = node.get(f"{_TABLE}style-name") in hidden
            self._columns(node, sheet)
            self._rows(node, sheet)
            for shapes in node.iter(f"{_TABLE}shapes"):
                sheet.shapes.extend(_paragraphs(shapes))
            sheet.pictures = sum(local_name(found) == "image" for found in node.iter())
            sheet.settle()
            yield sheet

    def _columns(self, table: Element, sheet: Sheet) -> None:
        at = 1
        for column in table.iter(f"{_TABLE}table-column"):
            end = min(at + _repeated(column, "columns"), MAX_COLUMN + 1)
            if column.get(f"{_TABLE}visibility", "visible") != "visible":
                sheet.hidden_columns.update(range(at, end))
            at = end

    def _rows(self, table: Element, sheet: Sheet) -> None:
        number = 1
        for row in table.iter(f"{_TABLE}table-row"):
            times = _repeated(row, "rows")
            if row.find(f".//{_TEXT}p") is not None:
                for repeat in range(number, min(number + times, MAX_ROW + 1)):
                    self._row(row, repeat, sheet)
                    if row.get(f"{_TABLE}visibility", "visible") != "visible":
                        sheet.hidden_rows.add(repeat)
            number += times

    def _row(self, row: Element, number: int, sheet: Sheet) -> None:
        column = 1
        for cell in row:
            if cell.tag not in _CELLS:
                continue
            times = _repeated(cell, "columns")
            text, comment = _content(cell, sheet)
            for at in range(column, min(column + times, MAX_COLUMN + 1)) if text else ():
                sheet.put(number, at, text)
            if comment:
                sheet.comments[number, column] = comment
            height, width = _spanned(cell, "rows"), _spanned(cell, "columns")
            sheet.merge((number, column), (number + height - 1, column + width - 1))
            column += times
            self._steps += 1
            if self._steps > 10 * MAX_CELLS:
                raise ExtractionError(Reason.TOO_LARGE, "too many cells in repeated rows")


def _content(cell: Element, sheet: Sheet) -> tuple[str, str]:
    """Text of a cell and of the comment on it; what is drawn in it goes to the sheet."""
    lines: list[str] = []
    comment = ""
    for child in cell:
        if child.tag == f"{_TEXT}p":
            lines.append(_flat(child))
        elif local_name(child) == "annotation":
            comment = "\n".join(_paragraphs(child))
        else:
            sheet.shapes.extend(_paragraphs(child))
    return "\n".join(lines), comment


def _paragraphs(node: Element) -> list[str]:
    return [_flat(found) for found in node.iter(f"{_TEXT}p")]


def _flat(paragraph: Element) -> str:
    pieces = [paragraph.text or ""]
    for child in paragraph:
        match local_name(child):
            case "s":
                pieces.append(" ")
            case "tab":
                pieces.append("\t")
            case "line-break":
                pieces.append("\n")
            case _:
                pieces.append(_flat(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _repeated(node: Element, what: str) -> int:
    return _count(node.get(f"{_TABLE}number-{what}-repeated"))


def _spanned(node: Element, what: str) -> int:
    return _count(node.get(f"{_TABLE}number-{what}-spanned"))


def _count(value: str | None) -> int:
    return max(int(value), 1) if value and len(value) < 10 and value.isdecimal() else 1
