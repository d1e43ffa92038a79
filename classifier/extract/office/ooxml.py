"""Parts and relationships of an Office Open XML package, under finite limits.

Reads single parts on demand, so pictures are never unpacked, and takes packages
that Office opens but strict libraries refuse (a relationship to a part that is
not there, the Strict namespaces). Source: ECMA-376 parts 1 and 2.
"""

from __future__ import annotations

import io
import lzma
import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from classifier.errors import ExtractionError, Reason
from classifier.limits import Limits

Element = Any
"""An lxml element; lxml ships no types."""

OFFICE_DOCUMENT: Final = "officeDocument"
_UTF8_NAME: Final = 0x800
"""Flag of a ZIP member whose name is UTF-8."""

_RELS_NS: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_STRICT: Final = {
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": (
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    ),
    b"http://purl.oclc.org/ooxml/officeDocument/relationships": (
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    ),
    b"http://purl.oclc.org/ooxml/officeDocument/math": (
        b"http://schemas.openxmlformats.org/officeDocument/2006/math"
    ),
    b"http://purl.oclc.org/ooxml/drawingml/main": (
        b"http://schemas.openxmlformats.org/drawingml/2006/main"
    ),
    b"http://purl.oclc.org/ooxml/drawingml/diagram": (
        b"http://schemas.openxmlformats.org/drawingml/2006/diagram"
    ),
    b"http://purl.oclc.org/ooxml/drawingml/spreadsheetDrawing": (
        b"http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    ),
    b"http://purl.oclc.org/ooxml/presentationml/main": (
        b"http://schemas.openxmlformats.org/presentationml/2006/main"
    ),
}


@dataclass(frozen=True, slots=True)
class Relationship:
    """A link from one part to another; ``kind`` is the last word of its type URI."""

    id: str
    kind: str
    target: str


class Package:
    """Read access to the parts of one package.

    Raises :class:`ExtractionError` (DAMAGED, ENCRYPTED, TOO_LARGE) on opening and reading.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
            raise ExtractionError(Reason.DAMAGED, f"not a readable ZIP package: {error}") from error
        limits.check_unpacked(sum(info.file_size for info in self._zip.infolist()))
        self._limits = limits
        self._unpacked = 0
        self._names = dict(_part_names(self._zip.infolist()))
        self.mended: set[str] = set()

    def __contains__(self, part: str) -> bool:
        return _key(part) in self._names

    def read(self, part: str) -> bytes:
        """Bytes of a part; its name is matched without regard to case, as Office does."""
        if part not in self:
            raise ExtractionError(Reason.DAMAGED, f"the package has no part {part}")
        left = self._limits.unpacked_bytes - self._unpacked
        try:
            with self._zip.open(self._names[_key(part)]) as stream:
                data = stream.read(left + 1)
        except RuntimeError as error:
            raise ExtractionError(Reason.ENCRYPTED, f"{part}: {error}") from error
        except (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            EOFError,
            OSError,
            NotImplementedError,
            ValueError,
        ) as error:
            raise ExtractionError(Reason.DAMAGED, f"{part}: {error}") from error
        self._unpacked += len(data)
        self._limits.check_unpacked(self._unpacked)
        return data

    def xml(self, part: str) -> tuple[Element, bool]:
        """Root of an XML part, and whether it was whole (else: mended, the end may be missing)."""
        data = self._transitional(part)
        try:
            root, whole = etree.fromstring(data, _parser(recover=False)), True
        except (etree.XMLSyntaxError, ValueError):
            root, whole = _recover(data, part), False
        _refuse_doctype(root, part)
        return root, whole

    def stream(self, part: str, *names: str) -> Iterator[Element]:
        """Elements of an XML part by local name, each emptied when the next is asked for.

        Where the XML has errors it ends early or skips them, and :attr:`mended` has the part.
        """
        source = io.BytesIO(self._transitional(part))
        tags = [f"{{*}}{name}" for name in names]
        # A text of ten million characters or 256 levels are an attack, no document.
        events = etree.iterparse(source, tag=tags, **{**_SAFE, "recover": True})
        first = True
        try:
            for _, node in events:
                if first:
                    _refuse_doctype(node, part)
                first = False
                yield node
                node.clear()
        except etree.XMLSyntaxError as error:
            if first:
                raise ExtractionError(Reason.DAMAGED, f"{part}: {error}") from error
            self.mended.add(part)
        if len(events.error_log):
            self.mended.add(part)

    def _transitional(self, part: str) -> bytes:
        """Bytes of a part with the namespaces of the Strict variant made the usual ones."""
        data = self.read(part)
        if b"purl.oclc.org/ooxml" in data:
            for strict, transitional in _STRICT.items():
                data = data.replace(strict, transitional)
        return data

    def relationships(self, part: str = "") -> dict[str, Relationship]:
        """Internal relationships of a part (or of the package) by id, targets as part names."""
        folder, base = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{base}.rels")
        if rels not in self:
            return {}
        found = {}
        for node in self.xml(rels)[0].iter(f"{_RELS_NS}Relationship"):
            if node.get("TargetMode") == "External":
                continue
            kind = node.get("Type", "").rsplit("/", 1)[-1]
            target = posixpath.normpath(posixpath.join(folder, unquote(node.get("Target", ""))))
            found[node.get("Id", "")] = Relationship(node.get("Id", ""), kind, target.lstrip("/"))
        return found


def local_name(node: Element) -> str:
    """Name of an element without its namespace; empty for an entity or the like."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _part_names(members: Iterable[zipfile.ZipInfo]) -> Iterator[tuple[str, str]]:
    """Members by the names that XML calls them, also where a program wrote GBK without a flag."""
    for member in members:
        if not member.flag_bits & _UTF8_NAME and not member.filename.isascii():
            with suppress(UnicodeError):
                yield _key(member.filename.encode("cp437").decode("gb18030")), member.filename
        yield _key(member.filename), member.filename


def _key(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").lower()


_SAFE: Final = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(**_SAFE, recover=recover)


def _refuse_doctype(node: Element, part: str) -> None:
    if node.getroottree().docinfo.doctype:
        raise ExtractionError(Reason.DAMAGED, f"{part} declares a DTD, which the format forbids")


def _recover(data: bytes, part: str) -> Element:
    try:
        root = etree.fromstring(data, _parser(recover=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ExtractionError(Reason.DAMAGED, f"{part}: {error}") from error
    if root is None:
        raise ExtractionError(Reason.DAMAGED, f"{part} is not XML")
    return root
