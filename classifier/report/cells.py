"""Typed cells of an Excel workbook that hold untrusted text safely.

Text is always stored as text: Excel neither calculates a cell that begins with an
equals sign nor does it begin to when the cell is edited (quote prefix). Limits:
Excel specifications of Microsoft; injection: CWE-1236.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, unquote

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

MOST_ROWS: Final = 1_048_576
"""Rows of a sheet, its header among them."""

MOST_UNITS: Final = 32_767
"""UTF-16 units of a cell."""

MOST_LINKS: Final = 65_530
"""Hyperlinks of a sheet."""

_MOST_ADDRESS_UNITS: Final = 2000
_CUT: Final = "…（过长，全文见原件）"
_SIGN: Final = r"[=+\-@|%＝＋－＠]"
_FORMULA: Final = re.compile(rf"[\s\u200b\ufeff]*{_SIGN}")
# In CSV a cell may also begin where a program takes another separator, or ends it at a line end.
_CSV_FORMULA: Final = re.compile(
    rf"^(?='*[\s\u200b\ufeff]*(?:[\t\r\n]|{_SIGN}))"
    rf"|(?<=[\r\n\t;])(?='*(?:[^\S\r\n\t]|[\u200b\ufeff])*{_SIGN})"
)
_ASCII: Final = re.compile(r"[\x00-\x7f]+")
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Look(StrEnum):
    """How a cell is shown; the names are those of the workbook's formats."""

    TEXT = "text"
    WRAPPED = "wrapped"
    WHOLE = "whole"
    PERCENT = "percent"
    DECIMAL = "decimal"
    HEADER = "header"
    TITLE = "title"
    LINK = "link"
    ASSISTIVE = "assistive"
    CONTROL = "control"
    MIXED = "mixed"


_TOP: Final = {"valign": "top"}
_LOOKS: Final = {
    Look.TEXT: _TOP,
    Look.WRAPPED: {**_TOP, "text_wrap": True},
    Look.WHOLE: {**_TOP, "num_format": "0"},
    Look.PERCENT: {**_TOP, "num_format": "0.0%"},
    Look.DECIMAL: {**_TOP, "num_format": "0.0000"},
    Look.HEADER: {**_TOP, "bold": True, "bg_color": "#E9EAE6", "bottom": 1, "text_wrap": True},
    Look.TITLE: {"bold": True, "font_size": 16},
    Look.LINK: {**_TOP, "font_color": "#0A55A5", "underline": 1},
    Look.ASSISTIVE: {**_TOP, "bg_color": "#E2EEFB", "font_color": "#0A55A5"},
    Look.CONTROL: {**_TOP, "bg_color": "#FDE9DC", "font_color": "#A33A00"},
    Look.MIXED: {**_TOP, "bg_color": "#F0E8F9", "font_color": "#6A3A9C"},
}
"""Colours of the HTML report (``report.css``)."""


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads to a row (from 1) of another sheet of this workbook."""

    text: str
    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class PageLink:
    """Text that leads to a file by its address, quoted and relative to the workbook's folder.

    Where Excel takes no more links the address stands as text.
    """

    text: str
    address: str


Value = str | int | float | bool | Link | PageLink | None


@dataclass(frozen=True, slots=True)
class Column:
    """Title, width in characters, and look of the cells below."""

    title: str
    width: float
    look: Look = Look.TEXT


class Formats:
    """The formats of one workbook, with and without quote prefix."""

    def __init__(self, book: Workbook) -> None:
        self._plain = {look: book.add_format(made) for look, made in _LOOKS.items()}
        self._quoted = {
            look: book.add_format({**made, "quote_prefix": True}) for look, made in _LOOKS.items()
        }

    def of(self, look: Look, value: Value = None) -> Format:
        is_formula = isinstance(value, str) and _FORMULA.match(value)
        return (self._quoted if is_formula else self._plain)[look]


class Sheet:
    """Writes rows one below the other."""

    def __init__(self, sheet: Worksheet, formats: Formats) -> None:
        self._sheet = sheet
        self._formats = formats
        self._links = 0
        self.rows = 0

    def head(self, columns: Sequence[Column]) -> None:
        """Column widths and the header row, which stays in view and on every printed page."""
        for number, column in enumerate(columns):
            self._sheet.set_column(number, number, column.width)
        self.add([column.title for column in columns], [Look.HEADER] * len(columns))
        self._sheet.freeze_panes(self.rows, 0)
        self._sheet.repeat_rows(0)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)

    def filter(self, columns: int) -> None:
        """A filter over all rows written so far below the header, which is the first."""
        self._sheet.autofilter(0, 0, max(self.rows - 1, 0), columns - 1)

    def widths(self, *widths: float) -> None:
        for number, width in enumerate(widths):
            self._sheet.set_column(number, number, width)

    def add(self, values: Iterable[Value], looks: Iterable[Look]) -> None:
        for column, (value, look) in enumerate(zip(values, looks, strict=True)):
            self._write(column, value, look)
        self.rows += 1

    def _write(self, column: int, value: Value, look: Look) -> None:
        row = self.rows
        match value:
            case bool():
                self._sheet.write_string(
                    row, column, "是" if value else "否", self._formats.of(look)
                )
            case int() | float() if math.isfinite(value):
                self._sheet.write_number(row, column, value, self._formats.of(look))
            case None | int() | float():  # Excel knows no infinity
                self._sheet.write_blank(row, column, None, self._formats.of(look))
            case Link() | PageLink() if self._links < MOST_LINKS and _fits(
                target := _target(value)
            ):
                self._links += 1
                shown = self._formats.of(Look.LINK)
                self._sheet.write_url(row, column, target, shown, safe_text(value.text))
            case Link():
                self._write(column, value.text, look)
            case PageLink():
                self._write(column, unquote(value.address, errors="replace"), Look.TEXT)
            case str():
                text = safe_text(value)
                self._sheet.write_string(row, column, text, self._formats.of(look, text))


def _target(link: Link | PageLink) -> str:
    if isinstance(link, Link):
        return f"internal:'{link.sheet}'!A{link.row}"
    # Excel writes other than ASCII as it is; all else that has a meaning in addresses is quoted.
    path = unquote(link.address, errors="replace")
    return "external:./" + _ASCII.sub(lambda found: quote(found[0]), safe_text(path))


def _fits(target: str) -> bool:
    return _units(target) <= _MOST_ADDRESS_UNITS


def csv_text(text: str) -> str:
    """Text as a CSV cell can hold it: an apostrophe stands before what would be calculated.

    One more apostrophe goes wherever the text has some already, so that nothing is ambiguous.
    """
    return _CSV_FORMULA.sub("'", _NOT_XML.sub("\ufffd", text))


def safe_text(text: str) -> str:
    """Text as a cell can hold it: what XML does not know replaced, over-long text cut."""
    text = _NOT_XML.sub("\ufffd", text)
    if len(text) > MOST_UNITS // 2 and _units(text) > MOST_UNITS:
        room = (MOST_UNITS - len(_CUT)) * 2
        text = text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _CUT
    # XlsxWriter takes such a string for rich text and would write it unescaped.
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
