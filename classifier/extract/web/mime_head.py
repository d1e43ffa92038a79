"""Tell by its first header lines whether a file is a MIME message, and a web archive."""

from __future__ import annotations

import codecs
import re
from typing import Final

# Possessive quantifiers, so that a long head of other lines costs no more than its length.
_MIME: Final = re.compile(rb"(?:[\w-]++:.*+\n(?:[ \t].*+\n)*+)*?MIME-Version:", re.IGNORECASE)
_WEB_TYPE: Final = re.compile(
    rb"^Content-Type:\s*(?:multipart/related|text/html|application/xhtml)",
    re.IGNORECASE | re.MULTILINE,
)
_SENT: Final = re.compile(
    rb"^(?:To|Cc|Bcc|Received|Return-Path|Delivered-To|Message-ID):", re.IGNORECASE | re.MULTILINE
)


def is_message(head: bytes) -> bool:
    """Whether a file begins with the header of a MIME message (mail or web archive)."""
    return _MIME.match(_header(head)) is not None


def is_web_archive(head: bytes) -> bool:
    """Whether a file begins like a saved page (RFC 2557) and not like a mail that was sent."""
    header = _header(head)
    found = _MIME.match(header) and _WEB_TYPE.search(header)
    return bool(found) and not _SENT.search(header)


def _header(head: bytes) -> bytes:
    plain = head.removeprefix(codecs.BOM_UTF8).lstrip().replace(b"\r\n", b"\n")
    return plain.partition(b"\n\n")[0] + b"\n"
