"""Entries of TAR archives and of files packed with gzip, bzip2, xz or Zstandard."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any, Final

from classifier.errors import ExtractionError, Reason
from classifier.extract.container import libarchive_members
from classifier.extract.container.unpacking import (
    CHUNK,
    LINK,
    Budget,
    Entry,
    check_ratio,
    chunks_of,
)
from classifier.extract.container.zip_members import name_encoding
from classifier.limits import MIB, Limits

_HEADER: Final = 512
_IN_MEMORY: Final = 32 * MIB
_SHORT: Final = {".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".tzst": ".tar"}
_PACKED: Final = (".gz", ".bz2", ".xz", ".zst")
_OPENERS: Final[dict[bytes, Callable[..., Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_BROKEN: Final = (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError)


def is_tar(data: bytes) -> bool:
    """Whether the bytes begin with a TAR header: its checksum is right."""
    if len(data) < _HEADER:
        return False
    try:
        tarfile.TarInfo.frombuf(data[:_HEADER], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def entries_tar(data: bytes, name: str, budget: Budget) -> Iterator[Entry]:
    """The files of a TAR archive; raises :class:`ExtractionError` where it goes no further."""
    return _entries(io.BytesIO(data), budget)


def entries_packed(data: bytes, name: str, budget: Budget) -> Iterator[Entry]:
    """The one file that was packed, or the files of the TAR archive that it is.

    Raises :class:`ExtractionError` where the stream goes no further.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as unpacked:
        broken = _unpack(data, unpacked, budget.limits)
        unpacked.seek(0)
        if is_tar(unpacked.read(_HEADER)):
            yield from _entries(unpacked, budget)
        elif broken is None:
            unpacked.seek(0)
            yield Entry(_own_name(name), partial(_whole, unpacked, len(data), budget))
        if broken is not None:
            raise broken


def _whole(file: IO[bytes], packed: int, budget: Budget) -> bytes:
    return budget.read(chunks_of(file), packed)


def _unpack(data: bytes, target: IO[bytes], limits: Limits) -> ExtractionError | None:
    """Unpack as far as it goes; what stopped it, if anything did."""
    size = 0
    try:
        for chunk in _stream(data):
            size += len(chunk)
            check_ratio(size, len(data), limits)
            limits.check_unpacked(size)
            target.write(chunk)
    except ExtractionError as error:
        return error
    except _BROKEN as error:
        return ExtractionError(Reason.DAMAGED, f"cut or broken: {error}")
    return None


def _stream(data: bytes) -> Iterator[bytes]:
    opener = next((opener for magic, opener in _OPENERS.items() if data.startswith(magic)), None)
    if opener is None:
        yield from libarchive_members.unzstd(data)
        return
    with opener(io.BytesIO(data)) as source:
        # A plain read of a cut stream raises and keeps what it has unpacked until then.
        while chunk := source.read1(CHUNK):
            yield chunk


def _own_name(name: str) -> str:
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if suffix in _PACKED:
        return path.stem
    return path.stem + _SHORT[suffix] if suffix in _SHORT else path.name


def _entries(file: IO[bytes], budget: Budget) -> Iterator[Entry]:
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as archive:
            while (info := archive.next()) is not None:
                # The library's list of all members is of no use here and may grow long.
                archive.members.clear()  # pyright: ignore[reportAttributeAccessIssue]
                if not info.isdir():
                    yield Entry(_name(info), partial(_load, archive, info, budget))
    except (tarfile.TarError, *_BROKEN) as error:
        raise ExtractionError(Reason.DAMAGED, f"cut or broken TAR archive: {error}") from error
    file.seek(archive.offset)
    # The library takes any block it cannot read for the end; only one of zeros is.
    if (block := file.read(_HEADER)) != bytes(_HEADER):
        cut = "without an end mark" if len(block) < _HEADER else "with an unreadable header"
        raise ExtractionError(Reason.DAMAGED, f"cut or broken TAR archive {cut}")


def _name(info: tarfile.TarInfo) -> str:
    raw = info.name.encode("utf-8", "surrogateescape")
    return raw.decode(name_encoding(raw), "replace")


def _load(archive: tarfile.TarFile, info: tarfile.TarInfo, budget: Budget) -> bytes:
    if not info.isreg():
        raise ExtractionError(Reason.UNSUPPORTED, LINK)
    budget.limits.check_bytes(info.size)
    source = archive.extractfile(info)
    try:
        return budget.read(chunks_of(source), info.size) if source else b""
    except (tarfile.TarError, *_BROKEN) as error:
        raise ExtractionError(Reason.DAMAGED, f"TAR: {error}") from error
