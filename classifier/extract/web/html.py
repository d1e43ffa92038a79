"""Read HTML: what a reader of the page would read, in the order of the source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from classifier.document import Aside, AsideKind, Block, BlockKind, Cell, Document
from classifier.errors import Reason
from classifier.extract.column_titles import with_headers
from classifier.extract.language.charset import decode
from classifier.extract.language.headings import with_headings
from classifier.extract.language.normal import one_line
from classifier.limits import Limits

Element = Any
"""An lxml element; lxml ships no types."""

_DROPPED: Final = frozenset(
    re.findall(
        r"\S+",
        "head script style nav noscript template svg math iframe object embed canvas audio video"
        " map datalist select textarea title",
    )
)
_INLINE: Final = frozenset(
    re.findall(
        r"\S+",
        "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label mark"
        " meter nobr o:p output picture progress q rp ruby s samp small span strike strong sub sup"
        " time tt u var wbr",
    )
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_META: Final = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE
)
_XML: Final = re.compile(
    rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]+)", re.IGNORECASE
)
_XML_DECLARATION: Final = re.compile(r"\A\s*<\?xml.*?\?>", re.DOTALL)
_NESTING: Final = re.compile(
    r"</?(?:div|section|article|main|center|blockquote|ul|ol|li|dl|dd|dt|table|tbody|tr|td|p|form)"
    r"(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_NESTING_INLINE: Final = re.compile(
    r"</?(?:span|font|b|i|u|em|strong|a|big|small|sub|sup)(?:\s[^<>]*)?>", re.IGNORECASE
)
_HEAD_BYTES: Final = 4096
_MAX_SPAN: Final = 1000
_MAX_COLUMNS: Final = 1000
"""Columns up to which it is remembered what spans from rows above fill."""


def read_html(data: bytes, name: str, limits: Limits) -> Document:
    """Read a page; scripts, navigation and hidden elements are left out, the footer set aside.

    Raises :class:`ExtractionError` with UNSUPPORTED for binary data, TOO_LARGE over a limit.
    """
    limits.check_bytes(len(data))
    decoded = decode(data, _declared(data[:_HEAD_BYTES]))
    notes = list(decoded.notes)
    reason = Reason.OK_PARTIAL if decoded.damage else Reason.OK
    root, cut = _parse(decoded.text)
    if cut:
        notes.append("网页嵌套过深，已按纯文字读取，部分版式和隐藏信息未能识别。")
        reason = Reason.OK_PARTIAL
        root, _ = _parse(_flattened(decoded.text))
    walker = _Walker(0)
    if root is not None:
        walker.walk(root)
    limits.check_chars(sum(len(found.text) for found in (*walker.blocks, *walker.asides)))
    document = Document.from_blocks(
        name, "html", with_headings(walker.blocks), asides=tuple(walker.asides)
    )
    if not document.blocks and root is not None:
        title = one_line(" ".join(root.xpath("string(//head/title)").split()))
        document = Document.from_blocks(name, "html", [Block(title)], asides=document.asides)
    return replace(document, notes=tuple(notes), reason=reason)


def html_blocks(text: str, tables: int = 0) -> tuple[list[Block], int]:
    """Blocks of a fragment, with tables counted on from ``tables``; also the new count."""
    root, _ = _parse(text)
    walker = _Walker(tables)
    if root is not None:
        walker.walk(root)
    return walker.blocks, walker.tables


def _declared(head: bytes) -> str:
    found = _META.search(head) or _XML.match(head)
    return found[1].decode("ascii") if found else ""


def _flattened(text: str) -> str:
    """The page with line breaks instead of the elements that nest."""
    return _NESTING_INLINE.sub("", _NESTING.sub("<br>", text))


def _parse(text: str) -> tuple[Element | None, bool]:
    """Root of the page, and whether the parser gave up before its end."""
    text = _XML_DECLARATION.sub("", text.replace("\0", ""), count=1)
    if not text.strip():
        return None, False
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None, False
    cut = any(entry.type_name in ("ERR_NAME_TOO_LONG", "ERR_RESOURCE_LIMIT") or
              "depth" in entry.message.lower() for entry in parser.error_log)  # fmt: skip
    return root, cut


@dataclass(slots=True)
class _Table:
    """A table being read: where its blocks begin, and which columns spans still fill."""

    number: int
    first: int
    row: int = 0
    column: int = 0
    next_column: int = 1
    header_rows: int = 0
    only_headers: bool = True
    filled: dict[int, int] = field(default_factory=dict)
    widths: dict[int, int] = field(default_factory=dict)

    def next_row(self) -> None:
        self.row, self.next_column = self.row + 1, 1
        self.filled = {at: left - 1 for at, left in self.filled.items() if left > 1}

    def next_cell(self, columns: int, rows: int) -> None:
        self.column = self.next_column
        while self.column in self.filled:
            self.column += 1
        self.widths[self.row] = self.widths.get(self.row, 0) + 1
        if rows > 1:
            # Also decremented by the next row, so the current one counts too.
            last = min(self.column + columns, _MAX_COLUMNS)
            self.filled |= dict.fromkeys(range(self.column, last), rows)
        self.next_column = self.column + columns


class _Walker:
    """Collects blocks from start and end events, so depth costs no recursion."""

    def __init__(self, tables: int) -> None:
        self.blocks: list[Block] = []
        self.asides: list[Aside] = []
        self.tables = tables
        self._open: list[_Table] = []
        self._cells: list[tuple[Cell, int]] = []
        self._text = ""
        self._level = 0
        self._item = ""
        self._lists: list[int] = []
        self._in_item = 0
        self._pre = 0

    def walk(self, root: Element) -> None:
        events = etree.iterwalk(root, events=("start", "end"))
        for event, node in events:
            tag = node.tag.lower() if isinstance(node.tag, str) else ""
            if event == "start":
                if not tag or tag in _DROPPED or _is_hidden(node):
                    events.skip_subtree()
                elif tag == "footer" and not self._cells:
                    self._set_aside(node)
                    events.skip_subtree()
                else:
                    self._start(node, tag)
                    self._add(node.text)
            else:
                skipped = not tag or tag in _DROPPED or tag == "footer" or _is_hidden(node)
                if skipped and tag not in _INLINE:
                    self._flush()
                elif not skipped:
                    self._end(tag)
                self._add(node.tail)
        self._flush()

    def _start(self, node: Element, tag: str) -> None:
        if tag in _INLINE:
            return
        self._flush()
        if tag in _HEADINGS:
            self._level = _HEADINGS[tag]
        elif tag in ("ol", "ul"):
            start = node.get("start", "1")
            self._lists.append(int(start) if re.fullmatch(r"\d{1,6}", start) else 1)
            if tag == "ul":
                self._lists[-1] = -1
        elif tag == "li":
            self._start_item()
        elif tag in ("pre", "xmp", "listing"):
            self._pre += 1
        elif tag == "table":
            self.tables += 1
            self._open.append(_Table(self.tables, len(self.blocks)))
        elif tag == "tr" and self._open:
            self._start_row(node)
        elif tag in ("td", "th") and self._open:
            table = self._open[-1]
            table.next_cell(_span(node, "colspan"), _span(node, "rowspan"))
            self._cells.append(
                (Cell(table.number, max(table.row, 1), table.column), len(self.blocks))
            )

    def _end(self, tag: str) -> None:
        if tag in _INLINE:
            return
        self._flush()
        if tag in _HEADINGS:
            self._level = 0
        elif tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._item, self._in_item = "", max(self._in_item - 1, 0)
        elif tag in ("pre", "xmp", "listing"):
            self._pre -= 1
        elif tag in ("td", "th") and self._cells and self._open:
            self._cells.pop()
        elif tag == "table" and self._open:
            self._end_table(self._open.pop())

    def _start_item(self) -> None:
        self._in_item += 1
        self._item = ""
        if self._lists and self._lists[-1] >= 0:
            self._item = f"{self._lists[-1]}."
            self._lists[-1] += 1

    def _start_row(self, node: Element) -> None:
        table = self._open[-1]
        table.next_row()
        cells = [child.tag for child in node if child.tag in ("td", "th")]
        in_head = node.getparent() is not None and node.getparent().tag == "thead"
        is_header = in_head or (bool(cells) and all(tag == "th" for tag in cells))
        table.only_headers = table.only_headers and is_header
        table.header_rows += table.only_headers

    def _end_table(self, table: _Table) -> None:
        inner = self.blocks[table.first :]
        addresses = {
            (b.cell.row, b.cell.column) for b in inner if b.cell and b.cell.table == table.number
        }
        if len(addresses) == 1:
            # One cell is a frame for layout, and what it holds is ordinary text.
            outer = self._cells[-1][0] if self._cells else None
            inner = [_moved(block, table.number, outer) for block in inner]
        else:
            inner = with_headers(inner, table.number, table.header_rows, table.widths)
        self.blocks[table.first :] = inner

    def _add(self, text: str | None) -> None:
        if not text:
            return
        if not self._pre:
            self._text += text
            return
        first, *rest = text.splitlines() or [""]
        self._text += first
        for line in rest:
            self._flush()
            self._text = line
        if text[-1] in "\r\n":
            self._flush()

    def _flush(self) -> None:
        text, self._text = one_line(self._text), ""
        if not text:
            return
        cell = self._cells[-1][0] if self._cells else None
        if cell:
            self.blocks.append(Block(text, BlockKind.CELL, label=self._item, cell=cell))
        elif self._level:
            self.blocks.append(Block(text, BlockKind.HEADING, self._level, self._item))
        else:
            kind = BlockKind.LIST_ITEM if self._in_item else BlockKind.PARAGRAPH
            self.blocks.append(Block(text, kind, label=self._item))
        self._item = ""

    def _set_aside(self, node: Element) -> None:
        self._flush()
        inner = _Walker(self.tables)
        for child in node:
            if isinstance(child.tag, str):
                inner.walk(child)
                inner._add(child.tail)
        inner._flush()
        text = one_line(" ".join([node.text or "", *(block.text for block in inner.blocks)]))
        if text:
            self.asides.append(Aside(AsideKind.FOOTER, text))


def _moved(block: Block, table: int, outer: Cell | None) -> Block:
    if not block.cell or block.cell.table != table:
        return block
    kind = BlockKind.CELL if outer else BlockKind.PARAGRAPH
    return replace(block, kind=kind, cell=outer)


def _is_hidden(node: Element) -> bool:
    is_hidden = node.get("hidden") is not None or node.get("type", "").lower() == "hidden"
    return is_hidden or _HIDDEN.search(node.get("style", "")) is not None


def _span(node: Element, name: str) -> int:
    value = node.get(name, "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if re.fullmatch(r"\d{1,6}", value) else 1
