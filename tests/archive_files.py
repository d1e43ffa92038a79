"""Archives for tests, and what their members are read as."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib

import pytest

from classifier.document import Document
from classifier.errors import ExtractionError
from classifier.extract import sandbox
from classifier.extract.container.libarchive_members import is_installed
from classifier.limits import Limits

TEXT = "系统应支持在线预约，已有信息自动带入。"
DATA = TEXT.encode()
Results = dict[str, str]
needs_libarchive = pytest.mark.skipif(
    not is_installed(), reason="no libarchive: install the extra archives and the system library"
)


def read(data: bytes, name: str = "a", limits: Limits | None = None) -> Results:
    """Per member its text, or the reason it has none."""
    members = list(sandbox.read_members(data, name, limits or Limits()))
    found = {member.path: _shown(member.result) for member in members}
    assert len(found) == len(members) > 0
    return found


def _shown(result: Document | ExtractionError) -> str:
    return result.text if isinstance(result, Document) else result.reason.value


def make_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()


def make_tar(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as target:
        for info in others:
            target.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            target.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def vint(number: int) -> bytes:
    """Variable-length integer of RAR 5."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + vint(rest) if rest else bytes([low])


def make_rar(files: dict[str, bytes], locked: str = "") -> bytes:
    """A RAR 5 archive of files stored as they are, after its published technical note."""

    def block(kind: int, fields: bytes, data: bytes = b"", extra: bytes = b"") -> bytes:
        flags = (1 if extra else 0) | (2 if data else 0)
        sizes = (vint(len(extra)) if extra else b"") + (vint(len(data)) if data else b"")
        body = vint(kind) + vint(flags) + sizes + fields + extra
        header = vint(len(body)) + body
        return struct.pack("<I", zlib.crc32(header)) + header + data

    result = b"Rar!\x1a\x07\x01\x00" + block(1, vint(0))
    for name, data in files.items():
        raw = name.encode()
        fields = vint(4) + vint(len(data)) + vint(0o100644) + struct.pack("<I", zlib.crc32(data))
        fields += vint(0) + vint(1) + vint(len(raw)) + raw
        record = vint(1) + vint(0) + vint(0) + bytes([15]) + bytes(32)
        extra = vint(len(record)) + record if name == locked else b""
        result += block(2, fields, data, extra)
    return result + block(5, vint(0))
