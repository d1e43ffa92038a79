"""Workbooks for tests, and what to ask of the documents they are read as."""

from __future__ import annotations

import base64
import contextlib
import io
import random
import zipfile
import zlib
from collections.abc import Callable, Iterable

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from classifier.document import Block, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.router import read
from classifier.limits import Limits
from classifier.segment import segment

# Written with xlwt 1.3.0 (not a dependency) from text of our own: sheet 功能清单 with the title
# 考勤系统功能清单 merged over A1:E1, column titles in row 2, 打卡 merged over B3:B4, 30 % and a
# date formatted as such, row 4 and column F hidden, and the hidden sheet 字典.
XLS = zlib.decompress(
    base64.b64decode(
        "eNrtGFtIVFFwzn24T/dhGmhgm5SVjzL68Ue3B+VXm7tLbKVUrrtImWssfWQPXbOFoELLn4ogBPvoI6uf3kX+REGx"
        "UR9BEGklBH1U0AtStzmz9/rYNnDBBOXO5cw5M2dmzpwzcx67z2P2gZ7reYOQBJUgwmjcABkTeAyLQSVsgP3xOG+q"
        "tR5LXINZBQY9BjJDhruZT3U8hjzegyDANakfMcA7LLWwD1zNoaBjBmEd+VDHuA8VTMLcE+ACFgvkkl9ZhOsJzyN8"
        "lWTvEV5DnFOEK1B2gG2HmNNVVK7k8VahgPosiBncJJ3XxFkFOfCY53FbF0vIyrA2vLtu71zpyJfM0AsY66pgKBjm"
        "tBUugRGgBaG0qak0EBiAbMyDXvgedwB8Uzf8Q4fGn1k+A+T/mszX/YOvx5M5Fd+AwU3mdwsSQATiuxjP/ige5f0S"
        "75HYRc9IRA5t8UbBDNt0PGsE5qs54B6GbjChhIlOeSZGPnh+H37bqoqjmc4dP724Szln0R6fT2nG6r90Yuf6hmen"
        "kXOyxuYfCi5sQI7XX+dFh1cGWf0dV3n7oxPFHs4SyozArgTdbYtd1tofwaj7szd43LFZKEPtqPtjl81f0oBNk+uJ"
        "39DVctbILyQ6wGyTDrBM2tZmxAGwUttOm9uGzg9f/vpik7/auZM4Ebq0+EQZLOHLAnFo5xrmI6gv43fGZKWLDwQL"
        "SdJK0ShFZKGY8FEaZQG18whnoy7WhdU5SmNjB8kco95CHHc1wUvn0gntZdiOfnLfyo++dy7Hdl/V4MHsvlfOHijA"
        "UAbITwYdUMJK2PlzHG471Zoph+Ibwrl/HZB6wUa+yxBX7nMrjPCdj2An/AAstBZ25ZNIh6XQYaTDcYJSVzhBCUiJ"
        "Y5RIllRKQkpWvBGSLLcKRuLZaX25fCJ24xS3zMN8n+YqIj5E81sRExRvRYpOwqZDsSmSTSPNUI8UI9+5RZEs8hwQ"
        "Mb4iWVS2iTPRL2M/f/QM0YgCaTNFRoJKIQtucJfxyhmH6cxLSMpLNQ/ZGJ6techS5iGvaVUh1apqoIEGGmiggQbT"
        "APwBwS9lUXnayspTRaf8rzOCZVT7m2TOggea8duPvxA3QAjrMLSklT/zQWaqLTZFHfX/Qg4+HD0MjeAnPxrTzl98"
        "arKJ85myom36tlC644+m4+d/Hv8P60VB5w=="
    )
)


def workbook(fill: Callable[[Worksheet], None], title: str = "需求") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    fill(sheet)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def rows(*values: Iterable[object]) -> Callable[[Worksheet], None]:
    def fill(sheet: Worksheet) -> None:
        for row in values:
            sheet.append(list(row))

    return fill


def replaced(package: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The package with one part changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, change(data.decode()) if name == part else data)
    return buffer.getvalue()


def with_parts(package: bytes, parts: dict[str, str]) -> bytes:
    """The package with further parts."""
    buffer = io.BytesIO(package)
    with zipfile.ZipFile(buffer, "a") as target:
        for name, xml in parts.items():
            target.writestr(name, xml)
    return buffer.getvalue()


def ods(body: str, styles: str = "", manifest: str = "") -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{p}="{space}:{p}:1.0"' for p in ("office", "table", "text", "style"))
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}"
        "</office:automatic-styles><office:body><office:spreadsheet>"
        f"{body}</office:spreadsheet></office:body></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        target.writestr("content.xml", content)
        target.writestr("META-INF/manifest.xml", manifest or "<manifest/>")
    return buffer.getvalue()


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*inner: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(inner)}</table:table-row>"


def cells(document: Document) -> dict[tuple[int, int], str]:
    """Texts by row and column, paragraphs of one cell joined."""
    found: dict[tuple[int, int], str] = {}
    for block in document.blocks:
        if block.cell:
            at = (block.cell.row, block.cell.column)
            found[at] = f"{found[at]}\n{block.text}" if at in found else block.text
    return found


def block(document: Document, text: str) -> Block:
    return next(block for block in document.blocks if block.text == text)


def header(document: Document, text: str) -> str:
    cell = block(document, text).cell
    assert cell is not None
    return cell.header


def section(document: Document, text: str) -> tuple[str, ...]:
    return next(s.section for s in segment(document) if s.text == text)


def reason(data: bytes, name: str = "a.xlsx", limits: Limits | None = None) -> Reason:
    with pytest.raises(ExtractionError) as caught:
        read(data, name, limits or Limits())
    return caught.value.reason


def flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] = chance.choice([0, 255, chance.randrange(256)])
    return bytes(changed[: chance.randrange(len(data))] if chance.random() < 0.2 else changed)


def survives(data: bytes, name: str) -> None:
    with contextlib.suppress(ExtractionError):
        assert isinstance(read(data, name, Limits()), Document)
