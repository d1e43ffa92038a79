"""Read RTF: paragraphs, tables, list labels and notes. Source: RTF specification 1.9.1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from classifier.document import Aside, AsideKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.language.headings import with_headings
from classifier.extract.language.normal import one_line
from classifier.extract.language.surrogates import join_surrogates
from classifier.extract.language.symbols import in_font, symbol
from classifier.extract.rtf.state import Definitions, Row, State, Target
from classifier.extract.rtf.tokens import (
    SYMBOL_CHARSET,
    Kind,
    Token,
    decode_run,
    encoding_of_page,
    tokens,
)
from classifier.extract.word.flow import Flow, Paragraph, is_page_number
from classifier.extract.word.styles import outline_level
from classifier.limits import Limits

MAX_GROUPS: Final = 2000
"""Groups inside each other; Word itself gives up much earlier."""

_FEW_CHARS: Final = 200
_TOC: Final = re.compile(r"\s*TOC\b")
_BULLET: Final = "•"
_CHARS: Final = {
    "tab": "\t", "line": "\n", "page": "\n", "column": "\n", "softline": "\n", "lbr": "\n",
    "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ", "qmspace": " ", "~": " ",
    "_": "-", "\\": "\\", "{": "{", "}": "}",
}  # fmt: skip
_SILENT: Final = frozenset(
    (
        *("colortbl", "info", "nonshppict", "nonesttables", "shprslt", "xe", "tc", "tcn", "rxe"),
        *("txe", "bkmkstart", "bkmkend", "objdata", "objclass", "objname", "private", "revtbl"),
        *("listtable", "listoverridetable", "rsidtbl", "sp", "pntxta", "pntxtb", "ftnsep"),
        *("ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn", "atnid", "atnauthor", "template"),
        *("mmathPict", "filetbl", "generator", "themedata", "colorschememapping", "fontemb"),
        *("latentstyles", "datastore", "xmlnstbl", "pgptbl", "upr", "pict", "annotation"),
    )
)
_MATH_PROPERTIES: Final = re.compile(r"m[A-Za-z]+Pr")
_FURNITURE: Final = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), AsideKind.HEADER),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), AsideKind.FOOTER),
}
_READING: Final = {
    "fonttbl": "fonts",
    "stylesheet": "styles",
    "fldinst": "code",
    "listtext": "label",
    "pntext": "label",
}
_TEXT: Final = ("footnote", "shptxt", "dptxbxtext")
_DESTINATIONS: Final = frozenset((*_FURNITURE, *_READING, *_TEXT, "field", "fldrslt", "ud"))
# Destinations that a reader may skip but that hold text to be read.
_OPTIONAL: Final = frozenset(("shpinst", "shppict", "do", "moMath", "nesttableprops"))


def read_rtf(data: bytes, name: str, limits: Limits) -> Document:
    """Read RTF in document order: revisions as accepted, notes after the body.

    Raises :class:`ExtractionError` with DAMAGED, EMPTY or TOO_LARGE.
    """
    limits.check_bytes(len(data))
    return _Reader(limits).document(data, name)


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self._flow = Flow(limits)
        self._body = Target()
        self._state = State(self._body)
        self._stack: list[State] = []
        self._definitions = Definitions()
        self._row = Row()
        self._encoding = "cp1252"
        self._skip = 0
        self._notes: list[Target] = []
        self._asides: dict[Aside, None] = {}
        self._pictures = self._changes = self._comments = self._lost = 0

    def document(self, data: bytes, name: str) -> Document:
        for token in tokens(data):
            self._take(token)
        is_cut = bool(self._stack)
        while self._stack:
            self._close()
        self._finish(self._body)
        self._add_notes()
        blocks = with_headings(self._flow.finish(), self._flow.bold)
        asides = (*self._flow.contents, *self._asides)
        document = Document.from_blocks(name, "rtf", blocks, asides=asides)
        if not document.blocks:
            detail = f"no text, {self._pictures} pictures" if self._pictures else "no text"
            raise ExtractionError(Reason.EMPTY, detail)
        few = self._pictures > 0 and len(document.text) < _FEW_CHARS
        reason = Reason.OK_PARTIAL if is_cut or self._lost or few else Reason.OK
        return replace(document, reason=reason, notes=tuple(self._tell(is_cut)))

    def _take(self, token: Token) -> None:
        if token.kind is Kind.TEXT:
            if not self._state.is_silent:
                self._bytes(token.unescaped())
            return
        self._skip = 0
        if token.kind is Kind.OPEN:
            if len(self._stack) >= MAX_GROUPS:
                raise ExtractionError(Reason.DAMAGED, f"{MAX_GROUPS} groups inside each other")
            self._stack.append(self._state)
            self._state = replace(self._state, is_optional=False)
        elif token.kind is Kind.CLOSE:
            if self._stack:
                self._close()
        elif token.word == "*":
            self._state.is_optional = True
        elif not self._state.is_silent or token.word == "ud":
            self._word(token.word, token.number)

    def _close(self) -> None:
        ended, outer = self._state, self._stack[-1]
        if ended.target is not outer.target:
            self._finish(ended.target)
        self._state = self._stack.pop()

    def _finish(self, target: Target) -> None:
        """End the last paragraph of a target and hand over what it was read for."""
        if target.parts or target.hidden or target.attached:
            self._end_paragraph(target, self._state.tables)
        if target.furniture:
            text = one_line(" ".join(line for p in target.done for line in p.lines))
            kind = AsideKind.PAGE_NUMBER if is_page_number(text) else target.furniture
            if text:
                self._asides[Aside(kind, text)] = None
        elif target.is_note:
            self._notes.append(target)
        elif target is not self._body:
            self._stack[-1].target.attached += target.done

    def _add_notes(self) -> None:
        for number, note in enumerate(self._notes, start=1):
            label = f"[{number}]"
            for paragraph in note.done:
                is_text = bool("".join(paragraph.lines).strip())
                self._flow.add(replace(paragraph, label=label) if is_text else paragraph)
                label = "" if is_text else label

    def _word(self, word: str, number: int | None) -> None:
        state = self._state
        if state.is_optional:
            state.is_optional = False
            if word not in _OPTIONAL and word not in _DESTINATIONS:
                state.is_silent = True
        if word in _SILENT or _MATH_PROPERTIES.fullmatch(word):
            state.is_silent = True
            self._pictures += word == "pict"
            self._comments += word == "annotation"
        elif word in _DESTINATIONS:
            self._begin(word)
        elif state.is_silent:
            return
        elif word in _CHARS:
            self._text(_CHARS[word])
        elif word == "u":
            self._unicode(number or 0)
        elif state.reading in ("fonts", "styles"):
            self._definitions.apply(word, number, state)
        elif not self._break(word) and not self._row.apply(word, number):
            self._format(word, number)

    def _begin(self, destination: str) -> None:
        state = self._state
        if destination in _FURNITURE or destination in _TEXT:
            state.apply("pard", None)
            # What stands in a note or box stays in it: thousands, one in another, are an attack.
            if state.target is self._body:
                furniture = _FURNITURE.get(destination)
                state.target = Target(furniture, is_note=destination == "footnote")
        elif destination in _READING:
            state.reading = _READING[destination]
        elif destination == "field":
            state.code = []
        elif destination == "fldrslt":
            state.reading = ""
            state.in_contents = state.in_contents or bool(_TOC.match("".join(state.code)))
        elif destination == "ud" and len(self._stack) > 1:
            # The group around it says the same in a code page and was silenced.
            state.is_silent = self._stack[-2].is_silent

    def _break(self, word: str) -> bool:
        """Take a mark that ends a paragraph, a cell or a row; whether it was one."""
        state, target = self._state, self._state.target
        inner = max(state.depth, 2)
        if word in ("par", "sect", "\n", "\r"):
            # A deleted mark joins its paragraph to the next one.
            self._changes += state.is_deleted
            if not state.is_deleted:
                self._end_paragraph(target, state.tables)
        elif word in ("cell", "nestcell"):
            self._end_paragraph(target, 1 if word == "cell" else inner, ends_cell=True)
        elif word in ("row", "nestrow"):
            depth = 1 if word == "row" else inner
            if target.parts:
                self._end_paragraph(target, depth)
            self._emit(target, Paragraph(depth=depth, row_end=self._row.end()))
        else:
            return False
        return True

    def _format(self, word: str, number: int | None) -> None:
        match word:
            case "ansicpg":
                self._encoding = encoding_of_page(number or 1252)
            case "mac":
                self._encoding = "mac_roman"
            case "deff":
                self._definitions.default_font = self._state.font = number
            case "revised":
                self._changes += number != 0
            case _:
                self._state.apply(word, number)
                if word == "plain":
                    self._state.font = self._definitions.default_font

    def _bytes(self, data: bytes) -> None:
        data, self._skip = data[self._skip :], max(self._skip - len(data), 0)
        font = self._definitions.font(self._state)
        reading = self._state.reading
        if font and font.charset == SYMBOL_CHARSET and reading == "label":
            self._text("".join(symbol(code, font.name) for code in data))
        elif font and font.charset == SYMBOL_CHARSET and reading == "":
            self._text(data.decode("latin-1").translate(in_font(font.name)))
        elif data:
            text = decode_run(data, None if reading == "fonts" else font, self._encoding)
            self._lost += text.count("\ufffd") if reading == "" else 0
            self._text(text)

    def _unicode(self, number: int) -> None:
        code = number & 0xFFFF
        font = self._definitions.font(self._state)
        is_symbol = 0xF000 <= code < 0xF100
        self._text(symbol(code, font.name if font else "") if is_symbol else chr(code))
        self._skip = self._state.fallback

    def _text(self, text: str) -> None:
        state = self._state
        target = state.target
        match state.reading:
            case "fonts":
                self._definitions.name_font(text, state)
            case "styles":
                self._definitions.name_style(text)
            case "code":
                state.code.append(text)
            case "label":
                target.label.append(text or _BULLET)
            case _ if state.is_deleted:
                self._changes += 1
            case _ if state.is_hidden:
                target.hidden.append(text)
            case _:
                target.parts.append(text)
                target.in_contents = target.in_contents or state.in_contents
                if text.strip():
                    target.bold.append(state.is_bold or state.is_east_asian_bold)

    def _end_paragraph(self, target: Target, depth: int, *, ends_cell: bool = False) -> None:
        state, sheet = self._state, self._definitions.sheet
        hidden = one_line(join_surrogates("".join(target.hidden)))
        if hidden:
            self._asides[Aside(AsideKind.HIDDEN, hidden)] = None
        style, outline = str(state.style), state.outline
        paragraph = Paragraph(
            lines=tuple(join_surrogates("".join(target.parts)).split("\n")),
            level=sheet.heading_level(style) if outline is None else outline_level(outline),
            label=one_line(join_surrogates("".join(target.label))),
            in_contents=target.in_contents or sheet.is_contents(style),
            is_bold=bool(target.bold) and all(target.bold),
            depth=depth,
            ends_cell=ends_cell,
        )
        attached = [replace(p, depth=p.depth + depth) for p in target.attached]
        target.begin()
        for found in (*attached, paragraph) if ends_cell else (paragraph, *attached):
            self._emit(target, found)

    def _emit(self, target: Target, paragraph: Paragraph) -> None:
        if target is self._body:
            self._flow.add(paragraph)
        else:
            target.done.append(paragraph)

    def _tell(self, is_cut: bool) -> Iterable[str]:
        if is_cut:
            yield "文件不完整，结尾处的内容可能缺失。"
        if self._lost:
            yield f"有 {self._lost} 处字符无法解码。"
        if self._changes:
            yield "文档含修订痕迹：插入的文字按正文读取，删除的文字未读取。"
        if any(aside.kind is AsideKind.HIDDEN for aside in self._asides):
            yield "文档含隐藏文字，未按正文读取。"
        if self._comments:
            yield "文档含批注，未读取。"
        if self._pictures:
            yield f"文档含 {self._pictures} 张图片或图形，其中的文字未读取。"
