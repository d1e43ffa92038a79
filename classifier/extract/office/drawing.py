"""Text in DrawingML: shapes of worksheets and slides, and SmartArt.

Source: ECMA-376 part 1, 20.1 (DrawingML), 21.1.2 (text), 21.4 (diagrams).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from classifier.extract.office.ooxml import Element

A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
DIAGRAM: Final = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"

_MATH_TEXT: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"


def paragraph_text(paragraph: Element) -> str:
    """Text of one ``a:p``, with a newline for every line break in it."""
    pieces = []
    for node in shown(paragraph):
        if node.tag in (f"{A}r", f"{A}fld"):
            pieces.extend(text.text or "" for text in node.iter(f"{A}t"))
        elif node.tag == f"{A}br":
            pieces.append("\n")
        elif node.tag != f"{A}pPr":
            pieces.extend(text.text or "" for text in node.iter(_MATH_TEXT))
    # A vertical tab is a line break as older versions wrote it.
    return "".join(pieces).replace("\v", "\n").replace("_x000B_", "\n")


def shown(node: Element) -> Iterator[Element]:
    """Children of a node, of alternatives only the first that has content."""
    for child in node:
        if child.tag == f"{MC}AlternateContent":
            branches = [*child.findall(f"{MC}Choice"), *child.findall(f"{MC}Fallback")]
            yield from next((list(shown(branch)) for branch in branches if len(branch)), [])
        else:
            yield child


def visible(node: Element) -> Iterator[Element]:
    """All elements below a node, depth first, of alternatives only the first with content."""
    for child in shown(node):
        yield child
        yield from visible(child)


def diagram_paragraphs(root: Element) -> list[str]:
    """Texts of the shapes of a SmartArt data part, in the order of the file."""
    paragraphs = root.iter(f"{A}p")
    return ["".join(t.text or "" for t in p.iter(f"{A}t")) for p in paragraphs]
