"""Read presentations (PPTX, PPSX, POTX): slides in order, notes behind their slide.

Own code over the XML: python-pptx refuses packages that PowerPoint opens (a missing part,
a relationship without a target). Hidden slides and shapes are set aside: nobody is shown
them. Speaker's notes and comments are read, under a label, because authors put there what
did not fit on the slide. Source: ECMA-376 part 1, 19 (PresentationML).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from classifier.document import Aside, AsideKind, BlockKind, Document, Page, ReadBy, TextLayer
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.headings import with_headings
from classifier.extract.office.drawing import RELATION
from classifier.extract.office.ooxml import OFFICE_DOCUMENT, Element, Package, Relationship
from classifier.extract.slides.content import (
    Slide,
    Surroundings,
    comment_texts,
    free_texts,
    note_lines,
    read_slide,
)
from classifier.extract.slides.shapes import EMU, P, Stencil
from classifier.limits import Limits

NOTE_LABEL: Final = "备注"
COMMENT_LABEL: Final = "批注"

_MAIN: Final = "ppt/presentation.xml"
_SIZE: Final = (720.0, 540.0)


def read_pptx(data: bytes, name: str, limits: Limits) -> Document:
    """Read a presentation; every slide is a page.

    Raises :class:`ExtractionError`: DAMAGED, ENCRYPTED, EMPTY, TOO_LARGE.
    """
    limits.check_bytes(len(data))
    return _Reader(Package(data, limits), limits).document(name)


class _Reader:
    def __init__(self, package: Package, limits: Limits) -> None:
        self._package = package
        self._limits = limits
        self._notes: list[str] = []
        self._tables = 0
        self._chars = 0
        self._size = _SIZE
        self._stencils: dict[str, Stencil] = {}
        self._furniture: dict[str, None] = {}

    def document(self, name: str) -> Document:
        parts = self._slide_parts()
        self._limits.check_pages(len(parts))
        read = [self._slide(number, part) for number, part in enumerate(parts, start=1)]
        slides = [slide for slide, _ in read]
        pages = tuple(page for _, page in read)
        asides = [Aside(AsideKind.HEADER, text) for text in self._furniture]
        asides += (aside for slide in slides for aside in slide.asides)
        blocks = with_headings(block for slide in slides for block in slide.blocks)
        document = Document.from_blocks(name, "pptx", blocks, pages=pages, asides=tuple(asides))
        if not document.blocks:
            raise self._no_text(slides)
        notes = (*self._notes, *_notes(slides, pages))
        is_partial = self._notes or any(page.text_layer is TextLayer.MISSING for page in pages)
        reason = Reason.OK_PARTIAL if is_partial else Reason.OK
        return replace(document, reason=reason, notes=notes)

    def _slide_parts(self) -> list[str]:
        """Parts of the slides in the order they are shown."""
        start = self._package.relationships().values()
        main = next((r.target for r in start if r.kind == OFFICE_DOCUMENT), _MAIN)
        main = main if main in self._package else _MAIN
        rels = self._package.relationships(main)
        root = self._xml(main)
        for node in root.iter(f"{P}sldSz"):
            sides = (node.get("cx", ""), node.get("cy", ""))
            if all(side.isdecimal() and int(side[:9]) > 0 for side in sides):
                self._size = (int(sides[0][:9]) / EMU, int(sides[1][:9]) / EMU)
        listed = [rels.get(node.get(f"{RELATION}id", "")) for node in root.iter(f"{P}sldId")]
        slides = [rel.target for rel in listed if rel and rel.kind == "slide"]
        if len(slides) < len(listed):
            self._note(f"有 {len(listed) - len(slides)} 页幻灯片在文件中缺失。")
        return slides or [rel.target for rel in rels.values() if rel.kind == "slide"]

    def _slide(self, number: int, part: str) -> tuple[Slide, Page]:
        try:
            root, rels = self._xml(part), self._package.relationships(part)
            layout, master = self._layout(rels.values())
            around = Surroundings(self._size, layout, master, rels, self._load)
            slide = read_slide(root, around, number, self._tables)
        except ExtractionError as error:
            if error.reason is not Reason.DAMAGED:
                raise
            self._note(f"第 {number} 页已损坏，未能读取。")
            page = Page(*self._size, text_layer=TextLayer.DAMAGED, read_by=ReadBy.NOTHING)
            return Slide(number), page
        layer = TextLayer.GOOD
        if not slide.blocks:
            layer = TextLayer.MISSING if slide.pictures else TextLayer.BLANK
        self._tables = slide.tables
        self._attach(rels.values(), slide)
        if root.get("show") in ("0", "false"):
            slide.hide()
            layer = TextLayer.HIDDEN
        self._chars += sum(len(block.text) for block in slide.blocks)
        self._limits.check_chars(self._chars)
        read_by = ReadBy.TEXT_LAYER if slide.blocks else ReadBy.NOTHING
        return slide, Page(*self._size, text_layer=layer, read_by=read_by)

    def _layout(self, rels: Iterable[Relationship]) -> tuple[Stencil, Stencil]:
        """Placeholders of a slide's layout and of the layout's master."""
        layout = _target(rels, "slideLayout")
        master = _target(self._package.relationships(layout).values(), "slideMaster")
        return self._stencil(layout), self._stencil(master)

    def _stencil(self, part: str) -> Stencil:
        if part not in self._stencils:
            root = self._load(part)
            self._stencils[part] = Stencil.of(root)
            self._furniture |= dict.fromkeys(free_texts(root) if root is not None else ())
        return self._stencils[part]

    def _attach(self, rels: Iterable[Relationship], slide: Slide) -> None:
        """Notes and comments behind the slide they belong to."""
        for rel in rels:
            if rel.kind not in ("notesSlide", "comments"):
                continue
            root = self._load(rel.target)
            is_note = rel.kind == "notesSlide"
            label = NOTE_LABEL if is_note else COMMENT_LABEL
            texts = () if root is None else note_lines(root) if is_note else comment_texts(root)
            for text in texts:
                slide.add(text, None, BlockKind.PARAGRAPH, label)
                label = "" if is_note else label

    def _load(self, part: str) -> Element | None:
        """Root of a part that a slide can do without."""
        if part not in self._package:
            return None
        try:
            return self._xml(part)
        except ExtractionError as error:
            if error.reason is not Reason.DAMAGED:
                raise
            self._note(f"部件 {part} 已损坏，未能使用。")
            return None

    def _xml(self, part: str) -> Element:
        root, whole = self._package.xml(part)
        if not whole:
            self._note(f"部件 {part} 的 XML 有错误，错误之后的文字可能缺失。")
        return root

    def _no_text(self, slides: Sequence[Slide]) -> ExtractionError:
        if self._notes:
            return ExtractionError(Reason.DAMAGED, f"no text left: {self._notes[0]}")
        pictures = sum(slide.pictures for slide in slides)
        return ExtractionError(Reason.EMPTY, f"no text, {pictures} pictures")

    def _note(self, note: str) -> None:
        if note not in self._notes:
            self._notes.append(note)


def _target(rels: Iterable[Relationship], kind: str) -> str:
    return next((rel.target for rel in rels if rel.kind == kind), "")


def _notes(slides: Sequence[Slide], pages: Sequence[Page]) -> Iterator[str]:
    def numbers(layer: TextLayer) -> str:
        found = (n for n, page in enumerate(pages, start=1) if page.text_layer is layer)
        return "、".join(map(str, found))

    if hidden := numbers(TextLayer.HIDDEN):
        yield f"第 {hidden} 页幻灯片被隐藏，未纳入评估，其文字列在未计入正文的内容中。"
    if missing := numbers(TextLayer.MISSING):
        yield f"第 {missing} 页只有图片，没有文字，内容未纳入评估。"
    if pictures := sum(slide.pictures for slide in slides):
        yield f"文档含 {pictures} 张图片，图片中的文字未读取。"
    if objects := sum(slide.objects for slide in slides):
        yield f"文档含 {objects} 个图表或嵌入对象，其中的文字未读取。"
