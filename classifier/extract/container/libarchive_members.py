"""Entries of archives that only libarchive reads: 7z, RAR 4 and 5, Zstandard, and cut ZIPs.

Needs the extra ``archives`` and the system library libarchive (BSD licence).
"""

from __future__ import annotations

import io
import os
import stat
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ctypes import create_string_buffer
from functools import cache, partial
from typing import Any, Final

from classifier.errors import ExtractionError, Reason
from classifier.extract.container.unpacking import CHUNK, LINK, LOCKED, Budget, Entry
from classifier.extract.language.charset import decode

INSTALL: Final = (
    "needs pip install 'tenderlens[archives]' and the system library libarchive "
    "(apt install libarchive13)"
)
_NOTHING: Final[Mapping[str, ExtractionError]] = {}


def entries_7z(data: bytes, name: str, budget: Budget) -> Iterator[Entry]:
    """The files of a 7z archive; raises :class:`ExtractionError` where it goes no further."""
    return entries_of("7zip", data, budget)


def entries_rar(data: bytes, name: str, budget: Budget) -> Iterator[Entry]:
    """The files of a RAR archive; raises :class:`ExtractionError` where it goes no further."""
    is_five = data.startswith(b"Rar!\x1a\x07\x01")
    return entries_of("rar5" if is_five else "rar", data, budget, _closed(data))


def unzstd(data: bytes) -> Iterator[bytes]:
    """The unpacked bytes of a Zstandard stream; raises :class:`ExtractionError`."""
    with _opened(data, "raw", "zstd") as archive:
        for entry in archive:
            yield from _blocks(entry)


def is_installed() -> bool:
    """Whether the Python package and the system library are both there."""
    return _library() is not None


def entries_of(
    format: str, data: bytes, budget: Budget, closed: Mapping[str, ExtractionError] = _NOTHING
) -> Iterator[Entry]:
    """The files of an archive in one of libarchive's formats, in stored order.

    ``closed`` names members whose bytes are known to be out of reach, and why.
    """
    with _opened(data, format, "none") as archive:
        for entry in archive:
            if not entry.isdir:
                name = _name(entry)
                load = partial(_load, entry, len(data), budget, closed.get(name))
                yield Entry(name.replace("\\", "/"), load)


@cache
def _library() -> Any | None:
    if sys.platform == "linux":
        # By name, for libarchive-c would ask ldconfig, and a reading process may start no program.
        os.environ.setdefault("LIBARCHIVE", "libarchive.so.13")
    # Without the system library ctypes finds the symbols missing from the program itself.
    try:
        import libarchive
    except (ImportError, AttributeError, OSError, TypeError):
        return None
    return libarchive


@contextmanager
def _opened(data: bytes, format: str, filter: str) -> Iterator[Any]:
    library = _library()
    if library is None:
        raise ExtractionError(Reason.UNSUPPORTED, f"{format} archive: {INSTALL}")
    try:
        with library.memory_reader(data, format_name=format, filter_name=filter) as archive:
            yield archive
    except library.ArchiveError as error:
        raise _failure(error) from error


def _failure(error: Exception) -> ExtractionError:
    said = str(getattr(error, "msg", error))
    if "ncrypt" in said or "assphrase" in said:
        return ExtractionError(Reason.ENCRYPTED, said)
    if "unavailable" in said or "nsupported" in said or "not supported" in said:
        return ExtractionError(Reason.UNSUPPORTED, f"{said}: pack the files anew as ZIP")
    return ExtractionError(Reason.DAMAGED, said)


def _name(entry: Any) -> str:
    name = entry.pathname
    if isinstance(name, bytes):
        try:
            return decode(name).text
        except ExtractionError:
            return name.decode("utf-8", "replace")
    return name or ""


def _load(entry: Any, packed: int, budget: Budget, closed: ExtractionError | None) -> bytes:
    if closed is not None:
        raise closed
    if stat.S_IFMT(entry.filetype) != stat.S_IFREG or entry.linkpath:
        raise ExtractionError(Reason.UNSUPPORTED, LINK)
    if _is_encrypted(entry):
        raise ExtractionError(Reason.ENCRYPTED, LOCKED)
    if entry.size:
        budget.limits.check_bytes(entry.size)
    return budget.read(_blocks(entry), packed)


def _blocks(entry: Any) -> Iterator[bytes]:
    from libarchive import ArchiveError, ffi

    # Not entry.get_blocks(): it takes the code of a warning, such as a wrong checksum, for a size.
    buffer = create_string_buffer(CHUNK)
    try:
        while size := ffi.read_data(entry._archive_p, buffer, CHUNK):
            if size < 0:
                raise ExtractionError(Reason.DAMAGED, "wrong checksum or size")
            yield buffer.raw[:size]
    except ArchiveError as error:
        raise _failure(error) from error


def _is_encrypted(entry: Any) -> bool:
    from libarchive import ffi

    asked = getattr(ffi, "entry_is_encrypted", None) or ffi.ffi(
        "entry_is_encrypted", [ffi.c_archive_entry_p], ffi.c_int
    )
    return bool(asked(entry._entry_p))


def _closed(data: bytes) -> Mapping[str, ExtractionError]:
    """Members of a RAR archive that older libarchives take for readable: locked ones, links."""
    try:
        import rarfile
    except ImportError:
        return _NOTHING
    try:
        members = rarfile.RarFile(io.BytesIO(data), errors="stop").infolist()
    except (rarfile.Error, ValueError, LookupError, OverflowError, struct.error):
        return _NOTHING
    locked = ExtractionError(Reason.ENCRYPTED, LOCKED)
    link = ExtractionError(Reason.UNSUPPORTED, LINK)
    return {m.filename: link for m in members if m.file_redir} | {
        m.filename: locked for m in members if m.needs_password()
    }
