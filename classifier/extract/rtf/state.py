"""What an RTF reader knows at one point of the file: formatting, and where text goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from classifier.document import AsideKind
from classifier.extract.rtf.tokens import Font
from classifier.extract.word.flow import Paragraph, RowEnd
from classifier.extract.word.styles import Style, Styles

MAX_CELLS: Final = 64
"""Cells of a row whose edges are kept; Word allows 63."""

_MAX_NAME: Final = 100


@dataclass(slots=True)
class Target:
    """The body, a note, a text box or a header: its paragraphs and the one being read."""

    furniture: AsideKind | None = None
    is_note: bool = False
    parts: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    bold: list[bool] = field(default_factory=list)
    label: list[str] = field(default_factory=list)
    in_contents: bool = False
    attached: list[Paragraph] = field(default_factory=list)
    done: list[Paragraph] = field(default_factory=list)

    def begin(self) -> None:
        """Forget the paragraph that was read."""
        self.parts, self.hidden, self.bold, self.label, self.attached = [], [], [], [], []
        self.in_contents = False


@dataclass(slots=True)
class State:
    """What a group inherits and its end restores.

    ``reading`` names the destination whose text is no text of the document; ``fallback`` is
    how many bytes follow a Unicode character for readers that do not know it.
    """

    target: Target
    is_silent: bool = False
    reading: str = ""
    is_optional: bool = False
    font: int | None = None
    fallback: int = 1
    is_hidden: bool = False
    is_deleted: bool = False
    is_bold: bool = False
    is_east_asian_bold: bool = False
    style: int = 0
    outline: int | None = None
    in_table: bool = False
    depth: int = 0
    in_contents: bool = False
    code: list[str] = field(default_factory=list)

    @property
    def tables(self) -> int:
        """Number of tables around the paragraph."""
        return max(self.depth, 1) if self.in_table else 0

    def apply(self, word: str, number: int | None) -> bool:
        """Take a control word of formatting; whether it was one."""
        change = _CHANGES.get(word)
        if change:
            change(self, number)
        return change is not None


@dataclass(slots=True)
class Row:
    """The definition of a table row (``\\trowd``), edges in twips."""

    left: int = 0
    rights: list[int] = field(default_factory=list)
    is_header: bool = False

    def apply(self, word: str, number: int | None) -> bool:
        """Take a control word of the definition; whether it was one."""
        match word:
            case "trowd":
                self.left, self.rights, self.is_header = 0, [], False
            case "cellx":
                self.rights = [*self.rights, number or 0][:MAX_CELLS]
            case "trleft":
                self.left = number or 0
            case "trhdr":
                self.is_header = number != 0
            case _:
                return False
        return True

    def end(self) -> RowEnd:
        edges = (self.left, *self.rights) if self.rights else ()
        return RowEnd(edges, self.is_header)


class Definitions:
    """Fonts and styles of a document."""

    def __init__(self) -> None:
        self.default_font: int | None = None
        self._fonts: dict[int, Font] = {}
        self._styles: dict[str, Style] = {}
        self._style = Style(id="0")
        self._sheet: Styles | None = None

    @property
    def sheet(self) -> Styles:
        """The styles; what is defined behind the first paragraph comes too late."""
        if self._sheet is None:
            self._sheet = Styles.of(self._styles.values(), "0")
        return self._sheet

    def font(self, state: State) -> Font | None:
        return self._fonts.get(state.font) if state.font is not None else None

    def apply(self, word: str, number: int | None, state: State) -> None:
        """Take a control word of the font table or of the style sheet."""
        font = self._fonts.setdefault(state.font or 0, Font())
        match word:
            case "f":
                state.font = number or 0
            case "fcharset":
                font.charset = number
            case "cpg":
                font.page = number
            case "s":
                self._style = Style(id=str(number or 0))
            case "sbasedon":
                self._style = replace(self._style, based_on=str(number))
            case "outlinelevel":
                self._style = replace(self._style, outline=number)

    def name_font(self, text: str, state: State) -> None:
        font = self._fonts.setdefault(state.font or 0, Font())
        font.name = (font.name + text.partition(";")[0])[:_MAX_NAME]

    def name_style(self, text: str) -> None:
        name, end, _ = text.partition(";")
        self._style = replace(self._style, name=(self._style.name + name)[:_MAX_NAME])
        if end:
            self._styles.setdefault(self._style.id, self._style)
            self._style = Style(id="0")


_Change = Callable[[State, int | None], None]


def _switch(name: str) -> _Change:
    return lambda state, number: setattr(state, name, number != 0)


def _value(name: str) -> _Change:
    return lambda state, number: setattr(state, name, max(number or 0, 0))


def _plain_paragraph(state: State, _: int | None) -> None:
    state.style, state.outline, state.in_table, state.depth = 0, None, False, 0


def _plain_characters(state: State, _: int | None) -> None:
    state.is_bold = state.is_east_asian_bold = state.is_hidden = state.is_deleted = False
    state.font = None


def _nest(state: State, number: int | None) -> None:
    state.depth, state.in_table = max(number or 0, 0), bool(number)


def _left_to_right(state: State, _: int | None) -> None:
    # What stood before was said of right-to-left text.
    state.is_east_asian_bold = False


_CHANGES: Final[dict[str, _Change]] = {
    "pard": _plain_paragraph,
    "plain": _plain_characters,
    "itap": _nest,
    "ltrch": _left_to_right,
    "f": _value("font"),
    "uc": _value("fallback"),
    "s": _value("style"),
    "outlinelevel": _value("outline"),
    "b": _switch("is_bold"),
    "ab": _switch("is_east_asian_bold"),
    "v": _switch("is_hidden"),
    "deleted": _switch("is_deleted"),
    "intbl": _switch("in_table"),
}
