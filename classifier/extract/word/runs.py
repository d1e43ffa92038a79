"""The inline content of a Word paragraph, as a flat run of text and marks.

Source: ECMA-376 part 1, 17.3 (runs), 17.13.5 (revisions), 17.16 (fields).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from classifier.extract.language.symbols import symbol
from classifier.extract.office.numbering import MC, W
from classifier.extract.office.ooxml import Element
from classifier.extract.word.styles import is_on

_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_V: Final = "{urn:schemas-microsoft-com:vml}"
_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DIAGRAM: Final = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
TEXT_BOX: Final = f"{W}txbxContent"

_DELETED: Final = frozenset(f"{W}{tag}" for tag in ("del", "moveFrom"))
_INSERTED: Final = frozenset(f"{W}{tag}" for tag in ("ins", "moveTo"))
# Subtrees without text of their own; rt is the reading printed above a ruby base.
_SILENT: Final = frozenset(
    f"{W}{tag}"
    for tag in (
        "pPr",
        "rPr",
        "sdtPr",
        "sdtEndPr",
        "tblPr",
        "trPr",
        "tcPr",
        "rt",
        "instrText",
        "delText",
    )
)
_TEXT: Final = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}noBreakHyphen": "-",
}
_HEX: Final = re.compile(r"[0-9a-fA-F]{1,8}")


class Mark(Enum):
    LINE = auto()
    RENDERED_PAGE = auto()


@dataclass(frozen=True, slots=True)
class TextBox:
    content: Element


@dataclass(frozen=True, slots=True)
class Diagram:
    """SmartArt: its text lies in another part, given by relationship id."""

    id: str


@dataclass(frozen=True, slots=True)
class NoteReference:
    kind: str
    id: str


Inline = str | Mark | TextBox | Diagram | NoteReference


@dataclass(slots=True)
class Seen:
    """What was met on the way and must be told to the user, and the fields that are open."""

    hidden_style: Callable[[str], bool] = lambda _: False
    changes: int = 0
    hidden: int = 0
    images: int = 0
    watermarks: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)

    @property
    def in_contents(self) -> bool:
        return any(re.match(r"\s*TOC\b", code) for code in self.fields)


def inline(node: Element, seen: Seen) -> Iterator[Inline]:
    """Text and marks below ``node`` in reading order; revisions as accepted."""
    return (item for item, _ in inline_sources(node, seen))


def inline_sources(node: Element, seen: Seen) -> Iterator[tuple[Inline, Element]]:
    """What :func:`inline` gives, each with the element that says it."""
    for child in node:
        tag = child.tag
        if not isinstance(tag, str) or tag in _SILENT:
            if tag == f"{W}instrText" and seen.fields:
                seen.fields[-1] += child.text or ""
        elif tag in _DELETED:
            seen.changes += 1
        elif tag == f"{W}r":
            yield from _run(child, seen)
        elif tag in (f"{W}t", f"{_M}t"):
            yield child.text or "", child
        elif tag == f"{MC}AlternateContent":
            yield from inline_sources(alternative(child), seen)
        elif tag in _TEXT:
            yield _TEXT[tag], child
        elif tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
            yield from _graphics(child, seen)
        elif mark := _mark(child, seen):
            yield mark, child
        else:
            seen.changes += tag in _INSERTED
            yield from inline_sources(child, seen)


def alternative(node: Element) -> Element:
    """The one branch of ``mc:AlternateContent`` to read: the first Choice with content."""
    branches = [*node.findall(f"{MC}Choice"), *node.findall(f"{MC}Fallback")]
    return next((branch for branch in branches if len(branch)), node.makeelement(f"{MC}Choice"))


def _run(node: Element, seen: Seen) -> Iterator[tuple[Inline, Element]]:
    properties = node.find(f"{W}rPr")
    if properties is not None:
        style = properties.find(f"{W}rStyle")
        hidden = is_on(properties.find(f"{W}vanish"))
        if hidden is None and style is not None:
            hidden = seen.hidden_style(style.get(f"{W}val", ""))
        if hidden:
            seen.hidden += any(True for _ in node.iter(f"{W}t"))
            return
    yield from inline_sources(node, seen)


def _mark(node: Element, seen: Seen) -> Inline | None:
    match node.tag.removeprefix(W):
        case "br" | "cr":
            return Mark.LINE
        case "lastRenderedPageBreak":
            return Mark.RENDERED_PAGE
        case "footnoteReference" | "endnoteReference" as kind:
            return NoteReference(kind.removesuffix("Reference"), node.get(f"{W}id", ""))
        case "sym":
            code = node.get(f"{W}char", "")
            font = node.get(f"{W}font", "")
            return symbol(int(code, 16), font) if _HEX.fullmatch(code) else None
        case "fldChar":
            _field(node, seen)
    return None


def _field(node: Element, seen: Seen) -> None:
    kind = node.get(f"{W}fldCharType")
    if kind == "begin":
        seen.fields.append("")
    elif kind == "end" and seen.fields:
        seen.fields.pop()


def _graphics(node: Element, seen: Seen) -> Iterator[tuple[Inline, Element]]:
    for child in node:
        if not isinstance(child.tag, str):
            continue
        if child.tag == TEXT_BOX:
            yield TextBox(child), child
        elif child.tag == _DIAGRAM:
            yield Diagram(child.get(f"{_R}dm", "")), child
        elif child.tag == f"{MC}AlternateContent":
            yield from _graphics(alternative(child), seen)
        else:
            if child.tag in (f"{_A}blip", f"{_V}imagedata"):
                seen.images += 1
            elif child.tag == f"{_V}textpath" and child.get("string"):
                seen.watermarks.append(child.get("string"))
            yield from _graphics(child, seen)
