"""Find out what a file is by its content and hand it to the right reader."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import PurePath
from typing import Final

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.han import is_han
from classifier.extract.suffixes import FORMATS, MARKDOWN_SUFFIXES
from classifier.extract.web.mime_head import is_message, is_web_archive
from classifier.limits import Limits

MIN_HAN_SHARE: Final = 0.2
"""Share of Han characters among the letters below which a text is not Chinese."""

MIN_LETTERS: Final = 40
"""Shorter texts are not judged by their language."""

READABLE_SUFFIXES: Final = tuple(FORMATS)
"""File name extensions to look for in a folder, in lower case and with the dot."""

# Readers are imported when first needed: a DOCX asks for no PDF library.
READERS: Final = {
    "pdf": ("classifier.extract.pdf.reader", "read_pdf"),
    "docx": ("classifier.extract.word.docx", "read_docx"),
    "xlsx": ("classifier.extract.sheet.reader", "read_xlsx"),
    "xls": ("classifier.extract.sheet.reader", "read_xls"),
    "ods": ("classifier.extract.sheet.reader", "read_ods"),
    "csv": ("classifier.extract.sheet.reader", "read_csv"),
    "pptx": ("classifier.extract.slides.reader", "read_pptx"),
    "doc": ("classifier.extract.doc.reader", "read_doc"),
    "rtf": ("classifier.extract.rtf.reader", "read_rtf"),
    "ofd": ("classifier.extract.ofd.reader", "read_ofd"),
    "word-xml": ("classifier.extract.word.flat_opc", "read_flat_opc"),
    "html": ("classifier.extract.web.html", "read_html"),
    "mhtml": ("classifier.extract.web.mhtml", "read_mhtml"),
    "text": ("classifier.extract.plain.text", "read_text"),
    "image": ("classifier.extract.ocr.picture", "read_picture"),
}
_SIGNATURES: Final = (
    (b"GIF8", "GIF picture"),
    (b"8BPS", "Photoshop picture"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"\x1f\x8b", "gzip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ\0", "xz archive"),
    (b"\x7fELF", "program"),
    (b"MZ\x90", "program"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"ID3", "MP3 sound"),
    (b"CAJ\0", "CAJ document"),
    (b"HN\0\0", "CAJ document"),
    (b"KDH ", "KDH document"),
)
_PICTURES: Final = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
# What tells one ZIP-based format from another: the beginning of a member's name.
_PACKAGES: Final = (
    ("word/", "docx"),
    ("xl/", "xlsx"),
    ("ppt/", "pptx"),
    ("ofd.xml", "ofd"),
    ("content.xml", "OpenDocument file"),
    ("meta-inf/container.xml", "EPUB book"),
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS: Final = (
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "PPT presentation of PowerPoint 97 to 2003, to be saved as PPTX"),
)
# Atomic groups and possessive quantifiers: plain ones take exponential time on many comments.
_HTML: Final = re.compile(
    rb"\s*+(?:(?><\?xml[^>]*>|<!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body|meta|title|table|div|h1|p)\b",
    re.IGNORECASE | re.DOTALL,
)
_TAGS: Final = re.compile(
    rb"</(?:p|div|span|td|li|h[1-6]|body|html|table|script)\s*>", re.IGNORECASE
)
_MARKUP: Final = (
    (re.compile(rb"\s*\{\\rtf"), "rtf"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?:<\?[^>]*+>\s*+)*+<pkg:package\b"), "word-xml"),
)
_WORD_XML: Final = re.compile(rb"<\?mso-application|<w:wordDocument", re.IGNORECASE)
_SHEET_XML: Final = b"urn:schemas-microsoft-com:office:spreadsheet"
_ODS: Final = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_HEAD: Final = 4096


def read(data: bytes, name: str, limits: Limits) -> Document:
    """Read a file of any supported format; ``name`` serves for its extension only.

    Raises :class:`ExtractionError` with the reason code the file ends in; nothing else
    is raised for bad input.
    """
    limits.check_bytes(len(data))
    check_content(data)
    format = detect(data, name)
    document = _reader(format)(data, name, limits)
    if not document.text.strip():
        raise ExtractionError(Reason.EMPTY, f"no text in this {format} file")
    _check_chinese(document.text)
    notes = (*document.notes, *_extension_note(name, format))
    return replace(document, sha256=hashlib.sha256(data).hexdigest(), notes=notes)


def check_content(data: bytes) -> None:
    """Raise :class:`ExtractionError` (EMPTY) for a file of blanks alone."""
    if not data.strip(b"\0 \t\r\n"):
        raise ExtractionError(Reason.EMPTY, f"{len(data)} bytes without content")


def detect(data: bytes, name: str = "") -> str:
    """Format of the content: one for which there is a reader, such as ``pdf`` or ``image``.

    Raises :class:`ExtractionError`: UNSUPPORTED (naming what it is), ENCRYPTED or DAMAGED.
    """
    head = data[:_HEAD]
    if head.startswith(_OLE):
        return _ole_format(data)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _package_format(data)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            raise ExtractionError(Reason.UNSUPPORTED, kind)
    if re.search(rb"%PDF-\d", head[:1024]):
        return "pdf"
    if _is_picture(head):
        return "image"
    if head[4:8] == b"ftyp":
        raise ExtractionError(Reason.UNSUPPORTED, "HEIC picture or film")
    for pattern, format in _MARKUP:
        if pattern.match(head):
            return format
    _check_office_xml(head)
    if is_web_archive(head):
        return "mhtml"
    if is_message(head):
        raise ExtractionError(Reason.UNSUPPORTED, "mail")
    if _is_html(head, name):
        return "html"
    # Nothing but its name tells a list of values from a text with commas.
    return "csv" if FORMATS.get(PurePath(name).suffix.lower()) == "csv" else "text"


def _check_office_xml(head: bytes) -> None:
    if _SHEET_XML in head:
        raise ExtractionError(Reason.UNSUPPORTED, "Excel 2003 XML workbook")
    if _WORD_XML.search(head):
        raise ExtractionError(Reason.UNSUPPORTED, "Word XML document")


def _is_picture(head: bytes) -> bool:
    is_webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    is_bmp = head.startswith(b"BM") and head[6:10] == b"\0\0\0\0"
    return is_webp or is_bmp or head.startswith(_PICTURES)


def _is_html(head: bytes, name: str) -> bool:
    plain = head.replace(b"\0", b"") if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head
    plain = plain.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    suffix = PurePath(name).suffix.lower()
    if _HTML.match(plain):
        return suffix not in MARKDOWN_SUFFIXES or b"<html" in plain.lower()
    return FORMATS.get(suffix) == "html" and bool(_TAGS.search(plain))


def _package_format(data: bytes) -> str:
    try:
        names = [info.filename.lower() for info in zipfile.ZipFile(io.BytesIO(data)).infolist()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        kind = "DOCX document" if b"word/" in data else "ZIP archive"
        raise ExtractionError(Reason.DAMAGED, f"cut or broken {kind}: {error}") from error
    if _ODS in data[:_HEAD]:
        return "ods"
    for member, kind in _PACKAGES:
        if any(name.replace("\\", "/").lstrip("/").startswith(member) for name in names):
            if kind in READERS:
                return kind
            raise ExtractionError(Reason.UNSUPPORTED, kind)
    raise ExtractionError(Reason.UNSUPPORTED, "ZIP archive")


def _ole_format(data: bytes) -> str:
    from classifier.extract.office.ole import CompoundFile

    if "EncryptedPackage".encode("utf-16-le") in data:
        raise ExtractionError(Reason.ENCRYPTED, "Office document with a password")
    names, other = frozenset(), ExtractionError(Reason.UNSUPPORTED, "OLE2 file")
    try:
        names = CompoundFile(data).root_streams()
    except ExtractionError as error:
        other = error
    for stream, kind in _STREAMS:
        # Where the directory is broken, the name at least tells what the file was.
        if stream in names if names else stream.encode("utf-16-le") in data:
            if kind in READERS:
                return kind
            raise ExtractionError(Reason.UNSUPPORTED, kind)
    raise other


def _reader(format: str) -> Callable[[bytes, str, Limits], Document]:
    module, function = READERS[format]
    return getattr(import_module(module), function)


def _check_chinese(text: str) -> None:
    letters = [char for char in text if char.isalpha()]
    han = sum(is_han(char) for char in letters)
    if len(letters) >= MIN_LETTERS and han < MIN_HAN_SHARE * len(letters):
        raise ExtractionError(
            Reason.NOT_CHINESE, f"{han} Han characters among {len(letters)} letters"
        )


def _extension_note(name: str, format: str) -> tuple[str, ...]:
    suffix = PurePath(name).suffix.lower()
    if FORMATS.get(suffix, format) == format:
        return ()
    return (f"扩展名 {suffix} 与内容不符，已按 {format} 读取。",)
