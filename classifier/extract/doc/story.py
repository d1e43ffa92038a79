"""Walk one story of a Word 97–2003 file: paragraphs with what is shown of their text.

Source: [MS-DOC] 2.4.2 (paragraph boundaries), 2.4.3 (cells), 2.8.25 (fields), 2.6.1 (special
characters).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from classifier.extract.doc.file import DocFile
from classifier.extract.doc.formatting import CharacterFormat, Formatting, ParagraphFormat
from classifier.extract.language.surrogates import join_surrogates
from classifier.extract.language.symbols import in_font, symbol

_PICTURE: Final = "\x01"
_CELL_END: Final = "\x07"
_DRAWING: Final = "\x08"
_LINE: Final = "\x0b"
_PAGE: Final = "\x0c"
_PARAGRAPH_END: Final = "\r"
_FIELD_BEGIN, _FIELD_MIDDLE, _FIELD_END = "\x13\x14\x15"
_TEXT: Final = {"\t": "\t", "\x1e": "-"}

_TOKENS: Final = re.compile(r"[\0-\x1f]|[^\0-\x1f]+")
_FIELD_MARKS: Final = re.compile("[\x13\x15]")
_CONTENTS: Final = re.compile(r"\s*TOC\b")
_MAX_CODE: Final = 20


@dataclass(slots=True)
class Seen:
    """What was met on the way and must be told to the user."""

    changes: int = 0
    pictures: int = 0


@dataclass(slots=True)
class StoryParagraph:
    """One paragraph: shown lines, hidden text, and CPs of the drawings anchored in it."""

    format: ParagraphFormat
    mark: str = ""
    lines: list[str] = field(default_factory=list)
    hidden: str = ""
    in_contents: bool = False
    is_bold: bool = False
    drawings: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Field:
    code: str = ""
    in_code: bool = True


@dataclass(slots=True)
class _Text:
    """Text of the paragraph so far, in parts of one format; "\\n" breaks lines."""

    parts: list[tuple[str, CharacterFormat]] = field(default_factory=list)
    drawings: list[int] = field(default_factory=list)
    in_contents: bool = False


class Stories:
    """Reads stories of one file.

    ``is_hidden(style)`` tells whether a style hides its text, ``fonts`` are names; both by index.
    """

    def __init__(
        self,
        file: DocFile,
        formatting: Formatting,
        is_hidden: Callable[[int], bool],
        fonts: Sequence[str],
    ) -> None:
        self.seen = Seen()
        self._file = file
        self._formatting = formatting
        self._is_hidden = is_hidden
        self._fonts = fonts
        self._spans = list(formatting.spans())
        self._starts = [start for start, _, _ in self._spans]

    def paragraphs(self, start: int, end: int) -> Iterator[StoryParagraph]:
        """Paragraphs of the CPs ``[start, end)``; the last one may lack its mark."""
        fields = _Fields(self._file.text, start, end)
        text = _Text()
        for cp, token, format in self._tokens(start, end):
            if fields.take(cp, token) or self._is_dropped(token, format, fields):
                continue
            if token in (_PARAGRAPH_END, _CELL_END, _PAGE):
                of_mark, is_last = self._formatting.paragraph(cp)
                if token == _PAGE and not is_last:
                    text.parts.append(("\n", format))
                elif not self._runs_on(token, format, of_mark):
                    yield self._paragraph(text, token, of_mark)
                    text = _Text()
                continue
            self._append(text, cp, token, format)
            text.in_contents = text.in_contents or fields.in_contents
        if text.parts:
            yield self._paragraph(text, "", self._formatting.paragraph(end - 1)[0])

    def _tokens(self, start: int, end: int) -> Iterator[tuple[int, str, CharacterFormat]]:
        """(CP, single control character or run of others, format) in order."""
        i = max(bisect_right(self._starts, start) - 1, 0)
        while i < len(self._spans) and self._spans[i][0] < end:
            first, last, format = self._spans[i]
            for found in _TOKENS.finditer(self._file.text, max(first, start), min(last, end)):
                yield found.start(), found[0], format
            i += 1

    def _is_dropped(self, token: str, format: CharacterFormat, fields: _Fields) -> bool:
        if token in (_PARAGRAPH_END, _CELL_END, _PAGE):
            return False
        self.seen.changes += format.is_inserted or format.is_deleted
        return format.is_deleted or fields.in_code

    def _runs_on(self, mark: str, format: CharacterFormat, paragraph: ParagraphFormat) -> bool:
        """Whether the mark is deleted, so that the paragraph goes on in the next one."""
        ends_cell = paragraph.ends_inner_cell or paragraph.is_row_end
        is_deleted = mark == _PARAGRAPH_END and format.is_deleted and not ends_cell
        self.seen.changes += is_deleted
        return is_deleted

    def _append(self, text: _Text, cp: int, token: str, format: CharacterFormat) -> None:
        if format.symbol:
            font, code = format.symbol
            text.parts.append((self._symbol(font, code) * len(token), format))
        elif token == _LINE:
            text.parts.append(("\n", format))
        elif token == _PICTURE:
            self.seen.pictures += format.is_picture
        elif token == _DRAWING:
            text.drawings.append(cp)
        elif token >= " " or token in _TEXT:
            shown = _TEXT.get(token, token)
            if format.western_font is not None:
                shown = shown.translate(in_font(self._font(format.western_font)))
            text.parts.append((shown, format))

    def _symbol(self, font: int, code: int) -> str:
        if code > 0xFF and not 0xD800 <= code < 0xF900:
            return chr(code)
        return symbol(code, self._font(font))

    def _font(self, index: int) -> str:
        return self._fonts[index] if index < len(self._fonts) else ""

    def _paragraph(self, text: _Text, mark: str, format: ParagraphFormat) -> StoryParagraph:
        by_style = self._is_hidden(format.style)
        shown: list[str] = []
        hidden: list[str] = []
        bold: list[bool] = []
        for part, of_part in text.parts:
            style = of_part.style
            if of_part.is_hidden(by_style if style is None else self._is_hidden(style)):
                hidden.append(part)
                continue
            shown.append(part)
            if part.strip():
                bold.append(of_part.is_bold)
        return StoryParagraph(
            format=format,
            mark=mark,
            lines=join_surrogates("".join(shown)).split("\n"),
            hidden=join_surrogates("".join(hidden)).strip(),
            in_contents=text.in_contents,
            is_bold=bool(bold) and all(bold),
            drawings=text.drawings,
        )


class _Fields:
    """The fields open at one point of a story; marks without a partner are ignored."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._matched: set[int] = set()
        self._open: list[_Field] = []
        begins: list[int] = []
        for mark in _FIELD_MARKS.finditer(text, start, end):
            if mark[0] == _FIELD_BEGIN:
                begins.append(mark.start())
            elif begins:
                self._matched |= {begins.pop(), mark.start()}
        self._codes = 0
        self._contents = 0

    @property
    def in_code(self) -> bool:
        """Whether any open field is still in its instruction."""
        return self._codes > 0

    @property
    def in_contents(self) -> bool:
        return self._contents > 0

    def take(self, cp: int, token: str) -> bool:
        """Follow a mark or an instruction; whether the token was one."""
        if token == _FIELD_BEGIN:
            if cp in self._matched:
                self._open.append(_Field())
                self._codes += 1
        elif token == _FIELD_MIDDLE:
            if self._open and self._open[-1].in_code:
                self._end_code(self._open[-1])
        elif token == _FIELD_END:
            if cp in self._matched and self._open:
                closed = self._open.pop()
                if closed.in_code:
                    self._codes -= 1
                elif _CONTENTS.match(closed.code):
                    self._contents -= 1
        else:
            if self._open and self._open[-1].in_code and len(self._open[-1].code) < _MAX_CODE:
                self._open[-1].code += token[:_MAX_CODE]
            return False
        return True

    def _end_code(self, field: _Field) -> None:
        field.in_code = False
        self._codes -= 1
        self._contents += _CONTENTS.match(field.code) is not None
