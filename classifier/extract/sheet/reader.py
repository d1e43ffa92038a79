"""Read spreadsheets: XLSX, XLS, ODS, CSV.

Every worksheet is a heading (its name), what is drawn on it, and its cells row by row.
Hidden worksheets and columns are set aside: somebody took them out of sight, mostly lists
for input fields and internal figures, and what nobody sees must not move a score. Hidden
rows are read: most were left out by a filter that whoever saved the file last had set, and
the requirements in them are as valid as the others.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePath
from typing import Final, Protocol

from classifier.document import Aside, AsideKind, Block, BlockKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.charset import decode
from classifier.extract.language.headings import is_numbered
from classifier.extract.language.normal import one_line
from classifier.extract.sheet.cells import Budget, Sheet
from classifier.extract.sheet.table import COMMENT_LABEL, sheet_blocks
from classifier.limits import Limits

_DELIMITERS: Final = ",;\t"
_SNIFFED_LINES: Final = 20


class Workbook(Protocol):
    """What the readers of the formats give; ``notes`` is complete after ``sheets``."""

    notes: list[str]

    def sheets(self) -> Iterator[Sheet]: ...


def read_xlsx(data: bytes, name: str, limits: Limits) -> Document:
    """Read XLSX or XLSM. Raises :class:`ExtractionError`: DAMAGED, ENCRYPTED, EMPTY, TOO_LARGE."""
    from classifier.extract.sheet.xlsx import Workbook

    limits.check_bytes(len(data))
    return _document(Workbook(data, limits), name, "xlsx", limits)


def read_xls(data: bytes, name: str, limits: Limits) -> Document:
    """Read a legacy workbook. Raises :class:`ExtractionError` as :func:`read_xlsx`."""
    from classifier.extract.sheet.xls import Workbook

    limits.check_bytes(len(data))
    return _document(Workbook(data, limits), name, "xls", limits)


def read_ods(data: bytes, name: str, limits: Limits) -> Document:
    """Read an OpenDocument spreadsheet. Raises :class:`ExtractionError` as :func:`read_xlsx`."""
    from classifier.extract.sheet.ods import Workbook

    limits.check_bytes(len(data))
    return _document(Workbook(data, limits), name, "ods", limits)


def read_csv(data: bytes, name: str, limits: Limits) -> Document:
    """Read values separated by commas, semicolons or tabs, in any Chinese encoding.

    Raises :class:`ExtractionError`: UNSUPPORTED for binary data, TOO_LARGE.
    """
    limits.check_bytes(len(data))
    decoded = decode(data)
    sheet = Sheet("", Budget(limits))
    delimiter = "\t" if PurePath(name).suffix.lower() == ".tsv" else _delimiter(decoded.text)
    for row, values in enumerate(_records(decoded.text.replace("\0", ""), delimiter), start=1):
        for column, text in enumerate(values, start=1):
            sheet.put(row, column, text)
    blocks = sheet_blocks(sheet, 1)
    reason = Reason.OK_PARTIAL if decoded.damage else Reason.OK
    return Document.from_blocks(name, "csv", blocks, reason=reason, notes=decoded.notes)


def _records(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        # A quotation mark that nobody closed: they are plain characters here.
        return [line.split(delimiter) for line in text.splitlines()]


def _delimiter(text: str) -> str:
    """The separator that most lines have in common with the next one."""
    lines = text.splitlines()[:_SNIFFED_LINES]

    def agreement(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in lines]
        return sum(a == b > 0 for a, b in pairwise(counts)), sum(counts)

    return max(_DELIMITERS, key=agreement)


def _document(book: Workbook, name: str, format: str, limits: Limits) -> Document:
    blocks: list[Block] = []
    asides: list[Aside] = []
    notes: list[str] = []
    partial = False
    for number, sheet in enumerate(book.sheets(), start=1):
        hidden = _take_hidden(sheet)
        furniture = (Aside(AsideKind.HEADER, text) for text in dict.fromkeys(sheet.furniture))
        asides += [*furniture, *hidden]
        notes += _notes(sheet, bool(hidden))
        partial = partial or sheet.unknown > 0
        body = [*_shapes(sheet), *sheet_blocks(sheet, number), *_loose_comments(sheet)]
        if body:
            blocks += [Block(one_line(sheet.name), BlockKind.HEADING, 1), *body]
    document = Document.from_blocks(name, format, blocks, asides=tuple(asides))
    limits.check_chars(len(document.text))
    if not document.blocks and book.notes:
        raise ExtractionError(Reason.DAMAGED, f"no text left: {book.notes[0]}")
    if not document.blocks:
        raise ExtractionError(Reason.EMPTY, "all text is hidden" if asides else "no text")
    reason = Reason.OK_PARTIAL if book.notes or partial else Reason.OK
    return replace(document, reason=reason, notes=(*book.notes, *notes))


def _take_hidden(sheet: Sheet) -> list[Aside]:
    """Take the text of a hidden sheet, row by row, or of hidden columns out of the sheet."""
    taken: list[list[str]] = []
    if sheet.hidden:
        taken += ([text] for text in sheet.shapes)
        taken += (list(row.values()) for row in sheet.rows.values())
        taken += ([text] for text in sheet.comments.values())
        sheet.shapes, sheet.rows, sheet.comments = [], {}, {}
    elif sheet.hidden_columns:
        taken += _take_hidden_columns(sheet)
    joined = (" | ".join(filter(None, map(one_line, texts))) for texts in taken)
    return [Aside(AsideKind.HIDDEN, f"{sheet.name}：{text}") for text in joined if text]


def _take_hidden_columns(sheet: Sheet) -> Iterator[list[str]]:
    columns: dict[int, list[str]] = {}
    for number, row in list(sheet.rows.items()):
        for column in sheet.hidden_columns & row.keys():
            _, last = sheet.spans.get((number, column), (number, column))
            # A merged area shows its text in those of its columns that are left.
            if sheet.hidden_columns.issuperset(range(column, last + 1)):
                comment = sheet.comments.pop((number, column), "")
                columns.setdefault(column, []).extend((row.pop(column), comment))
        if not row:
            del sheet.rows[number]
    yield from (columns[column] for column in sorted(columns))


def _notes(sheet: Sheet, has_hidden: bool) -> Iterator[str]:
    if has_hidden:
        what = "被隐藏" if sheet.hidden else "有隐藏的列"
        yield f"工作表“{sheet.name}”{what}，未纳入评估，其文字列在未计入正文的内容中。"
    if sheet.hidden:
        return
    if rows := len(sheet.hidden_rows & sheet.rows.keys()):
        yield f"工作表“{sheet.name}”有 {rows} 行被隐藏或筛选掉，仍按正文读取。"
    if sheet.unknown:
        yield f"工作表“{sheet.name}”有 {sheet.unknown} 个公式没有保存计算结果，未能读取。"
    if sheet.pictures:
        yield f"工作表“{sheet.name}”含 {sheet.pictures} 张图片，图片中的文字未读取。"


def _shapes(sheet: Sheet) -> Iterator[Block]:
    """Text boxes; they stand before the cells, whose last section would else take them in."""
    lines = (one_line(line) for text in sheet.shapes for line in text.splitlines())
    for text in filter(None, lines):
        yield Block(text, BlockKind.LIST_ITEM if is_numbered(text) else BlockKind.PARAGRAPH)


def _loose_comments(sheet: Sheet) -> Iterator[Block]:
    """Comments on cells without text."""
    for (row, column), text in sorted(sheet.comments.items()):
        if column not in sheet.rows.get(row, ()):
            yield Block(one_line(text), label=COMMENT_LABEL)
