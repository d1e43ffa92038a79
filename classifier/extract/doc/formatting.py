"""Formatting of characters and paragraphs in a Word 97–2003 file, as far as text needs it.

Formatting is a list of property modifiers (sprm: a 16-bit code and its operand), kept by
runs of FCs in pages of 512 bytes. Source: [MS-DOC] 2.4.6 (applying properties), 2.6
(property modifiers), 2.9.33 (ChpxFkp), 2.9.174 (PapxFkp), 2.9.210 (Prl).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from classifier.extract.doc.file import DocFile, Piece, Table, plc_entries

DELETED: Final = 0x0800
INSERTED: Final = 0x0801
FORM_DATA: Final = 0x0806
BOLD: Final = 0x0835
HIDDEN: Final = 0x083C
SPECIAL: Final = 0x0855
CHARACTER_STYLE: Final = 0x4A30
WESTERN_FONT: Final = 0x4A4F
SYMBOL: Final = 0x6A09
PARAGRAPH_STYLE: Final = 0x4600
LIST: Final = 0x460B
LIST_LEVEL: Final = 0x260A
OUTLINE_LEVEL: Final = 0x2640
IN_TABLE: Final = 0x2416
ROW_END: Final = 0x2417
DEPTH: Final = 0x6649
INNER_CELL_END: Final = 0x244B
INNER_ROW_END: Final = 0x244C
HEADER_ROW: Final = 0x3404
DEFINE_TABLE: Final = 0xD608
# Modifiers that stand in the Data stream because a page has no room for them.
_ELSEWHERE: Final = (0x6645, 0x6646, 0x646B)
_WANTED: Final = frozenset(
    (
        *(DELETED, INSERTED, FORM_DATA, BOLD, HIDDEN, SPECIAL, CHARACTER_STYLE),
        *(SYMBOL, WESTERN_FONT),
        *(PARAGRAPH_STYLE, LIST, LIST_LEVEL, OUTLINE_LEVEL, IN_TABLE, ROW_END, DEPTH),
        *(INNER_CELL_END, INNER_ROW_END, HEADER_ROW, DEFINE_TABLE, *_ELSEWHERE),
    )
)

_CHANGE_TABS: Final = 0xC615
_LONG_TABLES: Final = (0xD606, DEFINE_TABLE)
_OPERAND: Final = (1, 1, 2, 4, 2, 2, 0, 3)
"""Bytes of the operand by the top three bits of the code; 6 says its own length."""

_PAGE: Final = 512
_BX: Final = 13

Properties = dict[int, bytes]
"""The last operand of each modifier."""


def properties(grpprl: bytes) -> Properties:
    """The modifiers of a list that matter here; what is behind a broken one is lost."""
    found: Properties = {}
    at = 0
    while at + 2 <= len(grpprl):
        code = struct.unpack_from("<H", grpprl, at)[0]
        start, end = _operand(grpprl, code, at + 2)
        if end > len(grpprl):
            break
        if code in _WANTED:
            found[code] = grpprl[start:end]
        at = end
    return found


def _operand(grpprl: bytes, code: int, at: int) -> tuple[int, int]:
    size = _OPERAND[code >> 13]
    if size:
        return at, at + size
    if code in _LONG_TABLES:
        return at + 2, at + 1 + int.from_bytes(grpprl[at : at + 2], "little")
    length = int.from_bytes(grpprl[at : at + 1], "little")
    if code == _CHANGE_TABS and length == 255:
        deleted = int.from_bytes(grpprl[at + 1 : at + 2], "little")
        added = at + 2 + 4 * deleted
        return at + 1, added + 1 + 3 * int.from_bytes(grpprl[added : added + 1], "little")
    return at + 1, at + 1 + length


def number(found: Properties, code: int, default: int = 0) -> int:
    """Operand of a modifier as an unsigned number."""
    return int.from_bytes(found[code], "little") if code in found else default


@dataclass(frozen=True)
class CharacterFormat:
    found: Properties

    @cached_property
    def is_deleted(self) -> bool:
        return bool(number(self.found, DELETED) & 1)

    @cached_property
    def is_inserted(self) -> bool:
        return bool(number(self.found, INSERTED) & 1)

    @cached_property
    def is_bold(self) -> bool:
        return number(self.found, BOLD) in (0x01, 0x81)

    @cached_property
    def is_picture(self) -> bool:
        """Whether U+0001 in this format is a picture, not the data of a form field."""
        return bool(number(self.found, SPECIAL)) and not number(self.found, FORM_DATA)

    @cached_property
    def style(self) -> int | None:
        """Index of the character style."""
        return number(self.found, CHARACTER_STYLE) if CHARACTER_STYLE in self.found else None

    @cached_property
    def western_font(self) -> int | None:
        """Index of the font of characters that are not East Asian."""
        return number(self.found, WESTERN_FONT) if WESTERN_FONT in self.found else None

    @cached_property
    def symbol(self) -> tuple[int, int] | None:
        """Font index and code that each character in this format stands for."""
        both = number(self.found, SYMBOL)
        return (both & 0xFFFF, both >> 16) if SYMBOL in self.found else None

    def is_hidden(self, by_style: bool) -> bool:
        operand = number(self.found, HIDDEN, 0x80)
        return by_style != bool(operand & 1) if operand & 0x80 else bool(operand)


@dataclass(frozen=True)
class ParagraphFormat:
    style: int
    found: Properties

    @cached_property
    def depth(self) -> int:
        """How many tables the paragraph stands in, one within the other."""
        depth = number(self.found, DEPTH)
        return max(depth, 1) if number(self.found, IN_TABLE) else depth

    @cached_property
    def is_row_end(self) -> bool:
        return bool(number(self.found, ROW_END) or number(self.found, INNER_ROW_END))

    @cached_property
    def ends_inner_cell(self) -> bool:
        return bool(number(self.found, INNER_CELL_END))

    @cached_property
    def is_header_row(self) -> bool:
        return bool(number(self.found, HEADER_ROW))

    @cached_property
    def edges(self) -> tuple[int, ...]:
        """Left edges of the cells of a row and the right edge of the last one, in twips."""
        table = self.found.get(DEFINE_TABLE, b"")
        count = table[0] + 1 if table else 0
        return struct.unpack_from(f"<{count}h", table, 1) if len(table) > 2 * count else ()

    def own(self, code: int) -> int | None:
        """Operand of a modifier of the paragraph itself, ``None`` if it leaves it to its style."""
        return number(self.found, code) if code in self.found else None


_NO_CHARACTER: Final = CharacterFormat({})
_NO_PARAGRAPH: Final = ParagraphFormat(0, {})


class Formatting:
    """Formats by character position. ``is_whole`` tells whether all tables could be read."""

    def __init__(self, file: DocFile) -> None:
        self._file = file
        self._characters = _Runs(file, Table.CHPX_BINS)
        self._paragraphs = _Runs(file, Table.PAPX_BINS)
        self._known_characters: dict[tuple[bytes, bytes], CharacterFormat] = {}
        self._known_paragraphs: dict[tuple[bytes, bytes], ParagraphFormat] = {}
        self._known_prms: dict[bytes, Properties] = {}
        self._known_offsets: dict[int, Properties] = {}
        # Lists that lie one over the other could make a small stream cost any time.
        self._budget = 2 * len(file.data)
        self.is_whole = bool(self._characters.starts and self._paragraphs.starts)

    def spans(self) -> Iterator[tuple[int, int, CharacterFormat]]:
        """(start, end, format) of runs of characters, over all CPs of the file in order."""
        runs = self._characters
        for piece in self._file.pieces:
            cp, i = piece.start, max(bisect_right(runs.starts, piece.fc) - 1, 0)
            while cp < piece.end:
                fc = piece.fc_of(cp)
                while i < len(runs.ends) and runs.ends[i] <= fc:
                    i += 1
                limit, grpprl = runs.next_change(i, fc)
                chars = -(-(limit - fc) // piece.width) if limit is not None else piece.end - cp
                end = min(cp + chars, piece.end)
                yield cp, end, self._character(grpprl, piece)
                cp = end

    def paragraph(self, cp: int) -> tuple[ParagraphFormat, bool]:
        """Format of the paragraph that ``cp`` belongs to, and whether ``cp`` is its last."""
        piece = self._file.piece_at(cp)
        fc, runs = piece.fc_of(cp), self._paragraphs
        i = bisect_right(runs.starts, fc) - 1
        if i < 0 or runs.ends[i] <= fc:
            return _NO_PARAGRAPH, True
        key = runs.grpprls[i], piece.prm
        if key not in self._known_paragraphs:
            self._known_paragraphs[key] = self._paragraph(*key)
        return self._known_paragraphs[key], runs.ends[i] <= fc + piece.width

    def _character(self, grpprl: bytes, piece: Piece) -> CharacterFormat:
        if not grpprl and not piece.prm:
            return _NO_CHARACTER
        key = grpprl, piece.prm
        if key not in self._known_characters:
            found = properties(grpprl) | self._of_piece(piece.prm)
            self._known_characters[key] = CharacterFormat(found)
        return self._known_characters[key]

    def _paragraph(self, papx: bytes, prm: bytes) -> ParagraphFormat:
        found = properties(papx[2:])
        for code in _ELSEWHERE:
            if code in found:
                found |= self._elsewhere(number(found, code))
        found |= self._of_piece(prm)
        style = int.from_bytes(papx[:2], "little")
        return ParagraphFormat(number(found, PARAGRAPH_STYLE, style), found)

    def _of_piece(self, prm: bytes) -> Properties:
        if prm not in self._known_prms:
            self._known_prms[prm] = properties(prm)
        return self._known_prms[prm]

    def _elsewhere(self, at: int) -> Properties:
        """Modifiers at an offset of the Data stream (PrcData)."""
        if at not in self._known_offsets:
            data = self._file.data
            size = int.from_bytes(data[at : at + 2], "little")
            self._budget -= size
            found = properties(data[at + 2 : at + 2 + size]) if self._budget >= 0 else {}
            self._known_offsets[at] = found
        return self._known_offsets[at]


class _Runs:
    """Runs of FCs with their modifiers, from all pages of one kind, sorted and disjoint."""

    def __init__(self, file: DocFile, bins: Table) -> None:
        is_papx = bins is Table.PAPX_BINS
        _, numbers = plc_entries(file.table(bins), 4)
        found: list[tuple[int, int, bytes]] = []
        # Each page once: a false table may name the same one a million times.
        for page in dict.fromkeys(int.from_bytes(n, "little") & 0x3FFFFF for n in numbers):
            data = file.main[page * _PAGE : (page + 1) * _PAGE]
            if len(data) == _PAGE:
                found += _page_runs(data, is_papx)
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.grpprls: list[bytes] = []
        for start, end, grpprl in sorted(found):
            if not self.ends or start >= self.ends[-1]:
                self.starts.append(start)
                self.ends.append(end)
                self.grpprls.append(grpprl)

    def next_change(self, i: int, fc: int) -> tuple[int | None, bytes]:
        """Up to where the format at ``fc`` holds, ``None`` for ever, and its modifiers.

        ``i`` is the first run that ends behind ``fc``.
        """
        if i >= len(self.starts):
            return None, b""
        if fc < self.starts[i]:
            return self.starts[i], b""
        return self.ends[i], self.grpprls[i]


def _page_runs(page: bytes, is_papx: bool) -> Iterator[tuple[int, int, bytes]]:
    count = page[-1]
    step = _BX if is_papx else 1
    first = 4 * (count + 1)
    if first + count * step >= _PAGE:
        return
    fcs = struct.unpack_from(f"<{count + 1}I", page)
    for i in range(count):
        at = 2 * page[first + i * step]
        if fcs[i] < fcs[i + 1]:
            yield fcs[i], fcs[i + 1], _papx(page, at) if is_papx else _chpx(page, at)


def _chpx(page: bytes, at: int) -> bytes:
    return page[at + 1 : at + 1 + page[at]] if at else b""


def _papx(page: bytes, at: int) -> bytes:
    """Style index (2 bytes) and modifiers."""
    if not at:
        return b""
    if page[at]:
        return page[at + 1 : at + 2 * page[at]]
    return page[at + 2 : at + 2 + 2 * page[at + 1]]
