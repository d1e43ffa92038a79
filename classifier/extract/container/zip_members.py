"""Entries of a ZIP archive. Source: PKWARE APPNOTE 6.3.10; Info-ZIP's extra field 0x7075."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Final

from classifier.errors import ExtractionError, Reason
from classifier.extract.container.unpacking import LINK, LOCKED, Budget, Entry, chunks_of
from classifier.extract.language.charset import decode

_ENCRYPTED: Final = 0x1
_UTF8: Final = 0x800
_UNICODE_PATH: Final = 0x7075
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    ValueError,
    OSError,
    NotImplementedError,
    EOFError,
    struct.error,
)

_CORRUPT: Final = (*_UNREADABLE, zlib.error, lzma.LZMAError)


def names(data: bytes) -> list[str]:
    """Names as the central directory has them; of a cut archive only the first one."""
    try:
        return [info.filename for info in zipfile.ZipFile(io.BytesIO(data)).infolist()]
    except _UNREADABLE:
        size = int.from_bytes(data[26:28], "little")
        return [data[30 : 30 + size].decode("cp437")]


def entries(data: bytes, name: str, budget: Budget) -> Iterator[Entry]:
    """The files of the archive; where its directory is lost, those that still stand before it.

    Raises :class:`ExtractionError` (DAMAGED) behind the last one that could be found.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _UNREADABLE as error:
        yield from _salvaged(data, budget, error)
        return
    files = [info for info in archive.infolist() if not info.is_dir()]
    for info, path in zip(files, _decoded_names(files), strict=True):
        yield Entry(path, partial(_load, archive, info, budget))


def _salvaged(data: bytes, budget: Budget, error: Exception) -> Iterator[Entry]:
    from classifier.extract.container import libarchive_members

    broken = f"cut or broken ZIP archive: {error}"
    if libarchive_members.is_installed():
        yield from libarchive_members.entries_of("zip_streamable", data, budget)
        broken += "; what stands before the break was read"
    raise ExtractionError(Reason.DAMAGED, broken)


def _load(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise ExtractionError(Reason.UNSUPPORTED, LINK)
    if info.flag_bits & _ENCRYPTED:
        raise ExtractionError(Reason.ENCRYPTED, LOCKED)
    budget.limits.check_bytes(info.file_size)
    try:
        with archive.open(info) as source:
            return budget.read(chunks_of(source), info.compress_size)
    except NotImplementedError as error:
        raise ExtractionError(Reason.UNSUPPORTED, f"ZIP: {error}") from error
    except _CORRUPT as error:
        raise ExtractionError(Reason.DAMAGED, f"ZIP: {error}") from error


def _decoded_names(files: list[zipfile.ZipInfo]) -> list[str]:
    """Names in the encoding of this archive: Windows writes them in the machine's code page."""
    raw = [info.orig_filename.encode("cp437", "replace") for info in files]
    unmarked = [r for r, info in zip(raw, files, strict=True) if not info.flag_bits & _UTF8]
    encoding = name_encoding(b"\n".join(unmarked))
    return [
        (
            info.orig_filename
            if info.flag_bits & _UTF8
            else _unicode_path(info.extra, r) or r.decode(encoding, "replace")
        ).replace("\\", "/")
        for r, info in zip(raw, files, strict=True)
    ]


def name_encoding(raw: bytes) -> str:
    """The encoding that file names without one are most plausibly in."""
    try:
        encoding = decode(raw).encoding
    except ExtractionError:
        return "cp437"
    return "gb18030" if encoding.startswith("utf-16") else encoding


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """The name in UTF-8 that Info-ZIP stores beside one in a code page; empty where none is."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        # The field counts only for the name it was made for.
        is_current = field[1:5] == zlib.crc32(raw).to_bytes(4, "little")
        if kind == _UNICODE_PATH and field[:1] == b"\x01" and is_current:
            return field[5:].decode("utf-8", "replace")
    return ""
