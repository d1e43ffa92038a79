"""Read DOCX: paragraphs, tables, text boxes, notes and the numbering Word shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from classifier.document import Aside, AsideKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.headings import with_headings
from classifier.extract.language.normal import one_line
from classifier.extract.office.drawing import diagram_paragraphs
from classifier.extract.office.numbering import Numbering, W
from classifier.extract.office.ooxml import OFFICE_DOCUMENT, Element, Package
from classifier.extract.word.body import Body
from classifier.extract.word.flow import is_page_number
from classifier.extract.word.runs import Seen
from classifier.extract.word.styles import Styles
from classifier.limits import Limits

_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MAIN: Final = "word/document.xml"
_FURNITURE: Final = {"headerReference": AsideKind.HEADER, "footerReference": AsideKind.FOOTER}
_FEW_CHARS: Final = 200


def read_docx(data: bytes, name: str, limits: Limits) -> Document:
    """Read a DOCX in document order, revisions as accepted, notes after the body.

    Pages are those of Word's last layout where the file stores them, else ``None``.
    Raises :class:`ExtractionError` with DAMAGED, ENCRYPTED, EMPTY or TOO_LARGE.
    """
    return read_traced(data, name, limits).document


@dataclass(frozen=True, slots=True)
class Traced:
    """A document with the paragraph elements its blocks were read from, one for each block.

    Most are in the tree of the main part, ``root``; those of notes are in their own part.
    """

    document: Document
    root: Element
    paragraphs: tuple[Element, ...]
    hidden_style: Callable[[str], bool]


def read_traced(data: bytes, name: str, limits: Limits) -> Traced:
    """Like :func:`read_docx`, with where each block came from."""
    limits.check_bytes(len(data))
    return _Reader(Package(data, limits), limits).traced(name)


class _Reader:
    def __init__(self, package: Package, limits: Limits) -> None:
        self._package = package
        self._limits = limits
        self._notes: list[str] = []
        self._partial = False
        start = package.relationships().values()
        self._main = next((r.target for r in start if r.kind == OFFICE_DOCUMENT), _MAIN)
        self._main = self._main if self._main in package else _MAIN
        self._rels = package.relationships(self._main)
        self._styles = Styles(self._companion("styles"))
        self._seen = Seen(hidden_style=self._styles.is_hidden)

    def traced(self, name: str) -> Traced:
        root = self._xml(self._main)
        content = next(root.iter(f"{W}body"), None)
        if content is None:
            raise ExtractionError(Reason.DAMAGED, f"{self._main} has no body")
        body = self._body(root)
        body.walk(content)
        self._append_notes(body)
        asides = (*body.contents, *self._furniture(root))
        self._tell(body)
        document = Document.from_blocks(
            name, "docx", with_headings(body.blocks, body.bold), asides=asides
        )
        if not document.blocks:
            detail = f"no text, {self._seen.images} pictures" if self._seen.images else "no text"
            raise ExtractionError(Reason.EMPTY, detail)
        few = self._seen.images > 0 and len(document.text) < _FEW_CHARS
        reason = Reason.OK_PARTIAL if self._partial or few else Reason.OK
        document = replace(document, reason=reason, notes=tuple(self._notes))
        return Traced(document, root, tuple(body.origins), self._styles.is_hidden)

    def _body(self, root: Element) -> Body:
        rendered = next(root.iter(f"{W}lastRenderedPageBreak"), None) is not None
        kinds = [node.get(f"{W}fldCharType") for node in root.iter(f"{W}fldChar")]
        diagrams = {
            rel.id: diagram_paragraphs(self._xml(rel.target))
            for rel in self._rels.values()
            if rel.kind == "diagramData" and rel.target in self._package
        }
        return Body(
            self._styles,
            self._numbering(),
            self._limits,
            self._seen,
            page=1 if rendered else None,
            fields_balanced=kinds.count("begin") == kinds.count("end"),
            diagrams=diagrams,
        )

    def _append_notes(self, body: Body) -> None:
        """Footnotes, then endnotes, in the order of their references."""
        for kind in ("footnote", "endnote"):
            wanted = dict.fromkeys(ref.id for ref in body.references if ref.kind == kind)
            root = self._companion(f"{kind}s") if wanted else None
            if root is None:
                continue
            notes = {node.get(f"{W}id", ""): node for node in root.iter(f"{W}{kind}")}
            body.page = None
            for number, note in enumerate(wanted, start=1):
                first = len(body.blocks)
                if note in notes:
                    body.walk(notes[note])
                if len(body.blocks) > first:
                    body.blocks[first] = replace(body.blocks[first], label=f"[{number}]")

    def _furniture(self, root: Element) -> list[Aside]:
        """Headers and footers of all sections, each text once."""
        found: dict[Aside, None] = {}
        targets: dict[str, AsideKind] = {}
        for tag, kind in _FURNITURE.items():
            for node in root.iter(f"{W}{tag}"):
                rel = self._rels.get(node.get(f"{_R}id", ""))
                if rel and rel.target in self._package:
                    targets[rel.target] = kind
        for target, kind in targets.items():
            body = Body(self._styles, self._numbering(), self._limits, self._seen)
            body.walk(self._xml(target))
            text = one_line(" ".join(block.text for block in body.blocks))
            if text:
                kind = AsideKind.PAGE_NUMBER if is_page_number(text) else kind
                found[Aside(kind, text)] = None
        for text in self._seen.watermarks:
            found[Aside(AsideKind.WATERMARK, one_line(text))] = None
        return list(found)

    def _numbering(self) -> Numbering:
        return Numbering(self._companion("numbering"), self._styles.nums)

    def _companion(self, kind: str) -> Element | None:
        """Root of the part that the main document relates to as ``kind``, if it is there."""
        rel = next((r for r in self._rels.values() if r.kind == kind), None)
        if rel is None or rel.target not in self._package:
            return None
        try:
            return self._xml(rel.target)
        except ExtractionError as error:
            if error.reason is not Reason.DAMAGED:
                raise
            self._note(f"部件 {rel.target} 已损坏，未能使用。", partial=True)
            return None

    def _xml(self, part: str) -> Element:
        root, whole = self._package.xml(part)
        if not whole:
            self._note(f"部件 {part} 的 XML 有错误，错误之后的文字可能缺失。", partial=True)
        return root

    def _tell(self, body: Body) -> None:
        if self._seen.changes:
            self._note("文档含修订痕迹：插入的文字按正文读取，删除的文字未读取。")
        if self._seen.hidden:
            self._note("文档含隐藏文字，未读取。")
        if body.foreign:
            self._note(f"文档嵌入了 {body.foreign} 个其他文件，其中的文字未读取。", partial=True)
        if self._seen.images:
            self._note(f"文档含 {self._seen.images} 张图片，图片中的文字未读取。")

    def _note(self, note: str, *, partial: bool = False) -> None:
        if note not in self._notes:
            self._notes.append(note)
        self._partial = self._partial or partial
