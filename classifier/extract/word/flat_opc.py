"""Read Word documents saved as one XML file (flat OPC, ``<pkg:package>``).

Every part of the package is an element. Source: Office Open XML, [MS-OPC] of the flat form.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.word.docx import read_docx
from classifier.limits import Limits

Element = Any
"""An lxml element; lxml ships no types."""

_PKG: Final = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
# Pictures and other binary parts are not read.
_BINARY: Final = re.compile(rb"<pkg:binaryData>[^<]*</pkg:binaryData>")


def read_flat_opc(data: bytes, name: str, limits: Limits) -> Document:
    """Read the Word document in a flat package.

    Raises :class:`ExtractionError` with DAMAGED, UNSUPPORTED or as :func:`read_docx` does.
    """
    limits.check_bytes(len(data))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(_BINARY.sub(b"", data), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ExtractionError(Reason.DAMAGED, f"Word XML document: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise ExtractionError(Reason.DAMAGED, "a Word XML document must not declare a DTD")
    parts = {part.get(f"{_PKG}name", ""): part for part in root.iter(f"{_PKG}part")}
    if not any(part.startswith("/word/") for part in parts):
        raise ExtractionError(Reason.UNSUPPORTED, "XML package that is no Word document")
    return read_docx(_packed(parts), name, limits)


def _packed(parts: dict[str, Element]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for part, node in parts.items():
            content = next(node.iter(f"{_PKG}xmlData"), None)
            if content is not None and len(content):
                package.writestr(part.lstrip("/"), etree.tostring(content[0], encoding="UTF-8"))
    return buffer.getvalue()
