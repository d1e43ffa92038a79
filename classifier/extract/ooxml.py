"""Parts and relationships of an Office Open XML package, under finite limits.

Reads single parts on demand, so pictures are never unpacked, and takes packages
that Office opens but strict libraries refuse (a relationship to a part that is
not there, the Strict namespaces). Source: ECMA-376 parts 1 and 2.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from classifier.errors import ExtractionError, Reason
from classifier.limits import Limits

Element = Any
"""An lxml element; lxml ships no types."""

OFFICE_DOCUMENT: Final = "officeDocument"

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
        self._names = {_key(name): name for name in self._zip.namelist()}

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
        data = self.read(part)
        if b"purl.oclc.org/ooxml" in data:
            for strict, transitional in _STRICT.items():
                data = data.replace(strict, transitional)
        try:
            root, whole = etree.fromstring(data, _parser(recover=False)), True
        except (etree.XMLSyntaxError, ValueError):
            root, whole = _recover(data, part), False
        if root.getroottree().docinfo.doctype:
            raise ExtractionError(
                Reason.DAMAGED, f"{part} declares a DTD, which the format forbids"
            )
        return root, whole

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


def _key(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").lower()


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )


def _recover(data: bytes, part: str) -> Element:
    try:
        root = etree.fromstring(data, _parser(recover=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ExtractionError(Reason.DAMAGED, f"{part}: {error}") from error
    if root is None:
        raise ExtractionError(Reason.DAMAGED, f"{part} is not XML")
    return root
