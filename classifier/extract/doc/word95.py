"""Plain text of Word 6 and Word 95 files. Source: the Word 6 binary format (FIB of 1994)."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from typing import Final

from classifier.document import Block, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.charset import decode
from classifier.extract.language.headings import with_headings
from classifier.extract.language.normal import one_line
from classifier.limits import Limits

_MAGICS: Final = (0xA5DC, 0xA5EC)
_FIRST_97: Final = 0xC0
_FC_LIMITS: Final = 0x18
_CCP_TEXT: Final = 0x34
_STORIES: Final = 2
_FAST_SAVED: Final = 0x0004
_ENCRYPTED: Final = 0x0100
# The code page a Chinese Windows wrote in, by the language of the program.
_CODE_PAGES: Final = {0x0804: "gbk", 0x1004: "gbk", 0x0404: "big5", 0x0C04: "big5"}
_FIELD: Final = re.compile(rb"\x13[^\x13-\x15]*(?:\x14([^\x13-\x15]*))?\x15")
_MAX_NESTING: Final = 8
_BREAKS: Final = bytes.maketrans(b"\x07\x0b\x0c", b"\r\r\r")
_DROPPED: Final = bytes(code for code in range(32) if code not in b"\t\r\x07\x0b\x0c")


def is_word95(main: bytes) -> bool:
    """Whether a WordDocument stream is of a Word before 97."""
    if len(main) < 4:
        return False
    magic, version = struct.unpack_from("<HH", main)
    return magic in _MAGICS and version < _FIRST_97


def read_word95(main: bytes, name: str, limits: Limits) -> Document:
    """Main text and footnotes, each cell a paragraph of its own; formatting is not read.

    Raises :class:`ExtractionError`: ENCRYPTED, DAMAGED, UNSUPPORTED for fast-saved files.
    """
    if len(main) < _CCP_TEXT + 4 * _STORIES:
        raise ExtractionError(Reason.DAMAGED, "WordDocument stream without a FIB")
    language, flags = struct.unpack_from("<H2xH", main, 6)
    if flags & _ENCRYPTED:
        raise ExtractionError(Reason.ENCRYPTED, "Word 95 document with a password")
    if flags & _FAST_SAVED:
        raise ExtractionError(Reason.UNSUPPORTED, "Word 6/95 document, fast-saved")
    first, end = struct.unpack_from("<II", main, _FC_LIMITS)
    chars = sum(max(count, 0) for count in struct.unpack_from("<2i", main, _CCP_TEXT))
    content = main[first : min(first + chars, end)]
    for _ in range(_MAX_NESTING):
        content, fields = _FIELD.subn(lambda found: found[1] or b"", content)
        if not fields:
            break
    content = content.translate(_BREAKS, _DROPPED)
    decoded = decode(content, _CODE_PAGES.get(language, ""))
    limits.check_chars(len(decoded.text))
    blocks = [Block(one_line(part)) for part in decoded.text.split("\r")]
    document = Document.from_blocks(name, "doc", with_headings(b for b in blocks if b.text))
    if not document.blocks:
        raise ExtractionError(Reason.EMPTY, "no text")
    notes = ("Word 6/95 格式，只读取了文字：表格按段落读取，页眉页脚未读取。", *decoded.notes)
    return replace(document, reason=Reason.OK_PARTIAL, notes=notes)
