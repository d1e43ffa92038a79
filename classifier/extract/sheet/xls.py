"""Read the worksheets of a legacy Excel workbook (BIFF 2 to 8, Excel 97 and before).

Over xlrd, the one library that keeps number formats, hidden columns, merged areas and
notes; text boxes, which it parses but drops, are taken from the records themselves.
Source: [MS-XLS], https://www.gaia-gis.it/gaia-sins/freexl-1.0.6-doxy-doc/html/Format.html
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Final

import xlrd
from xlrd.biffh import XLRDError
from xlrd.sheet import Sheet as Source

from classifier.errors import ExtractionError, Reason
from classifier.extract.office.ole import CompoundFile
from classifier.extract.sheet.cells import Budget, Sheet
from classifier.extract.sheet.number_format import BUILTIN, GENERAL, shown
from classifier.limits import Limits

_OBJ, _TXO, _CONTINUE, _BOF, _EOF, _SHEET = 0x5D, 0x1B6, 0x3C, 0x809, 0x0A, 0x85
_PICTURE, _NOTE = 0x08, 0x19
_BIFF8: Final = 80
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Workbook:
    """Worksheets of one workbook; ``notes`` says in Chinese what could not be read.

    Raises :class:`ExtractionError`: DAMAGED, ENCRYPTED, TOO_LARGE.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._budget = Budget(limits)
        self._stream = _stream(data)
        self._book = _open(self._stream)
        self.notes: list[str] = []

    def sheets(self) -> Iterator[Sheet]:
        """Worksheets in the order of their tabs; chart and macro sheets are left out."""
        starts = _worksheets(self._stream) if self._book.biff_version >= _BIFF8 else []
        for at, source in enumerate(self._book.sheets()):
            sheet = Sheet(source.name, self._budget, hidden=source.visibility != 0)
            _read(source, sheet, self._book)
            if at < len(starts):
                _read_objects(self._stream, starts[at], sheet)
            sheet.settle()
            yield sheet


def _stream(data: bytes) -> bytes:
    """The records of the workbook: a stream of a compound file, or in old files all there is."""
    if not data.startswith(_COMPOUND):
        return data
    file = CompoundFile(data)
    stream = file.stream("Workbook") or file.stream("Book")
    if not stream:
        raise ExtractionError(Reason.DAMAGED, "XLS: no readable workbook stream")
    return stream


def _open(stream: bytes) -> xlrd.Book:
    try:
        book = _load(stream)
        # Files of old Chinese programs do not say which code page they are in.
        if book.biff_version < _BIFF8 and not book.codepage:
            book = _load(stream, encoding="gb18030")
        return book
    except XLRDError as error:
        encrypted = "encrypted" in str(error)
        reason = Reason.ENCRYPTED if encrypted else Reason.DAMAGED
        raise ExtractionError(reason, f"XLS: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # xlrd trusts the file: a spoiled one may raise anything
        raise ExtractionError(Reason.DAMAGED, f"XLS: {type(error).__name__} {error}") from error


def _load(stream: bytes, encoding: str | None = None) -> xlrd.Book:
    return xlrd.open_workbook(
        file_contents=stream,
        logfile=io.StringIO(),
        formatting_info=True,
        ragged_rows=True,
        encoding_override=encoding,
    )


def _read(source: Source, sheet: Sheet, book: xlrd.Book) -> None:
    for row in range(source.nrows):
        values = zip(source.row_types(row), source.row_values(row), strict=True)
        for column, (kind, value) in enumerate(values):
            if text := _text(kind, value, book, source, (row, column)):
                sheet.put(row + 1, column + 1, text)
    for top, bottom, left, right in source.merged_cells:
        sheet.merge((top + 1, left + 1), (bottom, right))
    hidden = (column for column, info in source.colinfo_map.items() if info.hidden)
    sheet.hidden_columns.update(column + 1 for column in hidden)
    hidden = (row + 1 for row, info in source.rowinfo_map.items() if info.hidden)
    sheet.hidden_rows.update(row for row in hidden if row in sheet.rows)
    for (row, column), note in source.cell_note_map.items():
        sheet.comments[row + 1, column + 1] = note.text


def _text(
    kind: int, value: str | float, book: xlrd.Book, source: Source, at: tuple[int, int]
) -> str:
    match kind:
        case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
            code = _format(book, source.cell_xf_index(*at))
            return shown(float(value), code, date1904=book.datemode == 1)
        case xlrd.XL_CELL_BOOLEAN:
            return "TRUE" if value else "FALSE"
        case xlrd.XL_CELL_ERROR:
            return xlrd.error_text_from_code.get(int(value), "#ERROR!")
        case _:
            return str(value)


def _format(book: xlrd.Book, style: int) -> str:
    if not 0 <= style < len(book.xf_list):
        return GENERAL
    key = book.xf_list[style].format_key
    found = book.format_map.get(key)
    return BUILTIN.get(key) or (found.format_str if found else GENERAL)


def _worksheets(stream: bytes) -> list[int]:
    """Offsets of the worksheets in the order of their tabs (BoundSheet8, 2.4.28)."""
    sheets = (data for kind, data in _records(stream, 0) if kind == _SHEET)
    return [struct.unpack_from("<I", data)[0] for data in sheets if len(data) > 6 and not data[5]]


def _read_objects(stream: bytes, start: int, sheet: Sheet) -> None:
    """Text boxes (TxO, 2.4.329) and the number of pictures of the sheet at ``start``."""
    owner = left = 0
    pieces: list[str] = []
    for kind, data in _records(stream, start):
        if kind == _OBJ:
            owner = struct.unpack_from("<H", data, 4)[0] if len(data) >= 6 else 0
            sheet.pictures += owner == _PICTURE
        elif kind == _TXO and len(data) >= 12:
            left = struct.unpack_from("<H", data, 10)[0] if owner != _NOTE else 0
        elif kind == _CONTINUE and left > 0 and data:
            piece = data[1:].decode("utf-16-le" if data[0] & 1 else "latin-1", "replace")
            pieces.append(piece[:left])
            left -= len(piece)
            if left <= 0:
                sheet.shapes.extend("".join(pieces).splitlines())
                pieces = []


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Records of one substream, from its BOF to its own EOF."""
    depth, at = 0, start
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size
