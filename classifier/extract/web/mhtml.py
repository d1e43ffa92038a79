"""Read web archives (MHTML): pages saved by browsers, and Word's single file web page.

A web archive is a MIME message (RFC 2557) whose root part is the page. Pictures and
style sheets are not looked at.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.errors import CloseBoundaryNotFoundDefect
from email.message import Message
from typing import Final, NamedTuple

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.charset import decode
from classifier.extract.web.html import read_html
from classifier.limits import Limits

_TYPES: Final = re.compile(
    rb"(?:^|[\r\n])content-type:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE
)
_NESTING: Final = re.compile(rb"(?:multipart|message)/", re.IGNORECASE)
_FRAME: Final = re.compile(rb"<i?frame\s[^<>]{0,2000}?src\s*=", re.IGNORECASE)
# The standard parser takes quadratic time in the length of one such header, and in the
# number of boundaries that lie around a line.
_MAX_HEADER: Final = 4096
_MAX_NESTING: Final = 20
_MAX_FRAMES: Final = 20
_HTML: Final = ("text/html", "application/xhtml+xml")


def read_mhtml(data: bytes, name: str, limits: Limits) -> Document:
    """Read the page of a web archive, or the fullest of its frames where it has no text itself.

    Raises :class:`ExtractionError` with DAMAGED, EMPTY or as :func:`read_html` does.
    """
    limits.check_bytes(len(data))
    message = _parse(data)
    pages = [_Page.of(part) for part in _pages(message)]
    if not pages:
        raise ExtractionError(Reason.EMPTY, "this web archive has no page")
    documents = [_read_page(pages[0], name, limits)]
    if not documents[0].blocks:
        documents = [_read_page(page, name, limits) for page in pages[: _MAX_FRAMES + 1]]
    document = max(documents, key=lambda found: len(found.text))
    losses = []
    if len(pages) - (document is not documents[0]) > 1 and _FRAME.search(pages[0].content):
        losses.append("网页归档含有框架，框架中的文字未全部读取。")
    if any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in message.defects):
        losses.append("网页归档末尾不完整，可能缺少文字。")
    return replace(
        document,
        format="mhtml",
        notes=(*document.notes, *losses),
        reason=Reason.OK_PARTIAL if losses else document.reason,
    )


class _Page(NamedTuple):
    content: bytes
    charset: str

    @classmethod
    def of(cls, part: Message) -> _Page:
        payload = part.get_payload(decode=True)
        return cls(
            payload if isinstance(payload, bytes) else b"", _type(part).get_content_charset("")
        )


def _read_page(page: _Page, name: str, limits: Limits) -> Document:
    """The page as HTML; the charset in its MIME header wins over the one in the page."""
    if not page.charset:
        return read_html(page.content, name, limits)
    decoded = decode(page.content, page.charset)
    document = read_html(codecs.BOM_UTF8 + decoded.text.encode("utf-8", "replace"), name, limits)
    reason = Reason.OK_PARTIAL if decoded.damage else document.reason
    return replace(document, notes=(*decoded.notes, *document.notes), reason=reason)


def _parse(data: bytes) -> Message:
    types = _TYPES.findall(data)
    if any(len(found) > _MAX_HEADER for found in types):
        raise ExtractionError(Reason.DAMAGED, "a header of this web archive is too long")
    if sum(bool(_NESTING.search(found)) for found in types) > _MAX_NESTING:
        raise ExtractionError(Reason.DAMAGED, "this web archive has too many nested parts")
    return message_from_bytes(data.removeprefix(codecs.BOM_UTF8).lstrip())


def _pages(message: Message) -> Iterator[Message]:
    """All HTML parts, the root one first (RFC 2387: by its Content-ID, else the first)."""
    parts = [part for part in message.walk() if _type(part).get_content_type() in _HTML]
    start = str(_type(message).get_param("start", ""))
    root = next((part for part in parts if start and part.get("Content-ID") == start), None)
    if root is not None:
        yield root
    yield from (part for part in parts if part is not root)


def _type(part: Message) -> Message:
    """The media type of a part alone, with its folded lines joined."""
    found = Message()
    found["Content-Type"] = re.sub(r"[\r\n]", " ", str(part.get("Content-Type", "text/plain")))
    return found
