"""What a Word style says about a paragraph: heading level, list, table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from classifier.extract.office.numbering import W
from classifier.extract.office.ooxml import Element

_HEADING: Final = re.compile(r"(?:heading|标题|標題)\s*([1-9])", re.IGNORECASE)
_TITLE: Final = re.compile(r"(?:title|标题|標題)", re.IGNORECASE)
_CONTENTS: Final = re.compile(
    r"(?:toc|wpsoffice手动目录|目录|目錄|table of figures|图表目录)\s*(?:\d|heading|标题)?",
    re.IGNORECASE,
)
_BODY_LEVEL: Final = 9


@dataclass(frozen=True, slots=True)
class Style:
    """A style with its own settings; ``None`` is "not said here, ask the style it is based on"."""

    id: str = ""
    name: str = ""
    based_on: str = ""
    outline: int | None = None
    num_id: str | None = None
    num_level: int | None = None
    hidden: bool | None = None


class Styles:
    """The styles of one document, looked up along ``basedOn``."""

    def __init__(self, root: Element | None) -> None:
        self._styles: dict[str, Style] = {}
        self._default = ""
        for node in root.iter(f"{W}style") if root is not None else ():
            style = _style(node)
            self._styles[style.id] = style
            is_default = node.get(f"{W}default") in ("1", "true", "on")
            if is_default and node.get(f"{W}type") == "paragraph":
                self._default = style.id

    @classmethod
    def of(cls, styles: Iterable[Style], default: str) -> Styles:
        """From styles that were read from another format than XML."""
        found = cls(None)
        found._styles = {style.id: style for style in styles}
        found._default = default
        return found

    @property
    def nums(self) -> dict[str, str]:
        """Num id of each style that has a list."""
        return {key: style.num_id for key, style in self._styles.items() if style.num_id}

    def heading_level(self, style_id: str) -> int:
        """Heading level from 1, 0 for body text."""
        for style in self._chain(style_id):
            if found := _HEADING.fullmatch(style.name.strip()):
                return int(found[1])
            if style.outline is not None:
                return outline_level(style.outline)
            if _TITLE.fullmatch(style.name.strip()):
                return 1
        return 0

    def list(self, style_id: str) -> tuple[str, int | None, str]:
        """(num id, level, the style that says so) that a style gives; an empty id is no list."""
        chain = self._chain(style_id)
        level = next((style.num_level for style in chain if style.num_level is not None), None)
        for style in chain:
            if style.num_id is not None:
                return style.num_id, level, style.id
        return "", None, ""

    def is_contents(self, style_id: str) -> bool:
        """Whether paragraphs of this style belong to a table of contents."""
        return any(_CONTENTS.fullmatch(style.name.strip()) for style in self._chain(style_id)[:1])

    def is_hidden(self, style_id: str) -> bool:
        chain = self._chain(style_id) if style_id else []
        return next((style.hidden for style in chain if style.hidden is not None), False)

    def _chain(self, style_id: str) -> list[Style]:
        chain: list[Style] = []
        style = self._styles.get(style_id) or self._styles.get(self._default)
        while style and style not in chain:
            chain.append(style)
            style = self._styles.get(style.based_on)
        return chain


def outline_level(outline: int) -> int:
    """Heading level from 1 of an outline level from 0; 9 is body text."""
    return outline + 1 if 0 <= outline < _BODY_LEVEL else 0


def is_on(node: Element | None) -> bool | None:
    """Value of an on/off property, ``None`` if it is not there."""
    return None if node is None else node.get(f"{W}val") not in ("0", "false", "off")


def whole(node: Element | None) -> int | None:
    """Value of a property that is a whole number, ``None`` if it is not there or is none."""
    value = "" if node is None else node.get(f"{W}val", "")
    return int(value) if re.fullmatch(r"-?\d{1,9}", value) else None


def _style(node: Element) -> Style:
    def text(path: str) -> str | None:
        found = node.find(path)
        return None if found is None else found.get(f"{W}val", "")

    return Style(
        id=node.get(f"{W}styleId", ""),
        name=text(f"{W}name") or "",
        based_on=text(f"{W}basedOn") or "",
        outline=whole(node.find(f"{W}pPr/{W}outlineLvl")),
        num_id=text(f"{W}pPr/{W}numPr/{W}numId"),
        num_level=whole(node.find(f"{W}pPr/{W}numPr/{W}ilvl")),
        hidden=is_on(node.find(f"{W}rPr/{W}vanish")),
    )
