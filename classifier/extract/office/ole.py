"""Streams of an OLE2 compound file, with every size bounded by the file's own.

``olefile`` follows sector chains for as long as the header says, so a few false numbers
would make it read the same sectors for hours. They are checked or cut here beforehand.
Source: [MS-CFB].
"""

from __future__ import annotations

import struct
from typing import Any, Final

import olefile

from classifier.errors import ExtractionError, Reason

_SECTOR_SHIFTS: Final = (9, 12)
_MINI_SECTOR_SHIFT: Final = 6
_HEADER_FAT_SECTORS: Final = 109
_BROKEN: Final = (OSError, ValueError, LookupError, ArithmeticError, TypeError, AttributeError)


class CompoundFile:
    """Read access to the streams of one compound file.

    Raises :class:`ExtractionError` (DAMAGED) where the header, the allocation table or the
    directory cannot be read.
    """

    def __init__(self, data: bytes) -> None:
        _check_header(data)
        self._size = len(data)
        try:
            self._ole: Any = olefile.OleFileIO(data)  # its types are those of text mode
        except (*_BROKEN, struct.error, RecursionError) as error:
            raise ExtractionError(Reason.DAMAGED, f"compound file: {error}") from error
        for entry in (self._ole.root, *self._ole.direntries):
            if entry is not None:
                entry.size = min(entry.size, self._size)

    def __contains__(self, name: str) -> bool:
        return self._ole.get_type(name) == olefile.STGTY_STREAM

    def stream(self, name: str) -> bytes:
        """Content of a stream of the root storage; what a cut file still has of it.

        Empty where there is no such stream or none of its sectors can be read.
        """
        if name not in self:
            return b""
        try:
            return self._ole.openstream(name).read()
        except (*_BROKEN, struct.error):
            return b""

    def root_streams(self) -> frozenset[str]:
        """Names of the streams that do not lie in a folder of the file (an embedded object)."""
        return frozenset(entry.name for entry in self._ole.root.kids if entry.name in self)


def _check_header(data: bytes) -> None:
    if len(data) < olefile.MINIMAL_OLEFILE_SIZE:
        raise ExtractionError(Reason.DAMAGED, f"compound file of {len(data)} bytes")
    sector_shift, mini_shift = struct.unpack_from("<HH", data, 30)
    fat_sectors = struct.unpack_from("<I", data, 44)[0]
    mini_fat_sectors = struct.unpack_from("<I", data, 64)[0]
    if sector_shift not in _SECTOR_SHIFTS or mini_shift != _MINI_SECTOR_SHIFT:
        raise ExtractionError(Reason.DAMAGED, "compound file with impossible sector sizes")
    sectors = len(data) >> sector_shift
    most = _HEADER_FAT_SECTORS + (sectors >> (sector_shift - 2))
    if fat_sectors > most or mini_fat_sectors > sectors:
        raise ExtractionError(Reason.DAMAGED, "compound file with more tables than content")
