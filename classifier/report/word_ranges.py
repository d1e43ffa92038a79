"""Where a sentence stands in the runs of a Word paragraph, and how to cut the runs there.

Comments can begin and end only between runs, so a run that a sentence shares with
its neighbours is split in two that look the same. Source: ECMA-376 part 1,
17.13.4 (comments), 17.3.2 (runs).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from classifier.extract.language.normal import clean
from classifier.extract.office.numbering import W
from classifier.extract.office.ooxml import Element
from classifier.extract.word.runs import Seen, inline_sources

_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_TRANSPARENT: Final = frozenset(
    f"{W}{tag}" for tag in ("hyperlink", "ins", "moveTo", "smartTag", "customXml", "dir", "bdo")
)
"""Elements in a paragraph inside which comments may begin and end."""

_TEXTLESS: Final = frozenset((f"{W}rPr", f"{W}lastRenderedPageBreak"))


@dataclass(frozen=True, slots=True)
class Char:
    """A printed character: the element that says it and its position in that element's text."""

    element: Element
    at: int


@dataclass(frozen=True, slots=True)
class Printed:
    """The characters of a paragraph without white space, and where each comes from."""

    text: str
    chars: Sequence[Char]

    @classmethod
    def of(cls, paragraph: Element, hidden_style: Callable[[str], bool]) -> Printed:
        text: list[str] = []
        chars: list[Char] = []
        for item, element in inline_sources(paragraph, Seen(hidden_style=hidden_style)):
            for at, char in enumerate(item if isinstance(item, str) else ""):
                if visible := without_space(char):
                    text.append(visible)
                    chars.append(Char(element, at))
        return cls("".join(text), chars)


def without_space(text: str) -> str:
    return "".join(clean(text).split())


def span(first: Char, last: Char, paragraph: Element) -> tuple[Element, Element]:
    """The first and last element of a range that holds just the text between two characters.

    Runs are split where the range begins or ends inside them. Characters that stand
    earlier in the paragraph keep their place; those behind ``first`` may lose it.
    """
    end = carrier(last.element, paragraph)
    _split_behind(end, last)
    start = carrier(first.element, paragraph)
    begun = _split_before(start, first)
    if first.element is last.element:
        return begun, begun
    return begun, carrier(last.element, paragraph)


def carrier(element: Element, paragraph: Element) -> Element:
    """The outermost run around ``element`` in ``paragraph``, or what stands in place of a run."""
    path = [element]
    while (parent := path[-1].getparent()) is not None and parent is not paragraph:
        path.append(parent)
    return next(node for node in reversed(path) if node.tag not in _TRANSPARENT)


def outer_paragraph(paragraph: Element) -> Element:
    """The paragraph of the page's own flow that holds a text box with ``paragraph``."""
    around = [node for node in paragraph.iterancestors() if node.tag == f"{W}p"]
    return around[-1] if around else paragraph


def _split_before(run: Element, char: Char) -> Element:
    """The run that begins with ``char``."""
    child = _child(run, char.element)
    if child is None:
        return run
    is_text = child is char.element and child.tag == f"{W}t"
    if is_text and without_space((child.text or "")[: char.at]):
        return _split(run, child, char.at)
    before = child.getprevious()
    while before is not None and before.tag in _TEXTLESS:
        before = before.getprevious()
    return run if before is None else _split(run, child, None)


def _split_behind(run: Element, char: Char) -> None:
    """Make ``run`` end with ``char``."""
    child = _child(run, char.element)
    if child is None:
        return
    is_text = child is char.element and child.tag == f"{W}t"
    if is_text and without_space((child.text or "")[char.at + 1 :]):
        _split(run, child, char.at + 1)
    elif (behind := child.getnext()) is not None:
        _split(run, behind, None)


def _child(run: Element, element: Element) -> Element | None:
    """The child of ``run`` that holds ``element``; None where ``run`` must stay whole."""
    if run.tag != f"{W}r":
        return None
    while element.getparent() is not run:
        element = element.getparent()
    return element


def _split(run: Element, child: Element, at: int | None) -> Element:
    """Move ``child``, from the character ``at`` if given, and what follows into a new run."""
    new = run.makeelement(run.tag, dict(run.attrib))
    properties = run.find(f"{W}rPr")
    if properties is not None:
        new.append(copy.deepcopy(properties))
    moved = [child, *child.itersiblings()]
    if at is not None:
        rest = copy.copy(child)
        rest.text = child.text[at:]
        child.text = child.text[:at]
        for part in (child, rest):
            part.set(_SPACE, "preserve")
        moved[0] = rest
    new.extend(moved)
    run.addnext(new)
    return new
