"""Documents, pages, templates and resources of an OFD file (GB/T 33190-2016, clause 7).

The ZIP and XML limits are those of :class:`classifier.extract.office.ooxml.Package`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from classifier.errors import ExtractionError, Reason
from classifier.extract.ofd.geometry import POINTS, box
from classifier.extract.office.ooxml import Package
from classifier.limits import Limits

Element = Any
"""An lxml element; lxml ships no types."""

_START: Final = "OFD.xml"
# Fixed name and place: GM/T 0099-2020, annex C.
_ENCRYPTIONS: Final = "Encryptions.xml"
_A4: Final = (210 * POINTS, 297 * POINTS)
_MAX_SIDE: Final = 20_000.0


def local(node: Element) -> str:
    """Name without namespace: drafts and programs have used several."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def children(node: Element | None, *names: str) -> Iterator[Element]:
    return (child for child in (() if node is None else node) if local(child) in names)


def child(node: Element | None, *path: str) -> Element | None:
    for name in path:
        node = next(children(node, name), None)
    return node


def is_on(node: Element, name: str, default: bool) -> bool:
    """Value of a boolean attribute."""
    value = node.get(name, "").strip().lower()
    return value in ("true", "1") if value in ("true", "1", "false", "0") else default


def page_size(root: Element | None, default: tuple[float, float] = _A4) -> tuple[float, float]:
    """Width and height in points of the PhysicalBox of a page, or of CommonData/PageArea."""
    area = child(root, "Area") if child(root, "Area") is not None else child(root, "PageArea")
    physical = child(area, "PhysicalBox")
    _, _, width, height = box(physical.text if physical is not None else None)
    if 0 < width * POINTS <= _MAX_SIDE and 0 < height * POINTS <= _MAX_SIDE:
        return width * POINTS, height * POINTS
    return default


@dataclass(slots=True)
class Resources:
    """What pages refer to by number: numbers are unique within a document."""

    bold: set[str] = field(default_factory=set)
    composites: dict[str, Element] = field(default_factory=dict)
    draw_params: dict[str, Element] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)


class OfdDocument:
    """One DocBody: where its pages stand and what they share.

    ``pages`` are (ID, part) in reading order, ``damaged`` the parts that could not be used
    or only up to an error, ``attachments`` the names of visible ones.
    """

    def __init__(self, package: Package, part: str) -> None:
        self.damaged: list[str] = []
        self.resources = Resources()
        self._package = package
        self._part = part
        self._parsed: dict[str, Element] = {}
        root, whole = package.xml(part)
        if not whole:
            self.damaged.append(part)
        common = child(root, "CommonData")
        self.size = page_size(common)
        self.pages = [
            (page.get("ID", ""), self.locate(part, page.get("BaseLoc", "")))
            for page in children(child(root, "Pages"), "Page")
        ]
        self._templates = {
            page.get("ID", ""): self.locate(part, page.get("BaseLoc", ""))
            for page in children(common, "TemplatePage")
        }
        self._load_resources(part, children(common, "PublicRes", "DocumentRes"))
        self._annotations = dict(self._page_annotations(child(root, "Annotations")))
        self.attachments = list(self._attachment_names(child(root, "Attachments")))

    def locate(self, base: str, location: str) -> str:
        """Part at a location (ST_Loc): absolute, or relative to the file that names it.

        Programs also write paths from the root without the slash.
        """
        location = location.strip().replace("\\", "/")
        absolute = posixpath.normpath(location.lstrip("/"))
        if location.startswith("/"):
            return absolute
        relative = posixpath.normpath(posixpath.join(posixpath.dirname(base), location))
        return absolute if relative not in self._package and absolute in self._package else relative

    def read(self, part: str) -> bytes:
        return self._package.read(part)

    def template(self, number: str) -> Element | None:
        part = self._templates.get(number, "")
        return self._shared(part) if part else None

    def annotations(self, page: str) -> Element | None:
        part = self._annotations.get(page, "")
        return self._shared(part) if part else None

    def page(self, part: str) -> tuple[Element, bool]:
        """Root of a page, its resources loaded, and whether it was whole (else: mended).

        Raises :class:`ExtractionError` (DAMAGED and others) as ``Package.xml`` does.
        """
        root, whole = self._package.xml(part)
        self._load_resources(part, children(root, "PageRes"))
        return root, whole

    def _load_resources(self, base: str, links: Iterable[Element]) -> None:
        for link in links:
            part = self.locate(base, link.text or "")
            if part in self._parsed or (root := self._shared(part)) is None:
                continue
            folder = posixpath.join(posixpath.dirname(part), root.get("BaseLoc", "").strip())
            for group in root:
                for node in group:
                    self._register(node, node.get("ID", ""), posixpath.join(folder, "_"))

    def _register(self, node: Element, number: str, base: str) -> None:
        kind, resources = local(node), self.resources
        if kind == "Font":
            name = node.get("FontName", "")
            if is_on(node, "Bold", False) or any(x in name for x in ("Bold", "Hei", "黑")):
                resources.bold.add(number)
        elif kind == "CompositeGraphicUnit":
            resources.composites[number] = node
        elif kind == "DrawParam":
            resources.draw_params[number] = node
        elif kind == "MultiMedia" and (file := child(node, "MediaFile")) is not None:
            resources.pictures[number] = self.locate(base, file.text or "")

    def _shared(self, part: str) -> Element | None:
        """Root of a part that several pages may ask for; None where it cannot be used."""
        if part not in self._parsed:
            try:
                self._parsed[part], whole = self._package.xml(part)
            except ExtractionError as error:
                if error.reason is not Reason.DAMAGED:
                    raise
                self._parsed[part], whole = None, False
            if not whole:
                self.damaged.append(part)
        return self._parsed[part]

    def _page_annotations(self, link: Element | None) -> Iterator[tuple[str, str]]:
        if link is None or not (link.text or "").strip():
            return
        part = self.locate(self._part, link.text)
        for page in children(self._shared(part), "Page"):
            file = child(page, "FileLoc")
            if file is not None and file.text:
                yield page.get("PageID", ""), self.locate(part, file.text)

    def _attachment_names(self, link: Element | None) -> Iterator[str]:
        if link is None or not (link.text or "").strip():
            return
        for node in children(self._shared(self.locate(self._part, link.text)), "Attachment"):
            if is_on(node, "Visible", True):
                yield node.get("Name", "").strip() or "（未命名）"


def open_documents(data: bytes, limits: Limits) -> list[OfdDocument]:
    """All documents of a file, each in its current version.

    Raises :class:`ExtractionError` with ENCRYPTED, DAMAGED or TOO_LARGE.
    """
    package = Package(data, limits)
    if _ENCRYPTIONS in package:
        raise ExtractionError(Reason.ENCRYPTED, "OFD document with a password or certificate")
    root, _ = package.xml(_START)
    bodies = list(children(root, "DocBody"))
    parts = [part for body in bodies if (part := _document_part(package, body))]
    if not parts:
        raise ExtractionError(Reason.DAMAGED, f"{_START} names no document")
    return [OfdDocument(package, part) for part in parts]


def _document_part(package: Package, body: Element) -> str:
    start = child(body, "DocRoot")
    for version in children(child(body, "Versions"), "Version"):
        if is_on(version, "Current", False):
            part = version.get("BaseLoc", "").strip().replace("\\", "/").lstrip("/")
            if part in package:
                revised = child(package.xml(part)[0], "DocRoot")
                start = revised if revised is not None and revised.text else start
    text = (start.text or "") if start is not None else ""
    return posixpath.normpath(text.strip().replace("\\", "/").lstrip("/")) if text.strip() else ""
