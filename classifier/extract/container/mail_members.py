"""Parts of a mail: its own text and its attachments. Sources: RFC 5322, 2045 to 2047, 2231.

Mail programs in China write GBK under the name GB2312, and encoded words where
RFC 2231 would be due; both are read as they are meant.
"""

from __future__ import annotations

import email
import html
import mimetypes
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from functools import partial
from typing import Final

from classifier.errors import ExtractionError, Reason
from classifier.extract.container.unpacking import Budget, Entry
from classifier.extract.language.charset import decode

_BODY: Final = "正文"
_ATTACHMENT: Final = "附件"
_HEADER_LINE: Final = re.compile(rb"[!-9;-~]{1,80}:")
_HEAD: Final = 16 * 1024
_OTHERS: Final = ("to", "date", "subject", "received", "message-id", "mime-version", "content-type")
_MIN_OTHERS: Final = 2
_ENCRYPTED: Final = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")


def is_mail(data: bytes) -> bool:
    """Whether the bytes begin with the header of a mail; a saved web page (MHTML) is none."""
    if not _HEADER_LINE.match(data):
        return False
    head = BytesHeaderParser().parsebytes(data[:_HEAD])
    sender = str(head.get("from", ""))
    if not sender or "<saved by" in sender.lower() or "snapshot-content-location" in head:
        return False
    return sum(name in head for name in _OTHERS) >= _MIN_OTHERS


def entries(data: bytes, name: str, budget: Budget) -> Iterator[Entry]:
    """The mail's text with its subject above it, then its attachments."""
    message = email.message_from_bytes(data)
    for part in message.walk():
        _decode_raw_headers(part)
    parts = [part for part in _leaves(message) if not _is_inline_picture(part)]
    body = _body(parts)
    if body is not None:
        subject = _words(str(message.get("subject", "")))
        yield Entry(f"{_BODY}{_suffix(body)}", partial(_titled, body, subject, budget))
    attachments = [part for part in parts if part is not body]
    for number, part in enumerate(attachments, 1):
        yield Entry(_file_name(part, number), partial(_load, part, budget))


def _decode_raw_headers(part: Message) -> None:
    """Make text of headers that hold bytes no standard allows there: GBK, as a rule."""
    for name, value in list(part.raw_items()):
        raw = str(value).encode("utf-8", "surrogateescape")
        if not raw.isascii():
            part.replace_header(name, _decoded(raw, ""))


def _leaves(message: Message) -> Iterator[Message]:
    """Parts that are files, in order; a mail within the mail counts as one."""
    kind = message.get_content_type()
    if kind in _ENCRYPTED or not message.is_multipart() or kind.startswith("message/"):
        yield message
        return
    inner = [part for part in message.get_payload() if isinstance(part, Message)]
    leaves = [leaf for part in inner for leaf in _leaves(part)]
    # Alternatives say the same: HTML is kept, for its tables.
    if kind == "multipart/alternative" and any(_is_text(leaf, "text/html") for leaf in leaves):
        leaves = [leaf for leaf in leaves if not _is_text(leaf, "text/plain")]
    yield from leaves


def _is_text(part: Message, *kinds: str) -> bool:
    """Whether the part is text of the mail itself, not an attached file."""
    is_attached = part.get_content_disposition() == "attachment" or _raw_name(part)
    return part.get_content_type() in kinds and not is_attached


def _is_inline_picture(part: Message) -> bool:
    is_attached = part.get_content_disposition() == "attachment"
    return part.get_content_maintype() == "image" and "content-id" in part and not is_attached


def _body(parts: list[Message]) -> Message | None:
    """The part that a mail program shows first."""
    return next((part for part in parts if _is_text(part, "text/html", "text/plain")), None)


def _load(part: Message, budget: Budget) -> bytes:
    if part.get_content_type() in _ENCRYPTED:
        raise ExtractionError(Reason.ENCRYPTED, "encrypted mail")
    try:
        content = b"".join(_pieces(part))
    except (LookupError, ValueError) as error:
        raise ExtractionError(Reason.DAMAGED, f"broken part of a mail: {error}") from error
    return budget.read([content], len(content))


def _pieces(part: Message) -> Iterator[bytes]:
    if part.is_multipart():
        yield from (inner.as_bytes() for inner in part.get_payload() if isinstance(inner, Message))
    elif isinstance(content := part.get_payload(decode=True), bytes):
        yield content


def _titled(part: Message, subject: str, budget: Budget) -> bytes:
    text = _decoded(_load(part, budget), part.get_content_charset(""))
    if part.get_content_type() == "text/html":
        title = html.escape(subject)
        head = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>"
        return f"\ufeff{head}\n{text}".encode("utf-8", "replace")
    return f"\ufeff{subject}\n\n{text}".encode("utf-8", "replace")


def _file_name(part: Message, number: int) -> str:
    name = _words(_raw_name(part))
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        inner = part.get_payload(0)
        subject = inner.get("subject", "") if isinstance(inner, Message) else ""
        name = (name or _words(str(subject)) or f"{_ATTACHMENT}{number}").removesuffix(".eml")
        name += ".eml"
    # What mail programs put here is a file's name, never a path.
    name = name.replace("/", "_").replace("\\", "_")
    return name or f"{_ATTACHMENT}{number}{_suffix(part)}"


def _suffix(part: Message) -> str:
    kind = part.get_content_type()
    return {"text/plain": ".txt", "text/html": ".html"}.get(
        kind, mimetypes.guess_extension(kind) or ""
    )


def _raw_name(part: Message) -> str:
    """The ``filename`` or ``name`` parameter, its RFC 2231 form decoded."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        value = part.get_param(parameter, header=header)
        if isinstance(value, tuple):
            charset, _, text = value
            return _decoded(text.encode("latin-1", "replace"), charset or "")
        if value:
            return value
    return ""


def _words(header: str) -> str:
    """A header with its encoded words (RFC 2047) decoded, on one line."""
    try:
        pieces = decode_header(header)
    except HeaderParseError:
        pieces = [(header, None)]
    text = "".join(
        _decoded(
            piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogateescape"),
            charset or "",
        )
        for piece, charset in pieces
    )
    return " ".join(text.split())


def _decoded(raw: bytes, charset: str) -> str:
    try:
        return decode(raw, charset).text
    except ExtractionError:
        return raw.decode("utf-8", "replace")
