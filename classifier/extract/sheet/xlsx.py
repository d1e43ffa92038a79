"""Read the worksheets of an Office Open XML workbook (XLSX, XLSM).

Own code over the XML, sheet by sheet as a stream: the libraries at hand lose number
formats and hidden columns, allocate the whole area between two far cells, or refuse
workbooks that Office opens. Source: ECMA-376 part 1, 18 (SpreadsheetML).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from classifier.errors import ExtractionError, Reason
from classifier.extract.office.drawing import (
    DIAGRAM,
    RELATION,
    diagram_paragraphs,
    paragraph_text,
    visible,
)
from classifier.extract.office.ooxml import (
    OFFICE_DOCUMENT,
    Element,
    Package,
    Relationship,
    local_name,
)
from classifier.extract.sheet.cells import MAX_COLUMN, Address, Budget, Sheet
from classifier.extract.sheet.number_format import BUILTIN, GENERAL, shown
from classifier.limits import Limits

_MAIN: Final = "xl/workbook.xml"
_PARTS: Final = ("col", "row", "mergeCell", "autoFilter", "headerFooter")
_WORKSHEETS: Final = ("worksheet", "dialogsheet", "xlMacrosheet")
_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([1-9]\d{0,6})")
_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
# How WPS stores a picture in a cell.
_CELL_PICTURE: Final = re.compile(r"=?(?:_xlfn\.)?DISPIMG\(")
_HEADER_CODE: Final = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d{1,3}|.)', re.IGNORECASE | re.DOTALL)


class Workbook:
    """Worksheets of one package, and what could not be read of it, in Chinese sentences.

    Raises :class:`ExtractionError`: DAMAGED, ENCRYPTED, TOO_LARGE, UNSUPPORTED (XLSB).
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._package = Package(data, limits)
        self._budget = Budget(limits)
        self.notes: list[str] = []
        start = self._package.relationships().values()
        self._main = next((r.target for r in start if r.kind == OFFICE_DOCUMENT), _MAIN)
        if self._main.lower().endswith(".bin"):
            raise ExtractionError(Reason.UNSUPPORTED, "XLSB workbook")
        self._rels = self._package.relationships(self._main)
        self._root = self._xml(self._main)
        if next(self._root.iter("{*}sheet"), None) is None:
            raise ExtractionError(Reason.DAMAGED, f"{self._main} lists no sheets")
        properties = next(self._root.iter("{*}workbookPr"), None)
        date1904 = "" if properties is None else properties.get("date1904", "")
        self._date1904 = date1904 in ("1", "true")
        self._strings: list[str] = []
        self._formats: list[str] = []

    def sheets(self) -> Iterator[Sheet]:
        """Worksheets in the order of their tabs; chart sheets are left out."""
        self._strings = [
            _rich_text(node) for part in self._companions("sharedStrings")
            for node in self._package.stream(part, "si")
        ]  # fmt: skip
        self._formats = _formats(next(map(self._xml, self._companions("styles")), None))
        for node in self._root.iter("{*}sheet"):
            rel = self._rels.get(node.get(f"{RELATION}id", ""))
            name = node.get("name", "")
            if rel is None:
                self._tell(f"工作表“{name}”在文件中缺失。")
            if rel is None or rel.kind not in _WORKSHEETS:
                continue
            sheet = Sheet(name, self._budget)
            sheet.hidden = node.get("state") in ("hidden", "veryHidden")
            for attached in self._package.relationships(rel.target).values():
                if attached.target in self._package:
                    self._guarded(self._attached, sheet, attached)
            self._guarded(self._read, sheet, rel)
            sheet.settle()
            yield sheet
        for part in sorted(self._package.mended):
            self.notes.append(f"部件 {part} 的 XML 有错误，错误之后的文字可能缺失。")

    def _companions(self, kind: str) -> list[str]:
        rels = (rel for rel in self._rels.values() if rel.kind == kind)
        return [rel.target for rel in rels if rel.target in self._package]

    def _xml(self, part: str) -> Element:
        root, whole = self._package.xml(part)
        if not whole:
            self._package.mended.add(part)
        return root

    def _guarded(
        self, read: Callable[[Sheet, Relationship], None], sheet: Sheet, rel: Relationship
    ) -> None:
        """Read one part of a sheet; if it is damaged, the others are still read."""
        try:
            read(sheet, rel)
        except ExtractionError as error:
            if error.reason is not Reason.DAMAGED:
                raise
            self._tell(f"工作表“{sheet.name}”的部件 {rel.target} 已损坏，其中的文字可能缺失。")

    def _read(self, sheet: Sheet, rel: Relationship) -> None:
        row = 0
        for node in self._package.stream(rel.target, *_PARTS):
            match local_name(node):
                case "row":
                    row = _whole(node.get("r")) or row + 1
                    self._row(sheet, node, row)
                case "col" if _is_on(node.get("hidden")):
                    first, last = _whole(node.get("min")), _whole(node.get("max"))
                    sheet.hidden_columns.update(range(first, min(last, MAX_COLUMN) + 1))
                case "mergeCell":
                    sheet.merge(*_area(node.get("ref", "")))
                case "autoFilter":
                    sheet.header_row = _area(node.get("ref", ""))[0][0]
                case "headerFooter":
                    sheet.furniture.extend(filter(None, map(_furniture, node)))

    def _row(self, sheet: Sheet, row: Element, number: int) -> None:
        column = 0
        for cell in row:
            address = _address(cell.get("r", ""))
            column = address[1] or column + 1
            text = self._text(cell, sheet)
            if text:
                sheet.put(number, column, text)
        if _is_on(row.get("hidden")) and number in sheet.rows:
            sheet.hidden_rows.add(number)

    def _text(self, cell: Element, sheet: Sheet) -> str:
        kind, value, inline, formula = cell.get("t", "n"), "", None, False
        for child in cell:
            match local_name(child):
                case "v":
                    value = child.text or ""
                case "is":
                    inline = child
                case "f":
                    formula = True
        if inline is not None:
            return _rich_text(inline)
        if not value:
            sheet.unknown += formula
            return ""
        text = self._shown(kind, value, _whole(cell.get("s")))
        if _CELL_PICTURE.match(text):
            sheet.pictures += 1
            return ""
        return text

    def _shown(self, kind: str, value: str, style: int) -> str:
        match kind:
            case "s":
                at = _whole(value)
                if at < len(self._strings):
                    return self._strings[at]
                self._tell("部分单元格引用的文字在文件中已缺失。")
                return ""
            case "b":
                return "TRUE" if value.strip() == "1" else "FALSE"
            case "d":
                return _iso_date(value)
            case "n":
                code = self._formats[style] if style < len(self._formats) else GENERAL
                number = _number(value)
                return value if number is None else shown(number, code, date1904=self._date1904)
            case _:
                return _unescaped(value)

    def _tell(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _attached(self, sheet: Sheet, rel: Relationship) -> None:
        match rel.kind:
            case "drawing":
                self._drawing(sheet, rel.target)
            case "comments":
                for node in self._package.stream(rel.target, "comment"):
                    sheet.comments.setdefault(_address(node.get("ref", "")), _comment(node))
            case "threadedComment":
                replies: dict[Address, list[str]] = {}
                for node in self._package.stream(rel.target, "threadedComment"):
                    text = next(node.iter("{*}text"), None)
                    found = "" if text is None else text.text or ""
                    replies.setdefault(_address(node.get("ref", "")), []).append(found)
                # They also stand in the old part, behind a remark on versions of Excel.
                sheet.comments |= {at: "\n".join(texts) for at, texts in replies.items()}
            case "table":
                root = self._xml(rel.target)
                if root.get("headerRowCount", "1") != "0" and not sheet.header_row:
                    sheet.header_row = _area(root.get("ref", ""))[0][0]

    def _drawing(self, sheet: Sheet, part: str) -> None:
        rels = self._package.relationships(part)
        for node in visible(self._xml(part)):
            name = local_name(node)
            if name == "txBody":
                sheet.shapes.extend(paragraph_text(p) for p in node.iter("{*}p"))
            elif name == "pic":
                sheet.pictures += 1
            elif node.tag == DIAGRAM:
                rel = rels.get(node.get(f"{RELATION}dm", ""))
                if rel and rel.target in self._package:
                    sheet.shapes.extend(diagram_paragraphs(self._xml(rel.target)))


def _formats(root: Element | None) -> list[str]:
    """Format code of every cell style (``cellXfs``), by its index."""
    if root is None:
        return []
    codes = dict(BUILTIN)
    for node in root.iter("{*}numFmt"):
        if code := node.get("formatCode"):
            codes[_whole(node.get("numFmtId"))] = _unescaped(code)
    cells = next(root.iter("{*}cellXfs"), ())
    return [codes.get(_whole(xf.get("numFmtId")), GENERAL) for xf in cells]


def _rich_text(node: Element) -> str:
    """Text of a string with its runs, without the readings printed above (``rPh``)."""
    pieces = []
    for child in node:
        name = local_name(child)
        if name == "t":
            pieces.append(child.text or "")
        elif name == "r":
            pieces.extend(text.text or "" for text in child if local_name(text) == "t")
    return _unescaped("".join(pieces))


def _comment(node: Element) -> str:
    text = next(node.iter("{*}text"), None)
    return "" if text is None else _rich_text(text)


def _furniture(node: Element) -> str:
    return _HEADER_CODE.sub(" ", node.text or "").strip(" -—/第页共")


def _unescaped(text: str) -> str:
    """``_x000D_`` stands for the character with that code (22.9.2.19, ST_Xstring)."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _iso_date(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    is_day = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return f"{moment:%Y-%m-%d}" if is_day else f"{moment:%Y-%m-%d %H:%M:%S}"


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _address(reference: str) -> Address:
    """``B3`` as (3, 2); (0, 0) if it is none."""
    found = _REFERENCE.fullmatch(reference)
    if not found:
        return 0, 0
    column = 0
    for letter in found[1]:
        column = 26 * column + ord(letter) - 64
    return int(found[2]), column


def _area(reference: str) -> tuple[Address, Address]:
    first, _, last = reference.partition(":")
    return _address(first), _address(last or first)


def _whole(value: str | None) -> int:
    return int(value) if value and len(value) < 10 and value.isdecimal() else 0


def _is_on(value: str | None) -> bool:
    return value in ("1", "true")
