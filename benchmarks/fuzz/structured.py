"""Changes behind a format's packing and checksums, so that they reach the reader proper."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, Final

Change = Callable[[bytes, random.Random], bytes]
Inside = Callable[[bytes, random.Random, Change], bytes]
"""A change of a file; the third argument changes bytes it has unpacked."""

_TAR_BLOCK: Final = 512
_PNG_HEAD: Final = 8
_SEVEN_ZIP_HEAD: Final = 32


def change_zip_member(data: bytes, chance: random.Random, change: Change) -> bytes:
    """One member changed and packed again; or members left out, doubled, renamed, exchanged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            members = [(info.filename, source.read(info)) for info in source.infolist()]
    except Exception:  # changed before: no longer a ZIP file
        return change(data, chance)
    if not members:
        return data
    at = chance.randrange(len(members))
    name, content = members[at]
    match chance.randrange(10):
        case 0:
            del members[at]
        case 1:
            members.insert(chance.randrange(len(members)), (name, change(content, chance)))
        case 2:
            members[at] = (chance.choice(members)[0], content)
        case 3:
            members[at] = (name, chance.choice(members)[1])
        case _:
            members[at] = (name, change(content, chance))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in members:
            target.NameToInfo.clear()  # a doubled name is meant
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def change_pdf_object(data: bytes, chance: random.Random, change: Change) -> bytes:
    """A value of one object, or its stream unpacked, changed; the file is written anew."""
    import pikepdf

    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings(action="ignore"), pikepdf.open(io.BytesIO(data)) as pdf:
            objects = list(pdf.objects)
            for _ in range(chance.choice((1, 1, 4))):
                _change_object(pdf, chance.choice(objects), objects, chance, change)
            pdf.save(buffer, deterministic_id=True, fix_metadata_version=False)
    except Exception:  # changed before, or what came of it cannot be written
        return change(data, chance)
    return buffer.getvalue()


def _change_object(
    pdf: Any, chosen: Any, objects: list[Any], chance: random.Random, change: Change
) -> None:
    import pikepdf

    if isinstance(chosen, pikepdf.Stream) and chance.random() < 0.6:
        chosen.write(change(chosen.read_bytes(), chance))
        return
    named = isinstance(chosen, pikepdf.Dictionary | pikepdf.Stream)
    keys = sorted(set(chosen.keys()) - {"/Length", "/Filter"}) if named else []
    values: tuple[Callable[[], Any], ...] = (
        lambda: chance.choice((0, -1, 1, 2147483647, -2147483648, 10**18)),
        lambda: pikepdf.Array([chance.choice((0, -1e9, 1e9, 1e-9)) for _ in range(6)]),
        lambda: chance.choice(objects),
        lambda: pikepdf.Name("/Odd"),
        lambda: pikepdf.String("\ud7ff" * 200),
        lambda: pikepdf.Array([chance.choice(objects)] * 3000),
        lambda: pikepdf.Dictionary(Type=pikepdf.Name.Pages, Kids=pikepdf.Array([])),
    )
    if keys:
        chosen[chance.choice(keys)] = chance.choice(values)()
    elif isinstance(chosen, pikepdf.Array) and len(chosen):
        chosen[chance.randrange(len(chosen))] = chance.choice(values)()


def change_packed(data: bytes, chance: random.Random, change: Change) -> bytes:
    """What gzip, bzip2 or xz has packed, changed and packed again."""
    for magic, unpack, pack in (
        (b"\x1f\x8b", gzip.decompress, lambda plain: gzip.compress(plain, mtime=0)),
        (b"BZh", bz2.decompress, bz2.compress),
        (b"\xfd7zXZ", lzma.decompress, lzma.compress),
    ):
        if data.startswith(magic):
            try:
                plain = unpack(data)
            except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError):
                break
            return pack(change_tar_header(plain, chance, change))
    return change(data, chance)


def change_tar_header(data: bytes, chance: random.Random, change: Change) -> bytes:
    """A header changed and its checksum made right again, as far as it stays one block."""
    blocks = [
        at
        for at in range(0, len(data) - _TAR_BLOCK + 1, _TAR_BLOCK)
        if data[at + 257 : at + 262] == b"ustar"
    ]
    if not blocks or chance.random() < 0.2:
        return change(data, chance)
    at = chance.choice(blocks)
    header = bytearray(data[at : at + _TAR_BLOCK])
    fields = ((0, 100), (100, 8), (124, 12), (156, 1), (157, 100), (265, 32), (345, 155))
    start, size = chance.choice(fields)
    values = (
        *(b"../../x", b"/etc/passwd", b"\xff" * size, b"7" * size, b"\x80" + b"\xff" * 11),
        *(b"2", b"3", b"g", b"x", b"L", b"S", b"\x1b[2J\n", chance.randbytes(size), b""),
    )
    header[start : start + size] = chance.choice(values)[:size].ljust(size, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return data[:at] + bytes(header) + data[at + _TAR_BLOCK :]


def change_seven_zip_header(data: bytes, chance: random.Random, change: Change) -> bytes:
    """The list of files at the end changed, and the three checksums made right again."""
    if len(data) <= _SEVEN_ZIP_HEAD or not data.startswith(b"7z\xbc\xaf"):
        return change(data, chance)
    offset, size = struct.unpack_from("<QQ", data, 12)
    start = _SEVEN_ZIP_HEAD + offset
    listed = change(data[start : start + size], chance)
    head = struct.pack("<QQI", offset, len(listed), zlib.crc32(listed))
    return data[:8] + struct.pack("<I", zlib.crc32(head)) + head + data[32:start] + listed


def change_png_chunk(data: bytes, chance: random.Random, change: Change) -> bytes:
    """One chunk changed, with its length and checksum made right again."""
    chunks, at = [], _PNG_HEAD
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    if not chunks:
        return change(data, chance)
    chosen = chance.randrange(len(chunks))
    kind, content = chunks[chosen]
    if kind == b"IDAT" and chance.random() < 0.5:
        try:
            content = zlib.compress(change(zlib.decompress(content), chance))
        except zlib.error:
            content = change(content, chance)
    else:
        content = change(content, chance)
    chunks[chosen] = (kind, content)
    packed = (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return data[:_PNG_HEAD] + b"".join(packed)


_PACKAGE: Final = (change_zip_member,) * 5
CHANGES: Final[dict[str, tuple[Inside, ...]]] = {
    **dict.fromkeys(("docx", "xlsx", "ods", "pptx", "ofd", "zip"), _PACKAGE),
    "pdf": (change_pdf_object,) * 5,
    "tar": (change_tar_header,) * 4,
    "tgz": (change_packed,) * 4,
    "7z": (change_seven_zip_header,) * 3,
    "png": (change_png_chunk,) * 3,
}
