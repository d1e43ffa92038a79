"""Archives and mails that unpack without end, lie about their sizes, or point outside."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Final

from .bomb import READ, REFUSED, Bomb
from .quine import gzip_quine
from .seeds import PROSE, make_tar, make_zip, seeds

_MIB: Final = 1 << 20
_TEXT: Final = PROSE[0].encode()


def replaced_member(package: bytes, name: str, content: bytes | Callable[[bytes], bytes]) -> bytes:
    """A ZIP file with one member changed; a new one where there is none of the name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(buffer, "w") as target:
        old = source.read(name) if name in source.namelist() else b""
        new = content if isinstance(content, bytes) else content(old)
        for other in source.namelist():
            if other != name:
                target.writestr(zipfile.ZipInfo(other), source.read(other), zipfile.ZIP_DEFLATED)
        target.writestr(zipfile.ZipInfo(name), new, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _zeros(packed_mib: int = 200) -> bytes:
    return make_zip({"零.txt": bytes(packed_mib * _MIB)})


def _nested() -> bytes:
    """Sixteen to the fifth power of a megabyte each."""
    data = make_zip({"0.txt": bytes(_MIB)})
    for _ in range(5):
        data = make_zip({f"{n}.zip": data for n in range(16)})
    return data


def _deep() -> bytes:
    data = _TEXT
    for level in range(60):
        data = make_zip({f"{level}.zip" if level else "0.txt": data})
    return data


def _overlapping() -> bytes:
    """Many directory entries for the same packed bytes (Fifield 2019)."""
    kernel = zlib.compress(bytes(8 * _MIB), 9)[2:-4]
    crc = zlib.crc32(bytes(8 * _MIB))
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(kernel), 8 * _MIB, 1, 0)
    body = local + b"a" + kernel
    directory = b"".join(
        struct.pack(
            "<4s6H3I5H2I",
            *(b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(kernel), 8 * _MIB, 5, 0, 0, 0, 0, 0, 0),
        )
        + b"%05d" % n
        for n in range(3000)
    )
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 3000, 3000, len(directory), len(body), 0)
    return body + directory + end


def _zip_quine() -> bytes:
    """A member that is a gzip file whose only content is itself."""
    return make_zip({"q.gz": gzip_quine()})


def _lying(size: int, packed: int) -> bytes:
    """A member whose sizes in both headers are not true."""
    data = bytearray(make_zip({"a.txt": _TEXT}))
    directory = data.index(b"PK\1\2")
    for at, offset in ((0, 18), (directory, 20)):
        struct.pack_into("<II", data, at + offset, packed & 0xFFFFFFFF, size & 0xFFFFFFFF)
    return bytes(data)


def _names() -> bytes:
    odd = (
        *("../../x.txt", "/etc/passwd", "C:\\x.txt", "..\\..\\x.txt", "\\\\host\\share\\x.txt"),
        *("\x1b]0;x\x07\x1b[2J.txt", "a\nb\r.txt", "\u202etxt.exe", "长" * 20_000 + ".txt"),
        *("CON", "a/../../b.txt", "./.", "//", " ", "\u2028.txt", "=cmd|' /C calc'!A0.txt"),
        *("<script>x</script>.txt", "\ud7ff\ufffe.txt"),
    )
    return make_zip(dict.fromkeys(odd, _TEXT))


def _tar_links() -> bytes:
    infos = []
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    for number, kind in enumerate(kinds):
        for name in (f"甲{number}", "../../x", "/etc/cron.d/x"):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            infos.append(info)
    return make_tar({"../../../a.txt": _TEXT, "/abs.txt": _TEXT, "b.txt": _TEXT}, *infos)


def _tar_huge(claimed: int) -> bytes:
    info = tarfile.TarInfo("a.txt")
    info.size = claimed
    return info.tobuf(tarfile.GNU_FORMAT) + _TEXT


def _tar_sparse() -> bytes:
    """A few bytes that stand for a terabyte of holes (GNU format 1.0)."""
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.txt"}
    info = tarfile.TarInfo("GNUSparseFile.0/a.txt")
    info.pax_headers = {**headers, "GNU.sparse.realsize": str(1 << 40)}
    content = b"1\n0\n10\n".ljust(512, b"\0") + b"0123456789"
    info.size = len(content)
    data = info.tobuf(tarfile.PAX_FORMAT)
    return data + content.ljust(1024, b"\0") + bytes(1024)


def _tar_many() -> bytes:
    header = tarfile.TarInfo("a").tobuf()
    return header * 30_000 + bytes(1024)


def _tar_long_name() -> bytes:
    info = tarfile.TarInfo("a" * 5_000_000)
    return info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def _seven_zip_sizes() -> bytes:
    """The first valid file with every eight-byte number of its list made huge."""
    (data,) = seeds("7z")
    offset, size = struct.unpack_from("<QQ", data, 12)
    listed = bytearray(data[32 + offset : 32 + offset + size])
    at = listed.find(b"\x09")
    listed[at + 1 : at + 2] = b"\xff" + b"\xff" * 8
    head = struct.pack("<QQI", offset, len(listed), zlib.crc32(listed))
    return data[:8] + struct.pack("<I", zlib.crc32(head)) + head + data[32 : 32 + offset] + listed


def _seven_zip_header(offset: int, size: int) -> bytes:
    head = struct.pack("<QQI", offset, size, 0)
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(head)) + head + _TEXT


def _xz_dictionary() -> bytes:
    """A stream that asks for a window of a gigabyte and a half."""
    data = bytearray(lzma.compress(_TEXT, filters=[{"id": lzma.FILTER_LZMA2, "preset": 1}]))
    # A block's header: its size, flags, filter, size of properties, the window, and a checksum.
    data[data.index(b"\x21\x01", 12) + 2] = 37
    end = 12 + (data[12] + 1) * 4
    data[end - 4 : end] = struct.pack("<I", zlib.crc32(data[12 : end - 4]))
    return bytes(data)


_MAIL: Final = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"


def _mail_deep(depth: int) -> bytes:
    parts = [
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(depth)
    ]
    return _MAIL + b"".join(parts) + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + _TEXT


def _mail_in_mail(depth: int) -> bytes:
    return (_MAIL + b"Content-Type: message/rfc822\r\n\r\n") * depth + _MAIL + b"\r\n" + _TEXT


def _mail_many() -> bytes:
    part = b"--b\r\nContent-Type: text/plain; name=a.txt\r\n\r\nx\r\n"
    head = _MAIL + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + part * 20_000 + b"--b--\r\n"


def _mail_header() -> bytes:
    words = b" ".join([b"=?utf-8?B?5pel?="] * 60_000)
    return _MAIL.replace(b"Subject: x", b"Subject: " + words) + b"\r\n" + _TEXT


def _mail_header_of(name: bytes) -> bytes:
    return _MAIL + name + b": " + b"a; b=" * 300_000 + b"\r\n\r\n" + _TEXT


ANY: Final = (*READ, *REFUSED)
LATE: Final = (*ANY, "timeout")
"""What the standard library's mail parser takes quadratic time for."""
BOMBS: Final = (
    Bomb("zip-bomb", "zip", _zeros, ("too_large",)),
    Bomb("zip-nested", "zip", _nested, ("too_large", "empty")),
    Bomb("zip-60-deep", "zip", _deep, ("too_large",)),
    Bomb("zip-overlapping", "zip", _overlapping, ("damaged", "too_large", "empty")),
    Bomb("gz-quine", "tgz", gzip_quine, ("too_large",)),
    Bomb("gz-quine-in-zip", "zip", _zip_quine, ("too_large",)),
    Bomb("zip-declares-4-GiB", "zip", lambda: _lying(-1, -1), REFUSED),
    Bomb("zip-declares-little", "zip", lambda: _lying(1, 1), (*ANY, "not_chinese")),
    Bomb("zip-odd-names", "zip", _names, ANY),
    Bomb(
        "zip-many-members", "zip", lambda: make_zip({f"{n}": b"" for n in range(60_000)}), REFUSED
    ),
    Bomb("gz-bomb", "tgz", lambda: gzip.compress(bytes(200 * _MIB)), ("too_large",)),
    Bomb("bz2-bomb", "tgz", lambda: bz2.compress(bytes(200 * _MIB)), ("too_large",)),
    Bomb("xz-bomb", "tgz", lambda: lzma.compress(bytes(200 * _MIB)), ("too_large",)),
    Bomb(
        "gz-of-gz", "tgz", lambda: gzip.compress(gzip.compress(bytes(600 * _MIB))), ("too_large",)
    ),
    Bomb("xz-huge-dictionary", "tgz", _xz_dictionary, (*REFUSED, "out_of_memory")),
    Bomb("tar-links", "tar", _tar_links, (*READ, "unsupported")),
    Bomb("tar-declares-8-EiB", "tar", lambda: _tar_huge(1 << 62), REFUSED),
    Bomb("tar-declares-90-MiB", "tar", lambda: _tar_huge(90 * _MIB), ANY),
    Bomb("tar-sparse-1-TiB", "tar", _tar_sparse, REFUSED),
    Bomb("tar-30000-members", "tar", _tar_many, REFUSED),
    Bomb("tar-name-of-5-MB", "tar", _tar_long_name, REFUSED),
    Bomb("7z-huge-sizes", "7z", _seven_zip_sizes, REFUSED),
    Bomb("7z-header-far-away", "7z", lambda: _seven_zip_header(1 << 62, 64), REFUSED),
    Bomb("7z-header-of-8-EiB", "7z", lambda: _seven_zip_header(0, (1 << 63) - 1), REFUSED),
    Bomb("eml-3000-deep", "eml", lambda: _mail_deep(3000), ANY),
    Bomb("eml-in-eml", "eml", lambda: _mail_in_mail(3000), ANY),
    Bomb("eml-20000-parts", "eml", _mail_many, ANY),
    Bomb("eml-60000-encoded-words", "eml", _mail_header, LATE),
    Bomb("eml-long-parameters", "eml", lambda: _mail_header_of(b"Content-Type"), (*ANY, "timeout")),
    Bomb("eml-long-from", "eml", lambda: _mail_header_of(b"Cc"), ANY),
)
