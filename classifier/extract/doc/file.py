"""The FIB and the piece table of a Word 97–2003 file: its text by character position.

A character position (CP) counts UTF-16 units over all stories of the file; an FC is an
offset of bytes in the WordDocument stream. Pieces map the one to the other. Source:
[MS-DOC] 2.4.1 (retrieving text), 2.5 (FIB), 2.8.35 (PlcPcd), 2.9.38 (Clx).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Final

from classifier.errors import ExtractionError, Reason
from classifier.extract.office.ole import CompoundFile
from classifier.limits import Limits

MAGIC: Final = 0xA5EC
FIRST_97: Final = 0xC0
"""Lowest nFib of the format of Word 97; what is below has another FIB."""

_ENCRYPTED: Final = 0x0100
_TABLE_1: Final = 0x0200
_FC_LCB: Final = 0x9A
_CCP_TEXT: Final = 0x4C
_COMPRESSED: Final = 0x4000_0000
_PCD: Final = 8
_MISSING: Final = "\0"
# 8-bit pieces are Windows-1252; its five holes stay what they are, so that lengths agree.
_CP1252: Final = {
    code: char for code in range(0x80, 0xA0) if (char := bytes([code]).decode("cp1252", "ignore"))
}


class Table(IntEnum):
    """Index of a structure among the fc/lcb pairs of the FIB."""

    STSH = 1
    FOOTNOTES = 3
    HEADERS = 11
    CHPX_BINS = 12
    PAPX_BINS = 13
    FONTS = 15
    CLX = 33
    SHAPES = 40
    ENDNOTES = 47
    TEXT_BOXES = 56
    LISTS = 73
    LIST_OVERRIDES = 74


class Story(IntEnum):
    """Index of a story among the ccp numbers of the FIB, in the order of their text."""

    MAIN = 0
    FOOTNOTES = 1
    HEADERS = 2
    MACROS = 3
    COMMENTS = 4
    ENDNOTES = 5
    TEXT_BOXES = 6
    HEADER_TEXT_BOXES = 7


@dataclass(frozen=True, slots=True)
class Piece:
    """CPs ``[start, end)`` that stand at ``fc`` in characters of ``width`` bytes.

    ``prm`` is the list of property modifiers (grpprl) that holds for the whole piece.
    """

    start: int
    end: int
    fc: int
    width: int
    prm: bytes

    def fc_of(self, cp: int) -> int:
        return self.fc + (cp - self.start) * self.width


class DocFile:
    """The streams of one file and its text, ``text[cp]`` being the character at ``cp``.

    Characters that the file should have but has not are NULs; ``missing`` counts them.
    Surrogates stand single, as in the file. Raises :class:`ExtractionError` with DAMAGED,
    ENCRYPTED, TOO_LARGE or UNSUPPORTED (an older Word).
    """

    def __init__(self, ole: CompoundFile, main: bytes, limits: Limits) -> None:
        if len(main) < _FC_LCB:
            raise ExtractionError(Reason.DAMAGED, "WordDocument stream without a FIB")
        magic, version = struct.unpack_from("<HH", main)
        flags = struct.unpack_from("<H", main, 10)[0]
        if magic != MAGIC or version < FIRST_97:
            raise ExtractionError(Reason.DAMAGED, f"no Word 97 FIB: {magic:#x}, nFib {version:#x}")
        if flags & _ENCRYPTED:
            raise ExtractionError(Reason.ENCRYPTED, "Word document with a password")
        names = ("1Table", "0Table") if flags & _TABLE_1 else ("0Table", "1Table")
        self.main = main
        self.data = ole.stream("Data")
        self._table = ole.stream(names[0]) or ole.stream(names[1])
        self.pieces = self._pieces()
        self._starts = [piece.start for piece in self.pieces]
        self.text, self.missing = self._read(limits)
        self._stories = self._story_ranges()

    def table(self, index: Table) -> bytes:
        """The structure that the FIB places there, as much as the table stream has of it."""
        return self.table_from(index)[: self._fc_lcb(index)[1]]

    def table_from(self, index: Table) -> bytes:
        """The table stream from that structure on: some have a tail outside of their lcb."""
        fc, size = self._fc_lcb(index)
        return self._table[fc:] if size else b""

    def story(self, story: Story) -> tuple[int, int]:
        """CPs ``[start, end)`` of a story; empty ones have ``start == end``."""
        return self._stories[story]

    def piece_at(self, cp: int) -> Piece:
        return self.pieces[max(bisect_right(self._starts, cp) - 1, 0)]

    def _fc_lcb(self, index: Table) -> tuple[int, int]:
        at = _FC_LCB + 8 * index
        if len(self.main) < at + 8:
            return 0, 0
        return struct.unpack_from("<II", self.main, at)

    def _pieces(self) -> list[Piece]:
        modifiers, plc = _split_clx(self.table(Table.CLX))
        cps, pcds = plc_entries(plc, _PCD)
        if not pcds:
            raise ExtractionError(Reason.DAMAGED, "no piece table")
        pieces: list[Piece] = []
        for (start, end), pcd in zip(pairwise(cps), pcds, strict=True):
            if end < start:
                raise ExtractionError(Reason.DAMAGED, "piece table out of order")
            fc, prm = struct.unpack_from("<IH", pcd, 2)
            width = 1 if fc & _COMPRESSED else 2
            fc = (fc & (_COMPRESSED - 1)) >> (2 - width)
            pieces.append(Piece(start, end, fc, width, _modifier(prm, modifiers)))
        if pieces[0].start or pieces[-1].end > 2 * len(self.main):
            raise ExtractionError(Reason.DAMAGED, "piece table beyond the text")
        return pieces

    def _read(self, limits: Limits) -> tuple[str, int]:
        parts: list[str] = []
        chars = missing = 0
        for piece in self.pieces:
            part = _units(self.main[piece.fc : piece.fc_of(piece.end)], piece.width)
            gap = piece.end - piece.start - len(part)
            parts += [part, _MISSING * gap]
            chars += len(part)
            missing += gap
            # Pieces may share their text, so the file's size does not bound the sum.
            limits.check_chars(chars)
        return "".join(parts), missing

    def _story_ranges(self) -> list[tuple[int, int]]:
        ranges: list[tuple[int, int]] = []
        at = 0
        for count in struct.unpack_from(f"<{len(Story)}i", self.main, _CCP_TEXT):
            end = min(at + max(count, 0), len(self.text))
            ranges.append((at, end))
            at = end
        if at == 0:
            ranges[Story.MAIN] = (0, len(self.text))
        return ranges


def plc_entries(plc: bytes, size: int) -> tuple[list[int], list[bytes]]:
    """Positions (n + 1) and data elements (n, of ``size`` bytes) of a PLC ([MS-DOC] 2.2.2)."""
    count = max(len(plc) - 4, 0) // (4 + size)
    if not count:
        return [], []
    positions = list(struct.unpack_from(f"<{count + 1}I", plc))
    first = 4 * (count + 1)
    return positions, [plc[at : at + size] for at in range(first, first + count * size, size)]


def story_parts(plc: bytes, size: int, story: tuple[int, int]) -> list[tuple[int, int]]:
    """CPs of the parts of a story by a PLC whose positions count from the story's start."""
    start, end = story
    parts = [(start + a, min(start + b, end)) for a, b in pairwise(plc_positions(plc, size))]
    at = start
    for i, (a, b) in enumerate(parts):
        # Parts out of order would have text read again and again.
        parts[i] = (a, b) if at <= a <= b else (at, at)
        at = max(at, parts[i][1])
    return parts


def plc_positions(plc: bytes, size: int) -> list[int]:
    """The positions alone; ``size`` is 0 for a PLC without data elements."""
    if len(plc) < 4:
        return []
    return list(struct.unpack_from(f"<{(len(plc) - 4) // (4 + size) + 1}I", plc))


def _split_clx(clx: bytes) -> tuple[list[bytes], bytes]:
    """The property modifiers (grpprl) and the PlcPcd of a Clx."""
    modifiers: list[bytes] = []
    at = 0
    while clx[at : at + 1] == b"\x01" and at + 3 <= len(clx):
        size = struct.unpack_from("<H", clx, at + 1)[0]
        modifiers.append(clx[at + 3 : at + 3 + size])
        at += 3 + size
    if clx[at : at + 1] != b"\x02" or at + 5 > len(clx):
        return modifiers, b""
    size = struct.unpack_from("<I", clx, at + 1)[0]
    return modifiers, clx[at + 5 : at + 5 + size]


# The single modifiers of a Prm0 that this reader understands, by isprm ([MS-DOC] 2.9.215).
_PRM0: Final = {
    0x0C: 0x260A,
    0x18: 0x2416,
    0x19: 0x2417,
    0x41: 0x0800,
    0x42: 0x0801,
    0x55: 0x0835,
    0x5C: 0x083C,
    0x75: 0x0855,
    0x78: 0x2640,
}


def _modifier(prm: int, modifiers: list[bytes]) -> bytes:
    if prm & 1:
        return modifiers[prm >> 1] if prm >> 1 < len(modifiers) else b""
    sprm = _PRM0.get(prm >> 1 & 0x7F)
    return struct.pack("<HB", sprm, prm >> 8) if sprm and prm else b""


def _units(data: bytes, width: int) -> str:
    """One character for each 8- or 16-bit unit."""
    if width == 1:
        return data.decode("latin-1").translate(_CP1252)
    data = data[: len(data) & ~1]
    text = data.decode("utf-16-le", "surrogatepass")
    if len(text) * 2 == len(data):
        return text
    return "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data)))
