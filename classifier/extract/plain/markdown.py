"""Read Markdown (CommonMark with pipe tables) as blocks of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from classifier.document import Aside, AsideKind, Block, BlockKind, Cell, Document
from classifier.extract.column_titles import with_headers
from classifier.extract.language.han import HAN
from classifier.extract.language.headings import with_headings
from classifier.extract.language.normal import one_line
from classifier.extract.plain.wrapping import paragraphs
from classifier.extract.suffixes import MARKDOWN_SUFFIXES
from classifier.extract.web.html import html_blocks

_ATX: Final = re.compile(r"^#{1,6} +\S", re.MULTILINE)
_OTHER_MARKS: Final = re.compile(
    r"^(?:```|~~~|\|?\s*:?-{3,}:?\s*\|)|\*\*\S[^*\n]*\*\*", re.MULTILINE
)
_FRONT_MATTER: Final = re.compile(
    r"\A---[ \t]*\r?\n(.*?\r?\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL
)
_FIELD: Final = re.compile(r"[\w-]+\s*:")
# "#标题" without the space is not CommonMark, yet common in Chinese documents.
_TIGHT_ATX: Final = re.compile(rf"^(#{{1,6}})(?=[{HAN}（【《0-9])", re.MULTILINE)
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_CHECKBOX: Final = re.compile(r"^\[[ xX]\]\s+")
_PROSE: Final = re.compile(r"[^\s\d.、·—-]")
_FENCE: Final = re.compile(r"^\s*(```|~~~)")


def is_markdown(name: str, text: str) -> bool:
    """By the extension; text without a telling one must have headings and other marks."""
    suffix = PurePath(name).suffix.lower()
    if suffix in MARKDOWN_SUFFIXES:
        return True
    headings = len(_ATX.findall(text)) >= 3
    return suffix in ("", ".txt") and headings and _OTHER_MARKS.search(text) is not None


def markdown_document(text: str, name: str, **rest) -> Document:
    """Headings, list items and table cells; code and front matter are set aside.

    Numbers of ordered lists stay in the text, bullets and emphasis marks do not.
    """
    reader = _Reader()
    found = _FRONT_MATTER.match(text)
    if found and _FIELD.match(found[1]):
        reader.asides.append(Aside(AsideKind.CODE, found[1].strip()))
        text = text[found.end() :]
    reader.read(_parser().parse(_tight_headings(text)))
    return Document.from_blocks(
        name, "markdown", with_headings(reader.blocks), asides=tuple(reader.asides), **rest
    )


def _parser() -> MarkdownIt:
    # Indented text is code for CommonMark; in Chinese documents it is an indented paragraph.
    return MarkdownIt("commonmark").enable("table").disable("code")


def _tight_headings(text: str) -> str:
    lines = text.splitlines()
    fence = ""
    for number, line in enumerate(lines):
        if found := _FENCE.match(line):
            fence = "" if fence == found[1] else fence or found[1]
        elif not fence:
            lines[number] = _TIGHT_ATX.sub(r"\1 ", line)
    return "\n".join(lines)


class _Reader:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.asides: list[Aside] = []
        self._tables = 0
        self._items: list[str] = []

    def read(self, tokens: Sequence[Token]) -> None:
        level, row, column, header_rows, first = 0, 0, 0, 0, 0
        in_table = False
        for token in tokens:
            match token.type:
                case "heading_open":
                    level = int(token.tag[1:])
                case "heading_close":
                    level = 0
                case "list_item_open":
                    self._items.append(f"{token.info}{token.markup} " if token.info else "")
                case "list_item_close":
                    self._items.pop()
                case "table_open":
                    in_table, row, header_rows, first = True, 0, 0, len(self.blocks)
                    self._tables += 1
                case "table_close":
                    in_table = False
                    titled = with_headers(self.blocks[first:], self._tables, header_rows)
                    self.blocks[first:] = titled
                case "tr_open":
                    row, column = row + 1, 0
                case "thead_close":
                    header_rows = row
                case "th_open" | "td_open":
                    column += 1
                case "inline":
                    cell = Cell(self._tables, row, column) if in_table else None
                    self._inline(token, level, cell)
                case "fence" | "code_block":
                    self.asides.append(Aside(AsideKind.CODE, token.content.rstrip("\n")))
                case "html_block":
                    self._html(token.content)

    def _inline(self, token: Token, level: int, cell: Cell | None) -> None:
        lines = list(_lines(token.children or ()))
        if not cell and not level and _is_contents(token.children or ()):
            self.asides.append(Aside(AsideKind.TABLE_OF_CONTENTS, one_line(" ".join(lines))))
            return
        if self._items and lines:
            lines[0] = _CHECKBOX.sub("", lines[0])
        if level:
            self._add(Block(one_line(" ".join(lines)), BlockKind.HEADING, level))
            return
        if not cell and not self._items:
            lines = list(paragraphs(lines))
        for line in lines:
            number = ""
            kind = BlockKind.CELL if cell else BlockKind.PARAGRAPH
            if self._items and not cell:
                number, self._items[-1] = self._items[-1], ""
                kind = BlockKind.LIST_ITEM
            self._add(Block(one_line(number + line) if line.strip() else "", kind, cell=cell))

    def _html(self, content: str) -> None:
        blocks, self._tables = html_blocks(content, self._tables)
        self.blocks.extend(blocks)

    def _add(self, block: Block) -> None:
        if block.text:
            self.blocks.append(block)


def _is_contents(children: Sequence[Token]) -> bool:
    """Whether all the text is a link to a place in this document."""
    depth, links = 0, 0
    for child in children:
        if child.type == "link_open":
            depth += 1
            links += str(child.attrGet("href") or "").startswith("#")
        elif child.type == "link_close":
            depth -= 1
        elif child.type in ("text", "code_inline") and not depth and _PROSE.search(child.content):
            return False
    return links > 0


def _lines(children: Sequence[Token]) -> Iterator[str]:
    """Text of the lines of an inline token, without marks, link targets and pictures."""
    line = ""
    for child in children:
        match child.type:
            case "text" | "code_inline":
                line += child.content
            case "softbreak" | "hardbreak":
                yield line
                line = ""
            case "html_inline":
                if _BREAK.fullmatch(child.content):
                    yield line
                    line = ""
                elif not _TAG.fullmatch(child.content):
                    line += child.content
    yield line
